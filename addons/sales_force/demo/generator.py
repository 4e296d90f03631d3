"""A sales organisation and its documents, the same each time but for the dates.

Documents go through Odoo's own steps (confirm, deliver, invoice, post, pay), many at
once; afterwards they get the dates on which all this would have happened.
"""

import base64
import logging
import random
from calendar import monthrange
from collections import defaultdict
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from odoo.fields import Command
from odoo.tools import file_open

from . import names
from .approvals import make_approvals
from .career import make_career
from .channels import make_channels
from .contracts import make_contracts
from .process import make_passages, make_playbook
from .receivables import make_collections
from .supply import make_supply
from .visits import make_visits

_logger = logging.getLogger(__name__)

# Who can log in, with the login as password.
ROLES = ("rep", "leader", "manager", "director", "operations", "finance")
QUIET = {
    "tracking_disable": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "mail_notrack": True,
    "mail_auto_subscribe_no_notify": True,
    "mail_activity_automation_skip": True,
    "no_reset_password": True,
}


class Demo:
    """Makes the demo data in a company.

    :param env: superuser's
    :param int months: how far back the documents go, with the current month
    """

    def __init__(self, env, company, months):
        languages = dict(env["res.lang"].get_installed())
        self.chinese = "zh_CN" in languages
        self.lang = "zh_CN" if self.chinese else "en_US"
        self.company = company
        self.env = env(
            context={**env.context, **QUIET, "allowed_company_ids": company.ids}
        )
        self.random = random.Random(19)
        if self.chinese:
            company.resource_calendar_id.tz = "Asia/Shanghai"
        self.today = company._get_sales_today()
        self.months = months
        self.start = (self.today - relativedelta(months=months - 1)).replace(day=1)
        self.users, self.reps = {}, {}

    def load(self):
        if self.chinese:
            # Odoo loads them after the demo, which copies some of them.
            module = self.env.ref("base.module_sales_force")
            module._update_translations([self.lang])
        self.translate_data()
        self.prepare_accounting()
        self.make_users()
        self.make_territories()
        self.make_reps()
        self.make_pool()
        self.make_customers()
        self.make_products()
        self.make_calendar_days()
        self.make_orders()
        self.make_leads()
        self.derive_customers()
        self.assign_by_rules()
        make_contracts(self)
        make_channels(self)
        make_playbook(self)
        self.follow_up()
        make_passages(self)
        self.make_policies()
        self.make_competitors()
        make_visits(self)
        make_career(self)
        make_supply(self)
        make_collections(self)
        self.make_conduct()
        self.prepare_handover()
        make_approvals(self)
        self.env.flush_all()
        _logger.info(
            "Demo data: %s reps, %s customers, %s orders, %s invoices, %s payments",
            len(self.reps),
            len(self.customers),
            len(self.orders),
            len(self.invoices),
            self.payments,
        )

    # Words and numbers

    def translate_data(self):
        """The names of our rules and steps become words of activities.

        Odoo translates a module's records after its demo data.
        """
        if self.chinese:
            self.env.flush_all()
            modules = self.env["ir.module.module"]
            modules._load_module_terms(["sales_force"], ["zh_CN"])
            self.env.invalidate_all()

    def word(self, pair):
        """The Chinese word where Chinese is installed, else the English one."""
        return pair[1] if self.chinese else pair[0]

    def create_translated(self, model, vals_list, pairs, field="name"):
        """Records whose translated name is known in both languages."""
        records = self.env[model].create(
            [
                {**vals, field: pair[0]}
                for vals, pair in zip(vals_list, pairs, strict=True)
            ]
        )
        if self.chinese:
            for record, pair in zip(records, pairs, strict=True):
                record.with_context(lang="zh_CN")[field] = pair[1]
        return records

    def number(self, mean):
        """A whole number near a mean."""
        whole = int(mean)
        return whole + (self.random.random() < mean - whole)

    def photo(self, path):
        try:
            with file_open(path, "rb") as file:
                return base64.b64encode(file.read())
        except FileNotFoundError:
            return False

    def at(self, day, hour=10):
        """A time on that day that has passed."""
        return min(
            datetime.combine(day, time(hour)),
            self.env.cr.now().replace(microsecond=0, tzinfo=None),
        )

    def moment(self, day, hour):
        """A time on that day where the company works, in UTC."""
        zone = ZoneInfo(self.company._get_sales_timezone())
        local = datetime.combine(day, time(hour), zone)
        return local.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)

    # The organisation

    def prepare_accounting(self):
        if not self.company.chart_template:
            self.env["account.chart.template"].try_loading(
                "generic_coa", self.company, install_demo=False
            )
        self.bank = self.env["account.journal"].search(
            [("company_id", "=", self.company.id), ("type", "=", "bank")], limit=1
        )
        self.terms = self.env.ref(
            "account.account_payment_term_30days", raise_if_not_found=False
        )

    def make_users(self):
        vals_list = []
        for login, person in names.PEOPLE.items():
            groups = self.env.ref("base.group_user")
            groups += self.env.ref(f"sales_force.group_sales_{person[2]}")
            if login == "finance":
                groups += self.env.ref("account.group_account_invoice")
            vals_list.append(
                {
                    "name": self.word(person[:2]),
                    "login": login,
                    # Hashing takes a while: only the roles get one.
                    **({"password": login} if login in ROLES else {}),
                    "email": f"{login}@sales.example.com",
                    "image_1920": self.photo(person[6]),
                    "company_id": self.company.id,
                    "company_ids": [Command.set(self.company.ids)],
                    "group_ids": [Command.set(groups.ids)],
                    "tz": self.company.resource_calendar_id.tz or "UTC",
                    "lang": self.lang,
                }
            )
        users = self.env["res.users"].create(vals_list)
        self.users = dict(zip(names.PEOPLE, users, strict=True))
        self.employees = dict(
            zip(
                names.PEOPLE,
                self.env["hr.employee"].create(
                    [
                        {
                            "name": user.name,
                            "user_id": user.id,
                            "company_id": self.company.id,
                            "work_email": user.email,
                            "job_title": self.word(names.PEOPLE[login][7]),
                        }
                        for login, user in self.users.items()
                    ]
                ),
                strict=True,
            )
        )

    def make_territories(self):
        self.territories = {}
        for key, (name, chinese, parent, *_criteria) in names.TERRITORIES.items():
            self.territories[key] = self.env["sales.territory"].create(
                {
                    "name": self.word((name, chinese)),
                    "parent_id": self.territories[parent].id if parent else False,
                }
            )
        rules = []
        for key, criteria in names.TERRITORIES.items():
            _name, _chinese, _parent, country, state, city = criteria
            if not (country or state):
                continue
            rules.append(
                {
                    "territory_id": self.territories[key].id,
                    "country_id": self.env.ref(f"base.{country or 'cn'}").id,
                    "state_id": self.env.ref(f"base.{state}").id if state else False,
                    "city": self.territories[key].name if city else False,
                }
            )
        self.env["sales.territory.rule"].create(rules)

    def make_reps(self):
        leaders = {p[4]: login for login, p in names.PEOPLE.items() if p[2] == "leader"}
        team_keys = list(names.TEAMS)
        self.teams = dict(
            zip(
                team_keys,
                self.create_translated(
                    "crm.team",
                    [
                        {
                            "company_id": self.company.id,
                            "user_id": self.users[leaders[key]].id,
                            "member_ids": [
                                Command.set(
                                    [
                                        self.users[login].id
                                        for login, person in names.PEOPLE.items()
                                        if person[4] == key
                                    ]
                                )
                            ],
                        }
                        for key in team_keys
                    ],
                    names.TEAMS.values(),
                ),
                strict=True,
            )
        )
        grades = dict(
            zip(
                names.GRADES,
                self.create_translated(
                    "sales.grade",
                    [{"sequence": 10 * n} for n in range(len(names.GRADES))],
                    names.GRADES.values(),
                ),
                strict=True,
            )
        )
        hired = self.start - relativedelta(years=1)
        for login, person in names.PEOPLE.items():
            _n, _c, role, boss, team, territories, _p, title, grade, _d = person
            if role in ("operations", "finance"):
                continue
            values = {
                "user_id": self.users[login].id,
                "company_id": self.company.id,
                "employee_id": self.employees[login].id,
                "job_title": self.word(title),
                "grade_id": grades[grade].id if grade else False,
                "date_start": hired,
                "state": "active",
                "parent_id": self.reps[boss].id if boss else False,
                "team_id": self.teams[team].id if team else False,
                "territory_ids": [
                    Command.set([self.territories[key].id for key in territories])
                ],
            }
            if login == "nina":  # hired lately
                values.update(
                    date_start=self.today - relativedelta(months=2, day=1),
                    state="onboarding",
                    ramp_months=6,
                )
            if login == "kavi":  # was in another team before
                values.update(
                    parent_id=self.reps["leader"].id,
                    team_id=self.teams["guangdong"].id,
                    territory_ids=[Command.set(self.territories["shenzhen"].ids)],
                )
            self.reps[login] = self.env["sales.rep"].create(values)
        self.moved = max(
            self.today - relativedelta(months=4, day=1),
            self.start + relativedelta(months=1),
        )
        self.env["sales.rep.assignment"].create(
            {
                "rep_id": self.reps["kavi"].id,
                "date_from": self.moved,
                "manager_id": self.reps["marco"].id,
                "team_id": self.teams["coast"].id,
                "territory_ids": [Command.set(self.territories["fujian"].ids)],
            }
        )

    def make_pool(self):
        """Reps claim from one pool; the best customers are spread among them."""
        [pool] = self.create_translated(
            "sales.pool",
            [
                {
                    "company_id": self.company.id,
                    "cap_ids": [
                        Command.create({"cap": 60}),
                        Command.create(
                            {
                                "cap": 15,
                                "class_id": self.env.ref(
                                    "sales_force.sales_customer_class_a"
                                ).id,
                            }
                        ),
                    ],
                }
            ],
            [("Open Customers", "公海客户")],
        )
        self.pool = pool

    def make_customers(self):
        channels = {c.code: c.id for c in self.env["sales.channel"].search([])}
        domestic = self.company.domestic_fiscal_position_id
        vals_list = []
        for city, chinese, state, owner in names.CITIES:
            for business, chinese_business, channel in names.BUSINESSES:
                vals_list.append(
                    {
                        "name": self.word(
                            (f"{city} {business}", chinese + chinese_business)
                        ),
                        "is_company": True,
                        "customer_rank": 1,
                        "city": self.word((city, chinese)),
                        "state_id": self.env.ref(f"base.{state}").id,
                        "country_id": self.env.ref("base.cn").id,
                        "user_id": self.users[owner].id,
                        "sales_channel_id": channels.get(channel),
                        "property_payment_term_id": self.terms.id
                        if self.terms
                        else False,
                        # They are not abroad: taxed as in the company's country.
                        "property_account_position_id": domestic.id,
                        "lang": self.lang,
                    }
                )
        free = [
            {
                "name": self.word((f"{city} {business}", chinese + chinese_business)),
                "is_company": True,
                "city": self.word((city, chinese)),
                "state_id": self.env.ref(f"base.{state}").id,
                "country_id": self.env.ref("base.cn").id,
            }
            for city, chinese, state, _owner in names.CITIES
            for business, chinese_business in names.PROSPECTS
        ]
        self.env["res.partner"].create(free)
        self.customers = self.env["res.partner"].create(vals_list)
        self.owned = defaultdict(list)
        for customer in self.customers:
            self.owned[customer.user_id].append(customer)
        # Leaders of leaders sell to all who are below them.
        for login in ("director", "manager", "thomas"):
            below = self.env["sales.rep"].search(
                [("id", "child_of", self.reps[login].id)]
            )
            self.owned[self.users[login]] = [
                customer
                for customer in self.customers
                if customer.user_id in below.user_id
            ]

    def make_products(self):
        top = self.env["product.category"].create(
            {"name": self.word(("Process Equipment", "流程设备"))}
        )
        categories = {
            key: self.env["product.category"].create(
                {"name": self.word(pair), "parent_id": top.id}
            )
            for key, pair in names.CATEGORIES.items()
        }
        self.products = self.create_translated(
            "product.product",
            [
                {
                    "type": "service" if category == "services" else "consu",
                    "categ_id": categories[category].id,
                    "list_price": price,
                    "standard_price": cost,
                    "invoice_policy": "order" if category == "services" else "delivery",
                }
                for _name, _chinese, category, price, cost, _most in names.PRODUCTS
            ],
            [product[:2] for product in names.PRODUCTS],
        )
        self.most = {
            product: row[5]
            for product, row in zip(self.products, names.PRODUCTS, strict=True)
        }

    def make_calendar_days(self):
        """Two days off for a festival, and the Saturday on which one is made up."""
        first = self.today.replace(month=10, day=1)
        festival = self.word(("National Day", "国庆节"))
        days = [
            (first, "holiday", festival),
            (first + timedelta(1), "holiday", festival),
        ]
        saturday = first - timedelta(days=first.weekday() + 2)
        days.append(
            (saturday, "workday", self.word(("Made up for %s", "%s调休")) % festival)
        )
        self.env["sales.calendar.day"].create(
            [
                {
                    "date": day,
                    "kind": kind,
                    "name": name,
                    "company_id": self.company.id,
                }
                for day, kind, name in days
            ]
        )

    # Documents

    def make_orders(self):
        self.invoices = self.env["account.move"]
        self.payments = 0
        plan = self.plan_orders()
        self.orders = self.create_orders(plan)
        self.plan = dict(zip(self.orders, plan, strict=True))
        self.split_orders()
        self.orders.filtered(lambda o: self.plan[o]["sent"]).write({"state": "sent"})
        confirmed = self.orders.filtered(lambda o: self.plan[o]["confirmed"])
        confirmed.action_confirm()
        for order in confirmed:
            order.date_order = self.at(self.plan[order]["confirmed"])
        self.date_back("sale.order", "sent", "order", self.plan)
        for part in ("first", "rest"):
            self.deliver(confirmed, part)
            self.invoice(confirmed, part)
        self.credit()
        self.pay()

    def plan_orders(self):
        """What each rep quotes, day by day, and what becomes of it."""
        plan = []
        for month in range(self.months):
            first = self.start + relativedelta(months=month)
            days = monthrange(first.year, first.month)[1]
            last = min(days, (self.today - first).days + 1)
            for login, person in names.PEOPLE.items():
                if login not in self.reps or first < self.reps[login].date_start:
                    continue
                # A little more each month, less in the second one of the year.
                season = 0.8 + 0.03 * month - 0.25 * (first.month == 2)
                season += 0.3 * (month >= self.months - 2)
                mean = person[9] * season * last / days
                if person[2] == "rep":
                    mean = max(mean, 1)
                for _n in range(self.number(mean)):
                    day = first + timedelta(days=self.random.randrange(last))
                    plan.append(self.plan_order(len(plan), login, day))
        plan.sort(key=lambda order: order["quoted"])
        return plan

    def plan_order(self, n, login, day):
        """The fates follow each other in turn, so that none depends on today's date."""
        user = self.users[login]
        quoted = max(self.start, day - timedelta(days=self.random.randrange(1, 12)))
        won = n % 11 not in (3, 8)
        age = (self.today - day).days
        return {
            "user": user,
            "login": login,
            "customer": self.random.choice(self.owned[user]),
            "lines": [
                (
                    product,
                    self.random.randint(1, self.most[product]),
                    self.random.choice((0, 0, 0, 5, 10)),
                )
                for product in self.random.sample(
                    list(self.products), self.random.randint(1, 4)
                )
            ],
            "quoted": quoted,
            "sent": quoted if won or age > 12 or n % 3 else None,
            "confirmed": day if won else None,
            "first": day + timedelta(days=self.random.randint(1, 4)),
            "rest": day + timedelta(days=self.random.randint(10, 20))
            if n % 7 == 0 or (n % 3 and 4 <= age < 10)
            else None,
            "split": {6: "shared", 18: "overlay"}.get(n % 25),
        }

    def create_orders(self, plan):
        return self.env["sale.order"].create(
            [
                {
                    "partner_id": order["customer"].id,
                    "user_id": order["user"].id,
                    "team_id": (
                        self.reps[order["login"]]._get_assignment(order["quoted"])
                        or self.reps[order["login"]]
                    ).team_id.id,
                    "company_id": self.company.id,
                    "date_order": self.at(order["quoted"]),
                    "order_line": [
                        Command.create(
                            {
                                "product_id": product.id,
                                "product_uom_qty": quantity,
                                "discount": discount,
                            }
                        )
                        for product, quantity, discount in order["lines"]
                    ],
                }
                for order in plan
            ]
        )

    def split_orders(self):
        """Some orders are shared with a colleague; leaders help with a few others."""
        splits = []
        for order, plan in self.plan.items():
            rep = self.reps[plan["login"]]
            if plan["split"] == "shared":
                mate = self.random.choice(
                    [other for other in self.reps.values() if other != rep]
                )
                splits += [(order, rep, 60, False), (order, mate, 40, False)]
            elif plan["split"] == "overlay" and rep.parent_id:
                splits.append((order, rep.parent_id, 10, True))
        self.env["sales.split"].create(
            [
                {
                    "order_id": order.id,
                    "rep_id": rep.id,
                    "share": share,
                    "overlay": overlay,
                }
                for order, rep, share, overlay in splits
            ]
        )

    def deliver(self, orders, part):
        """Deliver orders' first or remaining part; what is due later stays open."""
        due = {}
        for order in orders:
            day = self.plan[order][part]
            if day and day <= self.today:
                for picking in order.picking_ids:
                    if picking.state not in ("done", "cancel"):
                        due[picking] = day
        pickings = self.env["stock.picking"].concat(*due)
        for move in pickings.move_ids:
            quantity = move.product_uom_qty
            if part == "first" and self.plan[move.sale_line_id.order_id]["rest"]:
                quantity = quantity // 2 or quantity
            move.quantity = quantity
            move.picked = True
        pickings.with_context(skip_backorder=True)._action_done()
        for picking, day in due.items():
            done = picking.move_ids.filtered(lambda m: m.state == "done")
            done.date = self.at(day, 14)
            picking.date_done = self.at(day, 14)

    def invoice(self, orders, part):
        """Invoice what was delivered: on the next Tuesday or Friday."""
        days = {}
        for order in orders:
            day = self.plan[order][part]
            if day and order.invoice_status == "to invoice":
                while day.weekday() not in (1, 4):
                    day += timedelta(days=1)
                if day <= self.today:
                    days[order] = day
        due = self.env["sale.order"].concat(*days)
        if not due:
            return
        invoices = due._create_invoices(grouped=True)
        by_day = defaultdict(self.env["account.move"].browse)
        for invoice in invoices:
            order = invoice.invoice_line_ids.sale_line_ids.order_id
            by_day[days[order]] |= invoice
        for day, moves in by_day.items():
            moves.invoice_date = day
        invoices = invoices.sorted("invoice_date")
        invoices.action_post()
        self.invoices += invoices

    def credit(self):
        """Some goods come back, some prices are corrected: credit notes."""
        old = self.invoices.filtered(lambda i: (self.today - i.invoice_date).days > 20)
        for invoice in old[4::14]:
            day = invoice.invoice_date + timedelta(days=self.random.randint(5, 20))
            note = invoice._reverse_moves([{"invoice_date": day, "date": day}])
            lines = note.invoice_line_ids.filtered(
                lambda x: x.display_type == "product"
            )
            lines[1:].unlink()
            lines[:1].quantity = max(1, lines[:1].quantity // 2)
            note.action_post()
            open_lines = (note + invoice).line_ids.filtered(
                lambda x: (
                    x.account_id.account_type == "asset_receivable" and not x.reconciled
                )
            )
            if len(open_lines.move_id) == 2:
                open_lines.reconcile()

    def pay(self):
        """Most invoices are paid around their due date, some in part."""
        plan = []
        for n, invoice in enumerate(self.invoices):
            late = self.random.randint(-26, 12)
            day = max(
                invoice.invoice_date, invoice.invoice_date_due + timedelta(days=late)
            )
            residual = invoice.amount_residual
            if n % 16 == 0 or day > self.today or not residual:
                continue
            if n % 16 not in (3, 5, 9):
                plan.append((invoice, day, residual))
                continue
            part = invoice.currency_id.round(residual * 0.4)
            plan.append((invoice, day, part))
            day += timedelta(days=20)
            if n % 16 != 5 and day <= self.today:
                plan.append((invoice, day, residual - part))
        plan.sort(key=lambda payment: payment[1])
        payments = self.env["account.payment"].create(
            [
                {
                    "payment_type": "inbound",
                    "partner_type": "customer",
                    "partner_id": invoice.commercial_partner_id.id,
                    "amount": amount,
                    "date": day,
                    "journal_id": self.bank.id,
                    "memo": invoice.name,
                    "invoice_ids": [Command.link(invoice.id)],
                }
                for invoice, day, amount in plan
            ]
        )
        payments.action_post()
        # One after the other: an invoice may have two.
        self.env["account.move.line"]._reconcile_plan(
            [
                (payment.move_id + invoice).line_ids.filtered(
                    lambda x: x.account_id.account_type == "asset_receivable"
                )
                for payment, (invoice, _day, _amount) in zip(
                    payments, plan, strict=True
                )
            ]
        )
        self.payments = len(payments)

    # Opportunities

    def derive_customers(self):
        """What each night would have written, month by month."""
        self.env.cr.flush()
        # Their life did not begin today, when they were made.
        self.env["sales.customer.stage"].search([]).unlink()
        for months in reversed(range(self.months)):
            day = self.today - relativedelta(months=months)
            self.env["sales.customer"]._refresh(self.company, day=day)
        self.env["sales.product.affinity"]._refresh(self.company)

    def make_leads(self):
        reasons = self.env["crm.lost.reason"].search([], limit=3)
        won_stage = self.env["crm.stage"].search([("is_won", "=", True)], limit=1)
        open_stages = self.env["crm.stage"].search([("is_won", "=", False)])
        plan, vals_list = [], []
        for month in range(self.months):
            first = self.start + relativedelta(months=month)
            for login, rep in self.reps.items():
                if names.PEOPLE[login][9] < 0.8 or self.random.random() < 0.45:
                    continue
                day = first + timedelta(days=self.random.randrange(28))
                if day > self.today or day < rep.date_start:
                    continue
                customer = self.random.choice(self.owned[rep.user_id])
                stage = self.random.choice(open_stages)
                closed = day + timedelta(days=self.random.randint(10, 60))
                fate = ("won", "lost", "won", "won", "lost")[len(plan) % 5]
                plan.append((closed, fate if closed <= self.today else None))
                project = self.word(self.random.choice(names.PROJECTS))
                vals_list.append(
                    {
                        "name": self.word(("%s for %s", "%s：%s"))
                        % (project, customer.name),
                        "type": "opportunity",
                        "partner_id": customer.id,
                        "user_id": rep.user_id.id,
                        "team_id": rep.team_id.id,
                        "company_id": self.company.id,
                        "stage_id": stage.id,
                        "expected_revenue": self.random.randrange(20, 400) * 100,
                        "date_deadline": closed,
                    }
                )
        leads = self.env["crm.lead"].create(vals_list)
        self.leads = dict(zip(leads, plan, strict=True))
        won = leads.filtered(lambda lead: self.leads[lead][1] == "won")
        won.write({"stage_id": won_stage.id, "probability": 100})
        lost = leads.filtered(lambda lead: self.leads[lead][1] == "lost")
        for lead in lost:
            lead.action_set_lost(
                lost_reason_id=self.random.choice(reasons or [reasons]).id
            )
        days = {}
        for lead in won + lost:
            day = self.leads[lead][0]
            lead.date_closed = self.at(day)
            days[lead] = {self.leads[lead][1]: day}
        for kind in ("won", "lost"):
            self.date_back("crm.lead", kind, "lead", days)
        self.link_orders(won)

    def link_orders(self, won):
        """What was won is the order of its customer that is nearest to that day."""
        free = self.orders.filtered(lambda order: order.state == "sale")
        for lead in won:
            day = self.leads[lead][0]
            orders = free.filtered(
                lambda order, lead=lead: order.partner_id == lead.partner_id
                and order.user_id == lead.user_id
            )
            order = orders.sorted(
                lambda order, day=day: abs(order.date_order.date() - day)
            )[:1]
            order.opportunity_id = lead
            free -= order

    def make_policies(self):
        """Rules of selling: one in its second version, which some have yet to read."""
        policies = self.create_translated(
            "sales.policy",
            [{} for _policy in names.POLICIES],
            [title for title, _texts in names.POLICIES],
        )
        for policy, (_title, texts) in zip(policies, names.POLICIES, strict=True):
            for text in texts:
                version = self.env["sales.policy.version"].create(
                    {"policy_id": policy.id, "content": f"<p>{self.word(text)}</p>"}
                )
                version.action_put_in_force()
                lines = version.acknowledgement_ids
                for line in lines[: len(lines) * 2 // 3]:
                    line.with_user(line.user_id)._acknowledge()

    def make_competitors(self):
        """Who competed for the opportunities, and to whom some were lost."""
        competitors = self.env["sales.competitor"].create(
            [{"name": name} for name in names.COMPETITORS]
        )
        vals_list = []
        for number, (lead, (closed, fate)) in enumerate(self.leads.items()):
            if number % 3:
                continue
            competitor = competitors[number % len(competitors)]
            if fate == "lost":
                lead.sales_lost_to_id = competitor
            vals_list.append(
                {
                    "competitor_id": competitor.id,
                    "lead_id": lead.id,
                    "user_id": lead.user_id.id,
                    "date": min(closed, self.today),
                    "price": self.random.randrange(5, 60) * 100,
                    "note": self.word(names.STRENGTHS[number % len(names.STRENGTHS)]),
                }
            )
        self.env["sales.competitor.sighting"].create(vals_list)

    def assign_by_rules(self):
        """CRM assigns leads by the rules of the teams."""
        self.env["ir.config_parameter"].set_param("crm.lead.auto.assignment", True)
        teams = self.env["sales.rep"].concat(*self.reps.values()).team_id
        teams.write({"sales_assignment": "ranked"})

    def make_conduct(self):
        """Commendations and violations of the last months, most of them decided."""
        categories = self.env["sales.conduct.category"].search([])
        reps = list(self.reps.values())
        for number in range(16):
            rep = reps[self.random.randrange(len(reps))]
            case = self.env["sales.conduct"].create(
                {
                    "rep_id": rep.id,
                    "category_id": categories[number % len(categories)].id,
                    "date": self.today - timedelta(days=self.random.randrange(120)),
                    "description": self.word(
                        names.CONDUCT[number % len(names.CONDUCT)]
                    ),
                    "reported_by_id": rep.parent_id.user_id.id,
                }
            )
            judge = rep.parent_id.parent_id.user_id or rep.parent_id.user_id
            if number % 5 and judge:
                case.with_user(judge)._decide(
                    "confirmed", self.word(("It is so.", "属实。"))
                )

    def prepare_handover(self):
        """Somebody leaves soon; it is not done yet."""
        leaver = self.reps["marco"]
        self.env["sales.handover"].create(
            {
                "rep_id": leaver.id,
                "heir_id": leaver.parent_id.id,
                "date": self.today + timedelta(days=14),
                "by_territory": True,
            }
        ).action_propose()

    def follow_up(self):
        """What the rules would have raised in the last month."""
        for lead, (_closed, fate) in self.leads.items():
            if not fate:
                age = timedelta(days=self.random.randint(1, 25))
                lead.date_last_stage_update = self.at(self.today - age)
        rules = self.env["sales.followup.rule"].search([])
        rules.date_from = self.today - timedelta(days=30)
        for rule in rules:
            rule._run(self.company)

    def date_back(self, model, kind, source, days):
        """What Sales Force keeps as done today was done on other days."""
        self.env["sales.credit"]._process_pending()
        kept = self.env["sales.kept.date"].search(
            [
                ("res_model", "=", model),
                ("res_id", "in", [record.id for record in days]),
                ("kind", "=", kind),
            ]
        )
        by_id = {record.id: values.get(kind) for record, values in days.items()}
        for row in kept:
            row.date = by_id[row.res_id]
        self.env["sales.credit"]._mark(source, kept.mapped("res_id"))
