"""Skills: assessed on days, against what the grade needs, in a matrix."""

from freezegun import freeze_time
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import BaseCase, tagged

from ..scoring.skills import Cell, fulfilled, gap
from .test_coaching import CoachingCase

levels = st.none() | st.sampled_from([0, 20, 40, 60, 80, 100])


class TestFulfilled(BaseCase):
    @given(st.lists(st.builds(Cell, levels, levels)))
    @settings(deadline=None)
    def test_parts(self, cells):
        """What is there and what is missing is what is required."""
        found = fulfilled(cells)
        required = sum(cell.required or 0 for cell in cells)
        if not required:
            self.assertIsNone(found)
            return
        there = sum(min(cell.level or 0, cell.required or 0) for cell in cells)
        self.assertEqual(found * required, there)
        self.assertEqual(there + sum(map(gap, cells)), required)
        self.assertTrue(0 <= found <= 1)


@tagged("post_install", "-at_install")
class TestSkill(CoachingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kind = cls.env.ref("sales_appraisal.hr_skill_type_sales")
        cls.levels = {row.level_progress: row for row in cls.kind.skill_level_ids}
        cls.needs = cls.env.ref("sales_appraisal.hr_skill_sales_needs")
        cls.closing = cls.env.ref("sales_appraisal.hr_skill_sales_closing")

    def _assess(self, level, name="rep", by="leader", skill=None, day="2031-03-10"):
        with freeze_time(f"{day} 12:00:00"):
            return (
                self.env["sales.skill.assessment"]
                .with_user(self.users[by])
                .create(
                    {
                        "rep_id": self.reps[name].id,
                        "skill_id": (skill or self.needs).id,
                        "level_id": self.levels[level].id,
                    }
                )
            )

    def _cell(self, name="rep", skill=None, since="2031-02-01", by="leader"):
        matrix = (
            self.env["sales.skill.assessment"]
            .with_user(self.users[by])
            .get_matrix(since)
        )
        [row] = [r for r in matrix["reps"] if r["id"] == self.reps[name].id]
        return row["cells"][(skill or self.needs).id]

    def test_whose(self):
        """By themselves, or by who is above; once a day, the last word counts."""
        self.assertEqual(self._assess(80, by="rep").kind, "self")
        first = self._assess(40)
        self.assertEqual(first.kind, "coach")
        self._assess(60)
        self.assertFalse(first.exists())
        for values in ({"by": "second"}, {"by": "peer_leader"}, {"by": "finance"}):
            with self.assertRaises(AccessError, msg=values):
                self._assess(40, **values)
        row = self._assess(20)
        with self.assertRaises(UserError):
            row.level_id = self.levels[100]
        with self.assertRaises(AccessError):
            row.with_user(self.users["rep"]).unlink()
        other = self.env["hr.skill.level"].search(
            [("skill_type_id", "!=", self.kind.id)], limit=1
        ) or self.env["hr.skill.level"].create({"name": "Other"})
        with self.assertRaises(ValidationError):
            self.env["sales.skill.assessment"].with_user(self.users["leader"]).create(
                {
                    "rep_id": self.reps["rep"].id,
                    "skill_id": self.needs.id,
                    "level_id": other.id,
                }
            )

    def test_kept(self):
        """What people were assessed by is not deleted with how they did."""
        row = self._assess(80)
        for record in (row.skill_id, row.level_id, row.skill_type_id):
            with self.assertRaises(UserError, msg=record):
                record.unlink()

    def test_matrix(self):
        """The coach's judgement, the change since a day, the gap to the grade's."""
        grade = self.env["sales.grade"].create({"name": "Senior"})
        self.reps["rep"].grade_id = grade
        self.env["sales.skill.requirement"].create(
            {
                "grade_id": grade.id,
                "skill_id": self.needs.id,
                "level_id": self.levels[80].id,
            }
        )
        self._assess(100, by="rep", day="2031-01-05")
        self._assess(20, day="2031-01-10")
        self._assess(60, day="2031-03-01")
        self._assess(100, by="rep", day="2031-03-05")
        cell = self._cell()
        self.assertEqual(
            [cell[name] for name in ("level", "required", "gap", "change", "own")],
            [60, 80, 20, 40, self.levels[100].name],
        )
        # Of another skill what all reps need; nobody has assessed it.
        other = self._cell(skill=self.closing)
        self.assertEqual(
            [other[name] for name in ("level", "required", "gap", "change")],
            [None, 60, 60, None],
        )
        self.assertEqual(self._cell(since="2031-01-01")["change"], None)
        self.assertEqual(self._cell("second")["required"], 60)

    def test_who_sees(self):
        matrix = self.env["sales.skill.assessment"]
        for role, names in (
            ("rep", {"Rep"}),
            ("leader", {"Leader", "Rep", "Second", "Third"}),
        ):
            found = matrix.with_user(self.users[role]).get_matrix()
            self.assertEqual({row["name"] for row in found["reps"]}, names)
        with self.assertRaises(AccessError):
            matrix.with_user(self.users["finance"]).get_matrix()

    def test_employee(self):
        """Written through to the employee's file, with its history."""
        employee = self.env["hr.employee"].create(
            {"name": "Rep", "user_id": self.users["rep"].id}
        )
        self.reps["rep"].employee_id = employee
        self._assess(100, by="rep", day="2031-03-01")
        self.assertFalse(employee.current_employee_skill_ids)
        self._assess(40, day="2031-03-05")
        skill = employee.current_employee_skill_ids
        self.assertEqual(skill.skill_level_id, self.levels[40])
        self._assess(60, day="2031-03-10")
        employee.invalidate_recordset()
        with freeze_time("2031-03-10 12:00:00"):
            current = employee.current_employee_skill_ids
            self.assertEqual(current.skill_level_id, self.levels[60])
        # A rep without an employee is assessed all the same.
        self.assertTrue(self._assess(60, "second"))

    def test_queries(self):
        """As many queries for forty assessments as for four."""
        counts = []
        for names in (("rep",), ("rep",), ("second", "third")):
            for name in names:
                for skill in self.kind.skill_ids[:4]:
                    self._assess(60, name, skill=skill)
            self.env.flush_all()
            self.env.invalidate_all()
            start = self.cr.sql_log_count
            self.env["sales.skill.assessment"].with_user(
                self.users["leader"]
            ).get_matrix()
            counts.append(self.cr.sql_log_count - start)
        self.assertEqual(*counts[1:])
