from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools.misc import formatLang

from odoo.addons.sales_force.wording import listed

from ..commission import comparing

# Whole numbers below it are exact in a browser.
EXACT = 2**53


class SalesCommissionSandbox(models.AbstractModel):
    """Periods summed up: cost, winners and losers, distribution, cost of revenue."""

    _inherit = "sales.commission.sandbox"

    @api.model
    @api.readonly
    def get_summary(self, left, right, periods):
        """Both sides beside each other, of periods as ``get_period`` gives them.

        :return: amounts in ``currency_id``, shares as fractions; ``places``: decimals
            that the whole numbers of ``get_period`` stand for; ``sides``
            (``name`` and what ``comparing.Spread`` says), ``movements``, ``only``
            (count and sum of who is on one side), ``bands``, ``people`` by their
            difference, ``periods`` and ``notes``
        :raise AccessError: see ``_check_rights``
        :raise UserError: where the arguments are none
        """
        left, right, company, currency = self._get_pair(left, right)
        try:
            people = comparing.merge(
                [tuple(map(self._check_whole, row)) for row in one["rows"]]
                for one in periods
            )
            periods = [self._describe_period(one, currency) for one in periods]
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise UserError(self.env._("Compare what?")) from error

        def shown(amount):
            return self._get_shown(amount, currency)

        amounts = [
            [person[side] for person in people.values() if person[side] is not None]
            for side in (0, 1)
        ]
        movements = comparing.movements(people.values())
        return {
            "currency_id": currency.id,
            "places": self._get_places(currency),
            "sides": [
                self._describe_side(side, comparing.spread(values), periods, currency)
                for side, values in zip((left, right), amounts, strict=True)
            ],
            "movements": {
                name: {"count": count, "amount": shown(amount)}
                for name, (count, amount) in movements.items()
            },
            "only": [
                {"count": len(found), "amount": shown(sum(found))}
                for found in self._get_alone(people.values())
            ],
            "bands": [
                {
                    "from": shown(low),
                    "below": shown(below),
                    "counts": counts,
                }
                for low, below, *counts in comparing.bands(
                    *amounts, least=10 ** self._get_places(currency)
                )
            ],
            "people": self._describe_people(people, company, currency),
            "periods": periods,
            "notes": self._get_remarks(left, right, company, periods, currency),
        }

    @staticmethod
    def _check_whole(value):
        """:raise TypeError: for what is neither None nor a whole number of a screen"""
        if value is not None and (type(value) is not int or abs(value) >= EXACT):
            raise TypeError(value)
        return value

    def _get_shown(self, amount, currency):
        """Whole numbers as they are read; None stays None."""
        if amount is None:
            return None
        return amount / 10 ** self._get_places(currency)

    @staticmethod
    def _get_alone(people):
        """What those get who are on the left side only, and on the right side only."""
        people = list(people)
        return (
            [one.left for one in people if one.right is None],
            [one.right for one in people if one.left is None],
        )

    def _describe_side(self, side, spread, periods, currency):
        revenue = sum(period["whole_revenue"] for period in periods)
        share = comparing.part(spread.total, revenue)
        low, median, high = spread.quartiles or (None, None, None)

        def shown(amount):
            return self._get_shown(amount, currency)

        return {
            "key": side.key,
            "name": side.name,
            "count": spread.count,
            "total": shown(spread.total),
            "share": None if share is None else float(share),
            "low": shown(low),
            "median": shown(median),
            "high": shown(high),
            "lowest": shown(spread.lowest),
            "highest": shown(spread.highest),
            "top": None if spread.top is None else float(spread.top),
        }

    def _describe_period(self, period, currency):
        """Cost of both sides in one period, and what of the revenue it is."""
        revenue = self._check_whole(period["revenue"])
        costs = [sum(row[side] or 0 for row in period["rows"]) for side in (1, 2)]
        shares = [comparing.part(cost, revenue) for cost in costs]
        return {
            "start": str(period["start"]),
            "name": str(period["name"]),
            "costs": [self._get_shown(cost, currency) for cost in costs],
            "difference": self._get_shown(costs[1] - costs[0], currency),
            "revenue": self._get_shown(revenue, currency),
            "whole_revenue": revenue,
            "shares": [None if one is None else float(one) for one in shares],
            "besides": {
                str(subject): self._check_whole(amount)
                for subject, amount in period["besides"].items()
            },
            "others": self._check_whole(period["others"]),
            "booked": any(row[1] is not None for row in period["rows"]),
        }

    def _describe_people(self, people, company, currency):
        """By what they gain or lose, the greatest loss first."""
        reps = (
            self.env["sales.rep"]
            # sudo: names and teams, of the company whose commission may be read
            .sudo()
            .with_context(active_test=False)
            .search_fetch(
                [("id", "in", list(people)), ("company_id", "=", company.id)],
                ["name", "team_id"],
            )
        )
        rows = [
            {
                "id": rep.id,
                "name": rep.name,
                "team": rep.team_id.name or "",
                **{
                    name: self._get_shown(getattr(people[rep.id], name), currency)
                    for name in ("left", "right", "sold", "difference")
                },
            }
            for rep in reps
        ]
        return sorted(rows, key=lambda row: (row["difference"], row["name"]))

    # What is to be known when figures are read

    def _get_remarks(self, left, right, company, periods, currency):
        """Sentences: what is counted on neither side, and what could not be."""
        _ = self.env._

        def money(amount):
            shown = self._get_shown(amount, currency)
            return formatLang(self.env, shown, currency_obj=currency)

        remarks = [
            _(
                "Compared is what rules give for a period: earnings, overrides, "
                "bonuses and minimums of rules, with corrections. What is held back "
                "and released only changes when it is paid, and is not counted; nor "
                "is what follows from booked entries: guarantees, draws, and what is "
                "taken back later."
            )
        ]
        if left.currency != right.currency or currency != company.currency_id:
            remarks.append(
                _(
                    "All amounts are in %(currency)s, at the rates of the dates of "
                    "documents.",
                    currency=currency.name,
                )
            )
        taking = [
            side.name
            for side in (left, right)
            if not side.booked and self._takes_back(side.plans)
        ]
        if taking:
            remarks.append(
                _(
                    "%(plans)s: takes back what was paid when invoices are credited or "
                    "stay unpaid, orders are cancelled or customers lost. That is not "
                    "taken off here, so it would cost less.",
                    plans=listed(self.env, taking),
                )
            )
        advancing = [
            side.name
            for side in (left, right)
            # sudo: of a plan that may be read
            if not side.booked and side.plans.sudo().rule_ids._get_advances()
        ]
        if advancing:
            remarks.append(
                _(
                    "%(plans)s: guarantees and draws, and what is given back of them, "
                    "are not counted.",
                    plans=listed(self.env, advancing),
                )
            )
        if left.booked:
            remarks += self._get_booked_remarks(periods, money)
        return remarks

    def _takes_back(self, plan):
        """Whether a version takes back what it has paid."""
        # sudo: of a plan that may be read
        rules = plan.sudo().rule_ids
        return any(
            (rule.refund, rule.unpaid) != ("base", "kept")
            or rule.cancelled == "paid"
            or rule.lost_months
            for rule in rules
        )

    def _get_booked_remarks(self, periods, money):
        _ = self.env._
        remarks = []
        missing = [period["name"] for period in periods if not period["booked"]]
        if missing:
            remarks.append(
                _(
                    "Nothing is booked for %(periods)s.",
                    periods=listed(self.env, missing),
                )
            )
        names = dict(
            self.env["sales.commission.entry"]
            ._fields["subject"]
            ._description_selection(self.env)
        )
        besides = {}
        for period in periods:
            for subject, amount in period["besides"].items():
                besides[subject] = besides.get(subject, 0) + amount
        besides = {subject: amount for subject, amount in besides.items() if amount}
        if besides:
            remarks.append(
                _(
                    "Booked for these periods besides, and not compared: %(amounts)s.",
                    amounts=listed(
                        self.env,
                        (
                            f"{names.get(subject, subject)} {money(amount)}"
                            for subject, amount in sorted(besides.items())
                        ),
                    ),
                )
            )
        others = sum(period["others"] for period in periods)
        if others:
            remarks.append(
                _(
                    "Other plans have paid the same people %(amount)s for these "
                    "periods, which is not compared.",
                    amount=money(others),
                )
            )
        return remarks
