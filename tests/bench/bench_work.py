"""A morning: work plans for a thousand reps, and what one of them opens."""

import statistics
import time

from lxml import etree

from odoo.fields import Command
from odoo.tools import SQL

from .bench_targets import make_plan, make_reps
from .common import Row, median_pair, ratio, seconds, settle

RUNS = 7
LEADS = 200
ITEMS = 30


def run(lab):
    name = lab.clone(lab.base(), "work")
    lab.install(name, "sales_targets")
    side = lab.open(name)
    with side.env() as env:
        work_every_day(env)
        make_reps(env)
        plan = env["sales.target.plan"].browse(make_plan(env))
        plan.action_decompose()
        # sudo: of the bench
        plan.sudo().write(
            {
                "state": "running",
                "kind": "core",
                "stage": "growth",
                "stage_reason": "Bench",
            }
        )
        env["sales.target.day"]._derive(plan)
        customers = lab.options.lines // 10
        fill(env, customers)
    lab.analyze(name)
    yield morning(side, customers)
    yield my_day(side)
    lab.close(side)


def work_every_day(env):
    """So that there is a morning, on whatever day this runs."""
    env.company.resource_calendar_id = env["resource.calendar"].create(
        {
            "name": "Every day",
            "tz": "UTC",
            "attendance_ids": [
                Command.create(
                    {
                        "name": str(day),
                        "dayofweek": str(day),
                        "hour_from": 8,
                        "hour_to": 17,
                    }
                )
                for day in range(7)
            ],
        }
    )


def fill(env, customers):
    """Customers of the reps: visited, with orders, quotations, overdue invoices."""
    company = env.company
    env.cr.execute("SET LOCAL session_replication_role = replica")
    values = {
        "count": customers,
        "company": company.id,
        "currency": company.currency_id.id,
        "classes": env["sales.customer.class"].search([]).ids,
        "journal": env["account.journal"].search([("type", "=", "sale")], limit=1).id,
        "receivable": env["account.account"]
        .search([("account_type", "=", "asset_receivable")], limit=1)
        .id,
        "stage": env["crm.stage"].search([], limit=1).id,
        "warehouse": env["stock.warehouse"].search([], limit=1).id,
        "visits": env.ref("sales_force.sales_metric_visits").id,
        "orders": env.ref("sales_force.sales_metric_orders").id,
        "invoiced": env.ref("sales_force.sales_metric_invoiced").id,
    }
    for statement in STATEMENTS:
        env.cr.execute(SQL(statement, **values))


STATEMENTS = (
    """
    INSERT INTO res_partner (name, complete_name, active, type, lang, autopost_bills,
        is_company, user_id)
    SELECT 'Client ' || n, 'Client ' || n, TRUE, 'contact', 'en_US', 'ask', TRUE,
        r.ids[1 + n %% cardinality(r.ids)]
    FROM generate_series(1, %(count)s) n,
        (SELECT array_agg(user_id ORDER BY id) AS ids FROM sales_rep
            WHERE carries_target) r
    """,
    "UPDATE res_partner SET commercial_partner_id = id WHERE name LIKE 'Client %%'",
    """
    CREATE TEMP TABLE client ON COMMIT DROP AS
    SELECT p.id, p.user_id, r.id AS rep_id, row_number() OVER (ORDER BY p.id)::int AS n
    FROM res_partner p JOIN sales_rep r ON r.user_id = p.user_id
    WHERE p.name LIKE 'Client %%'
    """,
    """
    INSERT INTO sales_customer (partner_id, company_id, stage, stage_derived, class_id,
        turnover, claimed_on, due_on)
    SELECT id, %(company)s, 'customer', 'customer',
        (%(classes)s::int[])[1 + n %% cardinality(%(classes)s::int[])], n %% 9000,
        CURRENT_DATE - 100, CURRENT_DATE + n %% 90
    FROM client
    """,
    """
    INSERT INTO sales_visit (rep_id, user_id, company_id, partner_id,
        commercial_partner_id, date_planned, date, planned_minutes, origin, state,
        check_in, check_out, effective, due, is_appointment)
    SELECT rep_id, user_id, %(company)s, id, id, now() - days * interval '1 day',
        CURRENT_DATE - days,
        30, 'manual', 'done', now() - days * interval '1 day',
        now() - days * interval '1 day', 1, 1, TRUE
    FROM client,
        LATERAL (SELECT g * 37 + n %% 30 AS days FROM generate_series(0, 9) g) v
    """,
    """
    INSERT INTO sale_order (name, partner_id, partner_invoice_id, partner_shipping_id,
        user_id, company_id, currency_id, currency_rate, state, date_order, create_date,
        amount_total, amount_untaxed, amount_tax, picking_policy, warehouse_id,
        validity_date)
    SELECT 'Q' || n || '-' || g, id, id, id, user_id, %(company)s, %(currency)s, 1,
        CASE WHEN n %% 10 = 0 AND g = 0 THEN 'sent'
            WHEN n %% 33 = 0 AND g = 0 THEN 'draft' ELSE 'sale' END,
        now() - (20 + g * 30) * interval '1 day',
        now() - (20 + g * 30) * interval '1 day', 100 + n %% 7000, 100 + n %% 7000, 0,
        'direct', %(warehouse)s, CURRENT_DATE + 10
    FROM client, generate_series(0, 4) g
    """,
    """
    INSERT INTO sales_kept_date (res_model, res_id, kind, date)
    SELECT 'sale.order', id, 'sent', date_order::date FROM sale_order
    WHERE name LIKE 'Q%%' ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO account_move (name, sequence_prefix, sequence_number, move_type, state,
        journal_id, company_id, currency_id, partner_id, commercial_partner_id,
        invoice_user_id, date, invoice_date, invoice_date_due, payment_state,
        amount_residual, auto_post)
    SELECT 'X/' || n || '/' || g, 'X/' || n || '/', g, 'out_invoice', 'posted',
        %(journal)s, %(company)s, %(currency)s, id, id, user_id,
        CURRENT_DATE - (g * 40 + 30), CURRENT_DATE - (g * 40 + 30),
        CURRENT_DATE - g * 40,
        CASE WHEN g = 0 AND n %% 20 = 0 THEN 'not_paid' ELSE 'paid' END, 0, 'no'
    FROM client, generate_series(0, 4) g
    """,
    """
    INSERT INTO account_move_line (move_id, account_id, company_id, currency_id,
        company_currency_id, journal_id, date_maturity, date, amount_residual,
        amount_residual_currency, balance, debit, display_type, parent_state,
        partner_id, name, amount_currency)
    SELECT id, %(receivable)s, company_id, currency_id, currency_id, journal_id,
        invoice_date_due - 1, date,
        CASE WHEN payment_state = 'not_paid' THEN 100 + id %% 5000 ELSE 0 END, 0, 100,
        100, 'payment_term', 'posted', partner_id, 'x', 100
    FROM account_move WHERE name LIKE 'X/%%'
    """,
    """
    INSERT INTO crm_lead (name, type, user_id, company_id, partner_id, active,
        won_status, expected_revenue, probability, create_date, date_last_stage_update,
        stage_id, priority)
    SELECT 'Lead ' || n, CASE WHEN n %% 2 = 0 THEN 'lead' ELSE 'opportunity' END,
        user_id, %(company)s, id, TRUE, 'pending', n %% 9000, 20,
        now() - n %% 60 * interval '1 day', now() - n %% 60 * interval '1 day',
        %(stage)s, '0'
    FROM client WHERE n %% 3 = 0
    """,
    """
    INSERT INTO sales_credit (metric_id, date, rep_id, user_id, company_id, value,
        share, overlay, res_model, res_id, part, source, scope_id)
    SELECT v.metric, CURRENT_DATE - (n * 7 + g * 9) %% 365, rep_id, user_id,
        %(company)s, v.value, 100, FALSE, 'bench', n, g, 'bench', n
    FROM client, generate_series(0, 1) g,
        (VALUES (%(visits)s, 1), (%(orders)s, 1), (%(invoiced)s, 300)) v(metric, value)
    """,
)


def morning(side, customers):
    """All plans in the cron's batches."""
    queries = []
    with side.env() as env:
        plans = env["sales.work.plan"]
        today = env.company._get_sales_today()
        start = time.perf_counter()
        for reps in plans._get_waiting(env.company):
            before = env.cr.sql_log_count
            plans._propose(reps, today)
            queries.append(f"{env.cr.sql_log_count - before} of {len(reps)}")
        env.cr.flush()
        took = time.perf_counter() - start
        made = plans.search_count([("date", "=", today)])
    items = side.query("SELECT count(*) FROM sales_work_plan_item")[0][0]
    return Row(
        f"morning plans of {made:,} reps with {customers:,} customers, {items:,} items",
        "≤ 120 s, flat queries",
        {"took": seconds(took), "queries and reps by batch": ", ".join(queries)},
    )


def my_day(side):
    """What the client asks for on opening My Day, and for Odoo's own pipeline."""
    with side.env() as env:
        user = env["res.users"].search([("login", "=", "rep7")])
        env["crm.lead"].search([("user_id", "!=", user.id)], limit=LEADS).write(
            {"user_id": user.id, "type": "opportunity"}
        )
        plan = env["sales.work.plan"].search([("user_id", "=", user.id)])
        missing = ITEMS - len(plan.item_ids)
        for number in range(max(missing, 0)):
            plan.with_user(user).action_add("task", name=f"Task {number}")
        view = env.ref("crm.crm_case_kanban_view_leads").id

    def timed(work):
        with side.env(user.id) as env:
            queries, start = env.cr.sql_log_count, time.perf_counter()
            shown = work(env)
            took = time.perf_counter() - start
            return took, env.cr.sql_log_count - queries, shown

    def ours(env):
        return len(env["sales.work.plan"].get_my_day()["items"])

    def pipeline(env):
        leads = env["crm.lead"].with_context(read_group_expand=True)
        arch = etree.fromstring(leads.get_view(view, "kanban")["arch"])
        names = set(arch.xpath("//field/@name")) & set(leads._fields)
        spec = {
            name: {"fields": {"display_name": {}}}
            if leads._fields[name].relational
            else {}
            for name in names
            if leads._fields[name].type != "properties"
        }
        found = leads.web_read_group(
            [("type", "=", "opportunity"), ("user_id", "=", user.id)],
            ["stage_id"],
            ["expected_revenue:sum", "__count"],
            auto_unfold=True,
            unfold_read_specification=spec,
        )
        return sum(group["__count"] for group in found["groups"])

    timed(ours), timed(pipeline)
    settle()
    runs = [(timed(ours), timed(pipeline)) for _run in range(RUNS)]
    return Row(
        f"My Day with {runs[0][0][2]} items / Odoo's pipeline of "
        f"{runs[0][1][2]} open opportunities",
        "≤ 1.0",
        {
            "ratio": ratio(median_pair([(one[0], two[0]) for one, two in runs])),
            "ours": seconds(statistics.median(one[0] for one, _two in runs)),
            "Odoo's": seconds(statistics.median(two[0] for _one, two in runs)),
            "queries": f"{runs[0][0][1]} and {runs[0][1][1]}",
        },
    )
