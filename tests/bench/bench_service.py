"""Tickets: made, handed out, closed, listed and mailed, beside OCA and Odoo's tasks.

OCA's ``helpdesk_mgmt`` with ``-sla`` and ``-rating`` is AGPL-3 and so no dependency:
like the peer of ``bench_peer`` it is fetched for this alone.
"""

import statistics
import time
from ast import literal_eval
from collections import defaultdict
from contextlib import ExitStack, nullcontext
from copy import copy
from datetime import timedelta
from itertools import cycle
from unittest.mock import patch

from lxml import etree

from odoo.addons.base.models.ir_mail_server import IrMail_Server
from odoo.addons.mail.models.mail_mail import MailMail
from odoo.addons.sales_service.tests.letters import NUMBER, Post

from . import bench_peer
from .common import Row, columns, copy_rows, median_pair, ratio, seconds, settle

PEERS = ("helpdesk_mgmt", "helpdesk_mgmt_sla", "helpdesk_mgmt_rating")
# Tickets in one transaction, and in transactions of their own, in each run.
BATCH, ONES = 1000, 40
AGENTS = 10
# What is handed out at once.
JOBS, FIELD_AGENTS = 4000, 50
LISTED = 200_000
OPENED = 80
LETTERS = 500
# Tickets that one problem has caused.
CAUSED = 500
# What was delivered, of so many products, over two years.
DELIVERED, PRODUCTS = 1_000_000, 1000
# The columns of both boards.
COLUMNS = ("new", "assigned", "in_progress", "waiting_customer", "waiting_parts")


def no_mail():
    """Neither side sends: what is measured is what Odoo does, not a mail server."""
    stack = ExitStack()
    stack.enter_context(patch.object(IrMail_Server, "_connect__", lambda *a, **k: None))
    stack.enter_context(
        patch.object(IrMail_Server, "send_email", lambda *a, **k: "<bench@localhost>")
    )
    return stack


def queued_mail():
    """What Odoo would send in the request, once it is committed, waits for the cron."""
    return patch.object(MailMail, "send_after_commit", lambda mails: None)


class Ours:
    """A team whose tickets are handed out by rules, with the policies as shipped."""

    def __init__(self, side):
        self.side = side
        with side.env() as env:
            group = env.ref("sales_service.group_service_manager")
            env["res.users"].browse(side.clerk).group_ids = [(4, group.id)]
            agents = make_users(env, "sales_service.group_service_agent", AGENTS)
            category = env.ref("sales_service.category_repair")
            self.teams = {}
            for mode in ("automatic", "manual"):
                team = env["sales.service.team"].create(
                    {
                        "name": mode,
                        "company_id": env.company.id,
                        "member_ids": agents.ids,
                        "dispatch_mode": mode,
                    }
                )
                self.teams[mode] = team.id
            self.category, self.agent = category.id, agents[0].id
            self.customers = make_customers(env)

    def create(self, env, count, mode="automatic"):
        return env["sales.service.ticket"].create(
            [
                {
                    "name": f"Pump {number} leaks",
                    "partner_id": next(self.customers),
                    "category_id": self.category,
                    "team_id": self.teams[mode],
                }
                for number in range(count)
            ]
        )

    def assign(self, env, id_):
        env["sales.service.ticket"].browse(id_).action_assign(self.agent)

    def start(self, env, id_):
        ticket = env["sales.service.ticket"].browse(id_)
        ticket.action_accept()
        ticket.action_start()
        ticket.resolution = "<p>Tightened</p>"

    def close(self, env, id_):
        """Resolved, which asks for the rating, and closed."""
        ticket = env["sales.service.ticket"].browse(id_)
        ticket.action_resolve()
        ticket.action_close()


class Peer:
    """A team with a policy of eight hours, which hands out nothing by itself."""

    def __init__(self, side):
        self.side = side
        with side.env() as env:
            group = env.ref("helpdesk_mgmt.group_helpdesk_manager")
            env["res.users"].browse(side.clerk).group_ids = [(4, group.id)]
            agents = make_users(env, "helpdesk_mgmt.group_helpdesk_user", AGENTS)
            team = env["helpdesk.ticket.team"].create(
                {"name": "Team", "user_ids": agents.ids, "use_sla": True}
            )
            category = env["helpdesk.ticket.category"].create({"name": "Repair"})
            done = env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done")
            started = env.ref("helpdesk_mgmt.helpdesk_ticket_stage_in_progress")
            done.rating_mail_template_id = env.ref(
                "helpdesk_mgmt_rating.rating_ticket_email_template"
            )
            env["helpdesk.sla"].create({"name": "A day", "hours": 8})
            self.team, self.category, self.agent = team.id, category.id, agents[0].id
            self.started, self.done = started.id, done.id
            self.customers = make_customers(env)

    def create(self, env, count, mode=None):
        return env["helpdesk.ticket"].create(
            [
                {
                    "name": f"Pump {number} leaks",
                    "description": f"Pump {number} leaks",
                    "partner_id": next(self.customers),
                    "category_id": self.category,
                    "team_id": self.team,
                }
                for number in range(count)
            ]
        )

    def assign(self, env, id_):
        env["helpdesk.ticket"].browse(id_).user_id = self.agent

    def start(self, env, id_):
        env["helpdesk.ticket"].browse(id_).stage_id = self.started

    def close(self, env, id_):
        env["helpdesk.ticket"].browse(id_).stage_id = self.done


def send_queued(side):
    """What is queued leaves, as by the cron that has been triggered."""
    return side.timed(lambda env: env["mail.mail"].sudo().process_email_queue())


def make_users(env, group, count):
    return (
        env["res.users"]
        .with_context(no_reset_password=True)
        .create(
            [
                {
                    "name": f"Agent {number}",
                    "login": f"agent{number}",
                    "email": f"agent{number}@example.com",
                    "group_ids": [(4, env.ref(group).id)],
                }
                for number in range(count)
            ]
        )
    )


def make_customers(env):
    env["res.users"].search([("login", "=", "clerk")]).email = "clerk@example.com"
    env.company.email = "service@example.com"
    customers = env["res.partner"].search([("name", "=like", "Customer %")])
    for customer in customers:
        customer.email = f"customer{customer.id}@example.com"
    # A customer's next ticket comes after those of all others.
    return cycle(customers.ids)


def in_batch(ours, peer, runs):
    """A thousand at once, with limits; ours with an agent as well."""
    pairs, asked = [], []
    for turn in range(runs + 1):
        settle()
        spent = {}
        for one in (ours, peer) if turn % 2 else (peer, ours):
            spent[one] = one.side.timed(lambda env, one=one: one.create(env, BATCH))
        print(f"    batch {turn}:", spent[ours], spent[peer], flush=True)
        if turn:
            pairs.append((spent[ours][0], spent[peer][0]))
            asked.append((spent[ours][1], spent[peer][1]))
    few = ours.side.timed(lambda env: ours.create(env, BATCH // 10))[1]
    return Row(
        f"create {BATCH:,} tickets at once, limits and agent / OCA, limits",
        "≤ 0.5, queries flat",
        {
            "ratio": ratio(median_pair(pairs)),
            "ours": seconds(statistics.median(one for one, _other in pairs)),
            "OCA": seconds(statistics.median(other for _one, other in pairs)),
            "queries": f"{asked[-1][0]}, of {BATCH // 10} {few}, OCA {asked[-1][1]}",
        },
    )


def one_by_one(ours, peer, runs):
    """Each in its own transaction, in turn.

    The peer sends its mails in the request, after the commit; ours leaves them to the
    queue. So it is also measured what both take with the sending, and both without.
    """
    queueing = copy(peer)
    spent, asked = defaultdict(list), defaultdict(list)
    settle()
    for turn in range(runs * ONES + 2):
        sides = (ours, peer, queueing)
        for one in sides if turn % 2 else reversed(sides):
            with queued_mail() if one is queueing else nullcontext():
                figures = one_ticket(one)
            for step, (took, queries) in figures.items() if turn > 1 else ():
                spent[step, one].append(took)
                asked[step, one].append(queries)
    queued = "mails queued on both sides"
    for name, bar, step, theirs in (
        ("create one ticket with its limits", "≤ 0.8", "create", peer),
        ("assign one ticket", "≤ 0.8", "assign", peer),
        (f"the same, {queued}", "report", "assign", queueing),
        ("the same, mails sent on both sides", "report", "assign, sent", peer),
        ("create one ticket, handed out / create, assign", "report", "give", peer),
        ("resolve, ask for the rating, close / close, ask", "≤ 0.8", "close", peer),
        (f"the same, {queued}", "report", "close", queueing),
        ("the same, mails sent on both sides", "report", "close, sent", peer),
    ):
        mine, other = spent[step, ours], spent[step, theirs]
        pairs = [
            (sum(mine[at : at + 20]), sum(other[at : at + 20]))
            for at in range(0, len(mine), 20)
        ]
        yield Row(
            f"{name} / OCA ({len(mine)})",
            bar,
            {
                "ratio": ratio(median_pair(pairs)),
                "ours": seconds(statistics.median(mine)),
                "OCA": seconds(statistics.median(other)),
                "queries": f"{statistics.mean(asked[step, ours]):.0f}, "
                f"OCA {statistics.mean(asked[step, theirs]):.0f}",
            },
        )


def one_ticket(one):
    """Seconds and queries of each step in the life of a ticket."""
    figures, made = {}, []

    def create(env, mode="manual"):
        made.append(one.create(env, 1, mode).id)

    def timed(step, work):
        """As long as who asks for it waits, and until the mails have left."""
        figures[step] = one.side.timed(work, made[0])
        took = tuple(map(sum, zip(figures[step], send_queued(one.side), strict=True)))
        figures[f"{step}, sent"] = figures[step] if isinstance(one, Peer) else took

    figures["create"] = one.side.timed(create)
    timed("assign", one.assign)
    figures["give"] = tuple(
        map(sum, zip(figures["create"], figures["assign"], strict=True))
    )
    if isinstance(one, Ours):
        figures["give"] = one.side.timed(create, "automatic")
    one.side.timed(one.start, made[0])
    send_queued(one.side)
    timed("close", one.close)
    return figures


def dispatching(ours):
    """A day's tickets of a large team, all of them waiting, given at once."""
    with ours.side.env() as env:
        agents = (
            env["res.users"]
            .with_context(no_reset_password=True)
            .create(
                [
                    {
                        "name": f"Field {number}",
                        "login": f"field{number}",
                        "group_ids": [
                            (4, env.ref("sales_service.group_service_agent").id)
                        ],
                    }
                    for number in range(FIELD_AGENTS)
                ]
            )
        )
        team = env["sales.service.team"].create(
            {
                "name": "Field",
                "company_id": env.company.id,
                "member_ids": agents.ids,
            }
        )
        ours.teams["field"] = team.id
        tickets = ours.create(env, JOBS, "field")
        env.flush_all()
    with ours.side.env() as env:
        tickets = env["sales.service.ticket"].browse(tickets.ids)
        start, queries = time.perf_counter(), env.cr.sql_log_count
        tickets._dispatch("automatic")
        env.flush_all()
        took = time.perf_counter() - start
        counts = env["sales.service.ticket"]._read_group(
            [("id", "in", tickets.ids)], ["user_id"], ["__count"]
        )
        given = [count for user, count in counts if user]
        asked = env.cr.sql_log_count - queries
    return Row(
        f"dispatch {JOBS:,} tickets over {FIELD_AGENTS} agents",
        "≤ 60 s",
        {
            "in": seconds(took),
            "queries": asked,
            "each agent": f"{min(given)} to {max(given)}, in all {sum(given):,}",
        },
    )


def multiply(env, table, **changed):
    """Copies of the rows until there are as many as are listed, exactly."""
    env.cr.execute(f"SELECT count(*), max(id) FROM {table}")  # noqa: S608
    there, last = env.cr.fetchone()
    if "access_token" in columns(env.cr, table):
        changed["access_token"] = "NULL"
    env.cr.execute("SET LOCAL session_replication_role = replica")
    copy_rows(
        env.cr,
        table,
        f"{table} t CROSS JOIN generate_series(1, {LISTED // there}) k "
        f"LIMIT {LISTED - there}",
        id=f"t.id + k * {last}",
        **changed,
    )
    return last


def fill_lists(ours):
    """As many tickets and tasks, of the same customers, agents and stages."""
    side = ours.side
    with side.env() as env:
        users = env["res.users"].search([("login", "=like", "agent%")])
        project = env["project.project"].create(
            {
                "name": "Repairs",
                "type_ids": [
                    (0, 0, {"name": name, "sequence": number})
                    for number, name in enumerate(
                        ("New", "Assigned", "In Progress", "Waiting", "Done")
                    )
                ],
            }
        )
        env["project.task"].create(
            [
                {
                    "name": f"Pump {number} leaks",
                    "project_id": project.id,
                    "partner_id": next(ours.customers),
                    "user_ids": [(4, users[number % AGENTS].id)],
                    "stage_id": project.type_ids[number % 5].id,
                    "date_deadline": f"2027-01-{1 + number % 28:02} 10:00:00",
                }
                for number in range(BATCH)
            ]
        )
        env.flush_all()
        multiply(env, "project_task")
        offset = multiply(env, "sales_service_ticket", number="t.number || '-' || k")
        env.cr.execute(
            """INSERT INTO project_task_user_rel (task_id, user_id)
            SELECT t.id, u.id FROM project_task t
            JOIN res_users u ON u.login = 'agent' || (t.id %% %s)
            WHERE NOT EXISTS (
                SELECT FROM project_task_user_rel r WHERE r.task_id = t.id
            )""",
            (AGENTS,),
        )
        # All are open, in five columns of about as many, as the tasks are.
        env.cr.execute("UPDATE project_task SET project_id = %s", (project.id,))
        for number, (state, stage) in enumerate(
            zip(COLUMNS, project.type_ids, strict=True)
        ):
            env.cr.execute(
                """UPDATE project_task SET stage_id = %s, state = '01_in_progress'
                WHERE id %% 5 = %s""",
                (stage.id, number),
            )
            env.cr.execute(
                """UPDATE sales_service_ticket SET state = %s, closed_at = NULL,
                    stage_id = (
                        SELECT id FROM sales_service_stage WHERE state = %s LIMIT 1
                    ),
                    user_id = (
                        SELECT id FROM res_users
                        WHERE login = 'agent' || (sales_service_ticket.id %% %s)
                    )
                WHERE id %% 5 = %s""",
                (state, state, AGENTS, number),
            )
        # Each copy with its limits and times, as each of the tickets has them.
        for table in ("sales_service_clock", "sales_service_interval"):
            env.cr.execute(f"SELECT max(id) FROM {table}")  # noqa: S608
            [last] = env.cr.fetchone()
            copy_rows(
                env.cr,
                table,
                f"{table} t JOIN sales_service_ticket s ON s.id > {offset} "
                f"AND s.id % {offset} = t.ticket_id % {offset}",
                id=f"t.id + (s.id - t.ticket_id) / {offset} * {last}",
                ticket_id="s.id",
            )
        project_user = env.ref("project.group_project_manager")
        env["res.users"].browse(side.clerk).group_ids = [(4, project_user.id)]
    return project.id


def specification(env, model, arch):
    """What the web client asks for of the fields of a view."""
    nodes = etree.fromstring(arch).xpath("//field[not(ancestor::field)]")
    fields = env[model]._fields
    spec = {}
    for node in nodes:
        name = node.get("name")
        if name not in fields or not env[model]._has_field_access(fields[name], "read"):
            continue
        spec[name] = {}
        if fields[name].relational:
            spec[name] = {"fields": {"display_name": {}}}
            if "color" in env[fields[name].comodel_name]._fields:
                spec[name]["fields"]["color"] = {}
    return spec


class Screen:
    """A list and a board as the web client opens them: the same calls, rows, columns.

    :param domain: of what is open
    """

    def __init__(self, side, model, list_, kanban, domain, context=None):
        self.side, self.model = side, model
        self.views = {"list": list_, "kanban": kanban}
        self.domain, self.context = domain, context or {}

    def list(self, records, spec, _arch):
        found = records.web_search_read(
            self.domain, spec, limit=OPENED, count_limit=10_001
        )
        return len(found["records"])

    def kanban(self, records, spec, arch):
        found = records.web_read_group(
            self.domain,
            ["stage_id"],
            ["__count"],
            auto_unfold=True,
            unfold_read_specification=spec,
            unfold_read_default_limit=OPENED,
        )
        for bar in etree.fromstring(arch).xpath("//progressbar"):
            colors = literal_eval(bar.get("colors"))
            records.read_progress_bar(
                self.domain, "stage_id", {"field": bar.get("field"), "colors": colors}
            )
        return sum(len(group.get("__records", ())) for group in found["groups"])

    def open(self, view, cold):
        """``(seconds, queries, rows)`` of the clerk's request, in a new transaction.

        :param bool cold: nothing is cached in the process, as after its start
        """
        if cold:
            self.side.registry.clear_all_caches()
        with self.side.env(self.side.clerk) as env:
            env = env(context={**env.context, **self.context})
            records = env[self.model]
            arch = records.get_view(env.ref(self.views[view]).id, view)["arch"]
            spec = specification(env, self.model, arch)
            if cold:
                self.side.registry.clear_all_caches()
            env.invalidate_all()
            queries, start = env.cr.sql_log_count, time.perf_counter()
            shown = getattr(self, view)(records, spec, arch)
            took = time.perf_counter() - start
            return took, env.cr.sql_log_count - queries, shown


def lists(ours, runs):
    """The first page of the list, and the board by stage, as managers see them."""
    side, project = ours.side, fill_lists(ours)
    side.query("VACUUM ANALYZE")
    screens = (
        Screen(
            side,
            "sales.service.ticket",
            "sales_service.sales_service_ticket_view_list",
            "sales_service.sales_service_ticket_view_kanban",
            [("is_open", "=", True)],
        ),
        Screen(
            side,
            "project.task",
            "project.view_task_tree2",
            "project.view_task_kanban",
            [("is_closed", "=", False), ("project_id", "=", project)],
            {"default_project_id": project},
        ),
    )
    for view, name in (("list", "list"), ("kanban", "board")):
        for cold in (True, False):
            for screen in screens:
                screen.open(view, cold)
            settle()
            turns = [
                [screen.open(view, cold) for screen in screens]
                for _turn in range(3 * runs)
            ]
            rows = " and ".join(str(shown) for _took, _queries, shown in turns[0])
            yield Row(
                f"{name} of {LISTED:,} open tickets / tasks, {rows} rows, "
                + ("first in a process" if cold else "again"),
                "≤ 1.2",
                {
                    "ratio": ratio(median_pair([(a[0], b[0]) for a, b in turns])),
                    "ours": seconds(statistics.median(a[0] for a, _b in turns)),
                    "tasks": seconds(statistics.median(b[0] for _a, b in turns)),
                    "queries": f"{turns[0][0][1]}, {turns[0][1][1]}",
                },
            )


def solving(ours):
    """A problem is solved, with it all that it has caused; each customer is told."""
    side, figures = ours.side, {}
    for count in (CAUSED // 10, CAUSED):
        with side.env(side.clerk) as env:
            tickets = ours.create(env, count + 1, "manual")
            tickets.action_assign(ours.agent)
            tickets.action_accept()
            tickets.action_start()
            problem, caused = tickets[0], tickets[1:]
            problem.resolution = "<p>Tightened</p>"
            caused.parent_id = problem
            id_ = problem.id
        figures[count] = side.timed(
            lambda env, id_=id_: env["sales.service.ticket"]
            .browse(id_)
            .action_resolve()
        )
    (few, few_queries), (many, many_queries) = figures.values()
    each = (many_queries - few_queries) / (CAUSED - CAUSED // 10)
    return Row(
        f"solve a problem with the {CAUSED} tickets that it has caused",
        "report",
        {
            "in": seconds(many),
            f"with {CAUSED // 10}": seconds(few),
            "queries": f"{many_queries}, {each:.1f} for each more",
        },
    )


def fill_stock(env):
    """So many deliveries of products with vendors, a tenth of them with lots."""
    company, now = env.company, "now() AT TIME ZONE 'UTC'"
    env.cr.execute("SET LOCAL session_replication_role = replica")
    vendors = env["res.partner"].create(
        [{"name": f"Vendor {number}"} for number in range(50)]
    )
    products = env["product.product"].create(
        [
            {
                "name": f"Pump {number}",
                "type": "consu",
                "seller_ids": [(0, 0, {"partner_id": vendors[number % 50].id})],
            }
            for number in range(PRODUCTS)
        ]
    )
    lots = env["stock.lot"].create(
        [
            {"name": f"L{number}", "product_id": product.id, "company_id": company.id}
            for product in products[::10]
            for number in range(20)
        ]
    )
    env.flush_all()
    env.cr.execute(
        f"""INSERT INTO stock_move_line (
            company_id, product_id, product_uom_id, lot_id, date, state, quantity,
            quantity_product_uom, location_id, location_dest_id)
        SELECT %s, p.id, %s, l.id, {now} - k %% 730 * interval '1 day', 'done', 1, 1,
            %s, %s
        FROM generate_series(1, %s) k
        JOIN unnest(%s) WITH ORDINALITY p(id, n) ON p.n = 1 + k %% %s
        LEFT JOIN LATERAL (
            SELECT lot.id FROM stock_lot lot
            WHERE lot.product_id = p.id ORDER BY lot.id
            OFFSET k / %s %% 20 LIMIT 1
        ) l ON TRUE""",  # noqa: S608
        (
            company.id,
            env.ref("uom.product_uom_unit").id,
            env.ref("stock.stock_location_stock").id,
            env.ref("stock.stock_location_customers").id,
            DELIVERED,
            products.ids,
            PRODUCTS,
            PRODUCTS,
        ),
    )
    env.cr.execute(
        f"""UPDATE sales_service_ticket t SET
            product_id = (%s::int[])[1 + t.id %% %s],
            opened_at = {now} - t.id %% 730 * interval '1 day'""",  # noqa: S608
        (products.ids, PRODUCTS),
    )
    return len(lots)


def quality(ours, runs):
    """Tickets per 1,000 sold: the first screen, other groups, and a rule."""
    side = ours.side
    with side.env() as env:
        fill_stock(env)
    side.query("VACUUM ANALYZE")
    measures = ["tickets:sum", "sold:sum", "rate:sum"]
    asked = {
        "by product": [["product_id"]],
        "by product and month": [["product_id"], ["product_id", "date:month"]],
        "by supplier": [["supplier_id"]],
        "by lot": [["lot_id"]],
    }
    figures = {}
    for name, sets in asked.items():
        spent = []
        for _turn in range(runs):
            with side.env(side.clerk) as env:
                start = time.perf_counter()
                env["sales.service.quality"].formatted_read_grouping_sets(
                    [], [[], *sets], measures
                )
                spent.append(time.perf_counter() - start)
        figures[name] = seconds(statistics.median(spent))
    with side.env() as env:
        rule = env["sales.service.quality.rule"].search([], limit=1)
        start = time.perf_counter()
        measured = list(
            rule._measure(env.company, env.company._get_sales_today() - timedelta(90))
        )
        figures["a rule of 90 days"] = seconds(time.perf_counter() - start)
        figures["products measured"] = len(measured)
    return Row(
        f"quality of {PRODUCTS:,} products, {DELIVERED:,} deliveries, "
        f"{LISTED:,} tickets",
        "report",
        figures,
    )


def helping(ours):
    """Similar tickets among all, as a manager who may read every one."""
    side = ours.side
    with side.env(side.clerk) as env:
        ticket = env["sales.service.ticket"].search(
            [("category_id", "=", ours.category)], limit=1
        )
        env.cr.execute(
            """UPDATE sales_service_ticket SET state = 'closed', resolved_at = opened_at
            WHERE id % 3 > 0"""
        )
        ticket.name = "The pump 7 of the third floor leaks again"
        env.flush_all()
        spent = []
        for _turn in range(5):
            env.invalidate_all()
            start = time.perf_counter()
            found = ticket._find_similar()
            spent.append(time.perf_counter() - start)
    return Row(
        f"similar tickets among {LISTED:,}",
        "report",
        {"in": seconds(statistics.median(spent)), "found": len(found)},
    )


def letters(ours):
    """Real letters of all kinds, each in its own transaction."""
    side = ours.side
    with side.env() as env:
        domain = env["mail.alias.domain"].create({"name": "bench.example.com"})
        env["ir.config_parameter"].set_param("mail.gateway.loop.threshold", 999)
        addresses = []
        for mode in ("manual", "field"):
            team = env["sales.service.team"].browse(ours.teams[mode])
            team.write({"alias_domain_id": domain.id, "alias_name": mode})
            addresses.append(f"{mode}@{domain.name}")
        composed = Post(*addresses).compose(LETTERS)
        before = env["sales.service.ticket"].search_count([])
    start = time.perf_counter()
    numbers = {}
    for number, letter in enumerate(composed):
        raw = letter.raw
        if NUMBER in raw:
            raw = raw.replace(NUMBER, numbers[letter.about])
        with side.env() as env:
            env["mail.thread"].message_process(False, raw)
            if letter.fate == "new":
                last = env["sales.service.ticket"].search([], order="id desc", limit=1)
                numbers[number] = last.number.encode()
    took = time.perf_counter() - start
    with side.env() as env:
        made = env["sales.service.ticket"].search_count([]) - before
    wanted = sum(letter.fate == "new" for letter in composed)
    return Row(
        f"mail gateway: {LETTERS} letters, each in a transaction",
        "none lost, none twice",
        {
            "letters a second": f"{LETTERS / took:.0f}",
            "tickets made": made,
            "wanted": wanted,
        },
    )


def run(lab):
    runs = min(lab.options.pairs, 3)
    path = bench_peer.prepare(PEERS, "bench-peers-helpdesk")
    names = [lab.clone(lab.base(), "service"), lab.clone(lab.base(), "helpdesk")]
    lab.install(names[0], "sales_service,project")
    lab.install(names[1], ",".join(PEERS), [f"--addons-path={path}"])
    sides = [lab.open(name) for name in names]
    with no_mail():
        ours, peer = Ours(sides[0]), Peer(sides[1])
        yield in_batch(ours, peer, runs)
        yield from one_by_one(ours, peer, runs)
        lab.close(sides[1])
        yield dispatching(ours)
        yield letters(ours)
        yield solving(ours)
        yield from lists(ours, runs)
        yield helping(ours)
        yield quality(ours, runs)
    lab.close(sides[0])
