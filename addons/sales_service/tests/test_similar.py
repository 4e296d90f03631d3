"""Past tickets about the same."""

from odoo.tests import tagged

from ..tickets.similar import shared
from .common import ServiceCase


@tagged("post_install", "-at_install")
class TestSimilarTickets(ServiceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_category = cls.env["sales.service.category"].create(
            {"name": "Noise", "company_id": cls.company.id, "team_id": cls.team.id}
        )

    def _done(self, name, user="agent", **values):
        ticket = self._ticket(user, name=name, **values)
        ticket.resolution = "<p>Tightened</p>"
        ticket.sudo().write({"state": "resolved", "resolved_at": ticket.opened_at})
        return ticket

    def test_shared(self):
        for one, other, expected in (
            ("Pump leaks", "the PUMP leaks again", 2),
            ("Pump", "Pumps", 0),
            ("水泵漏水", "昨天水泵又漏水了", 2),
            ("", "Pump", 0),
        ):
            with self.subTest(one=one, other=other):
                self.assertEqual(shared(one, other), expected)

    def test_find(self):
        """Resolved, about the same product or category, with words in common."""
        ticket = self._ticket("agent", product_id=self.product.id)
        of_product = self._done(
            "Pump loud",
            product_id=self.product.id,
            category_id=self.other_category.id,
        )
        best = self._done("Re: the pump leaks")
        older = self._done("Pump dry")
        newer = self._done("Pump cold")
        self._done("Loud")
        self._done("Pumpkin")
        self._done("Pump leaks", category_id=self.other_category.id)
        self._ticket("agent", name="Pump leaks")
        self.assertEqual(ticket._find_similar(), best + of_product + newer + older)
        self.assertEqual(ticket.similar_count, 4)
        found = self.env["sales.service.ticket"].search(
            ticket.action_open_similar()["domain"]
        )
        self.assertEqual(found, best + of_product + newer + older)
        for alone in (
            self._ticket("agent", name="", category_id=self.category.id),
            self._ticket("agent", category_id=False),
        ):
            self.assertFalse(alone._find_similar())

    def test_rules(self):
        """An agent finds what the agent may read; a manager everything."""
        own, others = self._done("Pump leaks"), self._done("Pump leaks", "colleague")
        ticket = self._ticket("agent")
        for name, expected in (
            ("agent", own),
            ("dispatcher", own + others),
            ("service_manager", own + others),
        ):
            self.assertEqual(
                self._as(name, ticket)._find_similar(), expected.sorted(reverse=True)
            )

    def test_bounded(self):
        """As many queries, and not more tickets read, however many there are."""
        ticket = self._ticket("agent")

        def count():
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            ticket._find_similar()
            return self.cr.sql_log_count - before

        self._done("Pump leaks")
        count()
        few = count()
        for number in range(15):
            self._done(f"Pump {number} leaks")
        self.assertLessEqual(count(), few)
        self.assertEqual(len(ticket._find_similar()), 10)


@tagged("post_install", "-at_install")
class TestManyCaused(ServiceCase):
    def test_many_at_once(self):
        """The cause is resolved with all that it caused, in queries that stay flat."""
        self.partner.email = False

        def resolve(count):
            cause = self._ticket("agent", name="Cause")
            self.env["sales.service.ticket"].create(
                [
                    {
                        "name": f"Effect {number}",
                        "partner_id": self.partner.id,
                        "category_id": self.category.id,
                        "parent_id": cause.id,
                    }
                    for number in range(count)
                ]
            )
            cause.action_start()
            cause.resolution = "<p>Repaired</p>"
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            cause.action_resolve()
            self.env.flush_all()
            self.assertEqual(set(cause.child_ids.mapped("state")), {"resolved"})
            self.assertIn("Repaired", cause.child_ids[-1].resolution)
            return self.cr.sql_log_count - before

        resolve(2)
        few, many = resolve(10), resolve(100)
        self.assertLess(many - few, 30)
