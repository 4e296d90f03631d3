from collections import defaultdict
from datetime import datetime
from decimal import Decimal

from odoo import api, fields, models
from odoo.tools.misc import format_date, formatLang

from odoo.addons.sales_force.wording import listed, sentences

from ..commission import explaining
from ..commission.schedule import round_to


def exact(amount):
    """A float of money as it is meant.

    >>> exact(0.1) + exact(0.2)
    Decimal('0.3')
    """
    return Decimal(str(amount or 0))


class SalesCommissionEntry(models.Model):
    """An entry as a sentence, true for its amount: anybody can do the sum again.

    It says by what was paid at that time (``sales.commission.basis``), whatever has
    changed since. Whoever adds a subject adds ``_explain_<subject>``.
    """

    _inherit = "sales.commission.entry"

    plan_id = fields.Many2one(related="rule_id.plan_id", string="Plan and Version")
    period_label = fields.Char("Period", compute="_compute_period_label")
    position_after = fields.Float(
        "After",
        digits=(16, 2),
        compute="_compute_position_after",
        help="What counts with it: the place in the table.",
    )
    explanation = fields.Char(compute="_compute_explanation")
    counted = fields.Char(
        "Counted with Unit",
        compute="_compute_counted",
        help="With its currency, where it is money.",
    )
    place = fields.Char(
        "In the Table",
        compute="_compute_counted",
        help="What counted in the period before it, and with it.",
    )

    @api.depends("rule_id", "date")
    def _compute_display_name(self):
        for entry in self:
            # sudo: who may read an entry may know its rule
            rule = entry.sudo().rule_id.name or ""
            entry.display_name = f"{rule} · {format_date(self.env, entry.date)}"

    @api.depends("period_from", "rule_id")
    @api.depends_context("lang")
    def _compute_period_label(self):
        for entry in self:
            # sudo: only the name of a period
            one = entry.sudo()
            entry.period_label = one.company_id._label_period(
                one.plan_id.period, one.period_from
            )

    @api.depends("position", "base")
    def _compute_position_after(self):
        for entry in self:
            entry.position_after = entry.position + entry.base

    @api.depends("base", "position", "subject", "kind", "rule_id")
    @api.depends_context("lang")
    def _compute_counted(self):
        # sudo: who may read an entry may know its rule
        for entry in self.sudo():
            entry.counted = entry._format_counted(entry.base)
            entry.place = entry.kind in ("earning", "override") and self.env._(
                "%(before)s to %(after)s",
                before=entry._format_counted(entry.position),
                after=entry._format_counted(entry.position_after),
            )

    def _format_counted(self, value):
        return self.rule_id._format_base(value)

    @api.depends_context("lang")
    def _compute_explanation(self):
        # sudo: who may read an entry may know by which rate and target it was paid
        entries = self.sudo()
        bases = {
            (basis.statement_id, basis.rule_id, basis.period_from): basis
            for basis in entries.env["sales.commission.basis"].search(
                [
                    ("statement_id", "in", entries.statement_id.ids),
                    ("rule_id", "in", entries.rule_id.ids),
                ]
            )
        }
        former = entries._get_former()
        for entry in entries:
            basis = bases.get((entry.statement_id, entry.rule_id, entry.period_from))
            entry.explanation = entry._explain(basis, former.get(entry))

    def _get_former(self):
        """Of corrections what was held for the same cause by the statements closed
        before: ``{entry: [counted, amount]}``."""
        corrections = self.filtered(lambda entry: entry.kind == "adjustment")
        if not corrections:
            return {}
        rows = defaultdict(list)
        for entry in self.search(
            [
                ("rep_id", "in", corrections.rep_id.ids),
                ("rule_id", "in", corrections.rule_id.ids),
                ("period_from", "in", corrections.mapped("period_from")),
                ("res_id", "in", corrections.mapped("res_id")),
                ("statement_id.state", "!=", "open"),
            ]
        ):
            rows[entry._get_cause()].append(entry)
        former = {}
        for entry in corrections:
            held = [
                one
                for one in rows[entry._get_cause()]
                if one.statement_id != entry.statement_id
                and one._get_order() < entry._get_order()
            ]
            former[entry] = [
                sum((exact(one[name]) for one in held), Decimal(0))
                for name in ("base", "amount")
            ]
        return former

    def _get_cause(self):
        """What tells entries of different causes apart."""
        return (
            *(self.rep_id.id, self.rule_id.id, self.period_from, self.subject),
            *(self.level, self.source, self.res_model, self.res_id, self.part),
            *(self.user_id, self.overlay),
        )

    def _get_order(self):
        """In which order statements were closed; what is open comes last."""
        statement = self.statement_id
        return (
            statement.state == "open",
            statement.submitted_on or datetime.min,
            statement.date_from,
            statement.id,
        )

    # In words

    def _explain(self, basis, former):
        """The sentence.

        :param basis: a ``sales.commission.basis``; none of what is older than these
        :param former: of a correction what was counted and paid before
        """
        _ = self.env._
        if self.kind != "adjustment":
            return self._explain_subject(basis, exact(self.base), exact(self.amount))
        value, was = former
        value, now = value + exact(self.base), was + exact(self.amount)
        period = self.company_id._label_period(self.plan_id.period, self.period_from)
        if was or self.corrects_id:
            head = _(
                "Correction of %(period)s: %(now)s instead of %(was)s.",
                period=period,
                now=self._format_amount(now),
                was=self._format_amount(was),
            )
        else:
            head = _("Known after %(period)s was closed.", period=period)
        if not now and not value:
            return _(
                "%(correction)s What it was paid for does not count any more.",
                correction=head,
            )
        return _(
            "%(correction)s %(subject)s",
            correction=head,
            subject=self._explain_subject(basis, value, now),
        )

    def _explain_subject(self, basis, value, amount):
        explain = getattr(self, f"_explain_{self.subject}", None)
        if not explain or not basis:
            return self._describe(value)
        return explain(basis, value, amount)

    def _explain_earning(self, basis, value, amount):
        """``value`` counts and ``amount`` is paid for it, corrections put together."""
        _, rule, plan = self.env._, self.rule_id, basis._get_schedule()
        before = exact(self.position)
        parts = explaining.slices(plan, before, before + value)
        if len(parts) > 1:
            text = _(
                "%(what)s, in the table from %(before)s to %(after)s: %(slices)s",
                what=self._describe(value),
                before=rule._format_base(float(before)),
                after=rule._format_base(float(before + value)),
                slices=listed(
                    self.env,
                    (
                        _(
                            "%(value)s at %(rate)s",
                            value=rule._format_base(float(part.value)),
                            rate=self._format_slice_rate(part.rate),
                        )
                        for part in parts
                    ),
                ),
            )
        else:
            text = _(
                "%(rate)s of %(what)s",
                rate=self._format_slice_rate(parts[0].rate if parts else Decimal(0)),
                what=self._describe(value),
            )
        return sentences(
            self.env, [text, *self._explain_place(basis, plan, parts, amount)]
        )

    _explain_override = _explain_earning

    def _explain_place(self, basis, plan, parts, amount):
        """What has decided about the rate, and what about the rest."""
        _, rule = self.env._, self.rule_id
        if rule.mode != "progressive" and rule.table != "none":
            yield _(
                "Reached in the period: %(total)s",
                total=rule._format_reached(basis.total),
            )
        yield from self._explain_factors(basis)
        exactly = sum((part.value * part.rate for part in parts), Decimal(0))
        exactly *= plan.factor
        unit = basis._get_unit()
        if plan.cap is not None and abs(exactly - amount) >= unit:
            yield _(
                "The rule pays %(cap)s at most",
                cap=rule._format_money(float(plan.cap)),
            )
        elif round_to(exactly, unit) != amount:
            yield _("Rounded on the running total")

    def _explain_factors(self, basis):
        """The target, and what multiplies what is counted or paid."""
        _, rule = self.env._, self.rule_id
        if rule.table == "attainment":
            yield _("Target: %(goal)s", goal=rule._format_reached(basis.goal))
        if self.factor and self.factor != 1:
            yield _("Counted times %(factor)s", factor=rule._format_number(self.factor))
        if basis.factor != 1:
            yield _(
                "Paid times %(factor)s, by the appraisal",
                factor=rule._format_number(basis.factor),
            )

    def _explain_bonus(self, basis, value, _amount):
        _, rule = self.env._, self.rule_id
        part = exact(basis.goal) / 100 if rule.table == "attainment" else 1
        reached = rule.tier_ids.filtered(lambda t: exact(t.start) * part <= value)
        reached = reached.sorted("start")
        if not rule.each:
            reached = reached[-1:]
        text = _(
            "Bonus on %(what)s: %(tiers)s",
            what=self._describe(value, rule._get_attained()),
            tiers=listed(
                self.env,
                (
                    _(
                        "%(rate)s from %(start)s",
                        rate=rule._format_money(tier.amount),
                        start=rule._format_start(tier.start),
                    )
                    for tier in reached
                ),
            ),
        )
        rest = list(self._explain_factors(basis))
        if rule.cap and basis.factor * sum(reached.mapped("amount")) > rule.cap:
            rest.append(
                _(
                    "The rule pays %(cap)s at most",
                    cap=rule._format_money(rule.cap),
                )
            )
        return sentences(self.env, [text, *rest])

    def _explain_floor(self, _basis, value, amount):
        """What the rule pays more than follows from what counts."""
        return self.env._(
            "%(what)s pays %(amount)s less than the rule pays at least.",
            what=self._describe(value),
            amount=self._format_amount(amount),
        )

    def _describe(self, value, metric=None):
        """What counts, of whom: ``$ 50,000.00 (Invoiced, Customer)``."""
        named = [self.metric_id.name, self.partner_id.display_name]
        if self.level:
            named.append(self.env._("level %(level)s below", level=self.level))
        return self.env._(
            "%(value)s (%(of)s)",
            value=self.rule_id._format_base(float(value), metric),
            of=listed(self.env, filter(None, named)),
        )

    def _format_slice_rate(self, rate):
        rule = self.rule_id
        return rule._format_rate(
            float(rate * 100 if rule.rate_unit == "percent" else rate)
        )

    def _format_amount(self, amount):
        return formatLang(self.env, float(amount), currency_obj=self.currency_id)
