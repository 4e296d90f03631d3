"""Which items are dunned now, and of which there is nothing more to dun: as sets."""

from odoo.tools import SQL

from .aging import open_items
from .promises import judged

# Disputes that keep an item from being dunned: until it is decided, and where the
# customer was right until the credit note is there.
HOLDING = ("open", "accepted")


def held(line):
    """Whether an item is in dispute.

    :param SQL line: the id of the item
    """
    return SQL(
        """EXISTS (
            SELECT FROM sales_dispute_line dl
            JOIN sales_dispute d ON d.id = dl.dispute_id
            WHERE dl.line_id = %s AND d.state IN %s)""",
        line,
        HOLDING,
    )


def due(plan_id, minimum, company_id, today, limit):
    """A SELECT of what a plan does now: the last step that each item has reached.

    ``(line_id, partner_id, step_id, days, residual, doer_id, number)``, the items of a
    customer together, the latest step first; ``number`` counts customers. Each step is
    done once for an item. What is in dispute or promised waits, and so does a customer
    whose credits cover what is overdue.

    :param minimum: what a customer owes overdue at least, in company currency
    :param int limit: of so many customers
    """
    return SQL(
        """
        WITH items AS MATERIALIZED (
            SELECT i.*, sum(CASE WHEN i.residual < 0 THEN i.residual ELSE i.overdue END)
                OVER (PARTITION BY i.partner_id) AS owed
            FROM (%(items)s) i
        ), promised AS MATERIALIZED (
            SELECT item.line_id FROM (%(judged)s) j
            JOIN sales_payment_promise_line item ON item.promise_id = j.id
            WHERE j.status = 'open'
        ), reached AS (
            SELECT DISTINCT ON (i.id) i.id AS line_id, i.partner_id, s.id AS step_id,
                s.days, i.residual,
                CASE s.assign_to
                    WHEN 'user' THEN s.user_id
                    WHEN 'manager' THEN COALESCE(boss.user_id, r.user_id)
                    ELSE r.user_id
                END AS doer_id
            FROM items i
            JOIN sales_dunning_step s ON s.plan_id = %(plan)s
                AND i.date_due + s.days <= %(today)s
            LEFT JOIN sales_rep r ON r.user_id = i.user_id
                AND r.company_id = i.company_id AND r.active AND r.state <> 'left'
            LEFT JOIN sales_rep boss ON boss.id = r.parent_id
                AND boss.active AND boss.state <> 'left'
            WHERE i.overdue > 0 AND i.owed > 0 AND i.owed >= %(minimum)s
            ORDER BY i.id, s.days DESC, s.id DESC
        )
        SELECT * FROM (
            SELECT c.*, dense_rank() OVER (ORDER BY c.partner_id) AS number
            FROM reached c
            WHERE c.doer_id IS NOT NULL AND NOT %(held)s
              AND NOT EXISTS (SELECT FROM promised WHERE line_id = c.line_id)
              AND NOT EXISTS (SELECT FROM sales_dunning_line x
                WHERE x.line_id = c.line_id AND x.step_id = c.step_id)
        ) numbered
        WHERE number <= %(limit)s
        ORDER BY number, days DESC, line_id
        """,
        items=open_items({company_id: today}),
        judged=judged(
            SQL("%s::date", today),
            SQL(
                "promise.company_id = %s AND promise.deadline >= %s", company_id, today
            ),
        ),
        plan=plan_id,
        today=today,
        minimum=minimum,
        held=held(SQL("c.line_id")),
        limit=limit,
    )


def turned(dunnings):
    """A SELECT of ``(id, settled)``: what is settled now or is not any more.

    A dunning is settled when none of its items is open, or those that are are in
    dispute.

    :param SQL dunnings: a condition on ``n``
    """
    return SQL(
        """
        SELECT n.id, NOT COALESCE(bool_or(%(standing)s), FALSE) AS settled
        FROM sales_dunning n
        LEFT JOIN sales_dunning_line x ON x.dunning_id = n.id
        LEFT JOIN account_move_line l ON l.id = x.line_id
        WHERE %(dunnings)s
        GROUP BY n.id
        HAVING (n.settled_on IS NULL) <> COALESCE(bool_or(%(standing)s), FALSE)
        """,
        standing=SQL(
            """(l.parent_state = 'posted' AND l.reconciled IS NOT TRUE
                AND l.amount_residual > 0 AND NOT %s)""",
            held(SQL("l.id")),
        ),
        dunnings=dunnings,
    )
