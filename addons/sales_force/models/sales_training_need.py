from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL

from ..customers import training
from ..customers.followups import Kind

STATUSES = [
    ("overdue", "Overdue"),
    ("expired", "Expired"),
    ("lacking", "Lacking"),
    ("booked", "Booked"),
    ("expiring", "Expires soon"),
    ("valid", "Valid"),
]


class SalesTrainingNeed(models.Model):
    """Which rep needs which course, and how it stands: read only, never stored."""

    _name = "sales.training.need"
    _description = "Training Need"
    _auto = False
    _order = "rep_id, course_id"
    _rec_name = "course_id"

    rep_id = fields.Many2one("sales.rep", readonly=True)
    user_id = fields.Many2one("res.users", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    team_id = fields.Many2one("crm.team", "Sales Team", readonly=True)
    grade_id = fields.Many2one("sales.grade", readonly=True)
    course_id = fields.Many2one("sales.course", readonly=True)
    due_on = fields.Date("Needed By", readonly=True)
    reason = fields.Char(
        "Why", readonly=True, help="Of what the rep was asked to learn."
    )
    certificate_id = fields.Many2one("sales.certificate", readonly=True)
    date_end = fields.Date("Valid Until", readonly=True)
    session_id = fields.Many2one("sales.course.session", "Booked For", readonly=True)
    status = fields.Selection(STATUSES, readonly=True)
    met = fields.Integer("Met", readonly=True, help="1: has a valid certificate.")
    lacking = fields.Integer(
        "Lacking It", readonly=True, help="1: has no valid certificate."
    )

    @property
    def _table_query(self):
        today = self.env.company._get_sales_today()
        return training.matrix(SQL("%s::date", today))

    def _search(self, *args, **kwargs):
        for model in (
            "sales.rep",
            "sales.course",
            "sales.certificate",
            "sales.course.session",
            "sales.course.attendee",
            "sales.training.request",
        ):
            self.env[model].flush_model()
        return super()._search(*args, **kwargs)


class SalesRep(models.Model):
    _inherit = "sales.rep"

    lacking_count = fields.Integer("Courses Lacking", compute="_compute_lacking_count")

    def _compute_lacking_count(self):
        missing = self._get_missing_courses()
        for rep in self:
            rep.lacking_count = len(missing[rep._origin])

    def _get_missing_courses(self):
        """The required courses of which reps have no valid certificate today.

        :return: ``{rep: courses}``
        """
        needs = (
            self.env["sales.training.need"]
            # sudo: what a rep lacks is known to whoever may read the rep
            .sudo()
            .search([("rep_id", "in", self.ids), ("met", "=", 0)])
        )
        missing = defaultdict(self.env["sales.course"].browse)
        for need in needs:
            missing[need.rep_id.with_env(self.env)] |= need.course_id.with_env(self.env)
        return missing

    def action_open_training(self):
        action = self.env["ir.actions.actions"]._for_xml_id(
            "sales_force.sales_training_need_action"
        )
        return {**action, "domain": [("rep_id", "in", self.ids)], "context": {}}


class SalesFollowupRule(models.Model):
    _inherit = "sales.followup.rule"

    @api.model
    def _get_kinds(self):
        return {
            **super()._get_kinds(),
            "course_lacking": Kind(
                self.env._("A required course is lacking for days"),
                "sales.rep",
                training.lacking,
            ),
            "certificate_expires": Kind(
                self.env._("A required certificate expires in days"),
                "sales.certificate",
                training.expiring,
                ahead=True,
            ),
        }
