"""Our commission as an engine: plans with versions, and statements by the month."""

from collections import defaultdict
from decimal import Decimal

from dateutil.relativedelta import relativedelta

from odoo.fields import Command

from .oracle import CENT
from .stage import START

METRICS = {
    "invoiced": "sales_force.sales_metric_invoiced",
    "collected": "sales_force.sales_metric_collected_net",
    "margin": "sales_force.sales_metric_margin",
}


class Ours:
    """Reps with one plan of the month and its versions."""

    def __init__(self, stage):
        self.stage = stage
        self.env["sales.commission.plan"].search([]).action_archive()
        self.env.company.sales_customer_protection = True
        self.plans, self.users = {}, {}

    @property
    def env(self):
        return self.stage.env

    def hire(self, user, companies):
        user.group_ids += self.env.ref("sales_force.group_sales_rep")
        self.env["sales.rep"].create(
            [
                {
                    "user_id": user.id,
                    "company_id": company.id,
                    "date_start": START,
                    "state": "active",
                }
                for company in companies
            ]
        )

    def promise(self, user, terms):
        """A plan of the company, or its next version."""
        for company in user.company_ids:
            if company in self.plans and self.plans[company][0] == terms:
                continue
            if company in self.plans:
                former = self.plans[company][1]
                plan = former.browse(former.action_new_version()["res_id"])
                plan.rule_ids.write(self._rule(terms))
            else:
                plan = self.env["sales.commission.plan"].create(
                    {
                        "name": "Commission",
                        "company_id": company.id,
                        "rule_ids": [Command.create(self._rule(terms))],
                    }
                )
            plan.date_from = self.stage.today
            plan.action_publish()
            self.plans[company] = terms, plan

    def _rule(self, terms):
        base = "invoiced" if terms.locked else terms.base
        values = {"name": terms.base, "metric_id": self.env.ref(METRICS[base]).id}
        if terms.locked:
            # Earned at the rate of the sale, and released with the customer's cash.
            values |= {"hold_percent": 100, "hold_release": "cash"}
        if not isinstance(terms.rate, tuple):
            return {**values, "rate": float(terms.rate)}
        return {
            **values,
            "table": "amount",
            "mode": terms.mode,
            "tier_ids": [
                Command.create({"start": float(start), "rate": float(rate)})
                for start, rate in terms.rate
            ],
        }

    def serve(self, customer, user):
        """The customer's salesperson is all that counts."""

    def leave(self, user):
        user.sales_rep_ids.write({"state": "left", "date_end": self.stage.today})
        user.active = False

    # Pay

    def settle(self, day):
        """Run all months until now; those that have ended go through all approvals.

        The last month first: as after its nightly runs, its statements are there and
        take the corrections of months that are paid.
        """
        statements = self.env["sales.commission.statement"]
        for company in self.plans:
            month = day - relativedelta(months=1)
            while month >= START:
                statements._run(company, month)
                month -= relativedelta(months=1)
        ended = statements.search([("date_to", "<", day), ("state", "=", "open")])
        self._approve(ended)

    def _approve(self, statements):
        statements = statements.with_context(
            allowed_company_ids=[company.id for company in self.plans]
        )
        for role, step in (
            ("operations", "action_submit"),
            ("director", "action_approve"),
            ("finance", "action_validate"),
        ):
            getattr(statements.with_user(self._get_user(role)), step)()

    def _get_user(self, role):
        """Somebody with a role in all companies."""
        if role not in self.users:
            group = self.env.ref(f"sales_force.group_sales_{role}")
            self.users[role] = self.env["res.users"].create(
                {
                    "name": role,
                    "login": role,
                    "group_ids": [Command.set(group.ids)],
                    "company_ids": [Command.set([one.id for one in self.plans])],
                }
            )
        return self.users[role]

    def paid(self):
        """What finance has approved to be paid."""
        totals = defaultdict(Decimal)
        for statement in self.env["sales.commission.statement"].search(
            [("state", "=", "validated")]
        ):
            key = statement.rep_id.user_id.name, statement.company_id.name
            totals[key] += Decimal(str(statement.amount))
        return {key: amount.quantize(CENT) for key, amount in totals.items()}

    # What a rep tries, as a user

    def tries_to_raise(self, user, colleague, customer):
        """Before an invoice of the colleague's customer, and of their own.

        :return: ``{what: function}``
        """
        env = self.env(user=user.id)
        [(_terms, plan)] = self.plans.values()
        rep = user.sales_rep_ids
        return {
            "the rate of the plan": lambda: plan.rule_ids.with_env(env).write(
                {"rate": 50}
            ),
            "a plan of their own": lambda: (
                env["sales.commission.plan"]
                .create(
                    {"name": "Mine", "rule_ids": [Command.create(self._rule(_terms))]}
                )
                .action_publish()
            ),
            "another version of the plan": lambda: plan.with_env(
                env
            ).action_new_version(),
            "themselves as salesperson of a colleague's customer": lambda: (
                customer.with_env(env).write({"user_id": user.id})
            ),
            "another grade, team or manager of their own": lambda: rep.with_env(
                env
            ).write({"state": "active", "parent_id": False}),
        }

    def tries_on_invoice(self, user, invoices):
        """After they were posted: their own, and a colleague's."""
        env = self.env(user=user.id)
        own, other = invoices
        rep = user.sales_rep_ids
        return {
            "a share of a colleague's invoice": lambda: env["sales.split"].create(
                {"move_id": other.id, "rep_id": rep.id, "share": 100}
            ),
            "an overlay on their own invoice": lambda: env["sales.split"].create(
                {"move_id": own.id, "rep_id": rep.id, "share": 100, "overlay": True}
            ),
            "themselves as salesperson of a colleague's invoice": lambda: (
                other.with_env(env).write({"invoice_user_id": user.id})
            ),
        }

    def tries_on_paid(self, user):
        """After they were paid."""
        env = self.env(user=user.id)
        rep = user.sales_rep_ids
        statements = self.env["sales.commission.statement"].search([])
        own = statements.filtered(lambda one: one.rep_id == rep).with_env(env)
        entry = own.sudo().entry_ids[0]
        return {
            "another amount in the statement": lambda: own.write({"amount": 500}),
            "the statement open again": lambda: own.write({"state": "open"}),
            "another amount in an entry": lambda: entry.with_env(env).write(
                {"amount": 500}
            ),
            "an entry of their own": lambda: entry.copy({"amount": 500}),
        }

    def read(self, user):
        """The names of those whose pay a user reads, in statements or in entries."""
        env = self.env(user=user.id)
        seen = env["sales.commission.statement"].search([]).sudo().rep_id
        seen |= env["sales.commission.entry"].search([]).sudo().rep_id
        return set(seen.user_id.mapped("name"))
