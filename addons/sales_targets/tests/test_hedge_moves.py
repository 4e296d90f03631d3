"""Who moves to where another hedge is on top: worked by hand, others keep theirs."""

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import tagged

from .test_plan import TargetCase

NOW = "2031-03-17 12:00:00"


@tagged("post_install", "-at_install")
class TestHedgeMoves(TargetCase):
    """1,000 at 10 % are 1,100: 600 of team North and 500 of Peer, who is in none. At
    5 % North's 600 are 630: 315 of Rep and 315 of Mate."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["sales.rep"].search([]).carries_target = False
        cls.team = cls.env["crm.team"].create(
            {"name": "North", "company_id": cls.company.id}
        )
        cls.users["mate"] = cls._user("mate", "sales_force.group_sales_rep")
        cls.reps["mate"] = cls._rep(cls.users["mate"], cls.reps["leader"])
        for who in ("rep", "mate", "peer"):
            cls.reps[who].carries_target = True
        (cls.reps["rep"] | cls.reps["mate"]).assignment_ids.team_id = cls.team
        cls.plan = cls._plan(
            name="April",
            kind="supporting",
            stage=False,
            date_from="2031-04-01",
            date_to="2031-04-30",
            value=1000,
            hedge_company=10,
            hedge_team=5,
        )

    def setUp(self):
        super().setUp()
        clock = freeze_time(NOW)
        clock.start()
        self.addCleanup(clock.stop)

    def _commit(self, north=600, rep=315):
        self.plan.action_decompose()
        for name, value in (("North", north), ("Rep", rep)):
            row = self._row(name)
            self.plan.set_cells([{"id": row.id, "value": value}], "By hand")
        self.plan.action_publish()
        self.plan.action_commit()

    def _row(self, name):
        return (
            self.env["sales.target"]
            .search([("plan_id", "=", self.plan.id), ("period", "=", "total")])
            .filtered(lambda row: row.name == name and not row.active_to)
        )

    def _values(self):
        """``{(name, of the team): (value, assigned)}``"""
        rows = self.env["sales.target"].search(
            [("plan_id", "=", self.plan.id), ("period", "=", "total")]
        )
        return {
            (row.name, "/m" in row.key): (row.value, row.assigned_value) for row in rows
        }

    def assertChanged(self, before, changes):
        """Exact, and nobody's is another but those."""
        self.assertExact(self.plan)
        self.assertEqual(self._values(), {**before, **changes})

    def _transfer(self, who, **values):
        return self.env["sales.target.transfer"].create(
            {
                "plan_id": self.plan.id,
                "rep_id": self.reps[who].id,
                "kind": "move",
                "destination": "along",
                **values,
            }
        )

    def _roles(self, transfer):
        return {
            (line.name, "/m" in line.key): (line.role, line.difference)
            for line in transfer.line_ids
        }

    def _orphans(self):
        self.env.cr.execute(
            """SELECT count(*) FROM sales_target_day d
            LEFT JOIN sales_target t ON t.id = d.target_id WHERE t.id IS NULL"""
        )
        return self.env.cr.fetchone()[0]

    def test_out_of_the_team(self):
        """315 of a team that answers for 300 of them are 300 to the company."""
        self._commit()
        before = self._values()
        company = self.company.name
        self.assertEqual(
            before,
            {
                (company, False): (1000, 1100),
                ("North", True): (600, 630),
                ("Peer", False): (500, 0),
                ("Rep", True): (315, 0),
                ("Mate", True): (315, 0),
            },
        )
        self.reps["rep"].team_id = False
        transfer = self._transfer("rep")
        transfer.action_preview()
        self.assertEqual(
            self._roles(transfer),
            {
                ("Rep", True): ("gives", -315),
                ("Rep", False): ("converted", 300),
                ("North", True): ("above", -300),
            },
        )
        self.assertIn("315.00 given are 300.00 taken over", transfer.explanation)
        transfer.action_apply()
        self.assertChanged(
            before,
            {
                ("North", True): (300, 315),
                ("Rep", True): (0, 0),
                ("Rep", False): (300, 0),
            },
        )
        days = self.env["sales.target.day"].search(
            [("plan_id", "=", self.plan.id), ("rep_id", "=", self.reps["rep"].id)]
        )
        self.assertEqual(sum(days.mapped("value")), 300)
        transfer.action_undo()
        self.assertEqual(self._values(), before)
        self.assertFalse(self._orphans())

    def test_into_the_team(self):
        """500 outside are 525 in a team with 5 % on top, which answers for 1,100 then:
        1,155 with its 630 before."""
        self._commit()
        before = self._values()
        self.reps["peer"].assignment_ids.team_id = self.team
        transfer = self._transfer("peer")
        transfer.action_apply()
        self.assertChanged(
            before,
            {
                ("North", True): (1100, 1155),
                ("Peer", False): (0, 0),
                ("Peer", True): (525, 0),
            },
        )

    def test_to_a_successor_outside(self):
        self._commit()
        before = self._values()
        self.reps["rep"].state = "left"
        transfer = self._transfer(
            "rep",
            kind="leave",
            destination="successor",
            successor_id=self.reps["peer"].id,
        )
        transfer.action_apply()
        self.assertChanged(
            before,
            {
                ("North", True): (300, 315),
                ("Rep", True): (0, 0),
                ("Peer", False): (800, 0),
            },
        )

    def test_whole_units(self):
        """20 are 21 at 5 %: 11 and 10. Of the 11 are 10.48 to the company, so 10; a
        team of 10 is assigned 11 (10.5), whoever is left in it."""
        self._commit(north=20, rep=11)
        before = self._values()
        self.assertEqual(before["Mate", True], (10, 0))
        self.reps["rep"].team_id = False
        transfer = self._transfer("rep")
        transfer.action_apply()
        self.assertChanged(
            before,
            {
                ("North", True): (10, 11),
                ("Rep", True): (0, 0),
                ("Rep", False): (10, 0),
                ("Mate", True): (11, 0),
            },
        )
        self.assertEqual(self._roles(transfer)["Mate", True], ("rounding", 1))
        self.assertIn("Rounding", transfer.explanation)

    def test_last_of_the_team(self):
        """Nobody is left: the team has nothing any more, to the unit."""
        self._commit(north=601, rep=331)
        self.reps["mate"].carries_target = False
        self._transfer("mate", kind="leave", destination="heirs").action_apply()
        self.reps["rep"].team_id = False
        self._transfer("rep").action_apply()
        self.assertExact(self.plan)
        values = self._values()
        self.assertEqual(values["North", True], (0, 0))
        self.assertEqual(values["Rep", False], (601, 0))
        self.assertEqual(values["Peer", False], (499, 0))

    def test_divided_again(self):
        """What the holding line keeps is still seen by who leads the team."""
        self._commit()
        self._transfer("rep", kind="leave", destination="holding").action_apply()
        line = self._row("Holding line")
        leader = line.parent_id.rep_id
        self.assertEqual((line.value, line.rep_id), (315, leader))
        self.plan.action_decompose()
        self.assertEqual(self._row("Holding line").rep_id, leader)

    def test_nobody_there(self):
        self._commit()
        self.reps["rep"].carries_target = False
        with self.assertRaisesRegex(UserError, "carries no target"):
            self._transfer("rep").action_apply()
