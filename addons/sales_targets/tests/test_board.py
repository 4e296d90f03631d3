"""The board: what each role sees and changes, and how many queries it takes."""

import random

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .test_plan import TargetCase

SECRETS = {"assigned", "held"}


class BoardCase(TargetCase):
    """The company over two teams::

    North  Rep (of Leader), Second (of Second Leader): both leaders are the manager's
    South  Peer (of Peer Leader)
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["sales.rep"].search(
            [("id", "not in", [rep.id for rep in cls.reps.values()])]
        ).active = False
        north, south = cls.env["crm.team"].create(
            [
                {"name": name, "company_id": cls.company.id}
                for name in ("North", "South")
            ]
        )
        for name, role, boss in (
            ("second_leader", "sales_force.group_sales_leader", "manager"),
            ("second", "sales_force.group_sales_rep", "second_leader"),
        ):
            cls.users[name] = cls._user(name, role)
            cls.reps[name] = cls._rep(cls.users[name], cls.reps[boss])
        for name, team in (("rep", north), ("second", north), ("peer", south)):
            cls.reps[name].assignment_ids.team_id = team
        cls.plan.hedge_team = 10

    def _board(self, who="director", *parents, **options):
        plan = self.plan.with_user(self.users[who])
        return plan.get_board(
            [row and row["id"] for row in parents or [None]], **options
        )

    def _rows(self, who="director", *parents, **options):
        return {
            row["name"]: row for row in self._board(who, *parents, **options)["rows"]
        }

    def _leaves(self, who="director"):
        """The reps' rows, in a tree that is opened down to them."""
        found, rows = {}, list(self._rows(who).values())
        while rows:
            found.update({row["name"]: row for row in rows if row["level"] == "rep"})
            open_rows = [row for row in rows if row["below"]]
            rows = list(self._rows(who, *open_rows).values()) if open_rows else []
        return found


@tagged("post_install", "-at_install")
class TestBoard(BoardCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan.action_publish()

    def _set(self, row, value, who="director", **change):
        plan = self.plan.with_user(self.users[who])
        return plan.set_cells([{"id": row["id"], "value": value, **change}], "A test")

    # What is shown

    def test_tree(self):
        """Level by level, also several parents at once."""
        [company] = self._rows().values()
        self.assertEqual((company["level"], company["below"]), ("company", 2))
        teams = self._rows("director", company)
        self.assertEqual(list(teams), ["North", "South"])
        self.assertEqual(teams["North"]["parent_id"], company["id"])
        reps = self._rows("director", *teams.values())
        self.assertEqual(list(reps), ["Peer", "Rep", "Second"])
        self.assertEqual([row["below"] for row in reps.values()], [0, 0, 0])
        both = self._board("director", None, teams["South"])["rows"]
        self.assertEqual({row["name"] for row in both}, {company["name"], "Peer"})

    def test_exact(self):
        """Months sum to the total, children to what is assigned to them."""
        for row in [*self._rows().values(), *self._leaves().values()]:
            months = sum(cell["value"] for cell in row["months"])
            self.assertEqual((len(row["months"]), months), (12, row["value"]))
        [company] = self._rows().values()
        north = self._rows("director", company)["North"]
        reps = self._rows("director", north).values()
        self.assertEqual(sum(row["value"] for row in reps), north["assigned"])
        self.assertGreater(north["assigned"], north["value"])
        for number, cell in enumerate(north["months"]):
            parts = [row["months"][number]["value"] for row in reps]
            self.assertEqual(sum(parts), cell["assigned"])

    def test_who_sees_what(self):
        """Each from the own node down; sums assigned below for who follows others."""
        self.assertEqual(list(self._rows("rep")), ["Rep"])
        self.assertEqual(list(self._rows("leader")), ["Rep"])
        self.assertEqual(list(self._rows("manager")), ["North"])
        [north] = self._rows("manager").values()
        self.assertEqual(list(self._rows("manager", north)), ["Rep", "Second"])
        self.assertEqual(sorted(self._leaves("finance")), ["Peer", "Rep", "Second"])
        [mine] = self._rows("rep").values()
        self.assertFalse(SECRETS & {*mine, *mine["months"][0]})
        self.assertLessEqual(SECRETS, set(self._rows("leader")["Rep"]))
        [company] = self._rows().values()
        self.assertFalse(self._rows("rep", company))
        shown = {
            who
            for who in ("rep", "leader", "manager", "director", "operations", "finance")
            if self._board(who)["plan"]["shows_hedge"]
        }
        self.assertEqual(shown, {"director", "operations", "finance"})
        with self.assertRaises(AccessError):
            self._board("foreigner")

    def test_hedges_are_not_read(self):
        """A rep reads the own number, not how it compounds."""
        for who, seen in (("rep", False), ("manager", False), ("finance", True)):
            plan = self.plan.with_user(self.users[who])
            self.assertEqual("hedge_team" in plan.fields_get(), seen, who)
            if not seen:
                with self.assertRaises(AccessError):
                    plan.read(["hedge_team"])

    def test_who_may(self):
        """Directors and operations all, managers below the own node, others none."""
        for who, expected in (
            ("director", {"Rep", "Second", "Peer"}),
            ("operations", {"Rep", "Second", "Peer"}),
            ("manager", {"Rep", "Second"}),
            ("peer_manager", {"Peer"}),
            ("leader", set()),
            ("rep", set()),
            ("finance", set()),
        ):
            found = {
                row["name"] for row in self._leaves(who).values() if row["may_plan"]
            }
            self.assertEqual(found, expected, who)
        self.assertFalse(self._rows("manager")["North"]["may_plan"])
        plans = {
            who: self._board(who)["plan"]["may_divide"]
            for who in ("director", "operations", "manager", "finance", "rep")
        }
        self.assertEqual(
            [who for who, may in plans.items() if may], ["director", "operations"]
        )

    def test_answers(self):
        """Of each rep, and counted with the gap above."""
        leaf = self._leaves()["Rep"]
        target = self.env["sales.target"].browse(leaf["id"])
        target.with_user(self.users["rep"]).action_counter(
            leaf["value"] - 2000, "A customer has closed down"
        )
        leaf = self._leaves()["Rep"]
        self.assertEqual(
            (leaf["answer"], leaf["proposed"]), ("countered", leaf["value"] - 2000)
        )
        [company] = self._rows().values()
        self.assertEqual(
            company["answers"],
            {"asked": 3, "answered": 1, "countered": 1, "gap": -2000},
        )
        detail = target.with_user(self.users["director"]).get_board_detail()
        self.assertTrue(detail["settle"])
        self.assertEqual(detail["reason"], "A customer has closed down")
        self.assertFalse(
            target.with_user(self.users["leader"]).get_board_detail()["settle"]
        )

    def test_detail(self):
        """Why this number, in words and figures; only of whom one follows."""
        leaf = self._leaves()["Rep"]
        target = self.env["sales.target"].browse(leaf["id"])
        detail = target.with_user(self.users["rep"]).get_board_detail()
        self.assertEqual((detail["name"], detail["level"]), ("Rep", "Rep"))
        self.assertIn("Capacity", detail["why"])
        self.assertIn("Capacity", [line["name"] for line in detail["basis"]])
        self.assertNotIn("held", detail)
        with self.assertRaises(AccessError):
            target.with_user(self.users["peer"]).get_board_detail()

    # Changing

    def test_manager_plans_below(self):
        [north] = self._rows("manager").values()
        rep = self._rows("manager", north)["Rep"]
        before = self._totals()
        self._set(rep, rep["value"] + 1000, "manager")
        after = self._totals()
        self.assertEqual(after[rep["key"]], before[rep["key"]] + 1000)
        self.assertEqual(after[north["key"]], before[north["key"]])
        self.assertExact(self.plan)
        with self.assertRaises(AccessError):
            self._set(north, north["value"], "manager")
        peer = self._leaves()["Peer"]
        with self.assertRaises(AccessError):
            self._set(peer, peer["value"], "manager")

    def test_only_the_rest_moves(self):
        """Credits, leads and people of since count when the plan is divided again."""
        before = self._totals()
        self._lead(
            self.users["peer"], expected_revenue=10**6, probability=50, active=True
        )
        late = self._rep(
            self._user("late", "sales_force.group_sales_rep"), self.reps["leader"]
        )
        rep, peer = (self._leaves()[name] for name in ("Rep", "Peer"))
        self._set(rep, rep["value"] + 1000)
        after = self._totals()
        self.assertEqual(set(after), set(before))
        moved = {key for key, value in after.items() if value != before[key]}
        self.assertEqual(moved, {rep["key"], self._leaves()["Second"]["key"]})
        # Unlocked, it is as it was.
        self.plan.set_cells([{"id": rep["id"], "locked": False}], "As it was")
        self.assertEqual(self._totals(), before)
        self.plan.action_decompose()
        self.assertIn(f"r{late.id}", {key.split("/")[-1] for key in self._totals()})
        self.assertNotEqual(self._totals()[peer["key"]], before[peer["key"]])

    def test_the_whole_changes(self):
        """A director changes the company's target, or one of its months."""
        [company] = self._rows().values()
        self._set(company, 1_200_000)
        self.assertEqual(self.plan.value, 1_200_000)
        self.assertExact(self.plan)
        january = self._rows()[company["name"]]["months"][0]
        self._set(january, 50_000)
        [after] = self._rows().values()
        self.assertEqual((after["value"], after["months"][0]["value"]), (1.2e6, 50_000))
        self.assertExact(self.plan)
        self.plan.set_cells([{"id": january["id"], "locked": False}], "As it was")
        [after] = self._rows().values()
        self.assertEqual(after["months"][0]["value"], january["value"])

    def test_any_changes(self):
        """Whatever is fixed and let go: exact, locks hold, or nothing has changed."""
        draw = random.Random(7)
        rows = self.env["sales.target"].search([("plan_id", "=", self.plan.id)])
        below = rows.filtered(lambda row: row.level != "company")
        refused = 0
        for _number in range(60):
            before = {row: (row.value, row.locked) for row in rows}
            changes = {}
            for row in draw.sample(below, draw.randint(1, 3)):
                if row.locked and draw.random() < 0.6:
                    changes[row] = {"id": row.id, "locked": False}
                else:
                    value = float(round(row.value * draw.uniform(0, 1.6)))
                    changes[row] = {"id": row.id, "value": value}
            try:
                with self.env.cr.savepoint():
                    self.plan.set_cells(list(changes.values()), "Any")
            except UserError:
                refused += 1
                self.env.invalidate_all()
                self.assertEqual({row: (row.value, row.locked) for row in rows}, before)
                continue
            self.assertExact(self.plan)
            for row in rows:
                expected = changes.get(row, {"value": before[row][0]})
                if row.locked:
                    self.assertEqual(row.value, expected["value"], row.key)
        self.assertTrue(0 < refused < 60, refused)

    def test_conflict_keeps_nothing(self):
        """All or nothing, and what is in the way is named."""
        rep, second = (self._leaves()[name] for name in ("Rep", "Second"))
        before = self._totals()
        plan = self.plan.with_user(self.users["director"])
        with self.assertRaisesRegex(UserError, "Rep"):
            plan.set_cells(
                [
                    {"id": rep["id"], "value": rep["value"] + 1000},
                    {"id": second["id"], "value": second["value"] + 1000},
                ],
                "Both more",
            )
        self.assertEqual(self._totals(), before)
        self.assertFalse(self._leaves()["Rep"]["locked"])
        self.assertEqual(self.plan.version_count, 1)

    def test_reason(self):
        rep = self._leaves()["Rep"]
        plan = self.plan.with_user(self.users["director"])
        self.assertTrue(self._board()["plan"]["needs_reason"])
        for reason in (None, " "):
            with self.assertRaises(ValidationError):
                plan.set_cells([{"id": rep["id"], "value": rep["value"]}], reason)

    def test_changed_by_another(self):
        """Who has not seen the other's change does not undo it."""
        rep = self._leaves()["Rep"]
        self._set(rep, rep["value"] + 1000, before=rep["value"])
        with self.assertRaisesRegex(UserError, "somebody else"):
            self._set(rep, rep["value"] - 1000, before=rep["value"])
        self.assertEqual(self._leaves()["Rep"]["value"], rep["value"] + 1000)

    def test_months_that_are_over(self):
        self.plan.action_commit()
        with freeze_time("2031-03-10 12:00:00"):
            self.plan._cron_start()
            self.assertEqual(self._board()["plan"]["frozen"], 2)
            cell = self._leaves()["Rep"]["months"][1]
            with self.assertRaisesRegex(UserError, "Feb 2031 is over"):
                self._set(cell, cell["value"] + 1)

    def test_move(self):
        """Between siblings of a month, or between the months of one target."""
        rep, second, peer = (self._leaves()[name] for name in ("Rep", "Second", "Peer"))
        plan = self.plan.with_user(self.users["manager"])
        january, february = rep["months"][:2]
        plan.move_amount(january["id"], second["months"][0]["id"], 500, "Moved")
        plan.move_amount(
            february["id"], rep["months"][2]["id"], february["value"], "Moved"
        )
        self.assertExact(self.plan)
        after = self._leaves()
        months = after["Rep"]["months"]
        self.assertEqual(months[0]["value"], january["value"] - 500)
        self.assertEqual(months[1]["value"], 0)
        self.assertEqual(
            months[2]["value"], rep["months"][2]["value"] + february["value"]
        )
        self.assertEqual(
            after["Second"]["months"][0]["value"], second["months"][0]["value"] + 500
        )
        for other in (
            peer["months"][0],  # of another team
            second["months"][1],  # another month
            rep,  # a total
            january,  # itself
        ):
            with self.assertRaises(UserError):
                plan.move_amount(january["id"], other["id"], 1, "Moved")
        with self.assertRaisesRegex(UserError, "to give"):
            plan.move_amount(
                january["id"], second["months"][0]["id"], january["value"], "Moved"
            )

    # Versions

    def test_compare(self):
        """What it was, of what has changed since, from any version on."""
        rep = self._leaves()["Rep"]
        self._set(rep, rep["value"] + 1000)
        self._set(rep, rep["value"] + 3000)
        first, second, last = self.plan.version_ids.sorted("number")
        board = self._board("director")
        self.assertEqual(
            [version["number"] for version in board["plan"]["versions"]], [3, 2, 1]
        )
        self.assertEqual(board["plan"]["versions"][0]["reason"], "A test")
        [company] = board["rows"]
        north = self._rows("director", company)["North"]
        for version, then in (
            (first, rep["value"]),
            (second, rep["value"] + 1000),
            (last, None),
        ):
            row = self._rows("manager", north, version_id=version.id)["Rep"]
            self.assertEqual(row.get("then"), then)
        row = self._rows("manager", north, version_id=first.id)["Rep"]
        for cell, former in zip(row["months"], rep["months"], strict=True):
            self.assertEqual(cell.get("then", cell["value"]), former["value"])
        self.assertNotIn(
            "then", self._rows("director", version_id=first.id)[company["name"]]
        )
        with self.assertRaises(AccessError):
            self._board("rep", version_id=first.id)
        other = self._plan(name="Other", kind="supporting", value=100)
        other.action_publish()
        with self.assertRaises(UserError):
            self._board("director", version_id=other.version_ids.id)

    # Opening

    def test_opened(self):
        plan = self.plan.with_user(self.users["director"])
        action = plan.action_decompose()
        self.assertEqual(
            (action["tag"], action["context"]),
            ("sales_targets.board", {"active_id": plan.id}),
        )
        self.assertEqual(plan.get_board_plan(), plan.id)
        menu = self.env.ref("sales_targets.sales_target_board_menu")
        seen = {
            who
            for who in ("rep", "leader", "manager", "director", "operations", "finance")
            if menu.id
            in self.env["ir.ui.menu"].with_user(self.users[who])._visible_menu_ids()
        }
        self.assertEqual(
            seen, {"leader", "manager", "director", "operations", "finance"}
        )

    def test_nothing_divided(self):
        draft = self._plan(name="Draft", kind="supporting", value=500)
        board = draft.with_user(self.users["operations"]).get_board()
        self.assertEqual((board["rows"], board["plan"]["may_divide"]), ([], True))

    # Size

    def test_queries(self):
        """As many for a thousand rows as for two, also compared with a version."""
        rep = self._leaves()["Rep"]
        self._set(rep, rep["value"] + 1000)
        version = self.plan.version_ids.filtered(lambda version: version.number == 1)
        [company] = self._rows().values()

        parents = [company, *self._rows("director", company).values()]

        def read(who):
            self._board(who)  # fills the caches of rules and metadata
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            rows = self._rows(who, *parents, version_id=version.id)
            return self.cr.sql_log_count - before, len(rows)

        few = {who: read(who)[0] for who in ("director", "manager")}
        for number in range(20):
            user = self._user(f"more_{number}", "sales_force.group_sales_rep")
            late = self._rep(user, self.reps["leader"])
            late.assignment_ids.team_id = self.reps["rep"].team_id
        self.plan.action_decompose()
        for who, expected in few.items():
            queries, rows = read(who)
            self.assertGreater(rows, 20)
            self.assertLessEqual(queries, expected, who)
