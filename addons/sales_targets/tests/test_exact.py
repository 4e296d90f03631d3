"""A year of changes on random trees: exact after each, and the past stays."""

import random
from collections import defaultdict
from datetime import date, timedelta

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import tagged

from .test_plan import TargetCase

STEPS = 40


@tagged("post_install", "-at_install")
class TestExact(TargetCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["sales.rep"].search([]).carries_target = False
        cls.territories = cls.env["sales.territory"].create(
            [{"name": name, "company_id": cls.company.id} for name in ("East", "West")]
        )
        cls.teams = cls.env["crm.team"].create(
            [
                {"name": name, "company_id": cls.company.id}
                for name in ("Red", "Green", "Blue")
            ]
        )
        cls.people = cls.env["sales.rep"]
        for number in range(9):
            user = cls._user(f"one_{number}", "sales_force.group_sales_rep")
            cls.people |= cls._rep(user, cls.reps["leader"])

    def _place(self, chance, rep):
        territory = self.territories[chance.randrange(2)]
        rep.assignment_ids[-1:].write(
            {
                "team_id": chance.choice([*self.teams.ids, False]),
                "territory_ids": [(6, 0, territory.ids)],
            }
        )

    def _read(self, plan):
        """The months by key, and the days by leaf and date."""
        months, days = {}, defaultdict(dict)
        for row in self.env["sales.target"].search(
            [("plan_id", "=", plan.id), ("period", "=", "month")]
        ):
            months[row.key, row.date_from] = (row.value, row.assigned_value)
        for day in self.env["sales.target.day"].search([("plan_id", "=", plan.id)]):
            days[day.target_id.key][day.date] = day.value
        return months, days

    def _check(self, plan, before, today, step):
        self.assertExact(plan)
        months, days = self._read(plan)
        month_sums = defaultdict(float)
        for key, values in days.items():
            for day, value in values.items():
                month_sums[key, day.replace(day=1)] += value
        for cell, (value, _assigned) in months.items():
            if "/r" in cell[0] and (value or cell in month_sums):
                self.assertEqual(round(month_sums[cell], 2), value, (step, cell))
        if before:
            old_months, old_days = before
            for cell in set(months) | set(old_months):
                if (cell[1] + timedelta(days=31)).replace(day=1) <= today:
                    self.assertEqual(
                        months.get(cell, (0, 0)),
                        old_months.get(cell, (0, 0)),
                        (step, cell),
                    )
            for key in set(days) | set(old_days):
                for day in set(days[key]) | set(old_days[key]):
                    if day < today:
                        self.assertEqual(
                            days[key].get(day, 0), old_days[key].get(day, 0), step
                        )
        for (key, _first), (value, assigned) in months.items():
            self.assertGreaterEqual(value, 0, (step, key))
            self.assertGreaterEqual(assigned, 0, (step, key))
        return months, days

    def _staff_change(self, chance, plan):
        """A transfer of one of the drafts, or an absence."""
        plan.action_open_transfers()
        transfers = self.env["sales.target.transfer"]
        drafts = transfers.search([("plan_id", "=", plan.id), ("state", "=", "draft")])
        today = plan.company_id._get_sales_today()
        drafts.write({"date_from": today})
        if drafts:
            transfer = drafts[chance.randrange(len(drafts))]
            transfer.destination = chance.choice(
                ["heirs", "holding"] + ["along"] * (transfer.kind == "move")
            )
            transfer.source = chance.choice(["colleagues", "holding", "colleagues"])
        else:
            leaf = plan._get_leaves().filtered(lambda leaf: not leaf.active_to)
            transfer = transfers.create(
                {
                    "plan_id": plan.id,
                    "rep_id": leaf[chance.randrange(len(leaf))].rep_id.id,
                    "kind": "absence",
                    "date_from": today,
                    "date_to": today + timedelta(days=chance.randrange(60)),
                    "destination": chance.choice(["heirs", "holding"]),
                }
            )
        before = self._read(plan)
        root = plan._get_root().value
        transfer.action_apply()
        self.assertEqual(plan._get_root().value, root)
        if chance.random() < 0.4:
            self.assertExact(plan)
            transfer.action_undo()
            months, _days = self._read(plan)
            self.assertEqual(months, before[0])

    def _step(self, chance, plan):
        kind = chance.randrange(6)
        rep = self.people[chance.randrange(len(self.people))]
        if kind == 0:
            rep.carries_target = not rep.carries_target
        elif kind == 1:
            self._place(chance, rep)
        elif kind in (2, 3):
            self._staff_change(chance, plan)
        elif kind == 4:
            rows = plan.target_ids.filtered(lambda row: row.key != "c")
            row = rows[chance.randrange(len(rows))]
            unit = float(plan.unit)
            value = round(row.value / unit * chance.uniform(0.8, 1.2)) * unit
            change = {"value": round(value, 2)}
            if row.locked and chance.random() < 0.7:
                change = {"locked": False}
            plan.set_cells([{"id": row.id, **change}], "By chance")
        else:
            plan.action_decompose()

    def test_a_year(self):
        """Staff changes, locks, hedges and weekdays by chance, while time passes."""
        for seed in (7, 11, 23):
            chance = random.Random(seed)
            for rep in self.people:
                rep.carries_target = chance.random() < 0.8
                self._place(chance, rep)
            self.people[:2].carries_target = True
            plan = self._plan(
                name=f"By chance {seed}",
                kind="supporting",
                stage=False,
                unit=chance.choice(["0.01", "1", "100"]),
                value=chance.choice([90_000, 1_234_500]),
                hedge_company=chance.choice([0, 3.5]),
                hedge_territory=chance.choice([0, 10]),
                hedge_team=chance.choice([0, 5]),
                by_weekday=chance.random() < 0.5,
                weekday_monday=50,
                weekday_friday=200,
                territory_ids=[(6, 0, self.territories.ids)],
            )
            plan.action_publish()
            plan.action_commit()
            today, before, done = date(2031, 1, 2), None, 0
            for number in range(STEPS):
                with freeze_time(f"{today} 12:00:00"):
                    plan._cron_start()
                    try:
                        with self.env.cr.savepoint():
                            self._step(chance, plan)
                            done += 1
                    except UserError:
                        # Refused, with nothing changed: locks that cannot be met,
                        # nobody to give to, nothing to transfer.
                        self.env.invalidate_all()
                    before = self._check(plan, before, today, (seed, number))
                today += timedelta(days=chance.randrange(16))
            self.assertGreater(done, STEPS / 2)
