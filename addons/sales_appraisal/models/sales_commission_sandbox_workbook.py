from openpyxl import Workbook

from odoo import models
from odoo.exceptions import UserError

from odoo.addons.sales_force import workbook

from ..scoring import periods as calendar
from .sales_commission_sandbox import PERIODS

_MONEY, _PERCENT, _COUNT = "#,##0.00", "0.00%", "0"
_NARROW, _WIDE = 16, 32


class SalesCommissionSandbox(models.AbstractModel):
    """The comparison as a workbook: key figures, people, periods, distribution."""

    _inherit = "sales.commission.sandbox"

    def _get_workbook(self, left, right, first, last):
        """
        :param str first, last: days of the first and the last period
        :return: ``(name, bytes)``, in the language of the user
        :raise AccessError: see ``_check_rights``
        :raise UserError: where the arguments are none
        """
        sides = self._get_pair(left, right)[:3]
        start, _stop = self._get_bounds(*sides, first)
        unit = self._get_unit(*sides[:2])
        starts = calendar.firsts(
            unit,
            start,
            self._get_bounds(*sides, last)[0],
            sides[2]._get_scorecard_year_end(),
        )
        if not 0 < len(starts) <= PERIODS:
            raise UserError(self.env._("Which period?"))
        data = self.get_summary(
            left, right, [self.get_period(left, right, str(day)) for day in starts]
        )
        book = Workbook()
        book.remove(book.active)
        for title, columns, rows in self._get_sheets(data):
            workbook.write_table(book.create_sheet(title), columns, rows)
        return self.env._("Commission Plans Compared"), workbook.save(book)

    def _get_sheets(self, data):
        """``(title, [(heading, width, number format)], rows)`` of each sheet."""
        _ = self.env._
        one, other = (side["name"] for side in data["sides"])
        money = [(one, _NARROW, _MONEY), (other, _NARROW, _MONEY)]
        difference = (_("Difference"), _NARROW, _MONEY)
        yield (
            _("Key Figures"),
            [(_("Figure"), _WIDE, None), (one, _NARROW, None), (other, _NARROW, None)],
            self._get_figures(data),
        )
        yield (
            _("Reps"),
            [
                (_("Rep"), _WIDE, None),
                (_("Team"), _NARROW, None),
                *money,
                difference,
                (_("Invoiced"), _NARROW, _MONEY),
            ],
            [
                [
                    person[name]
                    for name in ("name", "team", "left", "right", "difference", "sold")
                ]
                for person in data["people"]
            ],
        )
        yield (
            _("Periods"),
            [
                (_("Pay Period"), _NARROW, None),
                *money,
                difference,
                (_("Revenue"), _NARROW, _MONEY),
                (_("%(side)s, of revenue", side=one), _NARROW, _PERCENT),
                (_("%(side)s, of revenue", side=other), _NARROW, _PERCENT),
            ],
            [
                [
                    period["name"],
                    *period["costs"],
                    period["difference"],
                    period["revenue"],
                    *period["shares"],
                ]
                for period in data["periods"]
            ],
        )
        yield (
            _("Distribution"),
            [
                (_("From"), _NARROW, _MONEY),
                (_("Below"), _NARROW, _MONEY),
                (one, _NARROW, _COUNT),
                (other, _NARROW, _COUNT),
            ],
            [[band["from"], band["below"], *band["counts"]] for band in data["bands"]],
        )

    def _get_figures(self, data):
        """What is said of each side, and what is to be known about it."""
        _ = self.env._
        for label, name in (
            (_("Cost"), "total"),
            (_("Cost of revenue (fraction)"), "share"),
            (_("People"), "count"),
            (_("Lower quarter"), "low"),
            (_("Median"), "median"),
            (_("Upper quarter"), "high"),
            (_("Lowest"), "lowest"),
            (_("Highest"), "highest"),
            (_("Of the best paid tenth (fraction)"), "top"),
        ):
            yield [label, *(side[name] for side in data["sides"])]
        moves = data["movements"]
        for label, name in (
            (_("Get more: people, amount"), "winners"),
            (_("Get less: people, amount"), "losers"),
            (_("Get the same: people, amount"), "same"),
        ):
            yield [label, moves[name]["count"], moves[name]["amount"]]
        for remark in data["notes"]:
            yield [remark, None, None]
