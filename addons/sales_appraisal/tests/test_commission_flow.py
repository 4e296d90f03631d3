from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError

from .commission_common import CommissionCase

AFTER = "2031-02-05 12:00:00"


class TestCommissionFlow(CommissionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan = cls._plan()
        cls.startClassPatcher(freeze_time(AFTER))

    def setUp(self):
        super().setUp()
        self._sell("rep", 1000)
        self._run()
        self.statement = self._statement()

    def _as(self, name, statement=None):
        statement = self.statement if statement is None else statement
        return statement.with_user(self.users[name])

    def _submit(self, name="rep"):
        statement = self._statement(name)
        self._as("operations", statement).action_submit()
        return statement

    def test_steps(self):
        for name in ("leader", "manager", "finance", "peer"):
            with self.assertRaises(AccessError, msg=name):
                self._as(name).action_submit()
        self.assertTrue(self._as("rep").may_submit)
        self._as("rep").action_submit()
        self.assertEqual(self.statement.state, "submitted")
        self.assertEqual(self.statement.submitted_by_id, self.users["rep"])
        for name in ("rep", "leader", "peer_manager", "operations", "finance"):
            with self.assertRaises(AccessError, msg=name):
                self._as(name).action_approve()
        self.assertTrue(self._as("manager").may_approve)
        self._as("manager").action_approve()
        for name in ("rep", "manager", "director", "operations"):
            with self.assertRaises(AccessError, msg=name):
                self._as(name).action_validate()
        self._as("finance").action_validate()
        self.assertEqual(self.statement.state, "validated")
        self.assertEqual(self.statement.validated_by_id, self.users["finance"])
        for action in ("action_compute", "action_submit", "action_approve"):
            with self.assertRaises(UserError):
                getattr(self.statement, action)()
        with self.assertRaises(UserError):
            self._as("finance")._return("Too late")

    def test_running(self):
        self._run(date(2031, 2, 5))
        with self.assertRaises(UserError):
            self._as("rep", self._statement(month=2)).action_submit()
        self.assertFalse(self._as("rep", self._statement(month=2)).may_submit)

    def test_leader(self):
        """Only where the company lets leaders see pay."""
        self._as("rep").action_submit()
        with self.assertRaises(AccessError):
            self._as("leader").action_approve()
        self.company.sales_leaders_see_pay = True
        self._as("leader").action_approve()
        self.assertEqual(self.statement.approved_by_id, self.users["leader"])

    def test_own(self):
        """Whatever roles somebody has besides."""
        self.company.sales_leaders_see_pay = True
        roles = ("director", "operations", "finance")
        self.users["rep"].group_ids = [
            (4, self.env.ref(f"sales_force.group_sales_{role}").id) for role in roles
        ]
        self._as("rep").action_submit()
        with self.assertRaises(AccessError):
            self._as("rep").action_approve()
        self._as("leader").action_approve()
        with self.assertRaises(AccessError):
            self._as("rep").action_validate()
        self._as("finance").action_validate()

    def test_top(self):
        """Of who has nobody above, sales operations approves; not of others."""
        top = self._submit("director")
        with self.assertRaises(AccessError):
            self._as("manager", top).action_approve()
        with self.assertRaises(AccessError):
            self._as("director", top).action_approve()
        self._as("operations", top).action_approve()
        self.assertEqual(top.state, "approved")

    def test_fresh(self):
        """What is closed is what the facts say at that moment."""
        self._sell("rep", 500)
        self.assertEqual(self.statement.amount, 100)
        self._as("rep").action_submit()
        self.assertEqual(self.statement.amount, 150)
        self._sell("rep", 500)
        self._run()
        self.assertEqual(self.statement.amount, 150)
        self.assertEqual(self._paid(), 200)

    def test_fresh_corrections(self):
        """Also of earlier periods, of which it takes the corrections."""
        self._run(date(2031, 2, 1))
        self._as("rep").action_submit()
        self._sell("rep", 70)
        with freeze_time("2031-03-01 12:00:00"):
            february = self._statement(month=2)
            self._as("rep", february).action_submit()
        self.assertEqual(february.amount, 7)
        self.assertEqual(february.entry_ids.kind, "adjustment")

    def test_compute(self):
        self._sell("rep", 10)
        self._as("rep").action_compute()
        self.assertEqual(self.statement.amount, 101)
        with self.assertRaises(AccessError):
            self._as("peer").action_compute()

    def test_return(self):
        """Open again, it takes back what was a correction elsewhere."""
        self._as("rep").action_submit()
        self._sell("rep", 500)
        self._run()
        february = self._statement(month=2)
        self.assertEqual((self.statement.amount, february.amount), (100, 50))
        wizard = (
            self.env["sales.commission.return"]
            .with_user(self.users["manager"])
            .with_context(**self._as("manager").action_return()["context"])
            .create({"reason": "The split is wrong"})
        )
        wizard.action_apply()
        self.assertEqual(self.statement.state, "open")
        self.assertEqual(self.statement.returned_reason, "The split is wrong")
        self.assertFalse(self.statement.submitted_by_id)
        self.assertEqual((self.statement.amount, february.amount), (150, 0))
        self.assertEqual(self.statement.entry_ids.mapped("kind"), ["earning"] * 2)
        self.assertIn("The split is wrong", self._last_message(self.statement).body)
        self._run()
        self.assertEqual(self._paid(), 150)

    def test_return_who(self):
        self._as("rep").action_submit()
        for name in ("peer", "leader", "peer_manager"):
            with self.assertRaises(AccessError, msg=name):
                self._as(name)._return("No")
        # The rep takes the own one back until the manager has approved.
        self._as("rep")._return("I forgot an order")
        self._as("rep").action_submit()
        self._as("manager").action_approve()
        with self.assertRaises(AccessError):
            self._as("rep")._return("I forgot another")
        self._as("finance")._return("Without a receipt")
        self.assertEqual(self.statement.state, "open")

    def test_between(self):
        """A statement made later for a period between takes the correction over."""
        self._as("rep").action_submit()
        self._sell("rep", 500)
        with freeze_time("2031-03-05 12:00:00"):
            self._run()
        march = self._statement(month=3)
        self.assertEqual(march.amount, 50)
        self._run(date(2031, 2, 1))
        self._run()
        february = self._statement(month=2)
        self.assertEqual((february.amount, march.amount), (50, 0))
        self.assertEqual(self._paid(), 150)

    def test_bulk(self):
        """What can be done is done, and what was left is named with the reason."""
        peer, director = self._statement("peer"), self._statement("director")
        self._as("operations", self.statement | peer | director).action_submit()
        self.assertEqual(self.statement.activity_ids.user_id, self.users["manager"])
        self.assertEqual(peer.activity_ids.user_id, self.users["peer_manager"])
        leader = self._statement("leader")
        four = self.statement | peer | director | leader
        told = self._told(self._as("director", four).action_approve())
        self.assertEqual((four - director - leader).mapped("state"), ["approved"] * 2)
        self.assertIn(f"{director.display_name}: nobody approves the own pay", told)
        self.assertIn(f"{leader.display_name} is “Open”", told)
        self.assertNotIn(self.statement.display_name, told)
        self.assertFalse((self.statement | peer).activity_ids)
        with self.assertRaises(UserError) as caught:
            self._as("director", four).action_approve()
        for one in four:
            self.assertIn(one.display_name, str(caught.exception))
        self.assertIs(self._as("finance", peer).action_validate(), True)
        told = self._told(self._as("finance", four).action_validate())
        self.assertEqual(self.statement.state, "validated")
        self.assertEqual(told.count("\n"), 2)

    def test_bulk_return(self):
        """Each that was not sent back is named after the dialog."""
        peer = self._submit("peer")
        self._as("rep").action_submit()
        self._as("manager").action_approve()
        self._as("finance").action_validate()
        told = self._told(self._as("finance", self.statement | peer)._return("Why"))
        self.assertEqual((self.statement.state, peer.state), ("validated", "open"))
        self.assertIn(self.statement.display_name, told)

    @staticmethod
    def _told(action):
        return action["params"]["message"]

    def test_waiting(self):
        """Looking for what waits finds what the next step is offered for, whoever looks
        and whatever the setting."""
        self._run(date(2031, 2, 5))
        self._submit("peer")
        self._submit("director")
        self._as("manager", self._submit("leader")).action_approve()
        self._as("finance", self._statement("leader")).action_validate()
        self._submit("manager")
        self._as("director", self._statement("manager")).action_approve()
        self.users["leader"].group_ids += self.env.ref(
            "sales_force.group_sales_finance"
        )
        for see in (False, True):
            self.company.sales_leaders_see_pay = see
            self._check_waiting(
                rep=[("rep", 1)],
                leader=[("manager", 1)],
                manager=[],
                peer_manager=[("peer", 1), ("peer_manager", 1)],
                director=[("peer", 1)],
                finance=[("manager", 1)],
            )
        self._as("rep").action_submit()
        self._check_waiting(
            rep=[], leader=[("manager", 1), ("rep", 1)], manager=[("rep", 1)]
        )
        self.company.sales_leaders_see_pay = False
        self._check_waiting(leader=[("manager", 1)], manager=[("rep", 1)])

    def _check_waiting(self, **names):
        self.env.invalidate_all()
        for name, user in self.users.items():
            statements = self.statements.with_user(user)
            if not statements.has_access("read"):
                continue
            everything = statements.search([("plan_id", "=", self.plan.id)])
            for value in (True, False):
                self.assertEqual(
                    everything.filtered_domain([("waits_for_me", "=", value)]),
                    everything.search(
                        [("id", "in", everything.ids), ("waits_for_me", "=", value)]
                    ),
                    (name, value),
                )
            if name in names:
                found = everything.filtered("waits_for_me").sudo()
                self.assertCountEqual(
                    [(one.rep_id.user_id, one.date_from.month) for one in found],
                    [(self.users[rep], month) for rep, month in names[name]],
                    name,
                )

    def test_stamped(self):
        for name in ("rep", "manager", "director", "operations", "finance"):
            for values in (
                {"state": "paid"},
                {"amount": 1},
                {"rep_id": self.reps["manager"].id},
                {"plan_id": self.plan.id},
                {"approved_by_id": self.users["manager"].id},
                {"returned_reason": "x"},
                {"date_from": "2031-01-02"},
            ):
                with self.assertRaises(UserError, msg=(name, values)):
                    self._as(name).write(values)
