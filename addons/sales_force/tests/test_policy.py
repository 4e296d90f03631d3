"""Rules of selling: versions, who is asked, who has acknowledged."""

import itertools
from unittest.mock import patch

from psycopg2.errors import ForeignKeyViolation, UniqueViolation

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import ROLES, SalesForceCase


@tagged("post_install", "-at_install")
class TestPolicy(SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.operations = cls.users["operations"]
        cls.policy = (
            cls.env["sales.policy"]
            .with_user(cls.operations)
            .create({"name": "Conduct", "company_id": cls.company.id})
        )
        cls.acknowledgements = cls.env["sales.policy.acknowledgement"]

    def _version(self, text="<p>Be honest.</p>"):
        version = self.env["sales.policy.version"].browse(
            self.policy.action_new_version()["res_id"]
        )
        version.with_user(self.operations).content = text
        return version.with_user(self.operations)

    def _in_force(self):
        version = self._version()
        version.action_put_in_force()
        return version

    def _cron(self):
        with patch.object(type(self.env["ir.cron"]), "_commit_progress"):
            self.env["sales.policy.version"]._cron_ask()

    def _lines(self, version, who=None):
        domain = [("version_id", "=", version.id)]
        if who:
            domain.append(("rep_id", "=", self.reps[who].id))
        return self.acknowledgements.search(domain)

    def test_signatures_stay(self):
        """Rules that were acknowledged are archived, not deleted."""
        self._in_force()
        with self.assertRaises(ForeignKeyViolation), mute_logger("odoo.sql_db"):
            self.policy.unlink()
            self.env.flush_all()

    def test_everybody_is_asked_once(self):
        version = self._in_force()
        self.assertEqual((version.number, version.state), (1, "in_force"))
        self.assertEqual(self.policy.current_id, version)
        lines = self._lines(version)
        asked = [name for name, rep in self.reps.items() if rep in lines.rep_id]
        self.assertEqual(set(asked), set(self.reps) - {"foreigner"})
        self.assertEqual(len(lines), len(version.activity_ids))
        late = self._rep(self._user("late", "sales_force.group_sales_rep"))
        self._cron()
        self.assertEqual(self._lines(version).rep_id - lines.rep_id, late)
        self._cron()
        self.assertEqual(len(self._lines(version)), len(lines) + 1)

    def test_grades_and_teams(self):
        grade = self.env["sales.grade"].create({"name": "Senior"})
        self.reps["rep"].grade_id = grade
        self.reps["leader"].write({"grade_id": grade.id})
        team = self.env["crm.team"].create({"name": "Acknowledges"})
        self.reps["rep"].team_id = team
        self.policy.write({"grade_ids": grade.ids, "team_ids": team.ids})
        self.assertEqual(self._lines(self._in_force()).rep_id, self.reps["rep"])

    def test_acknowledge(self):
        version = self._in_force()
        mine = version.with_user(self.users["rep"])
        self.assertEqual(mine.my_state, "missing")
        count = self.policy.missing_count
        mine.action_acknowledge()
        line = self._lines(version, "rep")
        self.assertEqual(line.name, "Rep")
        self.assertTrue(line.date)
        self.assertEqual(mine.my_state, "done")
        self.assertNotIn(self.users["rep"], version.activity_ids.user_id)
        self.policy.invalidate_recordset()
        self.assertEqual(self.policy.missing_count, count - 1)
        # Twice changes nothing.
        date = line.date
        line.name = "As it was"
        mine.action_acknowledge()
        self.assertEqual((line.date, line.name), (date, "As it was"))

    def test_a_new_version_asks_again(self):
        first = self._in_force()
        first.with_user(self.users["rep"]).action_acknowledge()
        second = self._version("<p>Be very honest.</p>")
        self.assertEqual(second.number, 2)
        second.action_put_in_force()
        self.assertEqual((first.state, second.state), ("superseded", "in_force"))
        # What was acknowledged stays, what was not is asked no more.
        self.assertEqual(self._lines(first).rep_id, self.reps["rep"])
        self.assertFalse(first.activity_ids)
        self.assertFalse(self._lines(second, "rep").date)
        with self.assertRaises(UserError):
            first.with_user(self.users["rep"]).action_acknowledge()

    def test_fixed_once_in_force(self):
        version = self._version()
        with self.assertRaises(UserError):
            version.state = "in_force"
        with self.assertRaises(UserError):
            self.env["sales.policy.version"].with_user(self.operations).create(
                {"policy_id": self.policy.id, "date": "2020-01-01"}
            )
        version.action_put_in_force()
        for vals in ({"content": "<p>Or not.</p>"}, {"document": b"eA=="}):
            with self.assertRaises(UserError):
                version.write(vals)
        with self.assertRaises(UserError):
            version.unlink()
        with self.assertRaises(UserError):
            version.action_put_in_force()
        with self.assertRaisesRegex(UserError, "Write the rules"):
            self._version("<p><br></p>").action_put_in_force()

    def test_one_in_force(self):
        self._in_force()
        version = self._version()
        with (
            self.assertRaises(UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            version.sudo().state = "in_force"
            self.env.flush_all()

    def test_roles(self):
        draft = self._version()
        version = self._in_force()
        for role in ("rep", "leader", "manager", "director"):
            user = self.users[role]
            self.assertFalse(draft.with_user(user).has_access("read"))
            self.assertTrue(version.with_user(user).has_access("read"))
            for record in (self.policy, version, self._lines(version)[0]):
                for operation in ("write", "create", "unlink"):
                    self.assertFalse(record.with_user(user).has_access(operation))
            with self.assertRaises(AccessError):
                draft.with_user(user).action_put_in_force()
        seen = {
            role: self.acknowledgements.with_user(self.users[role]).search(
                [("version_id", "=", version.id)]
            )
            for role in ("rep", "leader", "director", "operations")
        }
        self.assertEqual(seen["rep"].rep_id, self.reps["rep"])
        self.assertEqual(seen["leader"].rep_id, self.reps["leader"] + self.reps["rep"])
        self.assertEqual(len(seen["director"]), len(seen["operations"]))
        self.assertFalse(
            self._lines(version)[0].with_user(self.operations).has_access("write")
        )
        with self.assertRaises(UserError):
            version.with_user(self.operations).action_acknowledge()
        foreigner = version.with_user(self.users["foreigner"])
        self.assertFalse(foreigner.has_access("read"))

    def test_queries(self):
        """Asking one more costs no more than Odoo's mail does to subscribe him."""

        numbers = itertools.count()

        def count(number):
            for _index in range(number):
                user = self._user(f"many_{next(numbers)}", ROLES["rep"])
                self._rep(user)
            version = self._version()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            version.action_put_in_force()
            self.env.flush_all()
            return self.cr.sql_log_count - before

        count(1)
        few = count(1)
        self.assertLessEqual(count(12), few + 12 * 5)
