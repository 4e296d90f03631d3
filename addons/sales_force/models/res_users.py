from odoo import fields, models


class ResUsers(models.Model):
    _inherit = "res.users"

    sales_rep_ids = fields.One2many(
        "sales.rep",
        "user_id",
        "Rep Profiles",
        context={"active_test": False},
        help="One profile per company in which the user sells.",
    )
