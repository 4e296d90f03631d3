from itertools import count

from odoo import fields
from odoo.tools import SQL

_KEYS = count(1_000_000)


class CreditRows:
    """Puts rows into the ledger as its statements do, to test how they are read."""

    @classmethod
    def _credit(cls, code, rep, value, date, **values):
        """One credit; the manager is the rep's of today unless given.

        :param str code: of the metric
        :param date: a date, or days from today
        """
        if isinstance(date, int):
            date = fields.Date.add(cls.company._get_sales_today(), days=date)
        key = next(_KEYS)
        row = {
            "metric_id": cls.env["sales.metric"]._ids_by_code()[code],
            "date": date,
            "rep_id": rep.id or None,
            "user_id": rep.user_id.id or None,
            "manager_id": rep.parent_id.id or None,
            "company_id": cls.company.id,
            "value": value,
            "share": 100,
            "overlay": False,
            "partner_id": cls.partner.id,
            "res_model": "sale.order",
            "res_id": key,
            "part": 0,
            "source": "order",
            "scope_id": key,
            **{
                name: val.id if hasattr(val, "id") else val
                for name, val in values.items()
            },
        }
        cls.env.flush_all()
        cls.env.cr.execute(
            SQL(
                "INSERT INTO sales_credit (%s) VALUES (%s)",
                SQL(", ").join(map(SQL.identifier, row)),
                SQL(", ").join(SQL("%s", value) for value in row.values()),
            )
        )
        cls.env["sales.credit"].invalidate_model()
