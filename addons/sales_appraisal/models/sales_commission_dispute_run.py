from collections import defaultdict
from decimal import Decimal
from operator import itemgetter

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

    def _get_decided(self, plan, reps):
        """The decisions about a plan, in their order."""
        domain = [
            ("state", "=", "corrected"),
            ("plan_id", "in", plan._get_versions().ids),
        ]
        if reps is not None:
            domain.append(("rep_id", "in", reps.ids))
        return self.search(domain, order="decided_on, id")

    def _read_left(self, until):
        """What decisions are to give: ``{dispute: amount}``.

        All decisions about the same line are asked for together.

        :param until: the last day of what is settled
        """
        paid = defaultdict(Decimal)
        for entry in self.env["sales.commission.entry"].search(
            [
                ("rule_id", "in", self.rule_id.ids),
                ("rep_id", "in", self.rep_id.ids),
                ("scope_id", "in", self.mapped("scope_id")),
                ("period_from", "in", self.mapped("period_from")),
            ]
        ):
            paid[self._get_key(entry)] += exact(entry.amount)
        parts = self._read_parts(until)
        left = {}
        for key, disputes in self.grouped(self._get_key).items():
            unit = disputes.rule_id._get_unit()
            before = total = Decimal(0)
            amounts = disputes._get_outstanding(paid[key])
            for dispute, amount in zip(disputes, amounts, strict=True):
                total += amount
                kept = disputed.kept(total, parts[dispute], unit)
                left[dispute], before = kept - before, kept
        return left

    def _get_outstanding(self, paid):
        """What decisions about the same line give, if nothing of it is taken back.

        :param paid: what rules pay for it
        """
        return disputed.outstanding(
            paid, [(exact(one.amount_ruled), exact(one.amount_after)) for one in self]
        )

    def _read_given(self):
        """What decisions give by the entries that there are: ``{dispute: amount}``."""
        entries = self.env["sales.commission.entry"]._get_decisions(self)
        by_dispute = entries.grouped("res_id")
        return {one: by_dispute.get(one.id, entries[:0])._get_total() for one in self}

    def _select_lines(self, left):
        """A SELECT of lines.

        :param dict left: what they give, ``{dispute: amount}``
        """
        return disputed.lines(
            self.ids,
            [one.company_id._get_sales_date(one.decided_on) for one in self],
            [left[one] for one in self],
        )

    @staticmethod
    def _get_key(record):
        """What a dispute or an entry is about."""
        return (
            *(record.rule_id, record.period_from),
            *(record.rep_id, record.subject, record.scope_id, line_of(record)),
        )


class SalesCommissionStatement(models.Model):
    """What is decided follows what rules give, and is earned: draws follow both."""

    _inherit = "sales.commission.statement"

    def _settle_disputes(self, plan, start, stop, reps):
        """Make what is decided of a period and of later ones what it should be, and of
        earlier ones what is taken back or given again.

        :return: the statements that were open for entries
        """
        decided = self.env["sales.commission.dispute"]._get_decided(plan, reps)
        written = self.browse()
        if not decided:
            return written
        # What runs have written is read by decisions.
        self.env["sales.commission.entry"].invalidate_model(flush=False)
        left = decided._read_left(self._get_last_day(plan, stop))
        given = decided._read_given()
        settled = []
        for (version, rule, first), disputes in decided.grouped(
            lambda one: (one.plan_id, one.rule_id, one.period_from)
        ).items():
            if first >= start or any(left[one] != given[one] for one in disputes):
                lines = disputes._select_lines(left)
                written |= self._settle_decided(version, rule, first, disputes, lines)
                settled.append((first, version))
        first, version = min(settled, key=itemgetter(0), default=(start, plan))
        if first < start:
            written |= self._settle_draws(version, *version._get_bounds(first), reps)
        return written

    def _get_last_day(self, plan, stop):
        """The last day of the periods that are settled."""
        [(last,)] = self._read_group(
            [("plan_id", "in", plan._get_versions().ids)], [], ["date_to:max"]
        )
        return max(last or stop, stop)

    def _settle_decided(self, plan, rule, start, disputes, lines):
        """Make the entries of decisions what they should be.

        :return: the statements that were open for them
        """
        _first, stop = plan._get_bounds(start)
        books = self._open_books(plan, start, stop, [], disputes.rep_id)
        elsewhere = self._get_elsewhere(plan, start, books)
        self._lock_open([*filter(None, books.values()), *elsewhere.ids])
        entries = booking.Entries(
            rule, start, lines, "dispute", plan, corrects=SQL("l.corrects_id")
        )
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
