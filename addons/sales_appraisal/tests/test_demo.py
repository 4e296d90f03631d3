from odoo.tests import TransactionCase, tagged

ROLES = ("rep", "leader", "manager", "director", "operations", "finance")
# Whose a record is, by model; of what is in neither table a new model reminds.
WHOSE = {
    "sales.scorecard": "owner_id",
    "sales.scorecard.line": "card_id.owner_id",
    "sales.scorecard.appeal": "card_id.owner_id",
    "sales.scorecard.move": "card_id.owner_id",
    "sales.consequence": "rep_id",
    "sales.consequence.step": "consequence_id.rep_id",
    "sales.rep.file": "rep_id",
    "sales.coaching": "rep_id",
    "sales.coaching.exercise": "coaching_id.rep_id",
    "sales.coaching.checkin": "coaching_id.rep_id",
    "sales.observation": "rep_id",
    "sales.observation.line": "observation_id.rep_id",
    "sales.one.on.one": "rep_id",
    "sales.one.on.one.agreement": "meeting_id.rep_id",
    "sales.one.on.one.note": "meeting_id.rep_id",
    "sales.skill.assessment": "rep_id",
    "sales.feedback.subject": "rep_id",
    "sales.feedback.result": "rep_id",
    "sales.feedback.comment": "rep_id",
    "sales.commission.statement": "rep_id",
    "sales.commission.entry": "rep_id",
    "sales.commission.basis": "statement_id.rep_id",
    "sales.commission.payment": "statement_id.rep_id",
}
# Who may read a record besides: as coach, manager or author of it.
BESIDES = {
    "sales.coaching": "coach_id",
    "sales.coaching.exercise": "coaching_id.coach_id",
    "sales.coaching.checkin": "coaching_id.coach_id",
    "sales.observation": "coach_id",
    "sales.observation.line": "observation_id.coach_id",
    "sales.one.on.one": "manager_id",
    "sales.one.on.one.agreement": "meeting_id.manager_id",
    "sales.one.on.one.note": "author_id",
}
# Settings, what is for all of a company to see, and what has tests of its own.
NOBODYS = {
    *("sales.scorecard.grade", "sales.scorecard.template"),
    *("sales.scorecard.template.line", "sales.scorecard.template.point"),
    *("sales.consequence.rule", "sales.coaching.rule", "sales.badge.rule"),
    *("sales.observation.checklist", "sales.observation.item"),
    *("sales.skill.requirement", "sales.leaderboard", "sales.screen"),
    *("sales.contest", "sales.contest.prize", "sales.contest.entry"),
    *("sales.contest.version", "sales.practice", "sales.practice.tag"),
    *("sales.practice.like", "sales.practice.use", "sales.practice.source"),
    *("sales.practice.report", "sales.feedback.round"),
    *("sales.feedback.participant", "sales.feedback.answer"),
    *("sales.commission.plan", "sales.commission.rule", "sales.commission.tier"),
    *("sales.commission.factor", "sales.commission.stamp"),
    *("sales.commission.payout", "sales.commission.accrual"),
    "sales.payroll.column",
}
PAY = "sales.commission."


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

    def test_whose(self):
        """Of what is about a rep nobody reads anybody's from outside the own subtree;
        all roles, all models."""
        models = {
            name
            for name in self.env["ir.model.data"]
            .search([("module", "=", "sales_appraisal"), ("model", "=", "ir.model")])
            .mapped(lambda data: self.env["ir.model"].browse(data.res_id).model)
            if name.startswith("sales.")
            and not self.env[name]._abstract
            and not self.env[name]._transient
            and self.env[name]._original_module == "sales_appraisal"
        }
        self.assertEqual(models, WHOSE.keys() | NOBODYS)
        for role in ROLES:
            user = self.env["res.users"].search([("login", "=", role)])
            for model in WHOSE:
                wrong = self._read_from_outside(role, user, model)
                self.assertFalse(wrong, (role, model))

    def _read_from_outside(self, role, user, model):
        """What somebody with a role reads, and should not by whose it is."""
        records = self.env[model].with_user(user)
        if role in ("director", "operations") or not records.has_access("read"):
            return records
        seen = records.search([]).sudo()
        if role == "finance":
            return seen.browse() if model.startswith(PAY) else seen
        mine = user.sales_rep_ids
        below = role != "rep" and not (role == "leader" and model.startswith(PAY))

        def is_outside(record):
            if model in BESIDES:
                reader = record.mapped(BESIDES[model])
                if reader in (user, mine):
                    return False
            rep = record.mapped(WHOSE[model])
            if below:
                return not rep.parent_path.startswith(mine.parent_path)
            return rep != mine

        return seen.filtered(is_outside)
