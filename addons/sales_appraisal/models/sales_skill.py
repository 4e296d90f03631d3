"""Skills of reps, from Odoo's catalogue: what a grade needs, and who can do what."""

from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..scoring.skills import Cell, change, fulfilled, gap

SINCE_DAYS = 90


class SalesSkillRequirement(models.Model):
    """The level of a skill that reps of a grade need."""

    _name = "sales.skill.requirement"
    _description = "Required Skill"
    _order = "grade_id, skill_id"
    _rec_name = "skill_id"

    grade_id = fields.Many2one(
        "sales.grade",
        "Grade",
        index=True,
        ondelete="cascade",
        help="Empty: reps whose grade says nothing else.",
    )
    skill_id = fields.Many2one(
        "hr.skill", "Skill", required=True, index=True, ondelete="cascade"
    )
    skill_type_id = fields.Many2one(
        related="skill_id.skill_type_id", string="Kind of Skill"
    )
    level_id = fields.Many2one(
        "hr.skill.level",
        "Level",
        required=True,
        ondelete="cascade",
        domain="[('skill_type_id', '=', skill_type_id)]",
    )

    _once = models.UniqueIndex(
        "(COALESCE(grade_id, 0), skill_id)", "The grade needs this skill already."
    )

    @api.constrains("skill_id", "level_id")
    def _check_level(self):
        for requirement in self:
            if requirement.level_id.skill_type_id != requirement.skill_type_id:
                raise ValidationError(
                    self.env._("The level is one of the skill's own kind.")
                )

    @api.model
    def _get_required(self, grades):
        """``{grade: {skill: level}}``, of no grade (empty), too."""
        found = {grade: {} for grade in [*grades, grades.browse()]}
        common = self.search([("grade_id", "=", False)])
        own = self.search([("grade_id", "in", grades.ids)])
        for grade, needed in found.items():
            for row in common + own.filtered(lambda r, g=grade: r.grade_id == g):
                needed[row.skill_id] = row.level_id
        return found


class HrSkill(models.Model):
    _inherit = "hr.skill"

    @api.ondelete(at_uninstall=False)
    def _unlink_except_assessed(self):
        self.env["sales.skill.assessment"]._refuse_loss([("skill_id", "in", self.ids)])


class HrSkillLevel(models.Model):
    _inherit = "hr.skill.level"

    @api.ondelete(at_uninstall=False)
    def _unlink_except_assessed(self):
        self.env["sales.skill.assessment"]._refuse_loss([("level_id", "in", self.ids)])


class HrSkillType(models.Model):
    _inherit = "hr.skill.type"

    @api.ondelete(at_uninstall=False)
    def _unlink_except_assessed(self):
        self.env["sales.skill.assessment"]._refuse_loss(
            [("skill_id.skill_type_id", "in", self.ids)]
        )


class SalesSkillAssessment(models.Model):
    """What somebody can do, by their own judgement or by the coach's, on a day.

    Nothing is overwritten but the judgement of the same day, so that it can be seen
    how it changed.
    """

    _name = "sales.skill.assessment"
    _description = "Skill Assessment"
    _inherit = ["sales.stamped.mixin"]
    _order = "date desc, id desc"
    _rec_name = "skill_id"
    _check_company_auto = True
    _sales_stamped = frozenset({"kind", "assessor_id", "date"})

    rep_id = fields.Many2one(
        "sales.rep",
        required=True,
        index=True,
        ondelete="cascade",
        check_company=True,
        default=lambda self: self._default_rep_id(),
    )
    user_id = fields.Many2one(related="rep_id.user_id", store=True)
    company_id = fields.Many2one(related="rep_id.company_id", store=True)
    team_id = fields.Many2one(related="rep_id.team_id", store=True)
    skill_id = fields.Many2one(
        "hr.skill", "Skill", required=True, index=True, ondelete="cascade"
    )
    skill_type_id = fields.Many2one(
        related="skill_id.skill_type_id", string="Kind of Skill", store=True
    )
    level_id = fields.Many2one(
        "hr.skill.level",
        "Level",
        required=True,
        ondelete="cascade",
        domain="[('skill_type_id', '=', skill_type_id)]",
    )
    progress = fields.Integer(
        "Level (%)", related="level_id.level_progress", store=True, aggregator="avg"
    )
    kind = fields.Selection(
        [("self", "Own"), ("coach", "Coach")],
        "By Whom",
        default="coach",
        required=True,
        readonly=True,
    )
    assessor_id = fields.Many2one(
        "res.users",
        "Assessed By",
        required=True,
        readonly=True,
        ondelete="restrict",
        default=lambda self: self.env.user,
    )
    date = fields.Date(
        required=True,
        readonly=True,
        default=lambda self: self.env.company._get_sales_today(),
    )
    note = fields.Text("Notes", help="What was seen.")

    _once = models.UniqueIndex("(rep_id, skill_id, kind, date)")

    @api.model
    def _default_rep_id(self):
        return self.env.user.sales_rep_ids.filtered(
            lambda rep: rep.company_id == self.env.company
        )[:1]

    @api.constrains("skill_id", "level_id")
    def _check_level(self):
        for row in self:
            if row.level_id.skill_type_id != row.skill_id.skill_type_id:
                raise ValidationError(
                    self.env._("The level is one of the skill's own kind.")
                )

    @api.model_create_multi
    def create(self, vals_list):
        """The own judgement, or that of somebody above: as who the user is says.

        :raise AccessError: for reps whom the user does not lead
        """
        if self.env.su:
            rows = super().create(vals_list)
            rows._tell_employee()
            return rows
        for vals in vals_list:
            self._refuse_stamped(vals)
        reps = self.env["sales.rep"].browse(
            [vals.get("rep_id") or self._default_rep_id().id for vals in vals_list]
        )
        others = reps.filtered(lambda rep: rep.user_id != self.env.user)
        self.env["sales.coaching"]._check_reps(others)
        kinds = [
            "self" if rep.user_id == self.env.user else "coach"
            for rep in (self.env["sales.rep"].browse(rep_id) for rep_id in reps._ids)
        ]
        for vals, rep_id, kind in zip(vals_list, reps._ids, kinds, strict=True):
            self._drop_todays(rep_id, vals.get("skill_id"), kind)
        rows = super().create(vals_list)
        for row, kind in zip(rows, kinds, strict=True):
            row.sudo().kind = kind  # sudo: stamped by the system
        rows._tell_employee()
        return rows

    def _drop_todays(self, rep_id, skill_id, kind):
        """Who judges again on the same day thinks better of it."""
        # sudo: also what another coach said today
        self.sudo().search(
            [
                ("rep_id", "=", rep_id),
                ("skill_id", "=", skill_id),
                ("kind", "=", kind),
                ("date", "=", self.env.company._get_sales_today()),
            ]
        ).unlink()

    def write(self, vals):
        if not self.env.su and vals:
            raise UserError(self.env._("Assess again: what was said stays."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_own(self):
        if not self.env.su and self.assessor_id - self.env.user:
            raise AccessError(
                self.env._("Only who has assessed takes the assessment back.")
            )

    def _tell_employee(self):
        """Coaches' latest judgements are the skills of the rep's employee."""
        rows = self.filtered(lambda row: row.kind == "coach")
        for row in rows.sudo():  # sudo: written through to the employee's file
            employee = row.rep_id.employee_id
            # sudo: whether there is a later judgement, whoever's it is
            later = self.sudo().search_count(
                [
                    ("rep_id", "=", row.rep_id.id),
                    ("skill_id", "=", row.skill_id.id),
                    ("kind", "=", "coach"),
                    ("date", ">", row.date),
                ],
                limit=1,
            )
            if not employee or later or row.skill_type_id.is_certification:
                continue
            current = employee.current_employee_skill_ids.filtered(
                lambda skill, row=row: skill.skill_id == row.skill_id
            )
            if current.skill_level_id == row.level_id:
                continue
            employee.current_employee_skill_ids = [
                (
                    0,
                    0,
                    {
                        "skill_id": row.skill_id.id,
                        "skill_type_id": row.skill_type_id.id,
                        "skill_level_id": row.level_id.id,
                        "valid_from": row.date,
                    },
                )
            ]

    # The matrix

    @api.model
    def get_matrix(self, since=None):
        """Reps and skills, as far as the user sees them: what is needed, what is there.

        The level is the coach's latest judgement, the rep's own where there is none.
        All figures are percent of a level.

        :param since: from when on the change counts; 90 days ago when empty
        :return: a dict: ``since``; ``skills``: ``id name kind fulfilled``;
            ``reps``: ``id name grade fulfilled cells``, where cells are by skill's id
            ``level level_name required required_name gap change own date``;
            ``may_assess``: whether the user assesses others
        """
        company = self.env.company
        today = company._get_sales_today()
        since = fields.Date.to_date(since) or fields.Date.add(today, days=-SINCE_DAYS)
        self.check_access("read")
        plans = self.env["sales.coaching"]
        reps = self.env["sales.rep"].search(
            [
                ("company_id", "=", company.id),
                ("state", "!=", "left"),
                *plans._get_led_domain(),
            ]
        )
        required = self.env["sales.skill.requirement"]._get_required(reps.grade_id)
        now, own, earlier = self._read_levels(reps, since)
        skills = self.env["hr.skill"].union(
            *(skill for needed in required.values() for skill in needed),
            *(skill for _rep, skill in now),
        )
        skills = skills.sorted(
            lambda s: (s.skill_type_id.sequence, s.skill_type_id.id, s.sequence, s.id)
        )
        table = {
            rep: {
                skill: Cell(
                    now[rep, skill].progress if (rep, skill) in now else None,
                    required[rep.grade_id][skill].level_progress
                    if skill in required[rep.grade_id]
                    else None,
                    earlier[rep, skill].progress if (rep, skill) in earlier else None,
                )
                for skill in skills
            }
            for rep in reps
        }
        return {
            "since": since,
            "may_assess": plans._is_leader(),
            "skills": [
                {
                    "id": skill.id,
                    "name": skill.name,
                    "kind": skill.skill_type_id.name,
                    "fulfilled": _percent(
                        fulfilled([cells[skill] for cells in table.values()])
                    ),
                }
                for skill in skills
            ],
            "reps": [
                {
                    "id": rep.id,
                    "name": rep.name,
                    "grade": rep.grade_id.name or "",
                    "fulfilled": _percent(fulfilled(cells.values())),
                    "cells": {
                        skill.id: {
                            **_describe(cell),
                            "level_name": now[rep, skill].level_id.name
                            if (rep, skill) in now
                            else "",
                            "date": now[rep, skill].date
                            if (rep, skill) in now
                            else False,
                            "required_name": required[rep.grade_id][skill].name
                            if skill in required[rep.grade_id]
                            else "",
                            "own": own[rep, skill].level_id.name
                            if (rep, skill) in own
                            else "",
                        }
                        for skill, cell in cells.items()
                    },
                }
                for rep, cells in table.items()
            ],
        }

    def _read_levels(self, reps, since):
        """The judgements that count now, those of reps themselves, those of a day."""
        now, own, earlier = {}, {}, {}
        ranks = defaultdict(int)
        rows = self.search_fetch(
            [("rep_id", "in", reps.ids)],
            ["rep_id", "skill_id", "level_id", "progress", "kind", "date"],
            order="date, id",
        )
        for row in rows:
            key = (row.rep_id, row.skill_id)
            rank = row.kind == "coach"
            if rank >= ranks[key]:
                ranks[key] = rank
                now[key] = row
                if row.date <= since:
                    earlier[key] = row
            if not rank:
                own[key] = row
        return now, own, earlier

    @api.model
    def _refuse_loss(self, domain):
        """:raise UserError: when there are assessments, which would be lost"""
        # sudo: whether there are any, whoever may see them
        if self.sudo().search_count(domain, limit=1):
            raise UserError(
                self.env._("Reps were assessed by this: how they did would be lost.")
            )


def _percent(part):
    return None if part is None else round(100 * part)


def _describe(cell):
    return {
        "level": cell.level,
        "required": cell.required,
        "gap": gap(cell),
        "change": change(cell),
    }
