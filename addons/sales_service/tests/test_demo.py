from collections import Counter

from dateutil.relativedelta import relativedelta

from odoo.tests import TransactionCase, tagged

from ..tickets.states import OPEN


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

    def test_current(self):
        """About 25 are open, in all states, and most of them in time."""
        tickets = self.tickets.filtered("is_open")
        self.assertLessEqual(25, len(tickets))
        self.assertLessEqual(len(tickets), 40)
        self.assertEqual(set(OPEN) - set(tickets.mapped("state")), set())
        status = Counter(tickets.mapped("sla_status"))
        self.assertGreater(status["warning"], 0)
        self.assertEqual(status["overdue"], 2)
        self.assertGreater(status["running"], len(tickets) / 3)
        self.assertFalse(self.tickets.filtered(lambda one: not one.description))
        agents = tickets.user_id
        self.assertGreaterEqual(len(agents), 3)
        # What is known of products is of those that customers have got.
        sold = self.env["sales.service.quality"]._read_group(
            [("tickets", ">", 0)], ["product_id"], []
        )
        for (product,) in sold:
            total = sum(
                self.env["sales.service.quality"]
                .search([("product_id", "=", product.id)])
                .mapped("sold")
            )
            self.assertGreater(total, 0, product.name)

    def test_visits(self):
        """An agent has visits, with the windows that customers know."""
        appointments = self.tickets._get_live_appointment()
        agreed = appointments.filtered(lambda one: one.state == "confirmed")
        self.assertGreater(len(agreed), 3)
        self.assertTrue(all(agreed.mapped("window_start")))
        self.assertFalse(agreed.filtered(lambda one: not one.user_id))

    def test_people(self):
        """Agents are credited, and led by the service manager."""
        users = self.env["res.users"].search([("login", "in", ("agent", "agent3"))])
        reps = users.sales_rep_ids
        self.assertEqual(len(reps), 2)
        self.assertEqual(reps.parent_id.user_id.login, "service")
        self.assertTrue(
            self.env["sales.credit"].search_count(
                [("rep_id", "in", reps.ids), ("metric_id.code", "=", "TICKETS_CLOSED")]
            )
        )

    def test_cards(self):
        """Where appraisal is installed each agent has a card with figures."""
        if "sales.scorecard.template" not in self.env:
            self.skipTest("sales_appraisal is not installed")
        users = self.env["res.users"].search(
            [("login", "in", ("agent", "agent2", "agent3"))]
        )
        company = users.company_id
        first = company._get_sales_today().replace(day=1) - relativedelta(months=1)
        template = self.env.ref("sales_service.sales_scorecard_template_service")
        if template.state == "draft":
            template.date_from = first
            template.action_publish()
        cards = self.env["sales.scorecard"]._open_period(company, "month", first)
        cards = cards.filtered(lambda one: one.template_id == template)
        self.assertLessEqual(users, cards.user_id)
        cards.action_compute()
        for card in cards.filtered(lambda one: one.user_id in users):
            self.assertGreater(card.score, 0)
            for code in ("SLA_RATE", "FIRST_TIME_FIX", "RESOLUTION_HOURS"):
                line = card.line_ids.filtered(
                    lambda one, code=code: one.metric_id.code == code
                )
                self.assertTrue(line.applies, (card.user_id.login, code))

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

    def test_forms(self):
        """Two categories ask; nothing is lacking that was needed by now."""
        repair = self.env.ref("sales_service.category_repair")
        tickets = self.tickets.filtered("form_version_id")
        self.assertGreater(len(tickets), 20)
        self.assertEqual(
            tickets.filtered(lambda one: one.category_id == repair).form_version_id,
            repair.form_version_ids,
        )
        self.assertTrue(tickets.form_file_ids)
        for ticket in tickets:
            self.assertTrue(ticket._get_answers())
            moment = ticket._get_reached()
            if moment:
                self.assertFalse(ticket._get_missing(moment, files=False))
                self.assertFalse(
                    moment == "resolve" and ticket._get_missing(moment),
                )

    def test_jobs(self):
        """Some work was done on site, with parts out of the van, and signed."""
        jobs = self.tickets.job_ids
        self.assertGreater(len(jobs), 4)
        self.assertEqual(set(jobs.mapped("state")), {"sealed"})
        self.assertTrue(
            jobs.filtered("signed_at") and jobs - jobs.filtered("signed_at")
        )
        self.assertTrue(all(part.is_booked for part in jobs.part_ids))
        self.assertTrue(jobs.ticket_id.service_order_ids)
        self.assertGreater(min(jobs.ticket_id.mapped("cost_total")), 0)

    def test_documents(self):
        """Something of each kind was made from tickets, and customers answered."""
        kinds = self.tickets.document_ids.mapped("kind")
        self.assertEqual(
            set(kinds), {"return", "delivery", "repair", "credit", "quotation"}
        )
        requests = self.env["sales.service.credit"].search([])
        self.assertLessEqual({"asked", "made"}, set(requests.mapped("state")))
        asked = self.env["sales.service.nps"].search([])
        self.assertGreater(len(asked.filtered("answered_at")), 5)
        self.assertGreater(len(asked), len(asked.filtered("answered_at")))

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
