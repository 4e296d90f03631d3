import re

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


@tagged("post_install", "-at_install")
class TestChineseDemo(TransactionCase):
    """Where Chinese is installed, what the system writes is Chinese as well."""

    def test_words(self):
        if self.env["sales.target.plan"].search_count([], limit=1):
            self.skipTest("The database has demo data of its own.")
        self.env["res.lang"]._activate_lang("zh_CN")
        modules = self.env["ir.module.module"]
        modules._load_module_terms(["calendar", "sales_force"], ["zh_CN"])
        self.env["sales.force.demo"]._load(2)
        self.env["sales.targets.demo"]._load()
        meeting = self.env["sales.meeting"].search([], limit=1)
        texts = self.env["sales.target.version"].search([]).mapped("reason")
        # Below it calendar adds the contacts, in words that Odoo has not translated.
        agenda = str(meeting.event_id.description).split("Organized by")[0]
        texts += [meeting.event_id.name, agenda]
        texts += [driver["name"] for driver in meeting.agenda["drivers"]]
        texts += [miss["name"] for miss in meeting.agenda["misses"]]
        self.assertIn("发布", " ".join(texts))
        for text in texts:
            plain = re.sub(r"<[^>]*>|&[a-z]+;", " ", text)
            self.assertFalse(re.findall(r"[A-Za-z]{4,}", plain), plain)
