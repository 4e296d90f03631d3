"""Two ways of paying everybody, compared over periods that are over."""

import io
import random
from collections import defaultdict
from datetime import date
from decimal import Decimal

from freezegun import freeze_time
from openpyxl import load_workbook
from psycopg2.errors import ReadOnlySqlTransaction

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import HttpCase, tagged
from odoo.tools import SQL, mute_logger

from .commission_common import CommissionCase

FIRST = ("2031-01-05", "2031-02-05", "2031-03-05")
PEOPLE = ("rep", "leader", "manager", "director", "peer", "peer_leader", "peer_manager")


class SandboxCase(CommissionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        others = (
            cls.env["sales.rep"]
            .with_context(active_test=False)
            .search([("id", "not in", [rep.id for rep in cls.reps.values()])])
        )
        others.write({"state": "left", "date_end": "2030-06-30"})

    def setUp(self):
        super().setUp()
        frozen = freeze_time("2031-04-10 12:00:00")
        frozen.start()
        self.addCleanup(frozen.stop)

    def _sandbox(self, user="operations"):
        return self.env["sales.commission.sandbox"].with_user(self.users[user])

    @staticmethod
    def _version(plan):
        return f"version-{plan.id}"

    @staticmethod
    def _booked(plan=None):
        return f"booked-{plan.id if plan else 0}"

    def _compare(self, left, right, days=FIRST, user="operations"):
        sandbox = self._sandbox(user)
        periods = [sandbox.get_period(left, right, day) for day in days]
        return sandbox.get_summary(left, right, periods)

    def _people(self, data):
        """``{name: (left, right, difference)}``."""
        names = {rep.id: name for name, rep in self.reps.items()}
        return {
            names[row["id"]]: (row["left"], row["right"], row["difference"])
            for row in data["people"]
        }


class TestSandbox(SandboxCase):
    def test_figures(self):
        """Two versions: who gets more, who less, and what it costs of what is sold."""
        old = self._plan({"rate": 10})
        self._sell("rep", 1000)
        self._sell("rep", 500, "2031-02-10")
        self._sell("peer", 400)
        new = self._plan(
            {
                "table": "amount",
                "mode": "whole",
                "tier_ids": self._tiers((0, 5), (800, 20)),
            },
            publish=False,
        )
        data = self._compare(self._version(old), self._version(new))
        people = self._people(data)
        # 1,000 reaches 20 %, 500 and 400 do not.
        self.assertEqual(people["rep"], (150, 225, 75))
        self.assertEqual(people["peer"], (40, 20, -20))
        self.assertEqual(people["leader"], (0, 0, 0))
        left, right = data["sides"]
        self.assertEqual((left["total"], right["total"]), (190, 245))
        self.assertAlmostEqual(left["share"], 190 / 1900)
        self.assertAlmostEqual(right["share"], 245 / 1900)
        self.assertEqual(
            {name: tuple(move.values()) for name, move in data["movements"].items()},
            {"winners": (1, 75), "losers": (1, -20), "same": (len(people) - 2, 0)},
        )
        self.assertEqual(
            [(one["costs"], one["revenue"]) for one in data["periods"]],
            [([140, 220], 1400), ([50, 25], 500), ([0, 0], 0)],
        )
        self.assertEqual(data["periods"][2]["shares"], [None, None])
        self.assertEqual(data["people"][0]["id"], self.reps["peer"].id)
        self.assertEqual(
            [sum(band["counts"][side] for band in data["bands"]) for side in (0, 1)],
            [left["count"], right["count"]],
        )

    def test_same_as_booked(self):
        """Of a published version nobody gets anything else than what runs have booked,
        closed or not, with corrections."""
        plan = self._plan(
            {
                "table": "amount",
                "mode": "whole",
                "tier_ids": self._tiers((0, 2), (700, 3)),
                "floor": 5,
            },
            {"credited": "override", "level_to": 3, "rate": 1, "cap": 12},
            {
                "kind": "bonus",
                "table": "amount",
                "tier_ids": self._tiers((600, 50), value="amount"),
            },
        )
        dice = random.Random(6)
        invoices = [
            self._sell(
                dice.choice(PEOPLE),
                dice.randrange(1, 90000) / 100,
                f"2031-0{dice.randrange(1, 4)}-1{dice.randrange(10)}",
            )
            for _number in range(25)
        ]
        for month in (1, 2, 3):
            self._run(date(2031, month, 10))
            if month < 3:
                self._close(self.statements.search([("state", "=", "open")]))
        # Late in a closed period: corrected in March.
        self._sell("rep", 333.33, "2031-01-20")
        invoices[0].button_draft()
        for month in (1, 2, 3):
            self._run(date(2031, month, 10))
        data = self._compare(self._booked(plan), self._version(plan))
        people = self._people(data)
        self.assertEqual(set(people), set(PEOPLE))
        self.assertEqual({row[2] for row in people.values()}, {0})
        for name, (left, _right, _difference) in people.items():
            self.assertEqual(Decimal(str(left)), self._paid(name))
        self.assertEqual(data["movements"]["same"]["count"], len(PEOPLE))

    def test_brute_force(self):
        """Against adding up invoices: a flat rate beside a table of slices, in other
        populations."""
        dice = random.Random(19)
        sold = defaultdict(Decimal)
        for _number in range(30):
            who, month = dice.choice(PEOPLE), dice.randrange(1, 4)
            amount = Decimal(dice.randrange(-20000, 90000)) / 100
            invoice = self._invoice(
                self.users[who],
                invoice_date=f"2031-0{month}-10",
                move_type="out_invoice" if amount >= 0 else "out_refund",
            )
            invoice.invoice_line_ids.price_unit = float(abs(amount))
            invoice.action_post()
            sold[who, month] += amount
        flat = self._plan({"rate": 7.5})
        slices = self._plan(
            {"table": "amount", "tier_ids": self._tiers((0, 5), (500, 12))},
            role="seller",
            publish=False,
        )

        def cents(amount):
            return amount.quantize(Decimal("0.01"), "ROUND_HALF_UP")

        expected = {}
        for who in PEOPLE:
            left = sum(cents(sold[who, month] * 75 / 1000) for month in (1, 2, 3))
            right = None
            if who in ("rep", "peer"):
                right = sum(
                    cents(
                        sold[who, month] * 5 / 100
                        + max(sold[who, month] - 500, Decimal(0)) * 7 / 100
                    )
                    for month in (1, 2, 3)
                )
            expected[who] = (left, right, (right or 0) - left)
        data = self._compare(self._version(flat), self._version(slices))
        self.assertEqual(
            {
                name: tuple(None if one is None else Decimal(str(one)) for one in row)
                for name, row in self._people(data).items()
            },
            expected,
        )
        self.assertEqual(
            [Decimal(str(one["revenue"])) for one in data["periods"]],
            [sum(sold[who, month] for who in PEOPLE) for month in (1, 2, 3)],
        )
        alone = [expected[who][0] for who in PEOPLE if expected[who][1] is None]
        self.assertEqual(data["only"][0]["count"], len(alone))
        self.assertEqual(Decimal(str(data["only"][0]["amount"])), sum(alone))
        self.assertEqual(data["only"][1], {"count": 0, "amount": 0})

    def test_longer_period(self):
        """A plan by the quarter beside one by the month: quarters are compared."""
        month = self._plan({"rate": 10})
        quarter = self._plan(
            {"table": "amount", "mode": "whole", "tier_ids": self._tiers((900, 10))},
            period="quarter",
            publish=False,
        )
        self._sell("rep", 500)
        self._sell("rep", 400, "2031-03-31")
        left, right = self._version(month), self._version(quarter)
        options = self._sandbox().get_options(left, right)
        self.assertEqual(
            [one["start"] for one in options["periods"]], ["2031-01-01", "2031-04-01"]
        )
        data = self._compare(left, right, ["2031-02-10"])
        self.assertEqual(self._people(data)["rep"], (90, 90, 0))
        self.assertEqual(data["periods"][0]["start"], "2031-01-01")

    def test_other_plans(self):
        """What other plans and other kinds of entries have paid is told, not mixed."""
        plan = self._plan({"rate": 10, "hold_percent": 50, "hold_release": "days"})
        self._plan({"rate": 3}, name="Besides")
        self._sell("rep", 1000)
        self._run()
        draft = self._plan(
            {"rate": 12, "refund": "paid"},
            {"kind": "guarantee", "tier_ids": self._tiers((1, 500), value="amount")},
            publish=False,
        )
        data = self._compare(self._booked(plan), self._version(draft), FIRST[:1])
        self.assertEqual(self._people(data)["rep"], (100, 120, 20))
        notes = " ".join(data["notes"])
        self.assertIn("30.00", notes)
        self.assertIn("Held Back", notes)
        self.assertIn("takes back", notes)
        self.assertIn("guarantees and draws", notes)
        self.assertNotIn("Nothing is booked", notes)
        draft.rule_ids[0].write({"refund": "base", "lost_months": 6})
        data = self._compare(self._booked(), self._version(draft), FIRST[:1])
        self.assertEqual(self._people(data)["rep"], (130, 120, -10))
        self.assertIn("customers lost", " ".join(data["notes"]))

    def test_currency(self):
        """Plans in two currencies: both, and the revenue, in the company's, at the
        rates of the days; in one other currency, in that."""
        euro = self.env["res.currency"].create(
            {
                "name": "XEU",
                "symbol": "X",
                "rate_ids": [
                    Command.create({"name": day, "rate": rate})
                    for day, rate in (("2031-01-01", 0.5), ("2031-01-15", 0.25))
                ],
            }
        )
        home = self._plan({"rate": 10})
        away = self._plan({"rate": 10}, currency_id=euro.id)
        self._sell("rep", 1000)
        self._sell("rep", 1000, "2031-01-20")
        data = self._compare(self._version(home), self._version(away), FIRST[:1])
        # 50 and 25 in the other currency.
        self.assertEqual(self._people(data)["rep"], (200, 200, 0))
        self.assertEqual(data["currency_id"], self.company.currency_id.id)
        self.assertIn(self.company.currency_id.name, data["notes"][1])
        other = self._plan({"rate": 20}, currency_id=euro.id, publish=False)
        data = self._compare(self._version(away), self._version(other), FIRST[:1])
        self.assertEqual(self._people(data)["rep"], (75, 150, 75))
        self.assertEqual(data["currency_id"], euro.id)
        self.assertEqual(data["periods"][0]["revenue"], 750)
        self.assertEqual(data["periods"][0]["shares"], [0.1, 0.2])
        self._run()
        data = self._compare(self._booked(), self._version(home), FIRST[:1])
        self.assertEqual(self._people(data)["rep"], (400, 200, -200))

    def test_revenue_below(self):
        """The revenue that managers' plans are measured by is that of their people."""
        plan = self._plan({"credited": "override", "rate": 1}, role="leader")
        self._sell("rep", 1000)
        self._sell("leader", 200)
        self.reps["peer"].assignment_ids.manager_id = False
        self._sell("peer", 5000)
        data = self._compare(self._version(plan), self._version(plan), FIRST[:1])
        self.assertNotIn("rep", self._people(data))
        self.assertEqual(data["periods"][0]["revenue"], 1200)
        self.assertEqual(data["sides"][0]["total"], 12)

    def test_nobody(self):
        plan = self._plan(grade_ids=[Command.create({"name": "None"})])
        data = self._compare(self._version(plan), self._version(plan))
        self.assertEqual(data["people"], [])
        self.assertEqual(data["bands"], [])
        self.assertIsNone(data["sides"][0]["share"])

    def test_no_trace(self):
        """All of it in a transaction in which nothing can be written."""
        plan = self._plan({"rate": 10, "floor": 30})
        draft = self._plan(
            {"table": "attainment", "tier_ids": self._tiers((0, 1))},
            {"credited": "override", "multiplier": "none"},
            publish=False,
        )
        invoice = self._sell("rep", 1000)
        self._run()
        self.env["sales.credit"]._process_pending()
        self.env.flush_all()
        pair = self._booked(plan), self._version(draft)
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint(flush=False):
            self.env.cr.execute("SET TRANSACTION READ ONLY")
            # Only January was settled; the minimum would be paid of each month.
            for left, amount in ((pair[0], 100), (self._version(plan), 160)):
                data = self._compare(left, pair[1])
                self.assertEqual(self._people(data)["rep"][0], amount)
                sides = self._sandbox().get_person(
                    left, pair[1], FIRST[0], self.reps["rep"].id
                )["sides"]
                self.assertIn(invoice.name, str(sides[0]))
                self._sandbox()._get_workbook(left, pair[1], FIRST[0], FIRST[2])
            self._sandbox().get_options()
            with (
                self.assertRaises(ReadOnlySqlTransaction),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(flush=False),
            ):
                self.env.cr.execute(
                    SQL("UPDATE sales_commission_plan SET sequence = 1")
                )
            raise ZeroDivisionError  # leaves the savepoint, and with it read only

    def test_person(self):
        """Rule by rule on both sides, with the documents."""
        plan = self._plan({"rate": 10}, {"name": "More", "rate": 1})
        invoice = self._sell("rep", 1000)
        self._sell("rep", 100, "2031-02-10")
        self._run()
        draft = self._plan(
            {"name": "Quarter", "rate": 2},
            {"table": "attainment", "tier_ids": self._tiers((0, 1))},
            publish=False,
        )
        detail = self._sandbox("director").get_person(
            self._booked(plan), self._version(draft), FIRST[0], self.reps["rep"].id
        )
        self.assertEqual(detail["name"], self.reps["rep"].name)
        left, right = detail["sides"]
        self.assertEqual([one["name"] for one in left["rules"]], ["Invoiced", "More"])
        self.assertIn("100.00", left["rules"][0]["amount"])
        self.assertIn("20.00", right["rules"][0]["amount"])
        for side in (left, right):
            [line] = side["rules"][0]["lines"]
            self.assertEqual(line["document"], invoice.name)
        self.assertIn("no target", str(right["rules"][1]["notes"]))

    def test_closed(self):
        """What is closed decides about nothing: lines are in the order of their days,
        however late they are known."""
        plan = self._plan(
            {"table": "amount", "tier_ids": self._tiers((0, 1), (1000, 10))}
        )
        early = self._sell("rep", 1000, "2031-01-20")
        self._run()
        self._close(self._statement())
        late = self._sell("rep", 1000, "2031-01-05")
        self._run()
        version = self._version(plan)
        detail = self._sandbox().get_person(
            self._booked(plan), version, FIRST[0], self.reps["rep"].id
        )
        for side, invoices in zip(
            detail["sides"], ((early, late), (late, early)), strict=True
        ):
            self.assertEqual(
                [line["document"] for line in side["rules"][0]["lines"]],
                [invoice.name for invoice in invoices],
            )
        data = self._compare(self._booked(plan), version, FIRST[:1])
        self.assertEqual(self._people(data)["rep"], (110, 110, 0))

    def test_options(self):
        """The last version against the one in force, of the months that are over."""
        self._sell("rep", 1000, "2031-02-10")
        plan = self._plan({"rate": 10})
        later = plan.browse(plan.action_new_version()["res_id"])
        later.date_from = "2031-05-01"
        action = later.with_user(self.users["director"]).action_compare()
        self.assertEqual(
            action["params"],
            {"left": self._version(plan), "right": self._version(later)},
        )
        self.assertEqual(
            plan.action_compare()["params"],
            {"left": self._booked(plan), "right": self._version(plan)},
        )
        options = self._sandbox().get_options(
            action["params"]["left"], action["params"]["right"]
        )
        self.assertEqual(
            (options["first"], options["last"], options["periods"][-1]["start"]),
            ("2031-02-01", "2031-03-01", "2031-04-01"),
        )
        keys = [one["key"] for one in options["lefts"]]
        self.assertEqual(
            keys[:2] + sorted(keys[2:]),
            [
                self._booked(),
                self._booked(plan),
                *sorted((self._version(plan), self._version(later))),
            ],
        )
        options = self._sandbox().get_options()
        self.assertEqual(options["right"], self._version(plan))
        # What was booked is compared since it is.
        self._run(date(2031, 3, 10))
        options = self._sandbox().get_options(self._booked(plan), self._version(later))
        self.assertEqual(options["first"], "2031-03-01")
        data = self._compare(self._booked(plan), self._version(plan))
        self.assertIn("Nothing is booked for Jan 2031, Feb 2031.", data["notes"][1])

    def test_nothing_to_compare(self):
        self.assertEqual(self._sandbox().get_options(), {"right": False})

    def test_workbook(self):
        plan = self._plan({"rate": 10})
        self.reps["rep"].name = "=1+1"
        self._sell("rep", 1000)
        draft = self._plan({"rate": 12}, publish=False)
        _name, content = self._sandbox("finance")._get_workbook(
            self._booked(plan), self._version(plan), FIRST[0], FIRST[2]
        )
        _name, content = self._sandbox()._get_workbook(
            self._version(plan), self._version(draft), FIRST[0], FIRST[2]
        )
        book = load_workbook(io.BytesIO(content))
        self.assertEqual(
            book.sheetnames, ["Key Figures", "Reps", "Periods", "Distribution"]
        )
        rows = {row[0]: row[2:5] for row in book["Reps"].values}
        self.assertEqual(rows["'=1+1"], (100, 120, 20))
        self.assertEqual(len(list(book["Periods"].values)), 4)

    def test_queries(self):
        """As many for dozens of reps as for seven."""
        plan = self._plan(
            {"table": "amount", "tier_ids": self._tiers((0, 2), (700, 3)), "floor": 5},
            {"credited": "override", "level_to": 3},
        )
        self._sell("rep", 1000)
        self._run()

        def count():
            pair = self._booked(plan), self._version(plan)
            self._compare(*pair)
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._compare(*pair)
            return self.env.cr.sql_log_count - before

        # Twice: what Odoo remembers of users and companies is not counted.
        few = min(count(), count())
        for number in range(30):
            user = self._user(f"more{number}", "sales_force.group_sales_rep")
            self._rep(user, self.reps["leader"])
        self._run()
        self.env.flush_all()
        self.assertLessEqual(min(count(), count()), few)


class TestSandboxAccess(SandboxCase):
    def test_roles(self):
        plan = self._plan()
        draft = self._plan(publish=False)
        self._sell("rep", 1000)
        pair = self._version(plan), self._version(plan)
        calls = {
            "get_options": pair,
            "get_period": (*pair, FIRST[0]),
            "get_summary": (*pair, []),
            "get_person": (*pair, FIRST[0], self.reps["rep"].id),
        }
        for user in ("rep", "leader", "manager"):
            for name, args in calls.items():
                with self.assertRaises(AccessError, msg=(user, name)):
                    getattr(self._sandbox(user), name)(*args)
            with self.assertRaises(AccessError):
                plan.with_user(self.users[user]).action_compare()
        for user in ("operations", "director", "finance"):
            for name, args in calls.items():
                getattr(self._sandbox(user), name)(*args)
            self.assertEqual(
                self._people(self._compare(*pair, FIRST[:1], user))["rep"],
                (100, 100, 0),
            )
        # Drafts are of who makes plans.
        for user, sees in (
            ("operations", True),
            ("director", True),
            ("finance", False),
        ):
            rights = self._sandbox(user).get_options()["rights"]
            keys = [one["key"] for one in rights]
            self.assertEqual(self._version(draft) in keys, sees, user)
        with self.assertRaises(AccessError):
            self._sandbox("finance").get_period(pair[0], self._version(draft), FIRST[0])

    def test_other_company(self):
        """Who is of another company compares nothing of this one."""
        plan = self._plan()
        theirs = self._plan(company_id=self.company_b.id)
        director = self._user(
            "director_b",
            "sales_force.group_sales_director",
            company_id=self.company_b.id,
            company_ids=[Command.set(self.company_b.ids)],
        )
        sandbox = self._sandbox().with_user(director)
        for left, right in (
            (self._booked(), self._version(plan)),
            (self._booked(plan), self._version(theirs)),
            (self._version(plan), self._version(theirs)),
        ):
            with self.assertRaises(AccessError):
                sandbox.get_period(left, right, FIRST[0])
        found = sandbox.get_period(self._booked(), self._version(theirs), FIRST[0])
        ours = set(
            self.env["sales.rep"].search([("company_id", "=", self.company.id)]).ids
        )
        self.assertFalse(ours & {row[0] for row in found["rows"]})
        with self.assertRaises(UserError):
            sandbox.get_person(
                self._booked(), self._version(theirs), FIRST[0], self.reps["rep"].id
            )
        self.users["operations"].company_ids |= self.company_b
        with self.assertRaises(UserError):
            self._sandbox().with_context(
                allowed_company_ids=(self.company | self.company_b).ids
            ).get_period(self._version(plan), self._version(theirs), FIRST[0])

    def test_bad_arguments(self):
        plan = self._plan()
        good = self._version(plan)
        for args in (
            ("x", good, FIRST[0]),
            (good, "booked-0", FIRST[0]),
            (good, "version-0", FIRST[0]),
            (good, None, FIRST[0]),
            (good, 5, FIRST[0]),
            ("version-999999999", good, FIRST[0]),
            (good, good, "2031-05-01"),
            (good, good, "x"),
            (good, good, None),
            (good, good, 5),
        ):
            with self.assertRaises(UserError, msg=args):
                self._sandbox().get_period(*args)
        good_period = self._sandbox().get_period(good, good, FIRST[0])
        for wrong in (
            None,
            [{}],
            [5],
            [{**good_period, "rows": [[1, "x", 2, 3]]}],
            [{**good_period, "rows": [[1, 2]]}],
            [{**good_period, "rows": [["x", 2, 3, 4]]}],
            [{**good_period, "rows": [[1, 10**400, 3, 4]]}],
            [{**good_period, "revenue": 0.5}],
            [{**good_period, "besides": 1}],
        ):
            with self.assertRaises(UserError, msg=wrong):
                self._sandbox().get_summary(good, good, wrong)
        for rep in ("x", 0, 999999999, None):
            with self.assertRaises(UserError, msg=rep):
                self._sandbox().get_person(good, good, FIRST[0], rep)
        for last in ("2030-01-01", "x"):
            with self.assertRaises(UserError):
                self._sandbox()._get_workbook(good, good, FIRST[0], last)


@tagged("post_install", "-at_install")
class TestSandboxScreen(HttpCase, CommissionCase):
    def setUp(self):
        super().setUp()
        day = self.company._get_sales_today().replace(day=1)
        self.plan = self._plan({"rate": 10}, date_from=str(day), name="Reps 2031")
        self._sell("rep", 1000, str(day))
        self._sell("peer", 100, str(day))
        self.draft = self._plan(
            {
                "table": "amount",
                "mode": "whole",
                "tier_ids": self._tiers((0, 5), (800, 20)),
            },
            publish=False,
            name="Steep",
        )
        self._run(day)

    def test_screen(self):
        self.start_tour(
            f"/odoo/sales.commission.plan/{self.draft.id}",
            "sales_appraisal_sandbox",
            login=self.users["director"].login,
        )

    def test_empty(self):
        (self.plan | self.draft).action_archive()
        self.start_tour(
            "/odoo/compare-commission",
            "sales_appraisal_sandbox_empty",
            login=self.users["operations"].login,
        )

    def test_download(self):
        day = str(self.company._get_sales_today())
        url = (
            f"/sales_appraisal/sandbox?left=booked-0&right=version-{self.plan.id}"
            f"&first={day}&last={day}"
        )
        self.authenticate(self.users["finance"].login, self.users["finance"].login)
        answer = self.url_open(url)
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(len(load_workbook(io.BytesIO(answer.content)).sheetnames), 4)
        self.authenticate(self.users["rep"].login, self.users["rep"].login)
        self.assertEqual(self.url_open(url).status_code, 403)
