"""Rules in versions: what is in force stays, and the next version replaces it."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..scoring.periods import bounds

PERIODS = [
    ("month", "Month"),
    ("quarter", "Quarter"),
    ("half", "Half-year"),
    ("year", "Year"),
]
STATES = [("draft", "Draft"), ("published", "In Force"), ("retired", "Replaced")]


class SalesVersionMixin(models.AbstractModel):
    """Rules by which the periods of a company are judged or paid.

    In force they do not change any more: another version begins with another period.
    A model with versions has ``former_id``, the version before.
    """

    _name = "sales.version.mixin"
    _description = "Rules in Versions"
    _inherit = ["sales.stamped.mixin"]
    _sales_stamped = frozenset(("state", "version", "former_id", "date_to"))

    # What a version in force keeps, and what all versions have in common.
    _sales_fixed = frozenset(("company_id", "period", "date_from"))
    _sales_common = ("company_id", "period")

    name = fields.Char(required=True, translate=True, tracking=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    period = fields.Selection(PERIODS, default="month", required=True, tracking=True)
    state = fields.Selection(
        STATES,
        "Status",
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    version = fields.Integer(default=1, readonly=True, copy=False)
    date_from = fields.Date(
        "In Force From",
        required=True,
        default=lambda self: self.env.company._get_sales_today().replace(day=1),
        tracking=True,
        help="This version is for periods that begin on this day or later.",
    )
    date_to = fields.Date(
        "Until",
        readonly=True,
        copy=False,
        help="Periods that begin later follow the next version.",
    )

    _version_uniq = models.UniqueIndex(
        "(former_id) WHERE former_id IS NOT NULL AND active",
        "There is a next version already.",
    )

    @api.depends("name", "version")
    def _compute_display_name(self):
        for one in self:
            one.display_name = (
                self.env._(
                    "%(name)s (version %(number)s)", name=one.name, number=one.version
                )
                if one.version > 1
                else one.name or ""
            )

    @api.constrains(lambda self: ("former_id", *self._sales_common))
    def _check_former(self):
        for one in self.filtered("former_id"):
            if any(one[name] != one.former_id[name] for name in self._sales_common):
                labels = self.fields_get(self._sales_common, ["string"])
                raise ValidationError(
                    self.env._(
                        "Versions have the same: %(fields)s.",
                        fields=", ".join(
                            labels[name]["string"] for name in self._sales_common
                        ),
                    )
                )

    def write(self, vals):
        if self._sales_fixed & vals.keys():
            self._check_draft()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_in_force(self):
        self._check_draft()

    def _check_draft(self):
        """:raise UserError: for a version that was in force"""
        self._refuse(
            [
                self.env._(
                    "%(name)s is in force: make another version instead.",
                    name=one.display_name,
                )
                for one in self
                if one.state != "draft"
            ]
        )

    def action_publish(self):
        """In force from its first day on, in place of the version before.

        :raise UserError: when it is not complete, or begins before the version that it
            follows
        """
        for one in self:
            one.check_access("write")
            one._check_draft()
            former = one.former_id
            if former and former.date_from >= one.date_from:
                raise UserError(
                    self.env._(
                        "%(name)s begins no later than the version before.",
                        name=one.display_name,
                    )
                )
            one._check_complete()
            # sudo: stamped by the system; the right to write was checked above
            one.sudo().state = "published"
            if former:
                # sudo: stamped by the system; it makes room for its next version
                former.sudo().write(
                    {
                        "state": "retired",
                        "date_to": fields.Date.subtract(one.date_from, days=1),
                    }
                )
        return True

    def _check_complete(self):
        """:raise UserError: where it cannot be in force yet"""

    def action_new_version(self):
        """A draft of the same rules, to be changed and published."""
        self.ensure_one()
        self.check_access("write")
        if self.state == "draft":
            raise UserError(self.env._("This version is a draft: change it."))
        later = self.search([("former_id", "=", self.id)], limit=1)
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": (later or self._make_next()).id,
            "views": [(False, "form")],
        }

    def _make_next(self):
        """A copy as the next version, from the next period on."""
        later = self.with_context(sales_same_name=True).copy()
        _start, stop = self._get_bounds(self.company_id._get_sales_today())
        # sudo: stamped by the system; who may write has copied it
        later.sudo().write(
            {
                "former_id": self.id,
                "version": self.version + 1,
                "date_from": stop + timedelta(days=1),
            }
        )
        return later

    def copy_data(self, default=None):
        """A copy keeps its name only as the next version."""
        vals_list = super().copy_data(default)
        if not self.env.context.get("sales_same_name") and "name" not in (
            default or {}
        ):
            for one, vals in zip(self, vals_list, strict=True):
                vals["name"] = self.env._("%(name)s (copy)", name=one.name)
        return vals_list

    def _get_bounds(self, day):
        """The first and last day of the period that holds a day."""
        return bounds(self.period, day, self.company_id._get_scorecard_year_end())


class SalesVersionPartMixin(models.AbstractModel):
    """What belongs to rules in versions changes with a draft only."""

    _name = "sales.version.part.mixin"
    _description = "Part of Rules in Versions"

    # The way to the version that it is a part of.
    _sales_whole = None

    @api.model_create_multi
    def create(self, vals_list):
        parts = super().create(vals_list)
        parts._get_changing()._check_draft()
        return parts

    def write(self, vals):
        self._check_draft()
        result = super().write(vals)
        self._check_draft()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_in_force(self):
        self._check_draft()

    def _check_draft(self):
        """:raise UserError: for parts of a version that was in force"""
        self.mapped(self._sales_whole)._check_draft()

    def _get_changing(self):
        """Those that change, when they are added, what a version is about."""
        return self
