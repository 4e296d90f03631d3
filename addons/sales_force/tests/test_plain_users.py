"""Odoo's own users, who have no role of ours, see exactly what they saw before."""

from odoo import Command
from odoo.tests import tagged

from .common import SalesForceCase

PLAIN = {
    "internal": "base.group_user",
    "salesman": "sales_team.group_sale_salesman",
    "all_leads": "sales_team.group_sale_salesman_all_leads",
    "sales_manager": "sales_team.group_sale_manager",
    "accountant": "account.group_account_manager",
    "billing": "account.group_account_invoice",
    "stock": "stock.group_stock_user",
    "portal": "base.group_portal",
}
MODELS = (
    "sale.order",
    "sale.order.line",
    "sale.report",
    "crm.lead",
    "crm.activity.report",
    "account.move",
    "account.move.line",
    "account.invoice.report",
    "res.partner",
    "crm.team",
    "product.product",
)


@tagged("post_install", "-at_install")
class TestPlainUsers(SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plain = {
            name: cls._user(f"plain_{name}", groups) for name, groups in PLAIN.items()
        }
        owners = [
            *cls.plain.values(),
            cls.users["leader"],
            cls.users["rep"],
            cls.env["res.users"],
        ]
        for user in owners:
            partner = cls.env["res.partner"].create(
                {"name": f"Customer of {user.name}", "user_id": user.id}
            )
            cls._order(user, partner=partner)
            cls._invoice(user, partner=partner)
            cls._lead(user, partner_id=partner.id)
        cls.env.flush_all()

    def _visible(self):
        """What each plain user finds, and may change, of each model."""
        self.env.registry.clear_cache()
        visible = {}
        for name, user in self.plain.items():
            env = self.env(user=user)
            for model in MODELS:
                records = env[model].with_context(active_test=False)
                if not records.has_access("read"):
                    visible[name, model] = None
                    continue
                everything = self.env[model].with_context(active_test=False).search([])
                visible[name, model] = {"search": set(records.search([]).ids)}
                if not self.env[model]._auto:
                    continue
                for operation in ("read", "write", "create", "unlink"):
                    visible[name, model][operation] = set(
                        everything.with_env(env)._filtered_access(operation).ids
                    )
        return visible

    def test_same_records_with_and_without_rules(self):
        self.env.companies.sales_customer_protection = True
        with_rules = self._visible()
        data = self.env["ir.model.data"].search(
            [("module", "=", "sales_force"), ("model", "=", "ir.rule")]
        )
        rules = self.env["ir.rule"].browse(data.mapped("res_id"))
        self.assertTrue(rules)
        rules.active = False
        self.assertEqual(with_rules, self._visible())
        salesman = with_rules["salesman", "sale.order"]["search"]
        everybody = with_rules["all_leads", "sale.order"]["search"]
        self.assertLess(salesman, everybody)

    def test_no_access_beyond(self):
        """Without a role our own records stay closed, configuration may be read."""
        for name, user in self.plain.items():
            env = self.env(user=user)
            for model in (
                "sales.credit",
                "sales.rep",
                "sales.rep.assignment",
                "sales.split",
                "sales.kept.cost",
                "sales.kept.date",
                "sales.ownership",
            ):
                for operation in ("read", "write", "create", "unlink"):
                    self.assertFalse(
                        env[model].has_access(operation), (name, model, operation)
                    )

    def test_salesman_works_as_before(self):
        """Sell, copy and cancel a split order without touching our models."""
        env = self.env(user=self.plain["salesman"])
        partner = env["res.partner"].create(
            {"name": "New Customer", "country_id": env.ref("base.ad").id}
        )
        order = env["sale.order"].create(
            {
                "partner_id": partner.id,
                "order_line": [Command.create({"product_id": self.product.id})],
            }
        )
        self.env["sales.split"].create(
            [
                {"order_id": order.id, "rep_id": rep.id, "share": 50}
                for rep in (self.reps["rep"], self.reps["peer"])
            ]
        )
        order.action_confirm()
        order.copy()._action_cancel()
        order._create_invoices()
        order.read()
        self.env.flush_all()
        self.env["sales.credit"]._process_pending()

    def test_all_fields_of_documents_are_readable(self):
        """Nothing that we add to Odoo's models is closed to who reads all of one."""
        for name in ("salesman", "all_leads", "sales_manager"):
            env = self.env(user=self.plain[name])
            for model in ("sale.order", "crm.lead", "res.partner", "res.users"):
                records = env[model].search([], limit=3)
                with self.subTest(name=name, model=model):
                    ours = [f for f in records._fields if f.startswith("sales_")]
                    readable = records.fields_get(ours)
                    records.read(list(readable))
                    records.copy_data() if model == "sale.order" else None

    def test_billing_reverses_split_invoice(self):
        invoice = self._invoice(self.users["rep"])
        self.env["sales.split"].create(
            {"move_id": invoice.id, "rep_id": self.reps["peer"].id, "share": 100}
        )
        invoice = invoice.with_user(self.plain["billing"])
        invoice.action_post()
        refund = invoice._reverse_moves(cancel=True)
        self.assertEqual(
            refund.with_env(self.env).sales_split_ids.rep_id, self.reps["peer"]
        )
        invoice.read()
