"""Where two transactions at once have to see each other."""

from odoo.tools import SQL


def write_lock(records):
    """Two transactions that come here with the same record are done one by one.

    The second waits for the first, fails to serialize, and is run again by Odoo on what
    the first has left. That takes a write, though it changes nothing: PostgreSQL lets
    the second go on, in the snapshot in which it began, where the row was only locked;
    so it would not see what the first has created besides. And ``lock_for_update`` does
    not wait at all: where somebody else is at work, it raises.

    It is a lock that leaves the rows to be referenced. Nothing is flushed.
    """
    if records:
        records.env.cr.execute(
            SQL(
                "UPDATE %s SET id = id WHERE id = ANY(%s)",
                SQL.identifier(records._table),
                sorted(records.ids),
            )
        )
