from odoo import models

from ..commission import booking, draws, owed
from .sales_commission_advance import ZERO


class SalesCommissionStatement(models.Model):
    """What is owed follows a rep who is paid by another plan of the company.

    It stays what the former plan is owed, and is forgiven there. From the first period
    on in which that plan does not pay the rep any more, the other one gives it back: by
    its own share where it has a draw, else by that of the former plan, after what is
    owed to itself.
    """

    _inherit = "sales.commission.statement"

    def _get_moved(self, plan, reps):
        """Who has got a draw and is or was paid by several plans, of which one is this.

        :return: the reps, and the first versions of all these plans
        """
        family = plan._get_family()
        rows = self.env.execute_query(
            owed.moved(
                plan.company_id.id,
                plan.currency_id.id,
                None if reps is None else reps.ids,
            )
        )
        moved = {rep for rep, *pair in rows if family.id in pair}
        plans = {first for rep, *pair in rows if rep in moved for first in pair}
        reps = self.env["sales.rep"].browse(sorted(moved))
        return reps, family.browse(sorted(plans))

    def _get_settled_of(self, family, start, reps):
        """Periods of a plan from a day on, of which some reps have statements."""
        return self._read_group(
            [
                ("plan_id", "in", family._get_live_versions().ids),
                ("rep_id", "in", reps.ids),
                ("date_from", ">=", start),
            ],
            ["plan_id", "date_from:day", "date_to:day"],
        )

    def _settle_carried(self, advanced, moved, plans, balances):
        """Give back to former plans what periods that begin together leave for it; of
        several plans that pay a rep then, the first one does.

        :param advanced: see ``_settle_advances``
        :param plans: first versions
        :param dict balances: changed to those after
        :return: the statements that were open for entries
        """
        written, done = self.browse(), set()
        for is_member in (True, False):
            for one in advanced:
                books = {
                    rep: book
                    for rep, book in one.books.items()
                    if rep in moved._ids
                    and rep not in done
                    and (rep in one.members) == is_member
                }
                done |= books.keys()
                for former in plans - one.version._get_family():
                    written |= self._carry(one, former, books, balances[former])
        return written

    def _carry(self, advanced, former, books, balances):
        """Let a period give back what is owed to a former plan."""
        rule = former._get_draw_rule()
        if not rule or not books:
            return self.browse()
        version, (first, last) = advanced.version, advanced.bounds
        elsewhere = self._get_elsewhere(former, first, books)
        self._lock_open(elsewhere.ids)
        reps = self.env["sales.rep"].browse(books)
        stay, terms = former._get_staying(first, last, reps)
        unit, rows = rule._get_unit(), []
        for rep in reps.filtered(lambda rep: balances.get(rep.id) and rep not in stay):
            period, balance = advanced.periods[rep.id], balances[rep.id]
            if not version._get_draw_rule():
                period = terms._apply_terms(period, rep, last)
            given = advanced.given.get(rep.id, ZERO)
            amount = draws.carried(period, given, balance, unit)
            if amount:
                there = max(period.earned, ZERO)
                key = (rep.id, "carried", rule._name, rule.id, last)
                rows.append((*key, there, balance, -amount))
                balances[rep.id] -= amount
                advanced.given[rep.id] = given + amount
        entries = booking.Entries(rule, first, owed.lines(rows), "carried", version)
        books = self._settle_entries(entries, version, last, books)
        return elsewhere | self.browse(filter(None, books.values()))


class SalesCommissionPlan(models.Model):
    _inherit = "sales.commission.plan"

    def _get_draw_rule(self):
        return self.rule_ids.filtered(lambda rule: rule.kind == "draw")

    def _get_staying(self, start, stop, reps):
        """Whom a plan still pays on some days, and the draw whose terms apply then."""
        versions = self._get_live_versions()
        version = versions.filtered(
            lambda one: one.active and one._pays(one._get_bounds(start)[0])
        )[:1]
        members = version._get_members(start, stop, reps) if version else []
        stay = reps.browse({rep for rep, _first, _last in members})
        return stay, (version or versions.sorted("version")[-1:])._get_draw_rule()
