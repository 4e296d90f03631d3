from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain


class SalesCertificate(models.Model):
    """That a rep passed a course: given by a session, or entered with its paper."""

    _name = "sales.certificate"
    _description = "Certificate"
    _inherit = ["sales.stamped.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "date desc, id desc"
    _rec_name = "course_id"

    rep_id = fields.Many2one(
        "sales.rep", required=True, index=True, ondelete="restrict", tracking=True
    )
    user_id = fields.Many2one(related="rep_id.user_id", store=True)
    company_id = fields.Many2one(related="rep_id.company_id", store=True)
    team_id = fields.Many2one(related="rep_id.team_id", store=True)
    course_id = fields.Many2one(
        "sales.course", required=True, index=True, ondelete="restrict", tracking=True
    )
    active = fields.Boolean(default=True)
    date = fields.Date(
        "Passed On",
        required=True,
        tracking=True,
        default=lambda self: self.env.company._get_sales_today(),
    )
    date_end = fields.Date(
        "Valid Until",
        compute="_compute_date_end",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        help="The last day; empty: for ever.",
    )
    session_id = fields.Many2one(
        "sales.course.session", readonly=True, ondelete="restrict"
    )
    document = fields.Binary(attachment=True)
    document_name = fields.Char()
    is_valid = fields.Boolean(compute="_compute_is_valid", search="_search_is_valid")

    _once = models.UniqueIndex(
        "(rep_id, course_id, date)", "This certificate is on file already."
    )
    _dates = models.Constraint(
        "CHECK (date_end >= date)", "A certificate ends after it was given."
    )

    @api.depends("course_id", "date")
    def _compute_date_end(self):
        for certificate in self:
            months = certificate.course_id.validity_months
            certificate.date_end = (
                months
                and certificate.date
                and certificate.date + relativedelta(months=months, days=-1)
            )

    @api.depends("date", "date_end")
    def _compute_is_valid(self):
        today = self.env.company._get_sales_today()
        for certificate in self:
            end = certificate.date_end
            certificate.is_valid = bool(certificate.date) and (
                certificate.date <= today and (not end or end >= today)
            )

    @api.model
    def _search_is_valid(self, operator, value):
        if operator != "in":
            return NotImplemented
        today = self.env.company._get_sales_today()
        domain = Domain("date", "<=", today) & (
            Domain("date_end", "=", False) | Domain("date_end", ">=", today)
        )
        return domain if True in value else ~domain

    def write(self, vals):
        result = super().write(vals)
        if "rep_id" in vals:
            # Not for somebody to whom one may not give any.
            self.check_access("write")
        return result
