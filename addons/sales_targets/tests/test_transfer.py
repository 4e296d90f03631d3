"""Reps leave, come, move and are away: the company's target and the past stay."""

from collections import defaultdict
from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .test_plan import TargetCase

NOW = "2031-03-17 12:00:00"
TODAY = date(2031, 3, 17)


@tagged("post_install", "-at_install")
class TestTransfer(TargetCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        team = cls.env["crm.team"].create(
            {"name": "North", "company_id": cls.company.id}
        )
        cls.reps["rep"].team_id = team
        cls.teams = {"north": team}
        for name in ("mate", "third"):
            cls.users[name] = cls._user(name, "sales_force.group_sales_rep")
            cls.reps[name] = cls._rep(
                cls.users[name], cls.reps["leader"], team_id=team.id
            )
        cls.plan.write({"hedge_team": 5, "value": 1_200_000})
        cls.plan.action_publish()
        cls.plan.action_commit()

    def setUp(self):
        super().setUp()
        clock = freeze_time(NOW)
        clock.start()
        self.addCleanup(clock.stop)
        self.plan._cron_start()

    def _rows(self):
        """``{key: {first day: (value, assigned)}}``"""
        rows = defaultdict(dict)
        for row in self.env["sales.target"].search(
            [("plan_id", "=", self.plan.id), ("period", "=", "month")]
        ):
            rows[row.key][row.date_from] = (row.value, row.assigned_value)
        return rows

    def _key(self, who):
        [key] = [key for key in self._rows() if key.endswith(f"/r{self.reps[who].id}")]
        return key

    def _transfer(self, who="rep", **values):
        return self.env["sales.target.transfer"].create(
            {
                "plan_id": self.plan.id,
                "rep_id": self.reps[who].id,
                "kind": "leave",
                "date_from": TODAY,
                **values,
            }
        )

    def _days(self, who):
        return self.env["sales.target.day"].search(
            [("plan_id", "=", self.plan.id), ("rep_id", "=", self.reps[who].id)]
        )

    def _changed(self, before):
        after = self._rows()
        return {key for key in after if after[key] != before.get(key)}

    def assertPast(self, before, gone=()):
        """Months that are over are as they were."""
        for key, months in self._rows().items():
            for first, cell in months.items():
                if first < date(2031, 3, 1):
                    self.assertEqual(cell, before.get(key, {}).get(first, (0, 0)))

    def test_leaves_to_siblings(self):
        """Without customers: to the siblings, in proportion; days over stay."""
        before = self._rows()
        key = self._key("rep")
        past = sum(
            d.value for d in self._days("rep") if d.date < TODAY and d.date.month == 3
        )
        transfer = self._transfer(note="Another trade")
        transfer.action_preview()
        self.assertEqual(transfer.state, "draft")
        self.assertEqual(self._rows(), before)
        lines = {line.key: line.difference for line in transfer.line_ids}
        self.assertEqual(sum(lines.values()), 0)
        transfer.action_apply()
        self.assertExact(self.plan)
        self.assertPast(before)
        after = self._rows()
        self.assertEqual(
            self._changed(before), {key, self._key("mate"), self._key("third")}
        )
        self.assertEqual(after["c"], before["c"])
        self.assertEqual(after[key][date(2031, 3, 1)][0], past)
        self.assertEqual(after[key][date(2031, 4, 1)][0], 0)
        self.assertFalse([d for d in self._days("rep") if d.date >= TODAY and d.value])
        kept = [
            d.value for d in self._days("rep") if d.date < TODAY and d.date.month == 3
        ]
        self.assertEqual(sum(kept), past)
        self.assertIn("Another trade", transfer.version_id.reason)
        mate = self.plan._get_leaves().filtered(
            lambda leaf: leaf.rep_id == self.reps["mate"]
        )
        self.assertIn("since 03/17/2031: Rep: Leaves.", mate.why)
        with self.assertRaises(UserError):
            transfer.action_apply()
        with self.assertRaises(UserError):
            transfer.with_user(self.users["director"]).note = "Otherwise"
        transfer.action_undo()
        self.assertEqual(self._rows(), before)
        self.assertExact(self.plan)
        with self.assertRaises(UserError):
            transfer.action_undo()

    def test_leaves_to_heirs(self):
        """By what the customers they took over bought; one stays with nobody."""
        owners = {"mate": 3, "third": 1}
        partners = self.env["res.partner"].create(
            [
                {
                    "name": f"Bought {n}",
                    "is_company": True,
                    "user_id": self.users["rep"].id,
                }
                for n in range(5)
            ]
        )
        self.env.flush_all()
        for partner, who in zip(partners, ["mate"] * 3 + ["third"], strict=False):
            partner.user_id = self.users[who]
        partners[4].user_id = False
        self.env.flush_all()
        # The clock of a transaction is PostgreSQL's.
        self.env.cr.execute(
            "UPDATE sales_ownership SET date = '2031-03-10' WHERE partner_id = ANY(%s)",
            [partners.ids],
        )
        before, key = self._rows(), self._key("rep")
        self._transfer().action_apply()
        self.assertExact(self.plan)
        after = self._rows()
        april = date(2031, 4, 1)
        given = before[key][april][0]
        # Each customer weighs one; the fifth goes by the siblings' targets.
        targets = {
            who: sum(
                before[self._key(who)][first][0]
                for first in before[key]
                if first >= date(2031, 3, 1)
            )
            for who in owners
        }
        for who, number in owners.items():
            share = number / 5 + targets[who] / sum(targets.values()) / 5
            gained = after[self._key(who)][april][0] - before[self._key(who)][april][0]
            self.assertLess(abs(gained - given * share), 1)

    def test_holding_line(self):
        """It keeps the target until somebody comes, who takes it over."""
        before = self._rows()
        self._transfer(destination="holding").action_apply()
        self.assertExact(self.plan)
        [holding] = [key for key in self._rows() if key.endswith("/h")]
        lines = self.env["sales.target"].search(
            [
                ("plan_id", "=", self.plan.id),
                ("key", "=", holding),
                ("period", "=", "total"),
            ]
        )
        self.assertEqual((lines.name, lines.level), ("Holding line", "holding"))
        self.reps["rep"].state = "left"
        user = self._user("new", "sales_force.group_sales_rep")
        self.users["new"] = user
        self.reps["new"] = self._rep(
            user,
            self.reps["leader"],
            team_id=self.teams["north"].id,
            date_start="2031-03-17",
        )
        self.assertEqual(self.plan._get_unsettled(), [("join", self.reps["new"].id)])
        held = lines.value
        self._transfer("new", kind="join", source="holding").action_apply()
        self.assertExact(self.plan)
        self.assertPast(before)
        self.assertEqual(lines.value, 0)
        rows = self._rows()
        self.assertEqual(
            sum(value for value, _below in rows[self._key("new")].values()), held
        )
        self.assertEqual(rows["c"], before["c"])
        self.assertTrue(all(d.date >= TODAY for d in self._days("new")))

    def test_joins(self):
        """An equal share of the colleagues', by the ramp-up; nobody's past changes."""
        before = self._rows()
        user = self._user("new", "sales_force.group_sales_rep")
        self.users["new"] = user
        self.reps["new"] = self._rep(
            user,
            self.reps["leader"],
            team_id=self.teams["north"].id,
            date_start="2031-03-17",
            ramp_months=2,
        )
        action = self.plan.action_open_transfers()
        transfer = self.env["sales.target.transfer"].search(action["domain"])
        self.assertEqual((transfer.kind, transfer.rep_id), ("join", self.reps["new"]))
        transfer.action_apply()
        self.assertExact(self.plan)
        self.assertPast(before)
        rows = self._rows()
        june = date(2031, 6, 1)
        others = [self._key(who) for who in ("rep", "mate", "third")]
        whole = sum(before[key][june][0] for key in others)
        self.assertEqual(rows[self._key("new")][june][0], whole // 4)
        april = date(2031, 4, 1)
        whole = sum(before[key][april][0] for key in others)
        # Half of a performance in the first month of two.
        self.assertEqual(rows[self._key("new")][april][0], int(whole * 0.5 // 3.5))
        self.plan.action_open_transfers()
        self.assertEqual(
            self.env["sales.target.transfer"].search_count(action["domain"]), 1
        )
        with self.assertRaises(UserError):
            self._transfer("new", kind="join").action_apply()

    def test_moves_along(self):
        """Into another team, under another manager: hedges on both ways are kept."""
        south = self.env["crm.team"].create(
            {"name": "South", "company_id": self.company.id}
        )
        self.reps["peer"].team_id = south
        before = self._rows()
        old = self._key("rep")
        self.reps["rep"].team_id = south
        self.assertEqual(
            sorted(self.plan._get_unsettled()),
            sorted(("move", self.reps[who].id) for who in ("peer", "rep")),
        )
        company = before["c"]
        for who in ("peer", "rep"):
            before = self._rows()
            self._transfer(who, kind="move", destination="along").action_apply()
            self.assertExact(self.plan)
            self.assertPast(before)
        rows = self._rows()
        self.assertEqual(rows["c"], company)
        [new] = [
            key
            for key in rows
            if key.endswith(f"/r{self.reps['rep'].id}") and key != old
        ]
        may = date(2031, 5, 1)
        self.assertLessEqual(abs(rows[new][may][0] - before[old][may][0]), 1)
        self.assertEqual(rows[old][may][0], 0)
        self.assertEqual(self.plan._get_unsettled(), [])
        leaves = self.plan._get_leaves().filtered(
            lambda leaf: leaf.rep_id == self.reps["rep"]
        )
        self.assertEqual(
            [(bool(leaf.active_to), leaf.active_from) for leaf in leaves.sorted("id")],
            [(True, date(2031, 1, 1)), (False, TODAY)],
        )

    def test_absence(self):
        """The part of the working days on which the rep is away."""
        before, key = self._rows(), self._key("rep")
        self._transfer(
            kind="absence",
            date_from="2031-04-14",
            date_to="2031-05-31",
            destination="successor",
            successor_id=self.reps["mate"].id,
        ).action_apply()
        self.assertExact(self.plan)
        rows = self._rows()
        april, may, june = (date(2031, month, 1) for month in (4, 5, 6))
        # 13 of the 22 working days of April, all of May.
        value = before[key][april][0]
        self.assertEqual(rows[key][april][0], value - value * 13 // 22)
        self.assertEqual(rows[key][may][0], 0)
        self.assertEqual(rows[key][june], before[key][june])
        self.assertEqual(
            rows[self._key("mate")][may][0],
            before[key][may][0] + before[self._key("mate")][may][0],
        )

    def test_divided_again(self):
        """Who has left keeps the days that are over also when all is divided again."""
        self.reps["rep"].state = "left"
        past = {d.date: d.value for d in self._days("rep") if d.date < TODAY}
        self.plan.action_decompose()
        self.assertExact(self.plan)
        after = {d.date: d.value for d in self._days("rep") if d.date < TODAY}
        self.assertEqual(after, past)
        self.assertFalse(sum(d.value for d in self._days("rep") if d.date >= TODAY))

    def test_bad_input(self):
        for values in (
            {"kind": "absence"},
            {"kind": "absence", "date_to": "2031-03-01"},
            {"destination": "successor"},
            {"destination": "successor", "successor_id": self.reps["rep"].id},
            {"destination": "along"},
        ):
            with self.assertRaises(ValidationError):
                self._transfer(**values)
        for values in (
            {"date_from": "2031-03-16"},
            {"date_from": "2032-01-01"},
            {"who": "director"},
            {"kind": "join", "source": "holding"},
            {"destination": "successor", "successor_id": self.reps["leader"].id},
        ):
            with self.assertRaises(UserError):
                self._transfer(**values).action_apply()

    def test_changed_by_hand_later(self):
        """Elsewhere, a transfer stays; beside it, its result is what is divided."""
        self._transfer().action_apply()
        before, key = self._rows(), self._key("rep")
        peer = self.plan._get_leaves().filtered(
            lambda row: row.rep_id == self.reps["peer"]
        )
        self.plan.set_cells([{"id": peer.id, "value": peer.value}], "As it is")
        rows = self._rows()
        for who in ("rep", "mate", "third"):
            for first, (value, _below) in rows[self._key(who)].items():
                # A unit may be rounded elsewhere, once a year is fixed beside.
                self.assertLessEqual(abs(value - before[self._key(who)][first][0]), 2)
        before = rows
        mate = self.plan._get_leaves().filtered(
            lambda row: row.rep_id == self.reps["mate"]
        )
        self.plan.set_cells([{"id": mate.id, "value": mate.value - 700}], "Less")
        self.assertExact(self.plan)
        self.assertPast(before)
        rows = self._rows()
        self.assertEqual(rows[key], before[key])
        self.assertEqual(rows[peer.key], before[peer.key])

    def test_changed_since(self):
        transfer = self._transfer()
        transfer.action_apply()
        leaf = self.plan._get_leaves().filtered(
            lambda row: row.rep_id == self.reps["mate"]
        )
        self.plan.set_cells([{"id": leaf.id, "value": leaf.value}], "Fixed")
        leaf.invalidate_recordset()
        other = self.plan._get_leaves().filtered(
            lambda row: row.rep_id == self.reps["peer"]
        )
        self.plan.set_cells([{"id": other.id, "value": other.value - 500}], "Less")
        with self.assertRaises(UserError):
            transfer.action_undo()

    def test_who_may(self):
        """Planners above all whom it changes."""
        for role, allowed in (
            ("rep", False),
            ("leader", False),
            ("finance", False),
            ("manager", True),
            ("director", True),
            ("operations", True),
        ):
            transfers = self.env["sales.target.transfer"].with_user(self.users[role])
            self.assertEqual(transfers.has_access("create"), allowed, role)
        self.assertTrue(transfers.with_user(self.users["finance"]).has_access("read"))
        transfer = self._transfer("peer")
        with self.assertRaises(AccessError):
            transfer.with_user(self.users["manager"]).action_apply()
        mine = self._transfer("rep").with_user(self.users["manager"])
        mine.action_apply()
        self.assertEqual(mine.state, "done")
        # What others were assigned, with the hedges, is for undoing only.
        with self.assertRaises(AccessError):
            mine.read(["former"])
        mine.action_undo()
        self.assertEqual(mine.state, "undone")
        with self.assertRaises(UserError):
            self._transfer("mate").with_user(self.users["director"]).write(
                {"state": "done"}
            )

    def test_preview_is_for_planners(self):
        """Whose targets would change is shown to who may change them only."""
        transfer = self._transfer(
            destination="successor", successor_id=self.reps["peer"].id
        )
        with self.assertRaisesRegex(UserError, "targets of others"):
            transfer.with_user(self.users["manager"]).action_preview()
        self.assertFalse(transfer.line_ids)
        transfer.action_preview()
        self.assertTrue(transfer.line_ids)
        self._transfer().with_user(self.users["manager"]).action_preview()

    def test_drafts_of_who_is_below(self):
        """A regional manager gets drafts for the own people, and no error."""
        self.reps["rep"].state = "left"
        self.reps["peer"].state = "left"
        everybody = {rep for _kind, rep in self.plan._get_unsettled()}
        self.assertLessEqual({self.reps["rep"].id, self.reps["peer"].id}, everybody)
        plan = self.plan.with_user(self.users["manager"])
        action = plan.action_open_transfers()
        found = self.env["sales.target.transfer"].search(action["domain"])
        self.assertEqual(found.rep_id, self.reps["rep"])
        self.plan.with_user(self.users["director"]).action_open_transfers()
        found = self.env["sales.target.transfer"].search(action["domain"])
        self.assertEqual(set(found.rep_id.ids), everybody)

    def test_nobody_is_left(self):
        """The plan opens, and says whose targets are to be transferred."""
        self.env["sales.rep"].search([("company_id", "=", self.company.id)]).write(
            {"carries_target": False}
        )
        left = {rep for kind, rep in self.plan._get_unsettled() if kind == "leave"}
        self.assertIn(self.reps["rep"].id, left)
        self.assertEqual(self.plan.unsettled_count, len(left))
        with self.assertRaisesRegex(UserError, "nobody who carries"):
            self.plan.action_decompose()

    def test_over(self):
        """A plan that is over, or closed, does not change by undoing either."""
        transfer = self._transfer()
        transfer.action_apply()
        after = self._rows()
        with freeze_time("2032-01-10 12:00:00"):
            with self.assertRaisesRegex(UserError, "is over"):
                transfer.action_undo()
            self.plan.action_close()
            with self.assertRaisesRegex(UserError, "is over"):
                transfer.action_undo()
        self.assertEqual(self._rows(), after)
