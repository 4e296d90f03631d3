from odoo import api, fields, models
from odoo.exceptions import ValidationError

# A field that holds one of these has nothing that could be filled in.
_NO_VALUE = ("one2many", "json", "properties", "properties_definition", "reference")


class SalesPlaybookItem(models.Model):
    """What is to be done in a stage: ticked by hand, or a field that is filled in."""

    _name = "sales.playbook.item"
    _description = "Item of a Checklist"
    _order = "playbook_stage_id, sequence, id"

    playbook_stage_id = fields.Many2one(
        "sales.playbook.stage", required=True, ondelete="cascade", index=True
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    name = fields.Char("Item", translate=True)
    help = fields.Text("How", translate=True, help="How it is done, for who does it.")
    is_required = fields.Boolean(
        "Required",
        default=True,
        help="Who leaves the stage without it has to say why.",
    )
    field_name = fields.Selection(
        "_selection_field_name",
        "Field to Fill In",
        help="The item is done when this field of the opportunity has a value; it is "
        "not ticked by hand.",
    )

    _has_name = models.Constraint(
        "CHECK (name IS NOT NULL OR field_name IS NOT NULL)",
        "Say what is to be done, or choose the field to fill in.",
    )

    @api.constrains("field_name")
    def _check_field_name(self):
        names = {name for name, _label in self._selection_field_name()}
        if not set(self.mapped("field_name")) <= {False, *names}:
            raise ValidationError(
                self.env._("Choose a field of opportunities that somebody fills in.")
            )

    @api.model
    def _selection_field_name(self):
        """The fields of an opportunity that somebody fills in."""
        found = self.env["crm.lead"].fields_get(
            attributes=["string", "type", "store", "readonly"]
        )
        return sorted(
            (
                (name, field["string"])
                for name, field in found.items()
                if field["store"]
                and not field["readonly"]
                and field["type"] not in _NO_VALUE
            ),
            key=lambda pair: (pair[1], pair[0]),
        )

    @api.depends("name", "field_name")
    @api.depends_context("lang")
    def _compute_display_name(self):
        names = [item.field_name for item in self if not item.name]
        # sudo: also of fields that only some roles see
        lead = self.env["crm.lead"].sudo()
        labels = lead.fields_get(names, ["string"]) if names else {}
        for item in self:
            label = labels.get(item.field_name, {}).get("string")
            item.display_name = item.name or label or item.field_name

    def _is_filled(self, lead):
        """Whether the opportunity has a value in the item's field; 0 is none."""
        # sudo: also of fields that only some roles see; only whether it is there
        return bool(lead.sudo()[self.field_name])
