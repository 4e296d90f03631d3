from odoo import api, fields, models


class SalesPlaybookStage(models.Model):
    """What belongs to a stage: a checklist, documents, and how long it may take."""

    _name = "sales.playbook.stage"
    _description = "Stage in a Playbook"
    _inherit = ["sales.cached.mixin"]
    _order = "playbook_id, stage_id, id"
    _rec_name = "stage_id"

    playbook_id = fields.Many2one(
        "sales.playbook", required=True, ondelete="cascade", index=True
    )
    stage_id = fields.Many2one(
        "crm.stage",
        required=True,
        ondelete="cascade",
        domain=[("is_won", "=", False)],
    )
    days = fields.Integer(
        "Days Allowed",
        help="Calendar days; then the opportunity is overdue, and the follow-up rule "
        "tells its owner. 0: no limit.",
    )
    item_ids = fields.One2many(
        "sales.playbook.item", "playbook_stage_id", "Checklist", copy=True
    )
    document_ids = fields.Many2many(
        "ir.attachment",
        string="Standard Documents",
        help="To download from each opportunity in this stage.",
    )

    _stage_uniq = models.UniqueIndex(
        "(playbook_id, stage_id)", "Each stage is once in a playbook."
    )
    _days_positive = models.Constraint(
        "CHECK (days >= 0)", "The days allowed are not negative."
    )

    @api.model_create_multi
    def create(self, vals_list):
        parts = super().create(vals_list)
        parts._own_documents()
        return parts

    def write(self, vals):
        result = super().write(vals)
        if "document_ids" in vals:
            self._own_documents()
        return result

    def _get_documents(self):
        """The files that whoever may read the stage may read."""
        return self.document_ids.filtered(lambda file: file.res_model == self._name)

    def _own_documents(self):
        """Files that were uploaded before the stage was saved are its own: readable by
        whoever may read the stage."""
        for part in self:
            # sudo: only files made for a stage, and of nothing yet
            files = part.document_ids.sudo().filtered(
                lambda file: file.res_model == self._name and not file.res_id
            )
            files.res_id = part.id
