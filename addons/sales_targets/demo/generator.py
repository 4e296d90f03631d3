"""Targets of this year and proposals for the next, for the organisation of Sales Force.

How much is asked follows from what the documents of the demo data have brought.
"""

import random
from datetime import datetime, time, timedelta

from dateutil.relativedelta import relativedelta

from odoo.fields import Command

from odoo.addons.sales_force.demo.generator import QUIET
from odoo.addons.sales_force.demo.names import PEOPLE

# metric: name, Chinese name, smallest unit, by how much more than in the past.
SUPPORTING = {
    "NEW_CUSTOMERS": (("New customers {year}", "{year}年新客户"), "1", 1.2),
    "VISITS": (("Visits {year}", "{year}年拜访"), "1", 1.1),
    "INVOICED": (("Invoiced {year}", "{year}年开票"), "100", 1.05),
}

# Work plans are of so many days before today.
PLANNED_DAYS = 9


class Demo:
    """Makes the targets of the demo company.

    :param env: superuser's
    """

    def __init__(self, env, company):
        self.chinese = "zh_CN" in dict(env["res.lang"].get_installed())
        self.company = company
        # What the system writes into it is in the language of the data, too.
        self.env = env(
            context={
                **env.context,
                **QUIET,
                "allowed_company_ids": company.ids,
                "lang": "zh_CN" if self.chinese else "en_US",
            }
        )
        self.random = random.Random(19)
        self.today = company._get_sales_today()
        self.reps = {
            rep.user_id.login: rep
            for rep in self.env["sales.rep"].search([("company_id", "=", company.id)])
        }
        self.year = company.compute_fiscalyear_dates(self.today)

    def load(self):
        if self.chinese:
            # On installation Odoo does so after the demo data only.
            self.env["ir.module.module"]._load_module_terms(
                ["sales_targets"], ["zh_CN"]
            )
        self.leave_out_others()
        self.core = self.make_core()
        self.make_supporting()
        self.make_margin()
        self.make_next_year()
        self.make_transfers()
        self.make_work()
        self.make_meeting()
        self.env.flush_all()

    def leave_out_others(self):
        """Odoo's own demo users sell something, but are in no team of ours."""
        others = [rep for login, rep in self.reps.items() if login not in PEOPLE]
        self.env["sales.rep"].concat(*others).carries_target = False

    def word(self, pair):
        return pair[1] if self.chinese else pair[0]

    def metric(self, code):
        return self.env["sales.metric"].search([("code", "=", code)])

    def a_year_of(self, code):
        """What the last twelve months brought, as far as there are documents."""
        credits = self.env["sales.credit"]
        domain = [
            ("company_id", "=", self.company.id),
            ("metric_id", "=", self.metric(code).id),
            ("overlay", "=", False),
            ("date", ">", self.today - relativedelta(years=1)),
        ]
        [(value, first)] = credits._read_group(domain, [], ["value:sum", "date:min"])
        days = (self.today - (first or self.today)).days + 1
        return value * 365 / days if value else 0

    def make_plan(self, code, pair, unit, growth, **values):
        """A plan of this year that runs, divided by who can do how much."""
        whole = int(float(unit) * 100)
        asked = self.a_year_of(code) * growth
        start, stop = self.year["date_from"], self.year["date_to"]
        plan = self.env["sales.target.plan"].create(
            {
                "name": self.word(pair).format(year=start.year),
                "company_id": self.company.id,
                "metric_id": self.metric(code).id,
                "date_from": start,
                "date_to": stop,
                "unit": unit,
                "value": max(round(asked / whole), 1) * whole,
                "profile": "working_days",
                "weight_history": 0,
                "weight_potential": 40,
                "weight_pipeline": 0,
                "weight_capacity": 60,
                **values,
            }
        )
        plan.action_publish()
        plan._get_leaves()._answer({"answer": "accepted"})
        plan.action_commit()
        return plan

    def make_core(self):
        return self.make_plan(
            "COLLECTED",
            ("Collected {year}", "{year}年回款"),
            "100",
            1.08,
            stage="growth",
            stage_reason=self.word(
                (
                    "The market grows by a fifth a year, and most customers are new to "
                    "us: what counts is money that has arrived.",
                    "市场每年增长两成，多数客户是新客户：以到账的回款为准。",
                )
            ),
            hedge_company=2,
            hedge_team=3,
        )

    def make_supporting(self):
        for code, (pair, unit, growth) in SUPPORTING.items():
            self.make_plan(code, pair, unit, growth, kind="supporting")

    def make_margin(self):
        """A rate is planned through its parts."""
        ratio = self.metric("MARGIN_RATE")
        invoiced = self.env["sales.target.plan"].search(
            [("metric_id.code", "=", "INVOICED"), ("state", "!=", "draft")], limit=1
        )
        margin = self.a_year_of("MARGIN")
        sales = self.a_year_of("INVOICED")
        wizard = self.env["sales.target.ratio"].create(
            {
                "metric_id": ratio.id,
                "company_id": self.company.id,
                "date_from": invoiced.date_from,
                "date_to": invoiced.date_to,
                "divisor_plan_id": invoiced.id,
                "percent": round(100 * margin / sales + 1) if sales else 30,
            }
        )
        plan = self.env["sales.target.plan"].browse(wizard.action_create()["res_id"])
        plan.name = self.word(("Margin {year}", "{year}年毛利")).format(
            year=plan.date_from.year
        )
        plan.write({"profile": "working_days", "weight_history": 0})
        plan.action_publish()
        plan._get_leaves()._answer({"answer": "accepted"})
        plan.action_commit()

    def make_next_year(self):
        """Proposed: some have accepted, one proposes less, some have not answered."""
        start = self.year["date_to"] + timedelta(days=1)
        asked = self.core.value * 1.12
        plan = self.env["sales.target.plan"].create(
            {
                "name": self.word(("Collected {year}", "{year}年回款")).format(
                    year=start.year
                ),
                "company_id": self.company.id,
                "metric_id": self.core.metric_id.id,
                "date_from": start,
                "value": round(asked / 10000) * 10000,
                "unit": "100",
                "stage_reason": self.core.stage_reason,
                "territory_ids": [Command.set(self._get_regions().ids)],
                "hedge_company": 3,
                "hedge_territory": 2,
            }
        )
        plan.action_publish()
        leaves = {leaf.rep_id: leaf for leaf in plan._get_leaves()}
        for login in ("rep", "kavi", "hannah", "paul"):
            leaf = leaves.get(self.reps[login])
            leaf.with_user(self.reps[login].user_id).action_accept()
        omar = leaves[self.reps["omar"]]
        omar.with_user(omar.rep_id.user_id).action_counter(
            int(omar.value * 0.9 // 100) * 100,
            self.word(
                (
                    "Two of my largest customers will buy abroad from spring on.",
                    "两家最大的客户从明年春天起到国外采购。",
                )
            ),
        )

    def _get_regions(self):
        """The territories of the regional managers."""
        managers = [self.reps["manager"], self.reps["thomas"]]
        return self.env["sales.territory"].union(
            *(manager.territory_ids for manager in managers)
        )

    def make_transfers(self):
        """One on parental leave, whose colleague takes over; a leave to be settled."""
        stop = self.core.date_to
        transfers = self.env["sales.target.transfer"]
        for login, days, length, destination, successor, note in (
            ("elena", 3, 30, "successor", "kavi", ("Parental leave", "产假")),
            ("rep", 12, 7, "heirs", None, ("Yearly leave", "年假")),
        ):
            first = self.today + timedelta(days=days)
            if first > stop:
                continue
            transfers += transfers.create(
                {
                    "plan_id": self.core.id,
                    "rep_id": self.reps[login].id,
                    "kind": "absence",
                    "date_from": first,
                    "date_to": first + timedelta(days=length - 1),
                    "destination": destination,
                    "successor_id": self.reps[successor].id if successor else False,
                    "note": self.word(note),
                }
            )
        for transfer in transfers[:1]:
            transfer.action_apply()

    # The days of reps

    def make_work(self):
        """Plans of the last working days, reviewed but for the latest, and today's."""
        plans = self.env["sales.work.plan"]
        reps = self.core._get_leaves().rep_id
        reasons = self.env["sales.miss.reason"].search([])
        days = [self.today - timedelta(days=n) for n in range(PLANNED_DAYS, 0, -1)]
        for day in days:
            plans._propose(reps, day)
            made = plans.search([("date", "=", day)], order="rep_id")
            for plan in made:
                self._live(plan, reasons)
        plans._propose(reps, self.today)
        mine = plans.search(
            [("date", "=", self.today), ("rep_id", "=", self.reps["rep"].id)]
        )
        if mine:
            self._begin(mine.with_user(mine.user_id), reasons)

    def _begin(self, plan, reasons):
        """The rep has accepted some work, drops one of it, and was given a task."""
        accepted = plan.item_ids[:4]
        accepted.action_accept()
        absent = reasons.filtered(lambda reason: reason.code == "ABSENT")
        accepted.filtered(lambda item: not item.must)[-1:].action_drop(
            absent.id, self.word(("Back next week", "下周回来"))
        )
        leader = self.reps["leader"].user_id
        self.env["sales.work.plan"].with_user(leader).action_add_task(
            plan.rep_id.ids,
            self.word(
                ("Send the new price list to the dealers", "把新价目表发给经销商")
            ),
        )

    def _live(self, plan, reasons):
        """What became of a plan; a tenth of them was never submitted."""
        done = 0.6 + plan.rep_id.id * 7919 % 40 / 100
        for item in plan.item_ids:
            if self.random.random() < done:
                item.write({"state": "done", "done_on": self._at(plan.date, 16)})
            else:
                item.write(
                    {"state": "missed", "reason_id": self.random.choice(reasons).id}
                )
        if self.random.random() < 0.1:
            plan.write({"state": "missed", "missing_reported": True})
            return
        plan.write({"state": "submitted", "submitted_on": self._at(plan.date, 18)})
        if plan.date < self.today - timedelta(days=2):
            leader = plan.rep_id.parent_id.user_id
            plan.write(
                {
                    "state": "reviewed",
                    "reviewed_by_id": leader.id,
                    "reviewed_on": self._at(plan.date + timedelta(days=1), 9),
                }
            )

    def _at(self, day, hour):
        return min(
            datetime.combine(day, time(hour)),
            self.env.cr.now().replace(microsecond=0, tzinfo=None),
        )

    def make_meeting(self):
        """The team of the leader meets this week; two things were decided."""
        leader = self.reps["leader"]
        meeting = self.env["sales.meeting"].browse(
            self.env["sales.meeting"]
            .with_user(leader.user_id)
            .action_open_week()["res_id"]
        )
        decisions = (
            (
                "Visit the five largest overdue customers by Friday",
                "周五前拜访五家最大的逾期客户",
            ),
            (
                "Offer the spring products with every quotation",
                "每份报价都推荐春季新品",
            ),
        )
        self.env["sales.meeting.decision"].with_user(leader.user_id).create(
            [
                {
                    "meeting_id": meeting.id,
                    "name": self.word(pair),
                    "user_id": self.reps[login].user_id.id,
                    "date_deadline": self.today + timedelta(days=5),
                }
                for pair, login in zip(decisions, ("rep", "omar"), strict=True)
            ]
        )
