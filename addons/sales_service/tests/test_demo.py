from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestDemo(TransactionCase):
    """The demo data: all of it where it is installed, else of the last months."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not cls.env["sales.service.ticket"].search([], limit=1):
            cls.env["sales.force.demo"]._load(2)
            cls.env["sales.service.demo"]._load()
        cls.tickets = cls.env["sales.service.ticket"].search([])

    def test_alive(self):
        self.assertGreater(len(self.tickets), 80)
        states = set(self.tickets.mapped("state"))
        self.assertLessEqual({"resolved", "closed"}, states)
        self.assertTrue(self.tickets.filtered("is_open"))
        self.assertEqual(
            {"met", "late"},
            set(
                self.tickets.filtered(lambda one: one.state == "closed").mapped(
                    "sla_status"
                )
            ),
        )

    def test_times(self):
        """They happened one after the other, and none later than now."""
        now = self.env.cr.now()
        for ticket in self.tickets:
            rows = ticket.interval_ids
            self.assertEqual(rows.mapped("stop")[:-1], rows.mapped("start")[1:])
            self.assertFalse(rows[-1].stop)
            self.assertLessEqual(rows[-1].start, now)
            self.assertEqual(rows[0].start, ticket.opened_at)

    def test_verdicts(self):
        """Some customers rate, and some do not; what is late has a reason."""
        ratings = self.tickets.service_rating_ids
        self.assertGreater(len(ratings.filtered("rated_at")), 20)
        self.assertTrue(ratings.filtered(lambda one: not one.rated_at))
        late = self.tickets.filtered(
            lambda one: one.state == "closed" and one.sla_breached
        )
        self.assertFalse(late.filtered(lambda one: not one.breach_reason_id))
        given = ratings.filtered("rated_at").mapped("rated_at")
        self.assertLessEqual(max(given), self.env.cr.now())

    def test_knowledge(self):
        """Articles for agents and customers, some of which have solved tickets."""
        articles = self.env["sales.service.article"].search([])
        self.assertEqual(set(articles.mapped("state")), {"draft", "published"})
        published = articles.filtered(lambda one: one.state == "published")
        self.assertEqual(set(published.mapped("is_portal")), {True, False})
        self.assertTrue(any(published.mapped("solved_count")))
        self.assertTrue(articles.filtered(lambda one: one.number == 2))

    def test_standard(self):
        """In force, acknowledged by one agent and not by the others."""
        policy = self.env["sales.policy"].search([("service_team_ids", "!=", False)])
        lines = policy.current_id.acknowledgement_ids
        self.assertEqual(set(map(bool, lines.mapped("date"))), {True, False})
