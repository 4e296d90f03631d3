from odoo import fields, models
from odoo.exceptions import UserError


class SalesScorecardReason(models.TransientModel):
    """Asks for the reason of an appeal, a decision on it, or another grade."""

    _name = "sales.scorecard.reason"
    _description = "Reason about a Scorecard"

    card_id = fields.Many2one(
        "sales.scorecard", required=True, readonly=True, ondelete="cascade"
    )
    step = fields.Selection(
        [("appeal", "Appeal"), ("decide", "Decision"), ("move", "Another grade")],
        required=True,
        readonly=True,
    )
    grade_id = fields.Many2one("sales.scorecard.grade", "New Grade")
    current_grade_id = fields.Many2one(
        related="card_id.grade_id", string="Grade Now", related_sudo=False
    )
    score = fields.Float(related="card_id.score", related_sudo=False)
    appeal = fields.Text("The Rep Says", compute="_compute_appeal")
    decision = fields.Selection(
        [("upheld", "The score stays"), ("granted", "The appeal is granted")]
    )
    reason = fields.Text(required=True)
    evidence_ids = fields.Many2many("ir.attachment", string="Evidence")

    def _compute_appeal(self):
        for wizard in self:
            wizard.appeal = wizard._get_appeal().reason

    def _get_appeal(self):
        return self.card_id.appeal_ids.filtered(lambda a: a.state == "open")[:1]

    def action_apply(self):
        """:raise UserError: when it is not the time, or something is missing"""
        self.ensure_one()
        card = self.card_id
        if self.step == "appeal":
            card._appeal(self.reason, self.evidence_ids)
        elif self.step == "move":
            card._calibrate(self.grade_id, self.reason)
        else:
            appeal = self._get_appeal()
            if not appeal:
                raise UserError(self.env._("There is no open appeal."))
            if not self.decision:
                raise UserError(self.env._("Does the score stay?"))
            appeal._decide(self.decision, self.reason)
        return {"type": "ir.actions.act_window_close"}
