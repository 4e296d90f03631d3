from odoo import api, fields, models

from ..tickets.checklist import Point, is_outside, lack
from .sales_service_checklist import KINDS


class SalesServiceCheck(models.Model):
    """A point of a checklist on a job, and what the agent found."""

    _name = "sales.service.check"
    _description = "Checked Point"
    _inherit = ["sales.service.job.line.mixin"]
    _order = "job_id, sequence, id"
    _sales_stamped = frozenset(
        (
            *("job_id", "sequence", "name", "kind", "required", "unit"),
            *("is_limited", "minimum", "maximum"),
        )
    )

    sequence = fields.Integer(readonly=True)
    name = fields.Char("What Is Done", required=True, readonly=True)
    kind = fields.Selection(KINDS, required=True, readonly=True)
    required = fields.Boolean(readonly=True)
    unit = fields.Char(readonly=True)
    is_limited = fields.Boolean("Limits", readonly=True)
    minimum = fields.Float("At Least", readonly=True)
    maximum = fields.Float("At Most", readonly=True)
    done = fields.Boolean(
        compute="_compute_done",
        store=True,
        readonly=False,
        help="Set by what is measured or written down; a measure of 0 is ticked off.",
    )
    measure = fields.Float("Measured")
    answer = fields.Char()
    remark = fields.Char()
    is_outside = fields.Boolean("Outside the Limits", compute="_compute_is_outside")

    @api.depends("measure", "answer")
    def _compute_done(self):
        for check in self:
            said = check.measure or (check.answer or "").strip()
            check.done = bool(said) or (check.done and check.kind != "text")

    @api.depends("kind", "done", "measure", "is_limited", "minimum", "maximum")
    def _compute_is_outside(self):
        for check in self:
            check.is_outside = is_outside(check._get_point())

    def _get_point(self):
        return Point(
            kind=self.kind,
            required=self.required,
            # What is to be written down is not done by a tick.
            done=self.done
            and (self.kind != "text" or bool((self.answer or "").strip())),
            measure=self.measure,
            limits=(self.minimum, self.maximum) if self.is_limited else None,
            remark=self.remark or "",
        )

    def _get_lacks(self):
        """A line for each point that keeps the work from being done."""
        words = {
            "done": self.env._("still to be done"),
            "remark": self.env._("outside the limits, which asks for a remark"),
        }
        found = [(check, lack(check._get_point())) for check in self]
        return [
            self.env._("%(point)s: %(lack)s", point=check.name, lack=words[missing])
            for check, missing in found
            if missing
        ]
