"""Targets change: locks, versions, spreadsheets, reps who move, days that are over."""

import base64
import io
from datetime import date

from freezegun import freeze_time
from openpyxl import load_workbook

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .test_plan import TargetCase


@tagged("post_install", "-at_install")
class TestChanges(TargetCase):
    def _leaf(self, who, plan=None):
        return self.env["sales.target"].search(
            [
                ("plan_id", "=", (plan or self.plan).id),
                ("rep_id", "=", self.reps[who].id),
                ("level", "=", "rep"),
                ("period", "=", "total"),
            ]
        )

    def test_locked(self):
        """The rest absorbs, the whole stays, and letting go undoes it."""
        self.plan.action_decompose()
        before = self._totals()
        leaf = self._leaf("rep")
        self.plan.set_cells([{"id": leaf.id, "value": leaf.value + 5000}])
        self.assertExact(self.plan)
        self.assertEqual(self._totals()["c"], 1_000_000)
        self.assertEqual(leaf.value, before[leaf.key] + 5000)
        self.assertIn("locked", leaf.why)
        month = leaf.month_ids[0]
        self.plan.set_cells([{"id": month.id, "value": 1}])
        self.assertExact(self.plan)
        self.assertEqual((month.value, leaf.value), (1, before[leaf.key] + 5000))
        self.plan.set_cells(
            [{"id": leaf.id, "locked": False}, {"id": month.id, "locked": False}]
        )
        self.assertEqual(self._totals(), before)

    def test_bad_values(self):
        self.plan.action_decompose()
        leaf = self._leaf("rep")
        for value in (-1, 0.5):
            with self.assertRaises(ValidationError):
                self.plan.set_cells([{"id": leaf.id, "value": value}])
        with self.assertRaises(UserError):
            self.plan.set_cells([{"id": 0, "value": 1}])

    def test_move_amount(self):
        self.plan.action_decompose()
        one, two = self._leaf("rep"), self._leaf("peer")
        values = one.value, two.value
        self.plan.move_amount(one.id, two.id, 1000)
        self.assertEqual((one.value, two.value), (values[0] - 1000, values[1] + 1000))
        self.assertExact(self.plan)
        with self.assertRaises(UserError):
            self.plan.move_amount(one.id, two.id, 10**9)
        with self.assertRaises(UserError):
            self.plan.move_amount(one.id, one.month_ids[0].id, 1)

    def test_versions(self):
        """Who changed what, from what to what, and why."""
        self.plan.action_publish()
        leaf = self._leaf("rep")
        value = leaf.value
        with self.assertRaises(ValidationError):
            self.plan.set_cells([{"id": leaf.id, "value": value + 1000}])
        self.plan.set_cells([{"id": leaf.id, "value": value + 1000}], "New customer")
        [version] = self.plan.version_ids.filtered(lambda v: v.number == 2)
        self.assertEqual(version.reason, "New customer")
        [change] = version.change_ids.filtered(
            lambda c: c.target_id == leaf and c.period == "total"
        )
        self.assertEqual((change.value_before, change.difference), (value, 1000))
        self.assertEqual(
            sum(
                c.difference
                for c in version.change_ids
                if c.period == "total" and c.target_id.level == "rep"
            ),
            0,
        )

    def test_hedge(self):
        """What a node answers for, and what those below are assigned."""
        self.plan.write({"hedge_company": 10})
        self.plan.action_decompose()
        self.assertExact(self.plan)
        root = self.plan._get_root()
        self.assertEqual((root.value, root.assigned_value), (1_000_000, 1_100_000))

    def test_months_that_are_over(self):
        """They stay; who comes gets the rest of the year only."""
        self.plan.action_publish()
        self.plan.action_commit()
        before = {
            (row.key, row.date_from): row.value
            for row in self.plan.target_ids
            if row.period == "month" and row.date_from < date(2031, 3, 1)
        }
        with freeze_time("2031-03-10 12:00:00"):
            self.plan._cron_start()
            self.assertEqual(self.plan.state, "running")
            user = self._user("late", "sales_force.group_sales_rep")
            late = self._rep(user, self.reps["leader"], date_start="2031-03-10")
            self.plan.action_decompose()
            self.assertExact(self.plan)
            after = {
                (row.key, row.date_from): row.value
                for row in self.plan.target_ids
                if row.period == "month" and row.date_from < date(2031, 3, 1)
            }
            for key, value in before.items():
                self.assertEqual(after[key], value)
            mine = self.env["sales.target"].search(
                [("plan_id", "=", self.plan.id), ("rep_id", "=", late.id)]
            )
            months = mine.filtered(lambda row: row.period == "month")
            self.assertEqual(
                [row.value > 0 for row in months.sorted("date_from")],
                [False] * 2 + [True] * 10,
            )

    def _workbook(self):
        wizard = self.env["sales.target.import"].create({"plan_id": self.plan.id})
        book = load_workbook(io.BytesIO(base64.b64decode(wizard.download)))
        return wizard, book

    def _upload(self, wizard, book):
        stream = io.BytesIO()
        book.save(stream)
        wizard.file = base64.b64encode(stream.getvalue())

    def test_excel_names(self):
        """Whatever a rep is called, the spreadsheet does not run it."""
        self.plan.action_decompose()
        leaf = self._leaf("rep")
        leaf.rep_id.user_id.name = "=1+1"
        self.assertEqual(leaf.name, "=1+1")
        sheet = self._workbook()[1].worksheets[0]
        [row] = [row for row in sheet.iter_rows(min_row=2) if row[0].value == leaf.id]
        self.assertEqual((row[2].value, row[2].data_type), ("'=1+1", "s"))
        self.assertEqual((row[4].data_type, row[6].data_type), ("f", "n"))

    def test_excel(self):
        """Down, changed, up: differences first, then all of them."""
        self.plan.action_decompose()
        wizard, book = self._workbook()
        self._upload(wizard, book)
        with self.assertRaisesRegex(UserError, "changes nothing"):
            wizard.action_compare()
        sheet = book.worksheets[0]
        leaf = self._leaf("rep")
        [row] = [row for row in sheet.iter_rows(min_row=2) if row[0].value == leaf.id]
        row[6].value += 700
        self._upload(wizard, book)
        wizard.action_compare()
        [line] = wizard.line_ids
        month = leaf.month_ids[0]
        self.assertEqual(line.target_id, month)
        value = month.value
        wizard.action_apply()
        self.assertEqual((month.value, month.locked), (value + 700, True))
        self.assertExact(self.plan)
        # The lock is an x on the second sheet; without it the target is let go.
        wizard, book = self._workbook()
        for row in book.worksheets[1].iter_rows(min_row=2):
            for cell in row[4:]:
                cell.value = None
        self._upload(wizard, book)
        wizard.action_compare()
        wizard.action_apply()
        self.assertFalse(month.locked)

    def _row(self, book, target):
        """The sheet's row of a total; months begin in the seventh column."""
        [row] = [
            row
            for row in book.worksheets[0].iter_rows(min_row=2)
            if row[0].value == target.id
        ]
        return row

    def test_excel_twice(self):
        """The same file again changes nothing any more."""
        self.plan.action_decompose()
        wizard, book = self._workbook()
        self._row(book, self._leaf("rep"))[6].value += 700
        self._upload(wizard, book)
        wizard.action_compare()
        wizard.action_apply()
        values = self._totals()
        again = self.env["sales.target.import"].create({"plan_id": self.plan.id})
        self._upload(again, book)
        with self.assertRaisesRegex(UserError, "changes nothing"):
            again.action_compare()
        self.assertEqual(self._totals(), values)

    def test_old_excel(self):
        """What somebody else has changed since the download stays, but where the file
        changes it as well: that is shown against today's."""
        self.plan.action_decompose()
        rep, peer = self._leaf("rep"), self._leaf("peer")
        wizard, book = self._workbook()
        first, second, third = rep.month_ids.sorted("date_from")[:3]
        theirs = peer.month_ids.sorted("date_from")[5]
        known = (first.value, second.value)
        self.plan.set_cells(
            [
                {"id": second.id, "value": second.value + 40},
                {"id": theirs.id, "value": theirs.value + 50},
            ]
        )
        locked = (second.value, theirs.value)
        row = self._row(book, rep)
        row[6].value, row[7].value = known[0] + 700, known[1] + 10
        self._upload(wizard, book)
        wizard.action_compare()
        self.assertEqual(
            [
                (line.target_id, line.known, line.value, line.changed_since)
                for line in wizard.line_ids
            ],
            [
                (first, known[0], known[0] + 700, first.value != known[0]),
                (second, known[1], known[1] + 10, True),
            ],
        )
        self.assertEqual(wizard.line_ids[1].before, locked[0])
        # Between looking and applying somebody changes it once more.
        self.plan.set_cells([{"id": second.id, "value": second.value + 1}])
        with self.assertRaisesRegex(UserError, "somebody else"):
            wizard.action_apply()
        self.assertEqual(second.value, locked[0] + 1)
        wizard.action_compare()
        wizard.action_apply()
        self.assertEqual(
            (first.value, second.value, theirs.value),
            (known[0] + 700, known[1] + 10, locked[1]),
        )
        self.assertTrue(theirs.locked)
        self.assertFalse(third.locked)
        self.assertExact(self.plan)

    def test_bad_excel(self):
        """Every bad cell by its address, and nothing is changed."""
        self.plan.action_decompose()
        wizard, book = self._workbook()
        sheet = book.worksheets[0]
        sheet["G3"], sheet["H4"], sheet["I5"] = "much", -5, "=G3*2"
        sheet["A6"] = 999999999
        self._upload(wizard, book)
        with self.assertRaises(UserError) as caught:
            wizard.action_compare()
        for cell in ("G3", "H4", "I5", "A6"):
            self.assertIn(f"{cell}: ", str(caught.exception))
        self.assertFalse(wizard.line_ids)
        wizard.file = base64.b64encode(b"no workbook")
        with self.assertRaisesRegex(UserError, "not the spreadsheet"):
            wizard.action_compare()

    def test_queries(self):
        """Dividing and reading stay flat as reps are more."""
        self.plan.action_decompose()

        def count():
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.plan.action_decompose()
            self.plan.target_ids.mapped("achieved")
            return self.cr.sql_log_count - before

        count()
        few = count()
        for number in range(12):
            user = self._user(f"more_{number}", "sales_force.group_sales_rep")
            self._rep(user, self.reps["leader"])
        count()
        self.assertLessEqual(count(), few + 2)
