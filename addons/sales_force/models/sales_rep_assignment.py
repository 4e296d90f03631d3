from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools.misc import format_date

from ..locking import write_lock


class SalesRepAssignment(models.Model):
    """Where a rep stands from a date on: team, manager and territories.

    The assignments of a rep follow each other without gaps and overlaps: each one
    ends the day before the next one starts, and the last one is open. So only the
    starts are entered; the ends are derived from them.
    """

    _name = "sales.rep.assignment"
    _description = "Assignment of a Rep"
    _inherit = ["sales.stamped.mixin"]
    _check_company_auto = True
    _order = "rep_id, date_from desc"
    _rec_name = "rep_id"

    rep_id = fields.Many2one(
        "sales.rep", required=True, ondelete="cascade", index=True, check_company=True
    )
    company_id = fields.Many2one(related="rep_id.company_id", store=True, index=True)
    team_id = fields.Many2one(
        "crm.team",
        "Sales Team",
        ondelete="restrict",
        check_company=True,
        index="btree_not_null",
    )
    manager_id = fields.Many2one(
        "sales.rep",
        "Manager",
        ondelete="restrict",
        check_company=True,
        index="btree_not_null",
        domain="[('company_id', '=', company_id), ('id', '!=', rep_id)]",
    )
    territory_ids = fields.Many2many(
        "sales.territory",
        "sales_rep_assignment_territory_rel",
        "assignment_id",
        "territory_id",
        "Territories",
        ondelete="restrict",
        check_company=True,
    )
    territory_id = fields.Many2one(
        "sales.territory",
        "Common Territory",
        compute="_compute_territory_id",
        store=True,
        ondelete="restrict",
        index="btree_not_null",
        help="The smallest territory that holds all of them.",
    )
    date_from = fields.Date("From", required=True)
    date_to = fields.Date(
        "Until",
        readonly=True,
        help="The day before the next assignment; empty for the last one.",
    )

    _start_uniq = models.UniqueIndex(
        "(rep_id, date_from)", "A rep has one assignment starting on a day."
    )
    _dates_ordered = models.Constraint(
        "CHECK (date_to IS NULL OR date_to >= date_from)",
        "An assignment ends before it starts.",
    )
    # Ranges instead of equality: gist knows no integers without an extension. Deferred,
    # since a new start overlaps until the former assignment is closed.
    _no_overlap = models.Constraint(
        "EXCLUDE USING gist (int4range(rep_id, rep_id, '[]') WITH &&, "
        "daterange(date_from, date_to, '[]') WITH &&) DEFERRABLE INITIALLY DEFERRED",
        "The assignments of a rep must not overlap.",
    )

    @api.depends("territory_ids.parent_path")
    def _compute_territory_id(self):
        for assignment in self:
            assignment.territory_id = assignment.territory_ids._get_common()

    @api.constrains("rep_id", "manager_id")
    def _check_manager(self):
        for assignment in self:
            if assignment.manager_id == assignment.rep_id:
                raise ValidationError(
                    self.env._(
                        "%(rep)s cannot be the own manager.", rep=assignment.rep_id.name
                    )
                )

    @api.depends("rep_id", "date_from", "date_to")
    def _compute_display_name(self):
        for assignment in self:
            assignment.display_name = self.env._(
                "%(rep)s from %(date)s",
                rep=assignment.rep_id.name or "",
                date=format_date(self.env, assignment.date_from) or "",
            )

    @api.model_create_multi
    def create(self, vals_list):
        self._lock([vals["rep_id"] for vals in vals_list if vals.get("rep_id")])
        ends = [vals.get("date_to") for vals in vals_list]
        assignments = super().create([{**vals, "date_to": False} for vals in vals_list])
        assignments._follow(assignments._spans())
        for assignment, end in zip(assignments, ends, strict=True):
            assignment._check_end(end)
        return assignments

    def write(self, vals):
        if {"rep_id", "date_from", "team_id", "manager_id", "territory_ids"}.isdisjoint(
            vals
        ):
            if "date_to" in vals:
                for assignment in self:
                    assignment._check_end(vals["date_to"])
                vals = {key: val for key, val in vals.items() if key != "date_to"}
            return super().write(vals)
        self._lock(self.rep_id.ids + [vals.get("rep_id")])
        spans = self._spans()
        end = vals.get("date_to")
        vals = {key: val for key, val in vals.items() if key != "date_to"}
        if {"rep_id", "date_from"} & vals.keys():
            vals["date_to"] = False  # until the neighbours are known
        result = super().write(vals)
        self._follow(spans + self._spans())
        # What was changed must still be one's own to change.
        self.check_access("write")
        for assignment in self:
            assignment._check_end(end)
        return result

    def unlink(self):
        self._lock(self.rep_id.ids)
        spans = self._spans()
        self.env["sales.credit"]._process_pending()
        result = super().unlink()
        self._follow(spans)
        return result

    def _check_end(self, end):
        """:raise ValidationError: when an end was given that is not the derived one"""
        end = fields.Date.to_date(end)
        if end and end != self.date_to:
            raise ValidationError(
                self.env._(
                    "The assignment of %(rep)s from %(start)s ends the day before the "
                    "next one; it cannot end on %(end)s. Create the next one instead.",
                    rep=self.rep_id.name,
                    start=format_date(self.env, self.date_from),
                    end=format_date(self.env, end),
                )
            )

    def _lock(self, rep_ids):
        """Let nobody else change these reps' assignments meanwhile."""
        self.env.flush_all()
        write_lock(self.env["sales.rep"].browse({id_ for id_ in rep_ids if id_}))

    def _spans(self):
        """``[(rep, first day)]`` from which the reps' assignments change."""
        return [(assignment.rep_id, assignment.date_from) for assignment in self]

    def _follow(self, spans):
        """Close the gaps, check the tree, and let reps and credits follow.

        :param spans: ``[(rep, date)]``; what comes before a rep's first date, back to
            the start of the assignment in force then, stays as it was
        """
        if not spans:
            return
        reps = self.env["sales.rep"].browse({rep.id for rep, _start in spans})
        reps._chain_assignments()
        reps._check_manager_cycle()
        # sudo: the profile follows its assignments, whoever may change those
        reps.sudo()._sync_assignment()
        start = min(start for _rep, start in spans)
        self.env["sales.credit"]._mark_reps(reps.ids, start, None)
