from odoo import api, fields, models
from odoo.tools import ormcache

from ..deals import exposure


class SalesRep(models.Model):
    _inherit = "sales.rep"

    credit_limit = fields.Monetary(
        tracking=True,
        help="What the rep's customers may owe and have on order together, in company "
        "currency; 0: no limit.",
    )

    _credit_limit_positive = models.Constraint(
        "CHECK (credit_limit >= 0)", "A credit limit is not negative."
    )

    def write(self, vals):
        result = super().write(vals)
        if "credit_limit" in vals:
            self.env.registry.clear_cache()
        return result

    @api.model
    @ormcache("company_id")
    def _has_limits(self, company_id):
        """Whether a company limits what the customers of a rep may owe."""
        # sudo: only whether there are limits at all
        reps = self.sudo().with_context(active_test=False)
        domain = [("company_id", "=", company_id), ("credit_limit", ">", 0)]
        return bool(reps.search_count(domain, limit=1))

    def _get_exposure(self):
        """What the own customers owe, and have ordered and is not invoiced yet.

        In company currency, with taxes, in one query; whoever asks checks whose it is.

        :return: ``{rep: amount}``
        """
        for model in (
            "account.move.line",
            "res.partner",
            "sale.order",
            "sale.order.line",
            "sales.rep",
        ):
            self.env[model].flush_model()
        amounts = dict(
            self.env.execute_query(
                exposure.of_reps(self.ids, self.env.company._get_sales_today())
            )
        )
        return {
            rep: rep.currency_id.round(float(amounts.get(rep.id) or 0)) for rep in self
        }
