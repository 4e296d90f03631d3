"""Tickets: made, handed out, closed, listed and mailed, beside OCA and Odoo's tasks.

OCA's ``helpdesk_mgmt`` with ``-sla`` and ``-rating`` is AGPL-3 and so no dependency:
like the peer of ``bench_peer`` it is fetched for this alone.
"""

import statistics
import time
from contextlib import ExitStack
from itertools import cycle
from unittest.mock import patch

from lxml import etree

from odoo.addons.base.models.ir_mail_server import IrMail_Server
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


def no_mail():
    """Neither side sends: what is measured is what Odoo does, not a mail server."""
    stack = ExitStack()
    stack.enter_context(patch.object(IrMail_Server, "_connect__", lambda *a, **k: None))
    stack.enter_context(
        patch.object(IrMail_Server, "send_email", lambda *a, **k: "<bench@localhost>")
    )
    return stack


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
    """Each in its own transaction, in turn."""
    steps = ("create", "assign", "give", "close")
    spent = {step: {ours: [], peer: []} for step in steps}
    asked = {step: {ours: 0, peer: 0} for step in steps}
    total = runs * ONES
    settle()
    for turn in range(total + 2):
        for one in (ours, peer) if turn % 2 else (peer, ours):
            made = []

            def create(env, one=one, made=made, mode="manual"):
                made.append(one.create(env, 1, mode).id)

            figures = {"create": one.side.timed(create)}
            id_ = made[0]
            figures["assign"] = one.side.timed(one.assign, id_)
            figures["give"] = tuple(map(sum, zip(*figures.values(), strict=True)))
            if one is ours:
                figures["give"] = one.side.timed(
                    lambda env: create(env, mode="automatic")
                )
            one.side.timed(one.start, id_)
            figures["close"] = one.side.timed(one.close, id_)
            if turn > 1:
                for step, (took, queries) in figures.items():
                    spent[step][one].append(took)
                    asked[step][one] += queries
    names = {
        "create": "create one ticket with its limits / OCA",
        "assign": "assign one ticket / OCA",
        "give": "create one ticket, handed out by rules / OCA, create and assign",
        "close": "resolve with rating request and close / OCA, close with it",
    }
    for step, name in names.items():
        pairs = [
            (sum(spent[step][ours][at : at + 20]), sum(spent[step][peer][at : at + 20]))
            for at in range(0, total, 20)
        ]
        yield Row(
            f"{name} ({total})",
            "report" if step == "give" else "≤ 0.8",
            {
                "ratio": ratio(median_pair(pairs)),
                "ours": seconds(statistics.median(spent[step][ours])),
                "OCA": seconds(statistics.median(spent[step][peer])),
                "queries": f"{asked[step][ours] / total:.0f}, "
                f"OCA {asked[step][peer] / total:.0f}",
            },
        )


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


def multiply(env, table, source, **changed):
    """Copies of the rows of a query until there are as many as are listed."""
    env.cr.execute(f"SELECT count(*), max(id) FROM {table}")  # noqa: S608
    there, last = env.cr.fetchone()
    rounds = LISTED // there
    names = columns(env.cr, table)
    if "access_token" in names:
        changed["access_token"] = "NULL"
    env.cr.execute("SET LOCAL session_replication_role = replica")
    copy_rows(
        env.cr,
        table,
        f"{source} CROSS JOIN generate_series(1, {rounds - 1}) k",
        id=f"t.id + k * {last}",
        **changed,
    )


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
        tables = (
            ("project_task", {}),
            ("sales_service_ticket", {"number": "t.number || '-' || k"}),
        )
        for table, changed in tables:
            multiply(env, table, f"{table} t", **changed)
        env.cr.execute(
            """INSERT INTO project_task_user_rel (task_id, user_id)
            SELECT t.id, u.id FROM project_task t
            JOIN res_users u ON u.login = 'agent' || (t.id %% %s)
            WHERE NOT EXISTS (
                SELECT FROM project_task_user_rel r WHERE r.task_id = t.id
            )""",
            (AGENTS,),
        )
        # Each copy with its limits and times, as each of the tickets has them.
        env.cr.execute("SELECT max(id) FROM sales_service_ticket WHERE number !~ '-'")
        [offset] = env.cr.fetchone()
        rounds = max(
            1,
            side_count(env, "sales_service_ticket")
            // side_count(env, "sales_service_ticket", "number !~ '-'"),
        )
        for table in ("sales_service_clock", "sales_service_interval"):
            env.cr.execute(f"SELECT max(id) FROM {table}")  # noqa: S608
            [last] = env.cr.fetchone()
            copy_rows(
                env.cr,
                table,
                f"{table} t CROSS JOIN generate_series(1, {rounds - 1}) k",
                id=f"t.id + k * {last}",
                ticket_id=f"t.ticket_id + k * {offset}",
            )
        project_user = env.ref("project.group_project_manager")
        env["res.users"].browse(side.clerk).group_ids = [(4, project_user.id)]
    return project.id


def side_count(env, table, where="TRUE"):
    env.cr.execute(f"SELECT count(*) FROM {table} WHERE {where}")  # noqa: S608
    return env.cr.fetchone()[0]


def specification(env, model, arch):
    """What the web client asks for of the fields of a view."""
    names = etree.fromstring(arch).xpath("//field[not(ancestor::field)]/@name")
    fields = env[model]._fields
    return {
        name: {"fields": {"display_name": {}}} if fields[name].relational else {}
        for name in names
        if name in fields and env[model]._has_field_access(fields[name], "read")
    }


def lists(ours, runs):
    """The first page of the list, and the board by stage, as managers see them."""
    side, project = ours.side, fill_lists(ours)
    side.query("VACUUM ANALYZE")
    screens = {
        "sales.service.ticket": {
            "list": "sales_service.sales_service_ticket_view_list",
            "kanban": "sales_service.sales_service_ticket_view_kanban",
            "domain": [("is_open", "=", True)],
            "context": {},
        },
        "project.task": {
            "list": "project.view_task_tree2",
            "kanban": "project.view_task_kanban",
            "domain": [("is_closed", "=", False), ("project_id", "=", project)],
            "context": {"default_project_id": project},
        },
    }

    def open_list(env, model, screen, spec):
        found = env[model].web_search_read(
            screen["domain"], spec, limit=OPENED, count_limit=10_001
        )
        return len(found["records"])

    def open_board(env, model, screen, spec):
        found = env[model].web_read_group(
            screen["domain"],
            ["stage_id"],
            ["__count"],
            auto_unfold=True,
            unfold_read_specification=spec,
            unfold_read_default_limit=OPENED,
        )
        return sum(len(group.get("__records", ())) for group in found["groups"])

    def read(view, opening, model):
        screen = screens[model]
        with side.env(side.clerk) as env:
            env = env(context={**env.context, **screen["context"]})
            arch = env[model].get_view(env.ref(screen[view]).id, view)["arch"]
            spec = specification(env, model, arch)
            queries, start = env.cr.sql_log_count, time.perf_counter()
            shown = opening(env, model, screen, spec)
            took = time.perf_counter() - start
            return took, env.cr.sql_log_count - queries, shown

    there = {
        model: side.query(f"SELECT count(*) FROM {table}")[0][0]  # noqa: S608
        for model, table in (
            ("sales.service.ticket", "sales_service_ticket"),
            ("project.task", "project_task"),
        )
    }
    for view, opening in (("list", open_list), ("kanban", open_board)):
        for model in screens:
            read(view, opening, model)
        settle()
        turns = [
            [read(view, opening, model) for model in screens]
            for _turn in range(3 * runs)
        ]
        yield Row(
            "{} of {:,} tickets ({} shown) / of {:,} tasks ({} shown)".format(
                "list" if view == "list" else "board",
                there["sales.service.ticket"],
                turns[0][0][2],
                there["project.task"],
                turns[0][1][2],
            ),
            "≤ 1.2",
            {
                "ratio": ratio(median_pair([(a[0], b[0]) for a, b in turns])),
                "ours": seconds(statistics.median(a[0] for a, _b in turns)),
                "tasks": seconds(statistics.median(b[0] for _a, b in turns)),
                "queries": f"{turns[0][0][1]}, {turns[0][1][1]}",
            },
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
        yield from lists(ours, runs)
        yield helping(ours)
    lab.close(sides[0])
