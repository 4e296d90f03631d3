"""Where the work of reps comes from, and what makes it done: SELECTs over sets.

Units are relative: one visit or quotation is worth as much as the rep's average one,
and more or less as the customer or amount is larger or smaller than the average, within
bounds, so that neither a small customer is never visited nor a large one always.
"""

from odoo.tools import SQL

from odoo.addons.sales_force.ledger.crediting import local_date

from ..planning.days import WEEKDAYS

# Of each kind the best of a rep are looked at: a day holds no more.
_MOST = 40
# A quotation is followed up after so many days, or so many before it expires.
_FOLLOW_DAYS = 3
# The older it is the less is expected: a month old is worth what it says, two months
# half of it; after half a year nobody asks any more.
_FOLLOW_FRESH = 30
_FOLLOW_MOST = 180
# The pool takes a customer back in so many days.
_POOL_DAYS = 7
# A visit without a quotation since, and a lead without an answer, so many days back.
_VISITED_DAYS = 14
_LEAD_DAYS = 30
# Of what is overdue this part is expected when the customer is asked for it.
_COLLECTED = 0.3
# A quotation that is followed up, an answered lead and an activity, compared with a new
# quotation.
_FOLLOWED = 0.3
_LEAD = 0.5
_ACTIVITY = 0.25


def _relative(value, average):
    """How large a value is: half to four times the average, 1 where it is not known."""
    return SQL(
        "LEAST(GREATEST(COALESCE((%s)::numeric / NULLIF(%s, 0), 1), 0.5), 4)",
        SQL(value),
        SQL(average),
    )


def _in_company_currency(amount):
    """An amount of an order ``o``, at the order's rate."""
    return SQL(
        "round((%s / COALESCE(NULLIF(o.currency_rate, 0), 1))::numeric, 2)",
        SQL(amount),
    )


def _on(moment, timezone):
    """Whether a moment (UTC) lies on the days of ``work``."""
    return SQL(
        "%s BETWEEN o.date_from AND o.date_to",
        local_date(moment, SQL("%s", timezone)),
    )


def _best(select, order, most=_MOST):
    """The first so many of each rep, and all that must be done."""
    return SQL(
        """SELECT rep_id, res_model, res_id, partner_id, document, metric, units,
            cause, amount, since, minutes, must, name
        FROM (SELECT c.*, row_number() OVER (
            PARTITION BY c.rep_id ORDER BY c.must DESC, %s) AS place FROM (%s) c) c
        WHERE c.must OR c.place <= %s""",
        SQL(order),
        select,
        most,
    )


def _contacted(model, document, timezone):
    """Whether the rep wrote about a document, or an activity of it was done."""
    return SQL(
        """(EXISTS (
            SELECT FROM mail_activity y WHERE y.res_model = %(model)s
            AND y.res_id = %(document)s
            AND y.date_done BETWEEN o.date_from AND o.date_to
        ) OR EXISTS (
            SELECT FROM mail_message g WHERE g.model = %(model)s
            AND g.res_id = %(document)s AND g.author_id = o.contact_id
            AND g.message_type IN ('comment', 'email', 'email_outgoing') AND %(day)s
        ))""",
        model=model,
        document=SQL(document),
        day=_on("g.date", timezone),
    )


# Visits: planned for the day, due by class, or before the pool takes a customer back.


def visits(morning):
    planned = SQL(
        """SELECT v.rep_id, 'res.partner' AS res_model,
            v.commercial_partner_id AS res_id, v.commercial_partner_id AS partner_id,
            NULL AS document, 'VISITS' AS metric, 1::numeric AS units,
            'planned' AS cause, NULL::numeric AS amount, v.date AS since,
            max(v.planned_minutes) AS minutes, TRUE AS must, NULL AS name
        FROM reps r JOIN sales_visit v ON v.rep_id = r.rep_id AND v.date = %s
            AND v.state IN ('planned', 'started')
        GROUP BY v.rep_id, v.commercial_partner_id, v.date""",
        morning.date,
    )
    due = SQL(
        """SELECT d.rep_id, 'res.partner', d.partner_id, d.partner_id, NULL, 'VISITS',
            %(units)s, CASE WHEN d.pool THEN 'pool' WHEN d.last IS NULL
            THEN 'never_visited' ELSE 'class' END, NULL::numeric,
            CASE WHEN d.pool THEN d.due_on ELSE d.last + d.visit_days END,
            %(minutes)s, FALSE, NULL
        FROM (
            SELECT r.rep_id, e.partner_id, e.turnover, k.visit_days, v.last, e.due_on,
                avg(e.turnover) OVER (PARTITION BY r.rep_id) AS average,
                e.claimed_on IS NOT NULL AND e.due_on BETWEEN %(day)s AND %(soon)s
                    AS pool,
                k.visit_days > 0
                    AND (v.last IS NULL OR v.last + k.visit_days <= %(day)s) AS class,
                v.coming
            FROM reps r
            JOIN res_partner p ON p.user_id = r.user_id AND p.active
                AND p.commercial_partner_id = p.id
                AND COALESCE(p.company_id, %(company)s) = %(company)s
            JOIN sales_customer e ON e.partner_id = p.id AND e.company_id = %(company)s
            LEFT JOIN sales_customer_class k ON k.id = e.class_id
            LEFT JOIN (
                SELECT commercial_partner_id AS id,
                    max(date) FILTER (WHERE effective > 0) AS last,
                    bool_or(state = 'planned' AND date >= %(day)s) AS coming
                FROM sales_visit WHERE company_id = %(company)s GROUP BY 1
            ) v ON v.id = e.partner_id
        ) d
        WHERE (d.class OR d.pool) AND NOT COALESCE(d.coming, FALSE)""",
        units=_relative("d.turnover", "d.average"),
        minutes=morning.visit_minutes,
        day=morning.date,
        soon=SQL("%s::date + %s", morning.date, _POOL_DAYS),
        company=morning.company_id,
    )
    return _best(
        SQL("%s UNION ALL %s", planned, due),
        "c.cause = 'pool' DESC, c.units DESC, c.since NULLS FIRST, c.res_id",
        morning.visits_a_day,
    )


def visits_done(timezone):
    return SQL(
        """SELECT o.id FROM work o JOIN sales_visit v ON v.rep_id = o.rep_id
            AND v.commercial_partner_id = o.partner_id AND v.state = 'done'
            AND %s""",
        _on("v.check_out", timezone),
    )


# Quotations: of opportunities that have none, drafts, and customers just visited.


def quotations(morning):
    leads = SQL(
        """SELECT r.rep_id, 'crm.lead' AS res_model, l.id AS res_id,
            p.commercial_partner_id AS partner_id, 'crm.lead,' || l.id AS document,
            'QUOTATIONS' AS metric, %(units)s AS units,
            CASE WHEN l.expected_revenue > 0 THEN 'expected' ELSE 'no_quotation' END
                AS cause, l.expected_revenue::numeric AS amount,
            %(since)s AS since, NULL::integer AS minutes, FALSE AS must,
            l.name
        FROM reps r
        JOIN crm_lead l ON l.user_id = r.user_id AND l.active
            AND l.type = 'opportunity'
            AND COALESCE(l.won_status, 'pending') = 'pending'
            AND COALESCE(l.company_id, %(company)s) = %(company)s
        LEFT JOIN res_partner p ON p.id = l.partner_id
        WHERE NOT EXISTS (SELECT FROM sale_order o
            WHERE o.opportunity_id = l.id AND o.state <> 'cancel')""",
        units=_relative(
            "l.expected_revenue",
            "avg(NULLIF(l.expected_revenue, 0)) OVER (PARTITION BY r.rep_id)::numeric",
        ),
        since=local_date("l.create_date", SQL("%s", morning.timezone)),
        company=morning.company_id,
    )
    drafts = SQL(
        """SELECT r.rep_id, 'sale.order', o.id, p.commercial_partner_id,
            'sale.order,' || o.id, 'QUOTATIONS', 1::numeric, 'draft', %(amount)s,
            %(since)s, NULL::integer, FALSE, o.name
        FROM reps r
        JOIN sale_order o ON o.user_id = r.user_id AND o.state = 'draft'
            AND o.company_id = %(company)s
        JOIN res_partner p ON p.id = o.partner_id
        WHERE o.amount_total > 0""",
        amount=_in_company_currency("o.amount_total"),
        since=local_date("o.create_date", SQL("%s", morning.timezone)),
        company=morning.company_id,
    )
    visited = SQL(
        """SELECT v.rep_id, 'res.partner', v.commercial_partner_id,
            v.commercial_partner_id, NULL, 'QUOTATIONS', 1::numeric, 'visited',
            NULL::numeric, max(v.date), NULL::integer, FALSE, NULL
        FROM reps r
        JOIN sales_visit v ON v.rep_id = r.rep_id AND v.effective > 0
            AND v.date >= %(first)s AND v.date < %(day)s
        WHERE NOT EXISTS (
            SELECT FROM res_partner c JOIN sale_order o ON o.partner_id = c.id
                AND o.company_id = v.company_id AND o.state <> 'cancel'
                AND o.create_date >= v.check_in
            WHERE c.commercial_partner_id = v.commercial_partner_id)
          AND NOT EXISTS (
            SELECT FROM res_partner c JOIN crm_lead l ON l.partner_id = c.id
                AND l.active AND COALESCE(l.won_status, 'pending') = 'pending'
            WHERE c.commercial_partner_id = v.commercial_partner_id)
        GROUP BY v.rep_id, v.commercial_partner_id""",
        first=SQL("%s::date - %s", morning.date, _VISITED_DAYS),
        day=morning.date,
    )
    return _best(
        SQL(" UNION ALL ").join((leads, drafts, visited)),
        "c.units DESC, c.since, c.res_model, c.res_id",
    )


def quotations_done(timezone):
    """A quotation of the document or customer was first sent, or ordered at once."""
    orders = SQL(
        """SELECT o.id, o.date_from, o.date_to, o.res_id AS order_id
        FROM work o WHERE o.res_model = 'sale.order'
        UNION ALL
        SELECT o.id, o.date_from, o.date_to, s.id
        FROM work o JOIN sale_order s ON s.opportunity_id = o.res_id
        WHERE o.res_model = 'crm.lead'
        UNION ALL
        SELECT o.id, o.date_from, o.date_to, s.id
        FROM work o JOIN res_partner c ON c.commercial_partner_id = o.res_id
        JOIN sale_order s ON s.partner_id = c.id
        WHERE o.res_model = 'res.partner'"""
    )
    return SQL(
        """SELECT o.id FROM (%s) o JOIN sale_order s ON s.id = o.order_id
        LEFT JOIN sales_kept_date k ON k.res_model = 'sale.order' AND k.res_id = s.id
            AND k.kind = 'sent'
        WHERE s.state IN ('sent', 'sale') AND COALESCE(
            k.date BETWEEN o.date_from AND o.date_to, s.state = 'sale' AND %s)""",
        orders,
        _on("s.date_order", timezone),
    )


def quotations_gone(_timezone):
    """Cancelled or deleted, or the opportunity is decided without a quotation."""
    return SQL(
        """SELECT o.id FROM work o LEFT JOIN sale_order s ON s.id = o.res_id
        WHERE o.res_model = 'sale.order' AND (s.id IS NULL OR s.state = 'cancel')
        UNION ALL
        SELECT o.id FROM work o LEFT JOIN crm_lead l ON l.id = o.res_id
        WHERE o.res_model = 'crm.lead' AND (l.id IS NULL OR NOT l.active
            OR COALESCE(l.won_status, 'pending') <> 'pending')"""
    )


def open_quotations(morning):
    """Sent some days ago, or about to expire, and not spoken of since."""
    return _best(
        SQL(
            """SELECT r.rep_id, 'sale.order' AS res_model, o.id AS res_id,
                p.commercial_partner_id AS partner_id,
                'sale.order,' || o.id AS document, 'QUOTATIONS' AS metric,
                %(units)s * %(part)s * LEAST(1, %(fresh)s::numeric / GREATEST(1,
                    %(day)s::date - COALESCE(k.date, o.date_order::date))) AS units,
                CASE WHEN o.validity_date < %(day)s THEN 'expired'
                    WHEN o.validity_date <= %(soon)s THEN 'expires' ELSE 'sent' END
                    AS cause, %(amount)s AS amount,
                CASE WHEN o.validity_date <= %(soon)s THEN o.validity_date
                    ELSE COALESCE(k.date, o.date_order::date) END AS since,
                NULL::integer AS minutes, FALSE AS must, o.name
            FROM reps r
            JOIN sale_order o ON o.user_id = r.user_id AND o.state = 'sent'
                AND o.company_id = %(company)s
            JOIN res_partner p ON p.id = o.partner_id
            LEFT JOIN sales_kept_date k ON k.res_model = 'sale.order'
                AND k.res_id = o.id AND k.kind = 'sent'
            WHERE (COALESCE(k.date, o.date_order::date) <= %(early)s
                OR o.validity_date <= %(soon)s)
              AND COALESCE(k.date, o.date_order::date) >= %(first)s
              AND NOT EXISTS (SELECT FROM mail_activity y
                WHERE y.res_model = 'sale.order' AND y.res_id = o.id AND (
                    y.date_done > %(early)s
                    OR y.active AND y.date_deadline > %(day)s))""",
            units=_relative(
                "o.amount_untaxed / COALESCE(NULLIF(o.currency_rate, 0), 1)",
                "avg(NULLIF(o.amount_untaxed, 0) / COALESCE(NULLIF(o.currency_rate, 0),"
                " 1)) OVER (PARTITION BY r.rep_id)",
            ),
            amount=_in_company_currency("o.amount_total"),
            part=_FOLLOWED,
            fresh=_FOLLOW_FRESH,
            first=SQL("%s::date - %s", morning.date, _FOLLOW_MOST),
            day=morning.date,
            early=SQL("%s::date - %s", morning.date, _FOLLOW_DAYS),
            soon=SQL("%s::date + %s", morning.date, _FOLLOW_DAYS),
            company=morning.company_id,
        ),
        "c.units DESC, c.since, c.res_id",
    )


def open_quotations_done(timezone):
    """Decided, or the customer was spoken to."""
    return SQL(
        """SELECT o.id FROM work o JOIN sale_order s ON s.id = o.res_id
        WHERE s.state IN ('sale', 'cancel') OR %s""",
        _contacted("sale.order", "s.id", timezone),
    )


def open_quotations_gone(_timezone):
    return SQL(
        """SELECT o.id FROM work o LEFT JOIN sale_order s ON s.id = o.res_id
        WHERE s.id IS NULL"""
    )


# Money that is overdue.


def overdue(morning):
    """Invoices of which something is overdue and nothing is planned for later."""
    return _best(
        SQL(
            """SELECT r.rep_id, 'account.move' AS res_model, m.id AS res_id,
                m.commercial_partner_id AS partner_id,
                'account.move,' || m.id AS document, 'COLLECTED' AS metric,
                sum(l.amount_residual) * %(part)s AS units, 'overdue' AS cause,
                sum(l.amount_residual) AS amount, min(l.date_maturity) AS since,
                NULL::integer AS minutes, FALSE AS must, m.name
            FROM reps r
            JOIN account_move m ON m.invoice_user_id = r.user_id
                AND m.company_id = %(company)s AND m.state = 'posted'
                AND m.move_type IN ('out_invoice', 'out_receipt')
                AND m.payment_state IN ('not_paid', 'partial')
            JOIN account_move_line l ON l.move_id = m.id AND l.amount_residual > 0
                AND l.date_maturity < %(day)s
            JOIN account_account a ON a.id = l.account_id
                AND a.account_type = 'asset_receivable'
            WHERE NOT EXISTS (SELECT FROM mail_activity y
                WHERE y.res_model = 'account.move' AND y.res_id = m.id AND y.active
                AND y.date_deadline > %(day)s)
            GROUP BY r.rep_id, m.id""",
            part=_COLLECTED,
            day=morning.date,
            company=morning.company_id,
        ),
        "c.units DESC, c.since, c.res_id",
    )


def overdue_done(timezone):
    """Paid, or money was matched with the invoice; credit notes are no money."""
    return SQL(
        """SELECT o.id FROM work o JOIN account_move m ON m.id = o.res_id
        WHERE m.payment_state IN ('paid', 'in_payment') OR EXISTS (
            SELECT FROM account_move_line l
            JOIN account_partial_reconcile q ON q.debit_move_id = l.id
            JOIN account_move_line cl ON cl.id = q.credit_move_id
            JOIN account_move cm ON cm.id = cl.move_id
                AND cm.move_type NOT IN ('out_refund', 'out_invoice', 'out_receipt')
            WHERE l.move_id = m.id AND %s)""",
        _on("q.create_date", timezone),
    )


def overdue_gone(_timezone):
    return SQL(
        """SELECT o.id FROM work o LEFT JOIN account_move m ON m.id = o.res_id
        WHERE m.id IS NULL OR m.state <> 'posted' OR m.payment_state = 'reversed'"""
    )


# Leads that nobody has answered, and what was planned.


def leads(morning):
    """New ones: the rep neither wrote nor did anything, and they did not move."""
    return _best(
        SQL(
            """SELECT r.rep_id, 'crm.lead' AS res_model, l.id AS res_id,
                p.commercial_partner_id AS partner_id,
                'crm.lead,' || l.id AS document, 'QUOTATIONS' AS metric,
                %(units)s * %(part)s AS units,
                CASE WHEN %(since)s = %(day)s THEN 'new' ELSE 'unanswered' END AS cause,
                NULLIF(l.expected_revenue, 0)::numeric AS amount, %(since)s AS since,
                NULL::integer AS minutes, FALSE AS must, l.name
            FROM reps r
            JOIN res_users u ON u.id = r.user_id
            JOIN crm_lead l ON l.user_id = r.user_id AND l.active
                AND COALESCE(l.won_status, 'pending') = 'pending'
                AND COALESCE(l.company_id, %(company)s) = %(company)s
                AND l.create_date >= %(first)s
                AND COALESCE(l.date_last_stage_update, l.create_date)
                    <= l.create_date + interval '1 minute'
            LEFT JOIN res_partner p ON p.id = l.partner_id
            WHERE NOT EXISTS (SELECT FROM mail_message g WHERE g.model = 'crm.lead'
                AND g.res_id = l.id AND g.author_id = u.partner_id
                AND g.message_type IN ('comment', 'email', 'email_outgoing'))
              AND NOT EXISTS (SELECT FROM mail_activity y
                WHERE y.res_model = 'crm.lead' AND y.res_id = l.id AND (
                    y.date_done IS NOT NULL
                    OR y.active AND y.date_deadline > %(day)s))""",
            units=_relative(
                "l.expected_revenue",
                "avg(NULLIF(l.expected_revenue, 0)) OVER (PARTITION BY r.rep_id)"
                "::numeric",
            ),
            part=_LEAD,
            since=local_date("l.create_date", SQL("%s", morning.timezone)),
            day=morning.date,
            first=SQL("%s::date - %s", morning.date, _LEAD_DAYS),
            company=morning.company_id,
        ),
        "c.units DESC, c.since, c.res_id",
    )


def leads_done(timezone):
    """Moved on, decided, or the customer was written to."""
    return SQL(
        """SELECT o.id FROM work o JOIN crm_lead l ON l.id = o.res_id
        WHERE COALESCE(l.won_status, 'pending') <> 'pending'
           OR l.date_last_stage_update > l.create_date + interval '1 minute' AND %s
           OR %s""",
        _on("l.date_last_stage_update", timezone),
        _contacted("crm.lead", "l.id", timezone),
    )


def leads_gone(_timezone):
    """Deleted, or merged with another one."""
    return SQL(
        """SELECT o.id FROM work o LEFT JOIN crm_lead l ON l.id = o.res_id
        WHERE l.id IS NULL"""
    )


def activities(morning):
    """Activities that are due, of documents of the company.

    Where no document says which company it is, it is the one the user works in.
    """
    return _best(
        SQL(
            """SELECT r.rep_id, 'mail.activity' AS res_model, y.id AS res_id,
                p.commercial_partner_id AS partner_id,
                y.res_model || ',' || y.res_id AS document, 'QUOTATIONS' AS metric,
                %(part)s::numeric AS units,
                CASE WHEN y.date_deadline < %(day)s THEN 'late' ELSE 'today' END
                    AS cause, NULL::numeric AS amount, y.date_deadline AS since,
                NULL::integer AS minutes, FALSE AS must,
                concat_ws(' · ',
                    COALESCE(y.summary, t.name ->> u.lang, t.name ->> 'en_US'),
                    CASE WHEN y.res_model <> 'res.partner' THEN y.res_name END) AS name
            FROM reps r
            JOIN mail_activity y ON y.user_id = r.user_id AND y.active
                AND y.date_deadline <= %(day)s
            JOIN (SELECT u.id, u.company_id, w.lang FROM res_users u
                JOIN res_partner w ON w.id = u.partner_id) u ON u.id = r.user_id
            LEFT JOIN mail_activity_type t ON t.id = y.activity_type_id
            LEFT JOIN crm_lead l ON y.res_model = 'crm.lead' AND l.id = y.res_id
            LEFT JOIN sale_order o ON y.res_model = 'sale.order' AND o.id = y.res_id
            LEFT JOIN account_move m ON y.res_model = 'account.move'
                AND m.id = y.res_id
            LEFT JOIN res_partner p ON p.id = COALESCE(l.partner_id, o.partner_id,
                m.partner_id, CASE WHEN y.res_model = 'res.partner' THEN y.res_id END)
            WHERE COALESCE(l.company_id, o.company_id, m.company_id, u.company_id)
                = %(company)s""",
            part=_ACTIVITY,
            day=morning.date,
            company=morning.company_id,
        ),
        "c.since, c.res_id",
    )


def activities_done(_timezone):
    return SQL(
        """SELECT o.id FROM work o JOIN mail_activity y ON y.id = o.res_id
            AND y.date_done BETWEEN o.date_from AND o.date_to"""
    )


def activities_gone(_timezone):
    """Cancelled, or put off to a later day."""
    return SQL(
        """SELECT o.id FROM work o LEFT JOIN mail_activity y ON y.id = o.res_id
        WHERE y.id IS NULL OR y.active AND y.date_deadline > o.date_to"""
    )


# The execution manual.


def standard(morning):
    """By role and weekday: who leads nobody is a rep, others are leaders."""
    return SQL(
        """SELECT r.rep_id, 'sales.standard.work', s.id, NULL::integer, NULL, NULL,
            0::numeric, 'standard', NULL::numeric, NULL::date, s.minutes, TRUE,
            COALESCE(s.name ->> w.lang, s.name ->> 'en_US')
        FROM reps r
        JOIN sales_rep p ON p.id = r.rep_id
        JOIN res_users u ON u.id = r.user_id
        JOIN res_partner w ON w.id = u.partner_id
        JOIN sales_standard_work s ON s.active
            AND COALESCE(s.company_id, %(company)s) = %(company)s
            AND s.%(weekday)s
            AND (s.role = 'all' OR (s.role = 'leader') = EXISTS (
                SELECT FROM sales_rep b WHERE b.parent_id = p.id AND b.active
                AND b.state <> 'left'))
            AND (NOT EXISTS (SELECT FROM sales_grade_sales_standard_work_rel g
                    WHERE g.sales_standard_work_id = s.id)
                OR EXISTS (SELECT FROM sales_grade_sales_standard_work_rel g
                    WHERE g.sales_standard_work_id = s.id
                    AND g.sales_grade_id = p.grade_id))""",
        company=morning.company_id,
        weekday=SQL.identifier(WEEKDAYS[morning.date.weekday()]),
    )
