"""What public methods are given is what it should be, or a clear error says what not.

Whoever is signed in reaches them over RPC, with any arguments.
"""

from datetime import date, datetime
from math import isfinite

from odoo import fields
from odoo.exceptions import UserError

# Days of which months, weeks and years can be told.
FIRST, LAST = date(1900, 1, 1), date(2199, 12, 31)
# More than any amount, and few enough digits to be exact to 0.01.
MOST = 10**13


def one(records):
    """:raise UserError: for none, or several"""
    if len(records) != 1:
        raise UserError(
            records.env._(
                "Choose one: %(document)s.",
                # sudo: only what such records are called
                document=records.env["ir.model"]._get(records._name).sudo().name,
            )
        )


def day(env, value):
    """A date; None where nothing is said.

    :raise UserError: for what is no date
    """
    if value is None or value is False or value == "":
        return None
    try:
        if not isinstance(value, str | date | datetime):
            raise ValueError
        found = fields.Date.to_date(value)
        if not FIRST <= found <= LAST:
            raise ValueError
    except ValueError:
        raise UserError(env._("“%(value)s” is no date.", value=value)) from None
    return found


def number(env, value):
    """A number as a float.

    :raise UserError: for what is no number, or no amount
    """
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not isfinite(value)
        or abs(value) >= MOST
    ):
        raise UserError(env._("“%(value)s” is no amount.", value=value))
    return float(value)


def ids(env, values):
    """Ids of records, in their order; those that are empty are left out.

    :raise UserError: for what is no list of ids
    """
    if not isinstance(values, list | tuple | set | None):
        raise UserError(env._("“%(value)s” is no list of records.", value=values))
    return [id_ for id_ in (record_id(env, value) for value in values or ()) if id_]


def record_id(env, value):
    """The id of a record, a number in words too; False where nothing is said.

    :raise UserError: for what is no id
    """
    if value is None or value is False or value == "":
        return False
    if isinstance(value, str) and value.isdecimal() and value.isascii():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**31:
        raise UserError(env._("“%(value)s” is no record.", value=value))
    return value


def words(env, value):
    """A text without space around it; empty where nothing is said.

    :raise UserError: for what is no text
    """
    if value is None or value is False:
        return ""
    # No database holds a text with a zero in it.
    if not isinstance(value, str) or "\0" in value:
        raise UserError(env._("“%(value)s” is no text.", value=value))
    return value.strip()
