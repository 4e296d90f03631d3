"""The rebate of a special agreement: accrued and settled as a rebate agreement."""

from datetime import timedelta

from odoo import fields, models
from odoo.fields import Command


class SalesContract(models.Model):
    _inherit = "sales.contract"

    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company Currency"
    )
    rebate_amount = fields.Monetary(
        "Rebate so Far",
        compute="_compute_rebates",
        currency_field="company_currency_id",
        help="Accrued on what was invoiced under this contract, in company currency.",
    )
    rebate_settled = fields.Monetary(
        compute="_compute_rebates",
        currency_field="company_currency_id",
        help="On credit notes that are not cancelled.",
    )

    def _compute_rebates(self):
        rebates = self._get_rebates()
        none = self.env["sales.rebate.agreement"]
        for contract in self:
            agreements = rebates.get(contract.root_id.id, none)
            contract.rebate_amount = sum(agreements.mapped("accrued"))
            contract.rebate_settled = sum(agreements.mapped("settled"))

    def _get_rebates(self):
        """Their own rebate agreements, the last first, by the id of the first version.

        With ``sudo``.
        """
        # sudo: who sees a contract sees what its rebate came to
        agreements = self.env["sales.rebate.agreement"].sudo()
        agreements = agreements.search(
            [
                ("is_of_contract", "=", True),
                ("contract_id.root_id", "in", self.root_id.ids),
            ]
        )
        return agreements.grouped(lambda one: one.contract_id.root_id.id)

    def _start(self):
        result = super()._start()
        self.sudo()._follow_rebate()  # sudo: agreed with the contract
        return result

    def action_terminate(self):
        result = super().action_terminate()
        rebates = self._get_rebates()
        for contract in self:
            if last := contract._get_last_rebate(rebates):
                last._end(contract.terminated_on)
        return result

    def _get_last_rebate(self, rebates):
        """The agreement that still runs for the contract, with ``sudo``, maybe none."""
        last = rebates.get(self.root_id.id, self.env["sales.rebate.agreement"])[:1]
        return last.filtered(lambda one: one.state == "running")

    def _follow_rebate(self):
        """What was signed is accrued: from its first day on, an amendment from today.

        An amendment that agrees the same rebate goes on with the agreement of the
        version before; with another one that ends, and its own begins.
        """
        rebates = self._get_rebates()
        for contract in self:
            start = contract.date_start
            if contract.former_id:
                start = max(start, contract.company_id._get_sales_today())
            terms = {
                "partner_id": contract.commercial_partner_id.id,
                "company_id": contract.company_id.id,
                "contract_id": contract.id,
                "date_to": contract.date_end,
            }
            rate = contract.rebate_percent if contract.kind == "special" else 0
            last = contract._get_last_rebate(rebates)
            if (
                last.partner_id == contract.commercial_partner_id
                and last.company_id == contract.company_id
                and last.tier_ids.rate == rate
                and last.date_from < start
            ):
                last.write(terms)
                last._accrue()
                continue
            last._end(start - timedelta(days=1))
            if rate:
                last.create(
                    {
                        **terms,
                        "title": contract.title or contract.name,
                        "is_of_contract": True,
                        "date_from": start,
                        "tier_ids": [Command.create({"start": 0, "rate": rate})],
                    }
                ).action_start()

    def action_open_rebates(self):
        """The rebate agreements of all versions."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "sales_force.sales_rebate_agreement_action"
        )
        return {
            **action,
            "domain": [
                ("is_of_contract", "=", True),
                ("contract_id.root_id", "=", self.root_id.id),
            ],
            "context": {"create": False},
        }
