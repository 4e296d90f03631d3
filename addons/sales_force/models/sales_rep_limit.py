from odoo import fields, models

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
