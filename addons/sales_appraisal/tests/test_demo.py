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
        # Odoo's own demo users are in no organisation.
        self.assertFalse(
            self.cards.rep_id.filtered(
                lambda rep: rep.user_id.login in ("admin", "demo")
            )
        )
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

    def test_consequences(self):
        """Proposals in several states, of several kinds; what is done is on file."""
        proposals = self.env["sales.consequence"].search(
            [("company_id", "=", self.env.ref("base.main_company").id)]
        )
        self.assertGreaterEqual(
            set(proposals.mapped("state")), {"proposed", "approved", "refused"}
        )
        self.assertGreaterEqual(len(set(proposals.mapped("kind"))), 3)
        approved = proposals.filtered(lambda one: one.state == "approved")
        rows = self.env["sales.rep.file"].search(
            [("res_model", "=", "sales.consequence")]
        )
        self.assertEqual(set(rows.mapped("res_id")), set(approved.ids))
        limited = self.cards.line_ids.filtered("points_limited")
        self.assertIn("10 of 14 points count", limited[:1].explanation)

    def test_coaching(self):
        """Plans in every step with an effect, joint visits, talks, skills, the wall."""
        domain = [("company_id", "=", self.env.ref("base.main_company").id)]

        def found(model):
            return self.env[model].search(domain)

        plans = found("sales.coaching")
        self.assertGreaterEqual(
            set(plans.mapped("state")), {"draft", "running", "closed"}
        )
        closed = plans.filtered(lambda plan: plan.state == "closed")
        self.assertTrue(all(plan.has_change for plan in closed))
        self.assertIn("done", plans.exercise_ids.mapped("state"))
        self.assertEqual(
            set(found("sales.one.on.one").mapped("state")), {"held", "planned"}
        )
        self.assertTrue(found("sales.observation").filtered("score"))
        self.assertEqual(
            set(found("sales.skill.assessment").mapped("kind")), {"self", "coach"}
        )
        posts = found("sales.practice")
        self.assertTrue(posts.filtered("use_count"))
        self.assertTrue(posts.filtered("pinned"))

    def test_contests(self):
        contests = self.env["sales.contest"].search(
            [("company_id", "=", self.env.ref("base.main_company").id)]
        )
        self.assertEqual(
            set(contests.mapped("state")), {"announced", "running", "settled"}
        )
        won = contests.filtered(lambda c: c.state == "settled").entry_ids
        self.assertEqual(sum(won.mapped("amount")), 5300)
        self.assertTrue(won.filtered("handed_on"))
        self.assertTrue(
            self.env["gamification.badge.user"].search([("sales_rule_id", "!=", False)])
        )
        for screen in self.env["sales.screen"].search([]):
            self.assertGreaterEqual(len(screen.get_slides()["slides"]), 3)

    def test_feedback(self):
        """A round closed, most of it shown and some with too few; one running."""
        rounds = self.env["sales.feedback.round"].search([])
        self.assertEqual(set(rounds.mapped("state")), {"closed", "running"})
        closed = rounds.filtered(lambda one: one.state == "closed").subject_ids
        self.assertEqual(set(closed.mapped("is_shown")), {True, False})
        self.assertIn("customer", closed.result_ids.mapped("audience"))
        self.assertTrue(closed.comment_ids)
        counted = self.cards.line_ids.filtered(lambda line: line.kind == "survey")
        self.assertTrue(counted.filtered("applies"))
        running = rounds.filtered(lambda one: one.state == "running")
        self.assertGreater(running.participant_count, running.answer_count)
        self.assertTrue(running.answer_count)

    def test_commission(self):
        """Statements in each state, that are the sums of their entries."""
        statements = self.env["sales.commission.statement"].search(
            [("company_id", "=", self.env.ref("base.main_company").id)]
        )
        self.assertGreaterEqual(
            set(statements.mapped("state")),
            {"open", "submitted", "approved", "validated"},
        )
        self.assertTrue(statements.filtered("returned_reason"))
        self.assertGreater(len(statements.filtered("amount")), 20)
        for statement in statements:
            self.assertAlmostEqual(
                statement.amount, sum(statement.entry_ids.mapped("amount")), 2
            )
        entries = statements.entry_ids
        self.assertGreaterEqual(set(entries.mapped("subject")), {"earning", "override"})
        self.assertTrue(all(entries[:200].mapped("explanation")))
