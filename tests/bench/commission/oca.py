"""OCA's commission addons as an engine, configured the best way that they allow.

They are AGPL-3 and so no dependency: ``bench_peer`` fetches them for this alone.
"""

from collections import defaultdict
from decimal import Decimal

from dateutil.relativedelta import relativedelta

from odoo.fields import Command

from .oracle import CENT

BASES = {
    # (amount_base_type, invoice_state)
    "invoiced": ("gross_amount", "open"),
    "collected": ("gross_amount", "paid"),
    "margin": ("net_amount", "open"),
}
INFINITE = 1e15


class Oca:
    """Agents are the salespeople's partners; they are set on customers."""

    def __init__(self, stage):
        self.stage = stage

    @property
    def env(self):
        return self.stage.env

    def hire(self, user, companies):
        user.partner_id.write({"agent": True, "settlement": "monthly"})
        # Without it nobody reads their own settlement.
        user.group_ids += self.env.ref("commission_oca.group_commission_user")

    def promise(self, user, terms):
        """An agent's lines keep the commission that they were made with.

        Where they must not, the agents of the open invoices are regenerated.
        """
        amount_base_type, invoice_state = BASES[terms.base]
        values = {
            "name": f"{terms.rate} of what is {terms.base}",
            "amount_base_type": amount_base_type,
            "invoice_state": invoice_state,
        }
        if isinstance(terms.rate, tuple):
            starts = [float(start) for start, _rate in terms.rate]
            ends = [start - 0.01 for start in starts[1:]] + [INFINITE]
            values |= {
                "commission_type": "section",
                "section_ids": [
                    Command.create(
                        {"amount_from": start, "amount_to": end, "percent": float(rate)}
                    )
                    for start, end, (_, rate) in zip(
                        starts, ends, terms.rate, strict=True
                    )
                ],
            }
            if terms.mode == "progressive":
                self.stage.notes.append(
                    "cannot be configured: only the reached rate on all"
                )
        else:
            values |= {"commission_type": "fixed", "fix_qty": float(terms.rate)}
        user.partner_id.commission_id = self.env["commission"].create(values)
        if not terms.locked:
            open_lines = self.env["account.invoice.line.agent"].search(
                [("agent_id", "=", user.partner_id.id), ("settled", "=", False)]
            )
            open_lines.invoice_id.recompute_lines_agents()

    def serve(self, customer, user):
        customer.commission_agent_ids = user.partner_id

    def leave(self, user):
        """A last settlement on the last day, then no more: the contact is archived.

        The wizard takes the invoices of whole months, so the end of this one is given.
        """
        self.settle(self.stage.today + relativedelta(months=1, day=1))
        user.active = False
        user.partner_id.active = False

    def settle(self, day):
        self.env["commission.make.settle"].create(
            {"date_to": day, "settlement_type": "sale_invoice"}
        ).action_settle()
        settlements = self.env["commission.settlement"].search(
            [("state", "=", "settled")]
        )
        for company, ours in settlements.grouped("company_id").items():
            env = self.env(
                context={**self.env.context, "allowed_company_ids": company.ids}
            )
            journal = env["account.journal"].search(
                [("type", "=", "purchase"), ("company_id", "=", company.id)], limit=1
            )
            env["commission.make.invoice"].create(
                {
                    "journal_id": journal.id,
                    "product_id": self.stage.product.id,
                    "settlement_ids": [Command.set(ours.ids)],
                    "date": self.stage.today,
                }
            ).button_create()

    def paid(self):
        """What was settled and billed, at the rate of the document's day."""
        totals = defaultdict(Decimal)
        for line in self.env["commission.settlement.line"].search(
            [("settlement_id.state", "=", "invoiced")]
        ):
            rep = self.env["res.users"].with_context(active_test=False)
            rep = rep.search([("partner_id", "=", line.agent_id.id)])
            rate = line.invoice_line_id.move_id.invoice_currency_rate
            totals[rep.name, line.company_id.name] += Decimal(
                str(line.settled_amount)
            ) / Decimal(str(rate))
        return {key: amount.quantize(CENT) for key, amount in totals.items()}

    # What a rep tries, as a user

    def tries_to_raise(self, user, colleague, customer):
        """Before an invoice of the colleague's customer, and of their own.

        :return: ``{what: function}``
        """
        env = self.env(user=user.id)
        half = self.env["commission"].create({"name": "Half", "fix_qty": 50})
        partner = user.partner_id.with_env(env)
        return {
            "another commission on their own contact": lambda: partner.write(
                {"commission_id": half.id}
            ),
            "themselves as agent of a colleague's customer": lambda: customer.with_env(
                env
            ).write({"commission_agent_ids": [Command.link(partner.id)]}),
            "a higher rate of their commission": lambda: (
                user.partner_id.commission_id.with_env(env).write({"fix_qty": 50})
            ),
        }

    def tries_on_invoice(self, user, invoices):
        """After they were posted: their own, and a colleague's."""
        env = self.env(user=user.id)
        agents = invoices.invoice_line_ids.agent_ids.with_env(env)
        return {
            "another amount on an invoice's lines": lambda: agents.write(
                {"amount": 500}
            ),
        }

    def tries_on_paid(self, user):
        """After it was paid."""
        lines = self.env["commission.settlement.line"].search([])
        lines = lines.with_env(self.env(user=user.id))
        return {
            "another amount in the settlement": lambda: lines.write(
                {"settled_amount": 500}
            ),
        }

    def read(self, user):
        """The names of those whose pay a user reads."""
        settlements = self.env["commission.settlement"].with_user(user)
        if not settlements.has_access("read"):
            return set()
        return set(settlements.search([]).sudo().agent_id.mapped("name"))
