from odoo.tools import SQL
from odoo.tools.sql import column_exists, create_column

from .ledger.crediting import local_date
from .ledger.invoice import SALE_TYPES, keep_costs
from .models.sales_rep import create_reps

# Stored computed columns that are empty for everything that exists: made here, so
# that the ORM does not compute them document by document.
_COLUMNS = (
    ("res_partner", "sales_territory_id", "int4"),
    ("res_partner", "sales_channel_id", "int4"),
    ("sale_order", "sales_channel_id", "int4"),
    ("sale_order_line", "sales_contract_line_id", "int4"),
)


def pre_init_hook(env):
    """Prepare big tables before the ORM adds our columns to them."""
    for table, column, column_type in _COLUMNS:
        if not column_exists(env.cr, table, column):
            create_column(env.cr, table, column, column_type)


def post_init_hook(env):
    """Give history its owners, keep what Odoo does not, derive all credits."""
    create_reps(env)
    _keep_owners(env)
    _keep_closing_dates(env)
    invoices = SQL(
        "SELECT id FROM account_move WHERE state = 'posted' AND move_type IN %s",
        SALE_TYPES,
    )
    env.cr.execute(keep_costs(env, invoices, env.cr.now(), estimated=True))
    _keep_views(env)
    env["sales.credit"].rebuild()


def _keep_owners(env):
    """Who owns a customer now is the first that is known of it."""
    env.flush_all()
    env.cr.execute(
        """
        INSERT INTO sales_ownership (partner_id, user_id, date, initial)
        SELECT p.id, p.user_id, COALESCE(p.create_date, now() AT TIME ZONE 'UTC'), TRUE
        FROM res_partner p
        WHERE p.user_id IS NOT NULL
          AND NOT EXISTS (SELECT FROM sales_ownership w WHERE w.partner_id = p.id)
        """
    )


def _keep_closing_dates(env):
    """Odoo's closing date is the best that is known of opportunities of the past."""
    env.cr.execute(
        SQL(
            """
            INSERT INTO sales_kept_date (res_model, res_id, kind, date)
            SELECT 'crm.lead', l.id, l.won_status, %s
            FROM crm_lead l
            LEFT JOIN res_company c ON c.id = l.company_id
            LEFT JOIN resource_calendar rc ON rc.id = c.resource_calendar_id
            WHERE l.won_status IN ('won', 'lost')
            ON CONFLICT (res_model, res_id, kind) DO NOTHING
            """,
            local_date(
                "COALESCE(l.date_closed, l.write_date)", "COALESCE(rc.tz, 'UTC')"
            ),
        )
    )


def _keep_views(env):
    """Quotations that customers opened before: Odoo has noted each."""
    env.cr.execute(
        SQL(
            """
            UPDATE sale_order o SET sales_viewed_on = m.first,
                sales_viewed_last_on = m.last, sales_viewed_count = m.times
            FROM (
                SELECT res_id, min(date) AS first, max(date) AS last, count(*) AS times
                FROM mail_message WHERE model = 'sale.order' AND subtype_id = %s
                GROUP BY res_id
            ) m WHERE o.id = m.res_id
            """,
            env.ref("sale.mt_order_viewed").id,
        )
    )


def uninstall_hook(env):
    free_activities(env, "sales_force")
    forget_names(env, "sales_force")


def free_activities(env, addon):
    """Make to-dos of the activities of an addon's types.

    Odoo does so for open ones only, and those that are done keep the types.
    """
    env.cr.execute(
        SQL(
            """
        UPDATE mail_activity SET activity_type_id = %s
        WHERE activity_type_id IN (SELECT res_id FROM ir_model_data
            WHERE module = %s AND model = 'mail.activity.type')
        """,
            env.ref("mail.mail_activity_data_todo").id,
            addon,
        )
    )


def forget_names(env, addon):
    """Forget the names that other addons gave to parts of an addon's models.

    Odoo removes an addon's own names with their records; these would stay.
    """
    env.cr.execute(
        SQL(
            """
        WITH ours AS (
            SELECT res_id FROM ir_model_data WHERE model = 'ir.model'
            GROUP BY res_id HAVING array_agg(module::text) = ARRAY[%(addon)s]
        ), parts AS (
            SELECT 'ir.model.inherit' AS model, i.id
            FROM ir_model_inherit i JOIN ours ON ours.res_id = i.model_id
            UNION ALL
            SELECT 'ir.model.fields.selection', s.id
            FROM ir_model_fields_selection s
            JOIN ir_model_fields f ON f.id = s.field_id
            JOIN ours ON ours.res_id = f.model_id
        )
        DELETE FROM ir_model_data d USING parts p
        WHERE d.model = p.model AND d.res_id = p.id AND d.module <> %(addon)s
        """,
            addon=addon,
        )
    )
