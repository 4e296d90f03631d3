from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestDemo(TransactionCase):
    """The demo data: all of it where it is installed, else of the last months."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plans = cls.env["sales.target.plan"].search([])
        if not cls.plans:
            cls.env["sales.force.demo"]._load(4)
            cls.env["sales.targets.demo"]._load()
            cls.plans = cls.env["sales.target.plan"].search([])

    def test_alive(self):
        core = self.plans.filtered(
            lambda plan: plan.kind == "core" and plan.state == "running"
        )
        self.assertEqual(core.metric_id.code, "COLLECTED")
        root = core._get_root()
        self.assertTrue(0.1 < root.pace_index < 3, root.pace_index)
        leaves = core._get_leaves()
        self.assertTrue(len(leaves.filtered("achieved")) > 5)
        self.assertTrue(len(set(leaves.mapped("pace_index"))) > 5)
        ratio = self.plans.filtered("ratio_metric_id")
        self.assertTrue(ratio.ratio_planned and ratio.ratio_achieved)

    def test_work(self):
        plans = self.env["sales.work.plan"].search([])
        # Of today there are none on a day off.
        self.assertEqual(
            set(plans.mapped("state")) - {"accepted", "proposed"},
            {"submitted", "reviewed", "missed"},
        )
        missed = plans.item_ids.filtered(lambda item: item.state == "missed")
        self.assertTrue(all(item.reason_id for item in missed))
        self.assertEqual(len(self.env["sales.meeting.decision"].search([])), 2)

    def test_next_year(self):
        plan = self.plans.filtered(lambda plan: plan.state == "proposed")
        self.assertEqual(plan.countered_count, 1)
        self.assertTrue(1 < plan.answered_count < plan.rep_count)
        for row in plan.target_ids.filtered(lambda row: row.period == "total"):
            self.assertEqual(
                round(sum(row.month_ids.mapped("value")), 2), row.value, row.key
            )
