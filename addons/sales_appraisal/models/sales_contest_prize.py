from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import formatLang


class SalesContestPrize(models.Model):
    """What a place of a contest is worth."""

    _name = "sales.contest.prize"
    _description = "Prize of a Contest"
    _inherit = ["sales.version.part.mixin"]
    _order = "contest_id, place, id"

    contest_id = fields.Many2one(
        "sales.contest", required=True, ondelete="cascade", index=True
    )
    currency_id = fields.Many2one(related="contest_id.company_currency_id")
    place = fields.Integer(required=True, default=1)
    name = fields.Char("Prize", translate=True, help="As a certificate or a journey.")
    amount = fields.Monetary(help="Told; it is paid where pay is.")
    product_id = fields.Many2one("product.product", "Product", ondelete="restrict")

    _place_positive = models.Constraint("CHECK (place > 0)", "Places begin with one.")
    _amount_positive = models.Constraint(
        "CHECK (amount >= 0)", "A prize is not negative."
    )

    def _check_draft(self):
        if any(contest.state != "draft" for contest in self.contest_id):
            raise UserError(
                self.env._("The prizes were announced: they change by another version.")
            )

    def _get_name(self):
        """What it is, without the amount."""
        self.ensure_one()
        parts = (self.name, self.product_id.display_name)
        return ", ".join(part for part in parts if part)

    def _tell(self):
        amount = self.amount and formatLang(
            self.env, self.amount, currency_obj=self.currency_id
        )
        return self.env._(
            "Place %(place)s: %(prize)s",
            place=self.place,
            prize=", ".join(part for part in (self._get_name(), amount) if part),
        )
