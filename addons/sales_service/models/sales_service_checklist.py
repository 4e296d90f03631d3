from odoo import api, fields, models
from odoo.exceptions import ValidationError

KINDS = [("tick", "Tick off"), ("measure", "Measure"), ("text", "Write down")]


class SalesServiceChecklist(models.Model):
    """What is looked at on every job of a kind, in order."""

    _name = "sales.service.checklist"
    _description = "Checklist"
    _order = "name, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    item_ids = fields.One2many(
        "sales.service.checklist.item", "checklist_id", "Points", copy=True
    )
    category_ids = fields.One2many(
        "sales.service.category", "checklist_id", "Categories"
    )


class SalesServiceChecklistItem(models.Model):
    """A point of a checklist. Jobs keep it as it was when they began."""

    _name = "sales.service.checklist.item"
    _description = "Point of a Checklist"
    _order = "checklist_id, sequence, id"

    checklist_id = fields.Many2one(
        "sales.service.checklist", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10)
    name = fields.Char("What Is Done", required=True, translate=True)
    kind = fields.Selection(KINDS, required=True, default="tick")
    required = fields.Boolean(
        default=True, help="A ticket is not resolved as long as it is open."
    )
    unit = fields.Char(translate=True, help="Of what is measured, e.g. bar.")
    is_limited = fields.Boolean(
        "Limits", help="What is measured outside of the limits asks for a remark."
    )
    minimum = fields.Float("At Least")
    maximum = fields.Float("At Most")

    @api.constrains("is_limited", "minimum", "maximum")
    def _check_limits(self):
        for item in self:
            if item.is_limited and item.minimum > item.maximum:
                raise ValidationError(
                    self.env._(
                        "%(point)s: the least is more than the most.", point=item.name
                    )
                )

    def _prepare_check(self):
        """The point as a job of the ticket's company keeps it."""
        self.ensure_one()
        return {
            "sequence": self.sequence,
            "name": self.name,
            "kind": self.kind,
            "required": self.required,
            "unit": self.unit,
            "is_limited": self.is_limited and self.kind == "measure",
            "minimum": self.minimum,
            "maximum": self.maximum,
        }


class SalesServiceCategory(models.Model):
    _inherit = "sales.service.category"

    checklist_id = fields.Many2one(
        "sales.service.checklist",
        "Checklist",
        index="btree_not_null",
        ondelete="restrict",
        help="Of every job for its tickets; empty: as the category above says.",
    )

    def _get_checklist(self):
        """The checklist of the category, or of the nearest above that has one."""
        category = self
        while category and not category.checklist_id.active:
            category = category.parent_id
        return category.checklist_id
