"""Targets are fixed by hand, and the rest is divided again."""

from odoo import models
from odoo.exceptions import UserError, ValidationError
from odoo.tools.misc import formatLang

from .. import asked
from ..planning.tree import ROOT


class SalesTargetPlan(models.Model):
    _inherit = "sales.target.plan"

    def set_cells(self, changes, reason=None):
        """Fix targets and divide the rest again, all or nothing.

        The rest is what belongs to the same whole: who there is and what they weigh
        stays as it was when the plan was divided, so nobody else's target moves.

        :param changes: ``[{"id": a row's id, "value": amount}]`` locks a row, in total
            or in a month, at a value; ``{"id": id, "locked": False}`` lets it go.
            ``"before"``: the value that the user has seen, and did not want to stay
        :param str reason: of the version; needed once the plan is published
        :return: how many rows changed
        :raise UserError: when locks and guardrails cannot be met together, or when
            somebody else has changed what the user has seen
        :raise AccessError: for rows that one does not plan above
        """
        asked.one(self)
        self.check_access("read")
        if self.state == "closed":
            raise UserError(self.env._("%(plan)s is closed.", plan=self.name))
        reason = asked.words(self.env, reason)
        if self.state != "draft" and not reason:
            raise ValidationError(self.env._("Say why the targets change."))
        targets = self.env["sales.target"].browse(self._read_ids(changes))
        if targets.exists() != targets or targets.plan_id != self:
            raise UserError(self.env._("The board is not up to date: load it again."))
        targets._check_may_plan()
        values = {}
        for change, target in zip(changes, targets, strict=True):
            self._check_seen(change, target)
            if change.get("locked") is False:
                values[target] = None
            else:
                values[target] = asked.number(self.env, change.get("value"))
        return self._change_cells(values, reason)

    def _read_ids(self, changes):
        """Of which rows these are changes.

        :raise UserError: for what is no change, or of no row
        """
        if not isinstance(changes, list | tuple) or not all(
            isinstance(change, dict) for change in changes
        ):
            raise UserError(self.env._("Say which targets change, and to what."))
        ids = [asked.record_id(self.env, change.get("id")) for change in changes]
        if not all(ids):
            raise UserError(self.env._("Say which targets change, and to what."))
        return ids

    def _check_seen(self, change, target):
        before = change.get("before")
        if before is None:
            return
        if round(asked.number(self.env, before), 2) != round(target.value, 2):
            raise UserError(
                self.env._(
                    "%(name)s is %(value)s by now: somebody else has changed it. Look "
                    "again before you apply.",
                    name=target._get_cell_name(),
                    value=formatLang(self.env, target.value),
                )
            )

    def _change_cells(self, values, reason):
        """:param dict values: ``{target: amount, or None to let it go}``"""
        self._lock_plan()
        months = self._get_months()
        over = set(months[: self._count_frozen(months)])
        for target, value in values.items():
            if target.period == "month" and target.date_from in over:
                raise UserError(
                    self.env._("%(name)s is over.", name=target._get_cell_name())
                )
            if value is not None and (
                value < 0 or self._to_amount(self._to_units(value)) != round(value, 2)
            ):
                raise ValidationError(
                    self.env._(
                        "%(name)s: %(value)s is no multiple of %(unit)s, or negative.",
                        name=target._get_cell_name(),
                        value=formatLang(self.env, value),
                        unit=self.unit,
                    )
                )
            if target.key == ROOT and target.period == "total" and value is not None:
                # sudo: who may plan for the company changes its target so
                self.sudo().value = value
        self._decompose(
            reason,
            {
                (
                    target.key,
                    target.date_from if target.period == "month" else None,
                ): value
                for target, value in values.items()
            },
        )
        return len(values)

    def move_amount(self, source_id, target_id, amount, reason=None):
        """Move an amount to a sibling of the same month, or to another month of the
        same node: both are fixed then.

        :param float amount: more than zero, not more than the source has
        :raise UserError: for others than siblings, or where there is not so much
        """
        asked.one(self)
        ids = asked.ids(self.env, [source_id, target_id])
        rows = self.env["sales.target"].browse(ids)
        if len(rows) != 2 or rows.exists() != rows:
            raise UserError(self.env._("The board is not up to date: load it again."))
        rows.check_access("read")
        source, target = rows
        amount = asked.number(self.env, amount)
        siblings = (source.parent_id, source.period, source.date_from) == (
            target.parent_id,
            target.period,
            target.date_from,
        )
        months = source.total_id and source.total_id == target.total_id
        if source == target or not (siblings or months):
            raise UserError(
                self.env._(
                    "Amounts move between siblings of the same month, or between the "
                    "months of one target."
                )
            )
        if not 0 < amount <= source.value:
            raise UserError(
                self.env._(
                    "%(name)s has %(value)s to give.",
                    name=source._get_cell_name(),
                    value=formatLang(self.env, source.value),
                )
            )
        return self.set_cells(
            [
                {"id": source.id, "value": round(source.value - amount, 2)},
                {"id": target.id, "value": round(target.value + amount, 2)},
            ],
            reason,
        )
