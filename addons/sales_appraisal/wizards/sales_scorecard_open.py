from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.sales_version_mixin import PERIODS
from ..scoring.periods import bounds


class SalesScorecardOpen(models.TransientModel):
    """Opens the cards of a period for everybody whom a template fits."""

    _name = "sales.scorecard.open"
    _description = "Open Scorecards"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    period = fields.Selection(PERIODS, required=True, default="month")
    day = fields.Date(
        "Any Day of It",
        required=True,
        default=lambda self: self.env.company._get_sales_today(),
    )
    date_from = fields.Date("From", compute="_compute_dates")
    date_to = fields.Date("To", compute="_compute_dates")
    template_ids = fields.Many2many(
        "sales.scorecard.template", string="Templates", compute="_compute_dates"
    )

    @api.depends("period", "day", "company_id")
    def _compute_dates(self):
        for wizard in self:
            wizard.date_from = wizard.date_to = wizard.template_ids = False
            if wizard.period and wizard.day and wizard.company_id:
                wizard.date_from, wizard.date_to = bounds(
                    wizard.period,
                    wizard.day,
                    wizard.company_id._get_scorecard_year_end(),
                )
                wizard.template_ids = self.env["sales.scorecard"]._get_templates(
                    wizard.company_id, wizard.period, wizard.date_from
                )

    def action_apply(self):
        self.ensure_one()
        if not self.template_ids:
            raise UserError(
                self.env._(
                    "No template is in force for this period. Publish one, in force "
                    "from the period's first day at the latest."
                )
            )
        cards = self.env["sales.scorecard"].action_open_period(
            self.company_id.id, self.period, self.day
        )
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "sales_appraisal.sales_scorecard_action"
        )
        return {**action, "domain": [("id", "in", cards.ids)], "context": {}}
