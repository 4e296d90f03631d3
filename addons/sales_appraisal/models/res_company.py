from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    sales_notes_above = fields.Boolean(
        "Managers Above Read Private Notes",
        help="What a manager notes for themselves on a one-to-one is read by who is "
        "above the manager, too. The rep never reads it.",
    )
    sales_one_on_one_days = fields.Integer(
        "One-to-one Every (days)",
        default=14,
        help="The next one-to-one is proposed so many days later; 0: not at all.",
    )

    _sales_one_on_one_days = models.Constraint(
        "CHECK (sales_one_on_one_days >= 0)",
        "Days between one-to-ones are not negative.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    sales_notes_above = fields.Boolean(
        related="company_id.sales_notes_above", readonly=False
    )
    sales_one_on_one_days = fields.Integer(
        related="company_id.sales_one_on_one_days", readonly=False
    )
