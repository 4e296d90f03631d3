from odoo import fields, models


class SalesServiceJobPhoto(models.Model):
    """A photo of what was found or done, for the customer's report."""

    _name = "sales.service.job.photo"
    _description = "Photo of a Job"
    _inherit = ["sales.service.job.line.mixin"]
    _order = "job_id, kind, id"
    _rec_name = "kind"
    _sales_stamped = frozenset(("moment",))

    kind = fields.Selection(
        [("1_before", "Before"), ("2_after", "After")],
        "Taken",
        required=True,
        default="1_before",
    )
    image = fields.Image(max_width=1920, max_height=1920, required=True)
    image_256 = fields.Image(
        "Small Image", related="image", max_width=256, max_height=256, store=True
    )
    note = fields.Char()
    moment = fields.Datetime(
        readonly=True,
        required=True,
        copy=False,
        default=lambda self: self.env["sales.service.ticket"]._get_now(),
    )
