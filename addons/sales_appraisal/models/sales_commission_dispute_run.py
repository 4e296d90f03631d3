from collections import defaultdict
from decimal import Decimal

from odoo import models
from odoo.tools import SQL

from ..commission import booking, disputed
from .sales_commission_dispute import line_of
from .sales_commission_entry_text import exact

# What the rule of one version gives in periods of others as well.
LASTING = ("release", "unpaid", "lost")


class SalesCommissionDispute(models.Model):
    """What decisions give, as lines of entries that follow the facts like others."""

    _inherit = "sales.commission.dispute"

    def _get_decided(self, plan, start, reps):
        """Decisions about a period and the later ones, which may hang on it; of
        customers who were ever lost about earlier ones too."""
        versions = plan._get_versions()
        domain = [("state", "=", "corrected"), ("plan_id", "in", versions.ids)]
        if reps is not None:
            domain.append(("rep_id", "in", reps.ids))
        decided = self.search(domain, order="decided_on, id")
        lost = self.browse()
        if any(versions.rule_ids.mapped("lost_months")):
            lost = decided._get_of_lost()
        return decided.filtered(lambda one: one.period_from >= start or one in lost)

    def _get_of_lost(self):
        """Those about customers who are or were lost."""
        found = self.env.execute_query(
            SQL(
                """SELECT DISTINCT partner_id FROM sales_customer_stage
                WHERE partner_id = ANY(%s) AND company_id = ANY(%s)
                    AND stage = 'lost'""",
                self.partner_id.ids,
                self.company_id.ids,
            )
        )
        ids = {partner for (partner,) in found}
        return self.filtered(lambda one: one.partner_id.id in ids)

    def _select_lines(self):
        """A SELECT of lines, of decisions about one rule and period, in their order."""
        paid = defaultdict(Decimal)
        for entry in self.env["sales.commission.entry"].search(
            [
                ("rule_id", "=", self.rule_id.id),
                ("period_from", "=", self[:1].period_from),
                ("rep_id", "in", self.rep_id.ids),
                ("scope_id", "in", self.mapped("scope_id")),
            ]
        ):
            paid[self._get_key(entry)] += exact(entry.amount)
        lost = self._read_lost()
        about = self.grouped(self._get_key)
        left = {}
        for key, disputes in about.items():
            if lost[disputes.rep_id, *key[2:]]:
                paid[key] = Decimal(0)
            decisions = [
                (exact(one.amount_ruled), exact(one.amount_after)) for one in disputes
            ]
            amounts = disputed.outstanding(paid[key], decisions)
            left.update(zip(disputes, amounts, strict=True))
        return disputed.lines(
            [one.id for one in left],
            [one.company_id._get_sales_date(one.decided_on) for one in left],
            list(left.values()),
        )

    def _read_lost(self):
        """What is taken back of lines whose customers are lost: while it is, nothing is
        paid for them, and no decision changes that. ``{(rep, scope, line): amount}``"""
        lost = defaultdict(Decimal)
        for entry in self.env["sales.commission.entry"].search(
            [
                ("rule_id", "in", self.plan_id._get_versions().rule_ids.ids),
                ("rep_id", "in", self.rep_id.ids),
                ("scope_id", "in", self.mapped("scope_id")),
                ("subject", "=", "lost"),
            ]
        ):
            lost[entry.rep_id, entry.scope_id, line_of(entry)] += exact(entry.amount)
        return lost

    @staticmethod
    def _get_key(record):
        """What a dispute or an entry is about."""
        return record.rep_id, record.subject, record.scope_id, line_of(record)


class SalesCommissionStatement(models.Model):
    """What is decided follows what rules give, and is earned: draws follow both."""

    _inherit = "sales.commission.statement"

    def _settle_disputes(self, plan, start, reps):
        """Make what is decided of a period and of later ones what it should be.

        :return: the statements that were open for entries
        """
        decided = self.env["sales.commission.dispute"]._get_decided(plan, start, reps)
        if decided:
            # What runs have written is read by decisions.
            self.env["sales.commission.entry"].invalidate_model(flush=False)
        by_rule = decided.grouped(
            lambda one: (one.plan_id, one.rule_id, one.period_from)
        )
        written = self.browse()
        for (version, rule, first), disputes in by_rule.items():
            written |= self._settle_decided(version, rule, first, disputes)
        earliest = decided.sorted("period_from")[:1]
        if earliest and earliest.period_from < start:
            version = earliest.plan_id
            bounds = version._get_bounds(earliest.period_from)
            written |= self._settle_draws(version, *bounds, reps)
        return written

    def _settle_decided(self, plan, rule, start, disputes):
        """Make the entries of decisions what they should be.

        :return: the statements that were open for them
        """
        _first, stop = plan._get_bounds(start)
        books = self._open_books(plan, start, stop, [], disputes.rep_id)
        elsewhere = self._get_elsewhere(plan, start, books)
        self._lock_open([*filter(None, books.values()), *elsewhere.ids])
        lines = disputes._select_lines()
        entries = booking.Entries(rule, start, lines, "dispute", plan)
        books = self._write_entries(entries, books)
        return self.browse(id_ for id_ in books.values() if id_) | elsewhere

    def _pass_on(self, former, plan):
        """What is disputed of a period is about the version that pays it."""
        disputes = self.env["sales.commission.dispute"].search(
            [("plan_id", "=", former.id), ("period_from", ">=", plan.date_from)]
        )
        disputes.plan_id = plan
        for rule in plan.rule_ids.filtered("former_id"):
            mine = disputes.filtered(lambda one, of=rule: one.rule_id == of.former_id)
            mine.filtered(lambda one: one.subject not in LASTING).rule_id = rule
        return super()._pass_on(former, plan)
