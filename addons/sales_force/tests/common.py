from contextlib import contextmanager
from unittest.mock import patch

from odoo import SUPERUSER_ID, api, fields
from odoo.fields import Command
from odoo.modules.registry import Registry
from odoo.service import model as service_model
from odoo.tests import BaseCase, TransactionCase, new_test_user
from odoo.tests.common import get_db_name
from odoo.tools import mute_logger

# Who has a role, and the user's groups.
ROLES = {
    "rep": "sales_force.group_sales_rep",
    "leader": "sales_force.group_sales_leader",
    "manager": "sales_force.group_sales_manager",
    "director": "sales_force.group_sales_director",
    "operations": "sales_force.group_sales_operations",
    "finance": "sales_force.group_sales_finance",
}


class SalesForceCase(TransactionCase):
    """A company with an organisation, and another company beside it.

    ::

        director ── manager ── leader ── rep
                 └─ peer_manager ── peer_leader ── peer
        foreigner (another company)
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(
            context={
                **cls.env.context,
                "tracking_disable": True,
                "no_reset_password": True,
                "mail_notrack": True,
            }
        )
        cls.company = cls.env.company
        cls.company_b = cls.env["res.company"].create({"name": "Company B"})
        cls.users, cls.reps = {}, {}
        for name, role, boss in (
            ("director", "director", None),
            ("manager", "manager", "director"),
            ("leader", "leader", "manager"),
            ("rep", "rep", "leader"),
            ("peer_manager", "manager", "director"),
            ("peer_leader", "leader", "peer_manager"),
            ("peer", "rep", "peer_leader"),
        ):
            cls.users[name] = cls._user(name, ROLES[role])
            cls.reps[name] = cls._rep(cls.users[name], cls.reps.get(boss))
        for name in ("operations", "finance"):
            cls.users[name] = cls._user(name, ROLES[name])
        cls.users["foreigner"] = cls._user(
            "foreigner",
            ROLES["rep"],
            company_id=cls.company_b.id,
            company_ids=[Command.set(cls.company_b.ids)],
        )
        cls.reps["foreigner"] = cls._rep(cls.users["foreigner"], company=cls.company_b)
        cls.partner = cls.env["res.partner"].create(
            {"name": "Customer", "is_company": True}
        )
        cls.product = cls.env["product.product"].create(
            {"name": "Thing", "type": "service", "list_price": 100.0, "taxes_id": []}
        )

    @classmethod
    def _user(cls, login, groups, **values):
        return new_test_user(
            cls.env,
            f"sf_{login}",
            groups,
            name=login.replace("_", " ").title(),
            **values,
        )

    @classmethod
    def _rep(cls, user, parent=None, company=None, **values):
        return cls.env["sales.rep"].create(
            {
                "user_id": user.id,
                "company_id": (company or cls.company).id,
                "parent_id": parent.id if parent else False,
                "date_start": "2020-01-01",
                "state": "active",
                **values,
            }
        )

    @classmethod
    def _paid(cls, order):
        """The transaction by which a customer has paid an order online."""
        provider = cls.env["payment.provider"].create({"name": "P", "code": "none"})
        return cls.env["payment.transaction"].create(
            {
                "provider_id": provider.id,
                "payment_method_id": cls.env.ref("payment.payment_method_unknown").id,
                "reference": f"paid-{order.id}",
                "amount": order.amount_total,
                "currency_id": order.currency_id.id,
                "partner_id": order.partner_id.id,
                "operation": "online_direct",
                "sale_order_ids": [Command.set(order.ids)],
                "state": "done",
            }
        )

    @classmethod
    def _last_message(cls, record):
        """Also those that only notify."""
        return cls.env["mail.message"].search(
            [("model", "=", record._name), ("res_id", "=", record.id)],
            order="id desc",
            limit=1,
        )

    @classmethod
    def _order(cls, user=None, company=None, partner=None, confirm=True, **values):
        company = company or cls.company
        env = cls.env(context={**cls.env.context, "allowed_company_ids": company.ids})
        order = env["sale.order"].create(
            {
                "partner_id": (partner or cls.partner).id,
                "company_id": company.id,
                "user_id": user.id if user else False,
                "order_line": [
                    Command.create(
                        {
                            "product_id": cls.product.id,
                            "product_uom_qty": 1,
                            "price_unit": 100.0,
                            "tax_ids": False,
                        }
                    )
                ],
                **values,
            }
        )
        order.user_id = user.id if user else False
        if confirm:
            order.action_confirm()
        return order.with_env(cls.env)

    @classmethod
    def _invoice(cls, user=None, company=None, partner=None, **values):
        company = company or cls.company
        env = cls.env(context={**cls.env.context, "allowed_company_ids": company.ids})
        invoice = env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": (partner or cls.partner).id,
                "company_id": company.id,
                "invoice_date": fields.Date.today(),
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "Thing",
                            "product_id": cls.product.id,
                            "price_unit": 100.0,
                            "tax_ids": False,
                        }
                    )
                ],
                **values,
            }
        )
        invoice.invoice_user_id = user.id if user else False
        return invoice.with_env(cls.env)

    @classmethod
    def _lead(cls, user=None, company=None, **values):
        return cls.env["crm.lead"].create(
            {
                "name": "Lead",
                "type": "opportunity",
                "user_id": user.id if user else False,
                "company_id": (company or cls.company).id,
                "team_id": False,
                **values,
            }
        )


class ConcurrentCase(BaseCase):
    """Two transactions at once, with real cursors and commits.

    What a test commits, its cleanup has to remove.
    """

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        self.startPatcher(patch.object(service_model.time, "sleep"))

    @contextmanager
    def _environment(self):
        with self.registry.cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})

    def _race(self, first, second):
        """Run the second while the first commits; Odoo's own retry does the rest.

        :return: how often the second one ran
        """
        runs = []
        with self._environment() as env:

            def transaction():
                runs.append(1)
                env.cr.execute("SELECT 1")  # takes the snapshot
                if len(runs) == 1:
                    with self._environment() as other:
                        first(other)
                second(env)

            with mute_logger("odoo.sql_db", "odoo.service.model"):
                service_model.retrying(transaction, env)
        return len(runs)
