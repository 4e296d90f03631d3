"""Documents by which rebates are settled, and whose changes accrue them."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from .sales_credit import _PENDING, _READ


class AccountMove(models.Model):
    """Credit notes of rebates: what is posted is what was accrued."""

    _inherit = "account.move"

    sales_is_rebate = fields.Boolean("Settles Rebates", readonly=True, copy=False)
    sales_rebate_ids = fields.One2many(
        "sales.rebate.accrual",
        "move_id",
        "Rebates",
        groups="sales_force.group_sales_finance,sales_force.group_sales_operations",
    )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._refuse_rebate(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._refuse_rebate(vals)
        return super().write(vals)

    def action_open_rebates(self):
        """What the credit note settles, on each invoice line."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "sales_force.sales_rebate_accrual_action"
        )
        return {
            **action,
            "domain": [("move_id", "in", self.ids)],
            "context": {"search_default_by_agreement": 1},
        }

    def _refuse_rebate(self, vals):
        """:raise UserError: where it is made to settle rebates, or no longer to"""
        if "sales_is_rebate" in vals and not self.env.su:
            raise UserError(
                self.env._("Whether a credit note settles rebates is not set by hand.")
            )

    def _post(self, soft=True):
        self.filtered("sales_is_rebate")._check_rebates()
        return super()._post(soft)

    def _check_rebates(self):
        """:raise UserError: for one that says another amount than was accrued, in
        whatever currency, or is for somebody else"""
        for move in self:
            # sudo: whoever posts, the amounts must be the same
            rebates = move.sudo().sales_rebate_ids
            accrued = sum(rebates.mapped("amount"))
            said, currency = -move.amount_untaxed_signed, move.company_currency_id
            if currency.compare_amounts(accrued, said):
                raise UserError(
                    self.env._(
                        "%(note)s settles rebates of %(accrued)s and says "
                        "%(amount)s: cancel it and settle anew.",
                        note=move.display_name,
                        accrued=currency.format(accrued),
                        amount=currency.format(said),
                    )
                )
            if rebates.partner_id - move.commercial_partner_id:
                raise UserError(
                    self.env._(
                        "%(note)s settles rebates of %(partner)s: cancel it and settle "
                        "anew.",
                        note=move.display_name,
                        partner=rebates.partner_id.display_name,
                    )
                )

    def button_cancel(self):
        result = super().button_cancel()
        self._free_rebates()
        return result

    def unlink(self):
        self._free_rebates()
        return super().unlink()

    def _free_rebates(self):
        """What they settled is open again: added to what is open of the same key."""
        rebates = self.filtered("sales_is_rebate")
        if not rebates:
            return
        # sudo: whoever cancels a credit note, what it settled is open
        accruals = rebates.sudo().sales_rebate_ids
        agreements = accruals.agreement_id
        accruals.unlink()
        agreements.env["sales.rebate.period"]._accrue(agreements)

    def _reverse_moves(self, default_values_list=None, cancel=False):
        if any(self.mapped("sales_is_rebate")):
            raise UserError(
                self.env._(
                    "A credit note of rebates is not reversed: reset it to draft and "
                    "cancel it, and what it settled is open again."
                )
            )
        return super()._reverse_moves(default_values_list, cancel)


class SalesCredit(models.Model):
    _inherit = "sales.credit"

    def _process_at_commit(self):
        data = self.env.cr.precommit.data
        invoiced = any(
            source in data.get(name, ())
            for name in (_PENDING, _READ)
            for source in ("invoice", "*", "*partner_id")
        )
        super()._process_at_commit()
        if invoiced and self.env["sales.rebate.agreement"]._has_running():
            cron = self.env.ref("sales_force.ir_cron_accrue_rebates", False)
            if cron:
                # sudo: whoever changed the documents, what they earn follows soon
                cron.sudo()._trigger()
