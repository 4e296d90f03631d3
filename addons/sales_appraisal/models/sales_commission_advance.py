from collections import defaultdict
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..commission import booking, draws, owed
from .sales_commission_rule import exact

ADVANCES = ("guarantee", "draw")
ZERO = Decimal(0)
# What a statement says of it.
OWED = ["owed_before", "advanced", "given_back", "forgiven", "owed", "owed_note"]


class Advanced(NamedTuple):
    """What became of a period by its own plan."""

    version: Any
    bounds: tuple
    books: dict  # {rep's id: statement's id or None}
    members: set  # ids of the reps whom the plan pays then
    periods: dict  # {rep's id: draws.Period}
    given: dict  # {rep's id: what is given back to the own plan}
    written: Any  # the statements that were open for entries


class SalesCommissionPlan(models.Model):
    """What is owed goes on from version to version."""

    _inherit = "sales.commission.plan"

    def action_publish(self):
        """What one version guarantees or advances, all settle: as agreed at least."""
        result = super().action_publish()
        for plan in self:
            plan._share_advances()
        return result

    def _get_family(self):
        """The first version: what is about all of them names it."""
        return self.first_id or self

    def _share_advances(self, kind=None):
        """Let all versions in force have a rule of each kind that one of them has.

        What is added pays nothing by itself, but what is agreed with single reps; and
        it goes on recovering what is owed from a former version, on its terms.

        :param kind: that all of them are to have besides
        """
        # sudo: versions in force do not change by hand, and nobody is paid otherwise
        versions = self.sudo()._get_live_versions().sorted("version")
        names = {
            "guarantee": self.env._("Guarantee by Agreement"),
            "draw": self.env._("Draw by Agreement"),
        }
        for one in {*versions.rule_ids._get_advances().mapped("kind"), kind} - {None}:
            known = versions.rule_ids.filtered(lambda rule, one=one: rule.kind == one)
            for version in versions - known.plan_id:
                values = {"plan_id": version.id, "tier_ids": [], "sequence": 1000}
                nearest = known.sorted(
                    lambda rule, version=version: abs(
                        rule.plan_id.version - version.version
                    )
                )
                if known:
                    known |= nearest[0].copy(values)
                else:
                    known |= known.create({**values, "kind": one, "name": names[one]})

    def _get_draw_periods(self, bounds, members, earned, forgiven):
        """What is known of a period: ``{rep's id: draws.Period}``.

        :param bounds: the first and the last day of the period
        :param members: ``[(rep's id, first day, last day)]``
        :param dict earned: ``{rep's id: Decimal}``
        :param dict forgiven: ``{rep's id: what was forgiven}``
        """
        rules = self.rule_ids._get_advances().grouped("kind")
        unit = self.rule_ids[:1]._get_unit()
        reps = self.env["sales.rep"].browse(earned)
        days = defaultdict(list)
        for rep, first, last in members:
            days[rep].append((first, last))
        agreed = self.env["sales.commission.draw"]._get_agreed(self, reps, bounds)
        found = {}
        for rep in reps:
            there = [
                (first, min(last, rep.date_end or last)) for first, last in days[rep.id]
            ]
            amounts = {
                kind: draws.promised(
                    there, agreed[rep.id, kind], rule._get_steps(rep), bounds, unit
                )
                for kind, rule in rules.items()
            }
            found[rep.id] = draws.Period(
                earned[rep.id],
                amounts.get("guarantee", ZERO),
                amounts.get("draw", ZERO),
                forgiven=tuple(exact(one.amount, 6) for one in forgiven[rep.id]),
            )
            if "draw" in rules:
                found[rep.id] = rules["draw"]._apply_terms(
                    found[rep.id], rep, bounds[1]
                )
        return found


class SalesCommissionRule(models.Model):
    """A guarantee, or a draw and what becomes of it.

    Both are about the plan as a whole: they fill up what all its rules pay together.
    """

    _inherit = "sales.commission.rule"

    recovery_percent = fields.Float(
        "Given Back at Most (%)",
        digits=(5, 2),
        default=100,
        help="So much of what a period earns above its own draw and guarantee is given "
        "back at most, until nothing is owed any more.",
    )
    leaver_owed = fields.Selection(
        [
            ("owed", "Stays owed"),
            ("taken", "Taken from the last statement"),
            ("forgiven", "Is forgiven"),
        ],
        "Owed by Leavers",
        default="owed",
        required=True,
        help="Stays owed: what is still earned after leaving gives back as before. "
        "Taken: from the period of leaving on there is no draw any more, and all that "
        "is earned above a guarantee is given back. Forgiven: as it stays owed until "
        "then, and what is left is forgiven so many months after leaving.",
    )
    leaver_owed_months = fields.Integer(
        "Forgiven After (months)", help="0: at the end of the period of leaving."
    )

    _advance_uniq = models.UniqueIndex(
        "(plan_id, kind) WHERE kind IN ('guarantee', 'draw')",
        "A plan has one guarantee and one draw: give the amounts of both by month, or "
        "agree on others with single reps.",
    )
    _advance_not_held = models.Constraint(
        "CHECK (kind NOT IN ('guarantee', 'draw') OR COALESCE(hold_percent, 0) = 0)",
        "Nothing of a guarantee or a draw is held back.",
    )
    _recovery_within = models.Constraint(
        "CHECK (recovery_percent > 0 AND recovery_percent <= 100)",
        "What is given back is more than 0 and at most 100 percent.",
    )
    _leaver_owed_months_positive = models.Constraint(
        "CHECK (leaver_owed_months BETWEEN 0 AND 120)",
        "Months after leaving are not negative, and ten years at most.",
    )

    @api.onchange("kind")
    def _onchange_kind(self):
        if self.kind in ADVANCES:
            self.metric_id = False
            self.table, self.multiplier, self.hold_percent = "none", "none", 0
            self.refund, self.unpaid = "base", "kept"

    @api.constrains("kind", "tier_ids")
    def _check_months(self):
        self._get_advances().tier_ids._check_months()

    def _get_advances(self):
        return self.filtered(lambda rule: rule.kind in ADVANCES)

    def _get_changing(self):
        """What is by agreement only changes nothing of what a plan pays."""
        changing = super()._get_changing()
        if self.env.su:
            return changing.filtered(
                lambda rule: rule.kind not in ADVANCES or rule.tier_ids
            )
        return changing

    def _get_subject(self):
        return self.kind if self.kind in ADVANCES else super()._get_subject()

    def _select_lines(self, start, stop, members, rep_ids, standing=None):
        """By itself nothing: it follows from what all others give."""
        if self.kind in ADVANCES:
            return {}
        return super()._select_lines(start, stop, members, rep_ids, standing)

    def _get_steps(self, rep):
        """``[(first day, amount of a period)]`` by the months since a rep was hired.

        Of who is there since no known day the last step holds.
        """
        tiers = self.tier_ids.sorted("start")
        if not rep.date_start:
            return [(date.min, exact(tier.amount)) for tier in tiers[-1:]]
        return [
            (
                rep.date_start + relativedelta(months=int(tier.start) - 1),
                exact(tier.amount),
            )
            for tier in tiers
        ]

    def _apply_terms(self, period, rep, stop):
        """How much is given back in a period, also by who leaves.

        :param period: a ``draws.Period``
        """
        period = period._replace(percent=exact(self.recovery_percent))
        if not rep.date_end or rep.date_end > stop:
            return period
        if self.leaver_owed == "taken":
            return period._replace(draw=ZERO, percent=draws.HUNDRED)
        ends = self.leaver_owed == "forgiven" and self._get_end(rep) <= stop
        return period._replace(ends=ends)

    def _get_end(self, rep):
        """The day on which the rest of a leaver's balance is forgiven."""
        return rep.date_end + relativedelta(months=self.leaver_owed_months)


class SalesCommissionTier(models.Model):
    _inherit = "sales.commission.tier"

    @api.constrains("start")
    def _check_months(self):
        for tier in self:
            if tier.rule_id.kind in ADVANCES and (
                tier.start < 1 or tier.start != int(tier.start)
            ):
                raise ValidationError(
                    self.env._(
                        "%(rule)s: months are counted from 1, the month of hiring.",
                        rule=tier.rule_id.name,
                    )
                )


class SalesCommissionStatement(models.Model):
    """Guarantees and draws follow what is earned: they are settled last.

    What is earned in a period changes what is owed in all later ones, so these are
    settled with it. What is earned is the sum of its entries in whatever statement:
    what becomes of a closed period later is an adjustment, as everywhere.
    """

    _inherit = "sales.commission.statement"

    def _settle_rule(self, rule, start, stop, members, books):
        if rule.kind in ADVANCES:
            return books
        return super()._settle_rule(rule, start, stop, members, books)

    def _settle_draws(self, plan, start, stop, reps):
        """Make guarantees, draws, and what is given back or forgiven what they should
        be, of a period and all later ones.

        Of reps who are or were paid by other plans too, also those of the others.

        :return: the statements that were open for entries
        """
        written = self.browse()
        family = plan._get_family()
        moved, plans = self._get_moved(plan, reps)
        if not moved and not plan.rule_ids._get_advances():
            return written
        work = [
            (version, first, last, reps)
            for version, first, last in self._get_settled(
                plan._get_live_versions(), plan, start, stop
            )
        ]
        balances = {family: self._read_balances(family, start, reps)}
        for other in plans - family:
            balances[other] = self._read_balances(other, start, moved)
            work += [
                (*period, moved) for period in self._get_settled_of(other, start, moved)
            ]
        work.sort(key=lambda one: (one[1], one[0].sequence, one[0].id))
        for _first, together in groupby(work, key=lambda one: one[1]):
            advanced = [
                self._settle_advances(version, (first, last), who, balances)
                for version, first, last, who in together
            ]
            for one in advanced:
                written |= one.written
            if moved:
                written |= self._settle_carried(advanced, moved, plans, balances)
        self.invalidate_model(OWED, flush=False)
        self.env["sales.commission.draw"].invalidate_model(["owed"], flush=False)
        return written

    def _read_balances(self, family, start, reps):
        """What reps owe of all versions of a plan before a day."""
        return self._read_decimals(
            owed.before(
                family._get_live_versions().rule_ids.ids,
                start,
                None if reps is None else reps.ids,
            )
        )

    def _settle_advances(self, version, bounds, reps, balances):
        """Settle what one period advances, and takes back of what its plan is owed.

        :param dict balances: ``{first version: {rep's id: Decimal}}``, of before;
            changed to those after
        :return: an ``Advanced``
        """
        first, last = bounds
        family = version._get_family()
        rule_ids = family._get_live_versions().rule_ids.ids
        books = self._open_books(version, first, last, [], reps)
        elsewhere = self._get_elsewhere(version, first, books)
        self._lock_open([*filter(None, books.values()), *elsewhere.ids])
        owing = {rep for rep, balance in balances[family].items() if balance}
        reps_ids = sorted({*books, *owing})
        found = self._read_decimals(owed.earned(rule_ids, first, reps_ids))
        earned = {rep: found.get(rep, ZERO) for rep in reps_ids}
        forgiven = self.env["sales.commission.forgiveness"]._get_forgiven(
            version, reps_ids, bounds
        )
        members = version._get_members(first, last, reps)
        periods = version._get_draw_periods(bounds, members, earned, forgiven)
        lines = self._get_draw_lines(
            version, bounds, periods, balances[family], forgiven
        )
        for rule in version.rule_ids._get_advances():
            for subject, rows in lines[rule.kind].items():
                entries = booking.Entries(
                    rule,
                    first,
                    owed.lines(rows),
                    subject,
                    version,
                    "base" if subject == "forgiveness" else "amount",
                )
                books = self._settle_entries(entries, version, last, books)
        given = {rep: -amount for rep, *_row, amount in lines["draw"]["recovery"]}
        written = elsewhere | self.browse(filter(None, books.values()))
        paid = {rep for rep, _first, _last in members}
        return Advanced(version, bounds, books, paid, periods, given, written)

    def _get_draw_lines(self, version, bounds, periods, balances, forgiven):
        """What becomes of a period, as rows of ``owed.lines``; balances go on.

        :param dict periods: ``{rep's id: draws.Period}``
        :param dict balances: ``{rep's id: Decimal}``, of before; changed to those after
        :param dict forgiven: ``{rep's id: what was forgiven}``
        :return: ``{kind of the rule: {subject: rows}}``
        """
        rules = {rule.kind: rule for rule in version.rule_ids._get_advances()}
        found = {
            "guarantee": {"guarantee": []},
            "draw": {"draw": [], "forgiveness": [], "recovery": []},
        }
        unit, stop = version.rule_ids[:1]._get_unit(), bounds[1]

        def add(subject, rep, base, position, amount, source=None, day=stop):
            kind = "guarantee" if subject == "guarantee" else "draw"
            source = source or rules[kind]
            row = (rep, subject, source._name, source.id, day, base, position, amount)
            found[kind][subject].append(row)

        for rep in self.env["sales.rep"].browse(periods):
            period, balance = periods[rep.id], balances.get(rep.id, ZERO)
            settled = draws.settle(period, balance, unit)
            balances[rep.id] = settled.balance
            there = max(period.earned, ZERO)
            if settled.guarantee:
                add("guarantee", rep.id, there, ZERO, settled.guarantee)
            if settled.draw:
                add("draw", rep.id, there + settled.guarantee, balance, settled.draw)
            balance += settled.draw
            for one, amount in zip(forgiven[rep.id], settled.forgiven, strict=True):
                if amount:
                    add("forgiveness", rep.id, amount, balance, ZERO, one, one.date)
                balance -= amount
            if settled.recovery:
                add("recovery", rep.id, there, balance, -settled.recovery)
            if settled.ended:
                day = max(bounds[0], rules["draw"]._get_end(rep))
                position = balance - settled.recovery
                add("forgiveness", rep.id, settled.ended, position, ZERO, day=day)
        return found

    def _read_decimals(self, query):
        return {key: Decimal(value) for key, value in self.env.execute_query(query)}
