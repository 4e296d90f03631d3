"""Profiles, their figures, documents' reps, and the reps found at installation."""

from datetime import date

from psycopg2 import errors

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..models.sales_rep import create_reps
from .common import SalesForceCase


@tagged("post_install", "-at_install")
class TestRep(SalesForceCase):
    def test_employee_comes_later(self):
        """HR makes the employee after the rep; a link by hand stays."""
        rep = self.reps["rep"]
        self.assertFalse(rep.employee_id)
        employees = self.env["hr.employee"]
        first = employees.create(
            {
                "name": "Rep",
                "user_id": rep.user_id.id,
                "company_id": self.company.id,
            }
        )
        self.assertEqual(rep.employee_id, first)
        other = employees.create({"name": "Other", "company_id": self.company.id})
        rep.employee_id = other
        self.env.flush_all()
        self.assertEqual(rep.employee_id, other)

    def test_profile(self):
        rep = self.reps["rep"]
        self.assertEqual(rep.name, self.users["rep"].name)
        self.assertEqual(rep.partner_id, self.users["rep"].partner_id)
        self.assertEqual(
            rep.parent_path.split("/")[:-1],
            [str(self.reps[n].id) for n in ("director", "manager", "leader", "rep")],
        )
        self.users["rep"].name = "Renamed"
        self.assertEqual(rep.name, "Renamed")

    @mute_logger("odoo.sql_db")
    def test_one_per_user_and_company(self):
        with self.assertRaises(errors.UniqueViolation):
            self._rep(self.users["rep"])
        self.users["rep"].company_ids += self.company_b
        self.assertTrue(self._rep(self.users["rep"], company=self.company_b))

    def test_employee(self):
        user = self._user("employed", "sales_force.group_sales_rep")
        employee = self.env["hr.employee"].create(
            {"name": "E", "user_id": user.id, "company_id": self.company.id}
        )
        self.assertEqual(self._rep(user).employee_id, employee)

    def test_states(self):
        rep = self.reps["rep"].with_user(self.users["operations"])
        rep.action_suspend()
        rep.action_activate()
        rep.action_leave()
        self.assertEqual(rep.date_end, self.company._get_sales_today())
        with self.assertRaises(UserError):
            rep.action_suspend()
        with self.assertRaises(UserError):
            rep.state = "active"
        rep.action_rehire()
        self.assertFalse(rep.date_end)
        with self.assertRaises(ValidationError):
            rep.date_end = "2030-01-01"
        with self.assertRaises(AccessError):
            self.reps["rep"].with_user(self.users["rep"]).action_activate()
        with self.assertRaises(AccessError):
            self.reps["peer"].with_user(self.users["manager"]).action_suspend()
        rep.onboarding_waiver = "Knows the company"
        self.reps["rep"].with_user(self.users["manager"]).action_activate()

    def test_nobody_is_left_below(self):
        """Who has people below cannot leave, except together with them."""
        leader, rep = self.reps["leader"], self.reps["rep"]
        with self.assertRaisesRegex(UserError, "Leader cannot leave.*: Rep"):
            leader.action_leave()
        (leader + rep).action_leave()
        self.assertEqual(leader.state, "left")

    def test_identity_is_kept(self):
        with self.assertRaises(UserError):
            self.reps["rep"].user_id = self.users["finance"]
        with self.assertRaises(UserError):
            self.reps["rep"].company_id = self.company_b
        self.reps["rep"].write({"user_id": self.users["rep"].id, "job_title": "X"})

    def test_tracking(self):
        rep = self.reps["rep"].with_context(tracking_disable=False, mail_notrack=False)
        grade = self.env["sales.grade"].create({"name": "Senior"})
        self.env.flush_all()
        self.cr.flush()
        rep.write({"grade_id": grade.id, "state": "suspended"})
        self.env.flush_all()
        self.cr.flush()
        tracked = rep.message_ids.tracking_value_ids.mapped("field_id.name")
        self.assertEqual(set(tracked), {"grade_id", "state"})

    def test_deleting(self):
        self._order(self.users["rep"])
        self.env.flush_all()
        with self.assertRaises(UserError):
            self.reps["rep"].unlink()
        self.reps["peer"].unlink()

    def test_new_profile_takes_its_history(self):
        """What a user sold before the profile was made is the rep's."""
        user = self._user("late", "sales_force.group_sales_rep")
        order = self._order(user)
        self.env.flush_all()
        credits_ = self.env["sales.credit"].search([("user_id", "=", user.id)])
        self.assertTrue(credits_)
        self.assertFalse(credits_.rep_id)
        rep = self._rep(user)
        self.env["sales.credit"]._process_pending()
        self.assertEqual(credits_.rep_id, rep)
        self.assertEqual(order.sales_rep_id, rep)

    def test_month_figures(self):
        for amount, name in ((100, "rep"), (250, "rep"), (70, "peer")):
            order = self._order(self.users[name], confirm=False)
            order.order_line.price_unit = amount
            order.action_confirm()
        last = self._order(self.users["rep"])
        last.date_order = "2020-01-15 12:00:00"
        self.env["sales.split"].create(
            [
                {
                    "order_id": order.id,
                    "rep_id": self.reps["leader"].id,
                    "share": 50,
                    "overlay": True,
                },
            ]
        )
        self.env.flush_all()
        self.assertEqual(self.reps["rep"].month_ordered, 350)
        self.assertEqual(self.reps["peer"].month_ordered, 70)
        self.assertEqual(self.reps["leader"].month_ordered, 350, "with those below")
        self.assertEqual(self.reps["rep"].month_invoiced, 0)
        # A colleague's figures stay closed.
        peer = self.reps["peer"].with_user(self.users["rep"])
        self.assertEqual(peer.month_ordered, 0)
        self.assertFalse(peer.is_followed)

    def test_month_figures_are_grouped(self):
        reps = self.env["sales.rep"].search([("company_id", "=", self.company.id)])
        self.assertGreater(len(reps), 6)
        counts = []
        for shown in (reps, reps[:1], reps):  # the first time fills caches
            self.env.invalidate_all()
            shown.mapped("currency_id.name")
            before = self.env.cr.sql_log_count
            shown.mapped("month_ordered")
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])
        self.assertLessEqual(counts[2], 3)

    def test_is_followed(self):
        followed = {
            name: set(
                self.env["sales.rep"]
                .with_user(user)
                .search([("is_followed", "=", True)])
                .ids
            )
            for name, user in self.users.items()
            if name != "foreigner"
        }
        ids = {name: rep.id for name, rep in self.reps.items()}
        self.assertEqual(followed["rep"], {ids["rep"]})
        self.assertEqual(
            followed["manager"], {ids["manager"], ids["leader"], ids["rep"]}
        )
        for name in ("director", "operations", "finance"):
            self.assertLess(followed["manager"], followed[name])
        rep = self.reps["rep"].with_user(self.users["leader"])
        self.assertTrue(rep.is_followed)

    def test_rep_form(self):
        user = self._user("formed", "sales_force.group_sales_rep")
        with Form(self.env["sales.rep"].with_user(self.users["operations"])) as form:
            form.user_id = user
            form.parent_id = self.reps["leader"]
            form.date_start = "2025-02-01"
        rep = form.record
        self.assertEqual(rep.assignment_ids.date_from, date(2025, 2, 1))
        self.assertEqual(rep.assignment_ids.manager_id, self.reps["leader"])
        with Form(rep) as form, form.assignment_ids.new() as line:
            line.date_from = "2025-06-01"
            line.manager_id = self.reps["manager"]
        self.assertEqual(rep.parent_id, self.reps["manager"])

    def test_users_without_profile(self):
        user = self._user("unprofiled", "sales_force.group_sales_leader")
        plain = self._user("unrelated", "base.group_user")
        env = self.env(user=self.users["operations"])
        missing = env["res.users"].search([("sales_rep_missing", "=", True)])
        self.assertIn(user.with_env(env), missing)
        self.assertFalse(missing & (plain + self.users["rep"]).with_env(env))
        self.assertTrue(user.with_env(env).sales_rep_missing)
        action = user.with_env(env).action_create_sales_rep()
        self.assertEqual(user.sales_rep_ids.id, action["res_id"])
        self.assertFalse(user.with_env(env).sales_rep_missing)
        with self.assertRaises(AccessError):
            plain.with_user(self.users["rep"]).action_create_sales_rep()


@tagged("post_install", "-at_install")
class TestDocumentsRep(SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        nobody = cls.env["res.users"]
        outsider = cls._user("outsider", "sales_team.group_sale_salesman")
        users = [cls.users["rep"], cls.users["peer"], outsider, nobody]
        cls.documents = {
            "sale.order": cls.env["sale.order"].union(
                *(cls._order(user, confirm=False) for user in users)
            ),
            "account.move": cls.env["account.move"].union(
                *(cls._invoice(user) for user in users)
            ),
            "crm.lead": cls.env["crm.lead"].union(
                *(cls._lead(user) for user in users),
                cls._lead(cls.users["rep"], company=cls.env["res.company"]),
            ),
            "res.partner": cls.env["res.partner"].create(
                [{"name": "Owned", "user_id": user.id} for user in users]
            ),
        }
        cls.env.flush_all()

    def test_search_equals_compute(self):
        leader, rep, peer = (self.reps[n] for n in ("leader", "rep", "peer"))
        for model, documents in self.documents.items():
            documents.invalidate_recordset()
            for domain, expected in (
                ([("sales_rep_id", "=", rep.id)], lambda r: r == rep),
                ([("sales_rep_id", "in", (rep + peer).ids)], lambda r: r in rep + peer),
                ([("sales_rep_id", "!=", rep.id)], lambda r: r != rep),
                ([("sales_rep_id", "=", False)], lambda r: not r),
                ([("sales_rep_id", "!=", False)], lambda r: bool(r)),
                ([("sales_rep_id", "in", [rep.id, False])], lambda r: r != peer),
                ([("sales_rep_id", "child_of", leader.id)], lambda r: r == rep),
                ([("sales_rep_id", "not in", rep.ids)], lambda r: r != rep),
                ([("sales_rep_id.parent_id", "=", leader.id)], lambda r: r == rep),
                ([("sales_rep_id", "ilike", "peer")], lambda r: r == peer),
                (
                    [("sales_rep_id", "any", [("state", "=", "active")])],
                    lambda r: bool(r),
                ),
                ([("sales_rep_id", "child_of", [])], lambda r: False),
            ):
                with self.subTest(model=model, domain=domain):
                    found = documents.search([("id", "in", documents.ids), *domain])
                    right = [d.id for d in documents if expected(d.sales_rep_id)]
                    self.assertEqual(set(found.ids), set(right))
                    filtered = documents.filtered_domain(domain)
                    self.assertEqual(set(filtered.ids), set(right))

    def test_compute_takes_one_query(self):
        orders = self.documents["sale.order"]
        for shown in (orders[:1], orders):
            self.env.invalidate_all()
            shown.mapped("user_id.name")
            shown.mapped("company_id.name")
            with self.assertQueryCount(2):
                shown.mapped("sales_rep_id")

    def test_other_company(self):
        """The same user is another rep in another company."""
        user = self.users["rep"]
        user.company_ids += self.company_b
        rep_b = self._rep(user, company=self.company_b)
        order = self._order(user, company=self.company_b, confirm=False)
        self.assertEqual(order.sales_rep_id, rep_b)
        self.assertEqual(self.documents["sale.order"][0].sales_rep_id, self.reps["rep"])

    def test_channel(self):
        direct = self.env.ref("sales_force.sales_channel_direct")
        agent = self.env.ref("sales_force.sales_channel_agent")
        self.partner.sales_channel_id = direct
        contact = self.env["res.partner"].create(
            {"name": "Contact", "parent_id": self.partner.id}
        )
        order = self._order(self.users["rep"], partner=contact, confirm=False)
        self.assertEqual(order.sales_channel_id, direct)
        order.sales_channel_id = agent
        order.action_confirm()
        self.partner.sales_channel_id = False
        self.assertEqual(order.sales_channel_id, agent)
        self.assertEqual(self._order(self.users["rep"]).sales_channel_id.ids, [])


@tagged("post_install", "-at_install")
class TestCreateReps(SalesForceCase):
    """Installing on a company with history."""

    def test_salespeople_become_reps(self):
        env = self.env
        users = {
            name: self._user(name, "sales_team.group_sale_salesman")
            for name in ("ordering", "invoicing", "leading", "owning", "member", "gone")
        }
        boss = self._user("boss", "sales_team.group_sale_manager")
        team = env["crm.team"].create(
            {
                "name": "Team",
                "user_id": boss.id,
                "company_id": self.company.id,
                "member_ids": [Command.set(users["member"].ids)],
            }
        )
        for name, day in (("ordering", "2019-05-01"), ("gone", "2018-01-01")):
            for when in (day, "2021-01-01"):
                order = self._order(users[name])
                order.date_order = f"{when} 12:00:00"
                order.team_id = team
        self._invoice(users["invoicing"], invoice_date="2019-07-01")
        self._lead(users["leading"])
        env["res.partner"].create({"name": "Owned", "user_id": users["owning"].id})
        users["gone"].active = False
        portal = self._user("portal", "base.group_portal")
        env["res.partner"].create({"name": "Odd", "user_id": portal.id})
        env.flush_all()

        before = env["sales.rep"].with_context(active_test=False).search([])
        reps = create_reps(env)
        self.assertFalse(reps & before)
        by_user = {rep.user_id: rep for rep in reps}
        self.assertTrue({boss, *users.values()} <= by_user.keys())
        self.assertNotIn(portal, by_user)
        self.assertEqual(by_user[users["ordering"]].date_start, date(2019, 5, 1))
        self.assertEqual(by_user[users["invoicing"]].date_start, date(2019, 7, 1))
        self.assertEqual(
            by_user[users["owning"]].date_start, users["owning"].create_date.date()
        )
        for name in ("member", "ordering"):
            rep = by_user[users[name]]
            self.assertEqual(rep.team_id, team)
            self.assertEqual(rep.parent_id, by_user[boss])
            self.assertEqual(rep.assignment_ids.date_from, rep.date_start)
            self.assertEqual(rep.state, "active")
        gone = by_user[users["gone"]]
        self.assertEqual((gone.state, gone.active), ("left", False))
        self.assertFalse(by_user[boss].parent_id)
        self.assertFalse(create_reps(env), "a second time there is nothing to do")

    def test_teams_led_crosswise(self):
        """Two leaders who are members of each other's team make no circle."""
        one, two = (
            self._user(name, "sales_team.group_sale_manager") for name in ("one", "two")
        )
        for leader, member in ((one, two), (two, one)):
            self.env["crm.team"].create(
                {
                    "name": leader.name,
                    "user_id": leader.id,
                    "company_id": self.company.id,
                    "member_ids": [Command.set(member.ids)],
                }
            )
        self.env.flush_all()
        reps = create_reps(self.env).filtered(lambda r: r.user_id in one + two)
        self.assertEqual(len(reps), 2)
        self.assertEqual(len(reps.filtered("parent_id")), 1)
