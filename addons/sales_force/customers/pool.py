"""The customer pool over sets: which pool a customer is in, actions, exemptions."""

from odoo.tools import SQL

from ..ledger.crediting import local_date

# The rules by which a customer is protected, as a pool has them and a customer keeps
# them from the day of its claim: clocks, what extends them, what spares it.
CLOCK = ("protection_days", "extension_days", "limit_days", "day_kind")
RULES = (
    *CLOCK,
    "extend_activity",
    "extend_quotation",
    "extend_order",
    "extend_opportunity",
    "extend_visit",
    "exempt_open_order",
    "exempt_order_days",
    "exempt_won_days",
    "exempt_contract",
)
# Activities that are done, by the document they were planned on: (model, its SELECT of
# contact and company).
DONE = {
    "res.partner": "SELECT id, id AS partner_id, NULL::integer AS company_id "
    "FROM res_partner",
    "crm.lead": "SELECT id, partner_id, company_id FROM crm_lead",
    "sale.order": "SELECT id, partner_id, company_id FROM sale_order",
}


def pool_of(territory, company):
    """The pool of a customer: of the innermost territory that has one, else of all.

    :param SQL territory: the customer's territory
    :param SQL company: the company whose pools count
    """
    return SQL(
        """(
            SELECT q.id FROM sales_pool q
            LEFT JOIN sales_territory qt ON qt.id = q.territory_id
            WHERE q.active AND q.company_id = %s AND (
                q.territory_id IS NULL
                OR EXISTS (
                    SELECT FROM sales_territory inner_t WHERE inner_t.id = %s
                    AND inner_t.parent_path LIKE qt.parent_path || '%%'
                )
            )
            ORDER BY length(qt.parent_path) DESC NULLS LAST LIMIT 1
        )""",
        company,
        territory,
    )


def rules_of_pool():
    """The values of ``RULES`` in a pool ``q`` for customers of a class ``k``."""
    rules = {name: SQL.identifier("q", name) for name in RULES}
    rules["protection_days"] = SQL(
        "COALESCE(NULLIF(k.protection_days, 0), q.protection_days)"
    )
    return rules


def actions(reminder_type):
    """A SELECT of ``(id, date)``: what the owners of protected customers did since.

    It runs over the relation ``held``: customers with "id", "partner_id", "company_id",
    "claimed_on", the "tz" of their company, and ``RULES``, which say what qualifies.

    :param reminder_type: the type of activities that do not qualify: closing the
        reminder is no work for the customer
    """
    done = SQL(" UNION ALL ").join(
        SQL(
            """SELECT d.partner_id, d.company_id, y.date_done AS date
            FROM mail_activity y JOIN (%s) d ON d.id = y.res_id
            WHERE y.res_model = %s AND y.date_done IS NOT NULL
              AND y.activity_type_id IS DISTINCT FROM %s""",
            SQL(documents),
            model,
            reminder_type,
        )
        for model, documents in DONE.items()
    )
    # By the rule, dates of a contact: either known or to be made of a moment.
    sources = {
        "extend_activity": SQL(
            """SELECT h.id, h.claimed_on, a.date FROM held h
            JOIN res_partner c ON c.commercial_partner_id = h.partner_id
            JOIN (%s) a ON a.partner_id = c.id
                AND COALESCE(a.company_id, h.company_id) = h.company_id
            WHERE h.extend_activity""",
            done,
        ),
        "extend_quotation": SQL(
            """SELECT h.id, h.claimed_on, k.date FROM held h
            JOIN res_partner c ON c.commercial_partner_id = h.partner_id
            JOIN sale_order o ON o.partner_id = c.id AND o.company_id = h.company_id
            JOIN sales_kept_date k ON k.res_model = 'sale.order' AND k.res_id = o.id
                AND k.kind = 'sent'
            WHERE h.extend_quotation"""
        ),
        "extend_order": SQL(
            """SELECT h.id, h.claimed_on, %s FROM held h
            JOIN res_partner c ON c.commercial_partner_id = h.partner_id
            JOIN sale_order o ON o.partner_id = c.id AND o.company_id = h.company_id
                AND o.state = 'sale'
            WHERE h.extend_order""",
            local_date("o.date_order", "h.tz"),
        ),
        "extend_opportunity": SQL(
            """SELECT h.id, h.claimed_on, %s FROM held h
            JOIN res_partner c ON c.commercial_partner_id = h.partner_id
            JOIN crm_lead l ON l.partner_id = c.id
                AND COALESCE(l.company_id, h.company_id) = h.company_id
            WHERE h.extend_opportunity""",
            local_date("l.create_date", "h.tz"),
        ),
        "extend_visit": SQL(
            """SELECT h.id, h.claimed_on, %s FROM held h
            JOIN sales_visit v ON v.commercial_partner_id = h.partner_id
                AND v.company_id = h.company_id AND v.effective > 0
            WHERE h.extend_visit""",
            local_date("v.check_out", "h.tz"),
        ),
    }
    return SQL(
        "SELECT a.id, a.date FROM (%s) a(id, claimed_on, date) "
        "WHERE a.date >= a.claimed_on",
        SQL(" UNION ALL ").join(sources.values()),
    )


def exempt(today):
    """A SELECT of the ids in ``held`` that are not recycled, whatever their clocks say.

    :param today: the day that is asked about
    """
    return SQL(
        """
        SELECT h.id FROM held h
        WHERE h.exempt_open_order AND EXISTS (
            SELECT FROM res_partner c
            JOIN sale_order o ON o.partner_id = c.id AND o.company_id = h.company_id
            WHERE c.commercial_partner_id = h.partner_id AND o.state = 'sale'
              AND o.invoice_status IN ('to invoice', 'no')
        ) OR h.exempt_order_days > 0 AND EXISTS (
            SELECT FROM res_partner c
            JOIN sale_order o ON o.partner_id = c.id AND o.company_id = h.company_id
            WHERE c.commercial_partner_id = h.partner_id AND o.state = 'sale'
              AND %(ordered)s >= %(today)s - h.exempt_order_days
        ) OR h.exempt_won_days > 0 AND EXISTS (
            SELECT FROM res_partner c
            JOIN crm_lead l ON l.partner_id = c.id
            JOIN sales_kept_date k ON k.res_model = 'crm.lead' AND k.res_id = l.id
                AND k.kind = 'won'
            WHERE c.commercial_partner_id = h.partner_id AND l.won_status = 'won'
              AND COALESCE(l.company_id, h.company_id) = h.company_id
              AND k.date >= %(today)s - h.exempt_won_days
        ) OR h.exempt_contract AND EXISTS (
            SELECT FROM sales_contract a
            WHERE a.commercial_partner_id = h.partner_id
              AND a.company_id = h.company_id AND a.state = 'running'
              AND COALESCE(a.date_end, 'infinity') >= %(today)s
        )
        """,
        ordered=local_date("o.date_order", "h.tz"),
        today=today,
    )
