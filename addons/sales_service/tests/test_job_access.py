"""Who may do what with jobs and their lines, as real users."""

from lxml import etree

from odoo.fields import Command
from odoo.tests import tagged

from .job_common import PIXEL, JobCase

READERS = {
    *("agent", "dispatcher", "service_manager", "rep", "leader", "manager"),
    *("director", "operations"),
}
WRITERS = {"agent", "dispatcher", "service_manager"}
ROLES = READERS | {"colleague", "stranger", "peer", "finance", "foreigner"}


@tagged("post_install", "-at_install")
class TestJobAccess(JobCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner.user_id = cls.users["rep"]
        cls.job = cls.env["sales.service.job"].browse(
            cls.agent.action_check_in()["res_id"]
        )
        cls.job.write(
            {
                "part_ids": [Command.create({"product_id": cls.fuse.id})],
                "photo_ids": [Command.create({"image": PIXEL})],
            }
        )

    def test_matrix(self):
        for records, made in (
            (self.job, False),
            (self.job.check_ids, False),
            (self.job.part_ids, True),
            (self.job.photo_ids, True),
        ):
            for role in ROLES:
                seen = self._as(role, records)
                with self.subTest(role=role, model=records._name):
                    self.assertEqual(seen.has_access("read"), role in READERS)
                    self.assertEqual(seen.has_access("write"), role in WRITERS)
                    for operation in ("create", "unlink"):
                        self.assertEqual(
                            seen.has_access(operation), made and role in WRITERS
                        )

    def test_handed_on(self):
        """Who gets the ticket reads what was done, and writes nothing of it."""
        self.ticket.user_id = self.users["colleague"]
        for records in (self.job, self.job.check_ids, self.job.part_ids):
            seen = self._as("colleague", records)
            self.assertTrue(seen.has_access("read"))
            self.assertFalse(seen.has_access("write"))

    def test_other_company(self):
        team = self.env["sales.service.team"].create(
            {"name": "B", "company_id": self.company_b.id}
        )
        ticket = self._ticket(
            company_id=self.company_b.id, team_id=team.id, category_id=False
        )
        job = self.job.create(
            {
                "ticket_id": ticket.id,
                "user_id": self.users["stranger"].id,
                "check_in": self.job.check_in,
            }
        )
        for role in ROLES - {"foreigner"}:
            self.assertFalse(self._as(role, job).has_access("read"), role)

    def test_configuration(self):
        for records in (self.checklist, self.checklist.item_ids):
            for role in ("agent", "dispatcher", "service_manager", "rep", "finance"):
                seen = self._as(role, records)
                with self.subTest(role=role, model=records._name):
                    self.assertEqual(
                        seen.has_access("read"), role not in ("rep", "finance")
                    )
                    self.assertEqual(
                        seen.has_access("write"), role == "service_manager"
                    )

    def test_pages(self):
        """Every role that sees a job or a ticket opens its page."""
        for role in READERS:
            for records in (self.job, self.ticket):
                seen = self._as(role, records)
                views = seen.get_views([(False, "form"), (False, "list")])
                shown = views["models"][records._name]["fields"]
                form = etree.fromstring(views["views"]["form"]["arch"])
                names = {
                    field.get("name")
                    for field in form.iter("field")
                    if not any(above.tag == "field" for above in field.iterancestors())
                }
                self.assertLessEqual(names, shown.keys())
                with self.subTest(role=role, model=records._name):
                    seen.web_read({name: {} for name in names})

    def test_orders(self):
        """The salesperson sees the order of the work, and its ticket."""
        self.job.action_book_parts()
        order = self._as("rep", self.ticket.service_order_ids)
        self.assertEqual(order.user_id, self.users["rep"])
        self.assertEqual(self._as("rep", self.ticket).quotation_count, 1)
        self.assertEqual(order.action_open_service_ticket()["res_id"], self.ticket.id)
