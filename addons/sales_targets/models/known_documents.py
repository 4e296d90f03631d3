"""Documents from which the rest of a month will come: leads, orders, invoices.

For each metric, how the ledger's credits lead to the document that was there before
them, and what is open of such documents today. A new kind is one entry.
"""

from dataclasses import dataclass

from odoo.tools import SQL

from odoo.addons.sales_force.ledger.crediting import local_date

_TIMEZONE = "COALESCE(rc.tz, 'UTC')"


def _calendar(company):
    """The calendar ``rc`` of a company, in whose timezone documents have dates."""
    return SQL(
        """JOIN res_company rco ON rco.id = %s
        LEFT JOIN resource_calendar rc ON rc.id = rco.resource_calendar_id""",
        SQL(company),
    )


@dataclass(frozen=True)
class Source:
    """:param SQL documents: joins from a credit ``c`` to its document
    :param SQL known: the day since when the document was there, where the company works
    :param SQL due: when it is due; NULL: any time
    :param SQL open: ``user_id company_id value due`` of what is open, in company
        currency
    :param bool weighted: whether open values are weighted by a probability
    """

    documents: SQL
    known: SQL
    due: SQL
    open: SQL
    weighted: bool = False


ORDERED = Source(
    documents=SQL(
        """LEFT JOIN sale_order_line s ON s.id = c.res_id
            AND c.res_model = 'sale.order.line'
        LEFT JOIN sale_order o ON o.id = s.order_id
        LEFT JOIN crm_lead l ON l.id = o.opportunity_id
        %s""",
        _calendar("c.company_id"),
    ),
    known=local_date("COALESCE(l.create_date, o.create_date)", _TIMEZONE),
    due=SQL("l.date_deadline"),
    # Whose closing nobody expects this month is not counted on.
    open=SQL(
        """SELECT user_id, company_id, date_deadline AS due,
            expected_revenue * probability::numeric / 100 AS value
        FROM crm_lead
        WHERE active AND COALESCE(won_status, 'pending') = 'pending'
          AND expected_revenue > 0 AND date_deadline IS NOT NULL"""
    ),
    weighted=True,
)
INVOICED = Source(
    documents=SQL(
        """LEFT JOIN sale_order_line_invoice_rel i ON i.invoice_line_id = c.res_id
            AND c.res_model = 'account.move.line'
        LEFT JOIN sale_order_line s ON s.id = i.order_line_id
        LEFT JOIN sale_order o ON o.id = s.order_id
        %s""",
        _calendar("c.company_id"),
    ),
    known=local_date("o.date_order", _TIMEZONE),
    due=local_date("o.commitment_date", _TIMEZONE),
    open=SQL(
        """SELECT o.user_id, o.company_id, %s AS due,
            (s.price_subtotal - COALESCE(s.untaxed_amount_invoiced, 0))
                / COALESCE(NULLIF(o.currency_rate, 0), 1) AS value
        FROM sale_order_line s JOIN sale_order o ON o.id = s.order_id
        %s
        WHERE o.state = 'sale' AND s.display_type IS NULL
          AND NOT COALESCE(s.is_downpayment, FALSE)
          AND s.price_subtotal > COALESCE(s.untaxed_amount_invoiced, 0)""",
        local_date("o.commitment_date", _TIMEZONE),
        _calendar("o.company_id"),
    ),
)
COLLECTED = Source(
    documents=SQL(
        """LEFT JOIN account_move_line p ON p.id = c.part
        LEFT JOIN account_move m ON m.id = p.move_id"""
    ),
    known=SQL("m.invoice_date"),
    due=SQL("m.invoice_date_due"),
    open=SQL(
        """SELECT m.invoice_user_id AS user_id, m.company_id,
            m.invoice_date_due AS due, m.amount_residual_signed AS value
        FROM account_move m
        WHERE m.state = 'posted' AND m.move_type IN ('out_invoice', 'out_refund')
          AND m.amount_residual_signed <> 0"""
    ),
)
SOURCES = {"ORDERED": ORDERED, "INVOICED": INVOICED, "COLLECTED": COLLECTED}
