from odoo import fields, models


class MailActivity(models.Model):
    """A measure against a deviation knows which one."""

    _name = "mail.activity"
    _inherit = ["mail.activity", "sales.stamped.mixin"]
    _sales_stamped = frozenset(
        ("sales_target_id", "sales_cause", "sales_date_from", "sales_date_to")
    )

    sales_target_id = fields.Many2one(
        "sales.target",
        "Target",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="Against whose deviation this is a measure.",
    )
    sales_cause = fields.Char(
        "Cause", readonly=True, help="The metric of the driver that it is about."
    )
    sales_date_from = fields.Date("Deviation From", readonly=True)
    sales_date_to = fields.Date("Deviation To", readonly=True)

    def _is_stamped(self, name):
        # What Odoo derives for activities is Odoo's own matter.
        return name in self._sales_stamped
