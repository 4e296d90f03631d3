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

    def test_teams(self):
        """Each team has its card, and its leader is scored on it."""
        teams = self.cards.filtered(lambda card: not card.rep_id)
        self.assertTrue(all(teams.mapped("leader_id")))
        self.assertTrue(all(teams.mapped("head_days")))
        self.assertGreater(len(teams.filtered("has_score")), 10)
        lines = self.cards.line_ids
        spread = lines.filtered(lambda line: line.kind == "spread" and line.applies)
        self.assertTrue(spread)
        on_teams = lines.filtered(lambda line: line.kind == "team" and line.applies)
        self.assertTrue(on_teams)

    def test_figures(self):
        """Every part of a card sums to its score, but for a veto."""
        for card in self.cards.filtered("has_score"):
            total = round(sum(card.line_ids.mapped("part")), 2)
            expected = min(total, card.capped_at) if card.is_capped else total
            self.assertEqual(card.score, expected, card.display_name)
        self.assertGreater(len(set(self.cards.mapped("score"))), 10)
        self.assertGreaterEqual(len(self.cards.grade_id), 3)
