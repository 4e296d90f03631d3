from odoo import fields, models


class SalesPositionAnswer(models.TransientModel):
    """Asks a rep whether positions may be kept, whatever the answer was before."""

    _name = "sales.position.answer"
    _description = "Answer about Positions"

    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        default=lambda self: self.env.company,
    )
    notice = fields.Text(
        readonly=True,
        default=lambda self: self.env["sales.position.consent"]._get_notice(
            self.env.company
        ),
    )

    def action_agree(self):
        """See ``sales.position.consent``."""
        return self._answer(True)

    def action_refuse(self):
        """See ``sales.position.consent``."""
        return self._answer(False)

    def _answer(self, given):
        self.ensure_one()
        consent = self.env["sales.position.consent"]
        consent.action_answer(self.company_id.id, given)
        return {"type": "ir.actions.act_window_close"}
