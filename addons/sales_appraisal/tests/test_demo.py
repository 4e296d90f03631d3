from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestDemo(TransactionCase):
    """The demo data: where it is installed as it is, else made of a few months."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not cls.env["res.users"].search_count([("login", "=", "director")]):
            cls.env["sales.force.demo"]._load(4)
            cls.env["sales.appraisal.demo"]._load()
        cls.cards = cls.env["sales.scorecard"].search(
            [("company_id", "=", cls.env.ref("base.main_company").id)]
        )

    def test_states(self):
        self.assertGreaterEqual(
            set(self.cards.mapped("state")),
            {"open", "self", "manager", "calibration", "appealed", "acknowledged"},
        )
        self.assertEqual(len(self.cards.appeal_ids), 2)
        self.assertTrue(self.cards.move_ids)

    def test_figures(self):
        """Every part of a card sums to its score, but for a veto."""
        for card in self.cards.filtered("has_score"):
            total = round(sum(card.line_ids.mapped("part")), 2)
            expected = min(total, card.capped_at) if card.is_capped else total
            self.assertEqual(card.score, expected, card.display_name)
        self.assertGreater(len(set(self.cards.mapped("score"))), 10)
        self.assertGreaterEqual(len(self.cards.grade_id), 3)

    def test_feedback(self):
        """A round closed, most of it shown and some with too few; one running."""
        rounds = self.env["sales.feedback.round"].search([])
        self.assertEqual(set(rounds.mapped("state")), {"closed", "running"})
        closed = rounds.filtered(lambda one: one.state == "closed").subject_ids
        self.assertEqual(set(closed.mapped("is_shown")), {True, False})
        self.assertIn("customer", closed.result_ids.mapped("audience"))
        self.assertTrue(closed.comment_ids)
        running = rounds.filtered(lambda one: one.state == "running")
        self.assertGreater(running.participant_count, running.answer_count)
        self.assertTrue(running.answer_count)
