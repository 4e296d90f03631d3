from datetime import date

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command

from .commission_common import CommissionCase

JANUARY = date(2031, 1, 10)
PROGRESSIVE = {"table": "amount", "mode": "progressive"}
STEPS = ((0, 2), (100_000, 3), (150_000, 5))


class TestCommission(CommissionCase):
    def test_progressive(self):
        """0 to 100,000 2 %, to 150,000 3 %, above 5 %: 180,000 earns 5,000.00."""
        self._plan({**PROGRESSIVE, "tier_ids": self._tiers(*STEPS)})
        for amount in (90_000, 40_000, 50_000):
            self._sell("rep", amount)
        self._run()
        statement = self._statement()
        self.assertEqual(statement.amount, 5000)
        by_position = statement.entry_ids.sorted("position")
        self.assertEqual(by_position.mapped("position"), [0, 90_000, 130_000])
        # 1,800; 200 + 900; 600 + 1,500
        self.assertEqual(by_position.mapped("amount"), [1800, 1100, 2100])
        self.assertEqual(by_position.mapped("base"), [90_000, 40_000, 50_000])

    def test_whole(self):
        self._plan(
            {"table": "amount", "mode": "whole", "tier_ids": self._tiers(*STEPS)}
        )
        self._sell("rep", 90_000)
        self._sell("rep", 90_000)
        self._run()
        self.assertEqual(self._statement().entry_ids.mapped("amount"), [4500, 4500])

    def test_twice(self):
        self._plan()
        self._sell("rep", 100)
        self._run()
        entry = self._statement().entry_ids
        self.assertEqual(entry.amount, 10)
        self._run()
        self.assertEqual(self._statement().entry_ids, entry)
        self._sell("rep", 50, "2031-01-09")
        self._run(reps=self.reps["rep"])
        self.assertIn(entry, self._statement().entry_ids)
        self.assertEqual(self._statement().amount, 15)

    def test_cap(self):
        self._plan({"cap": 12})
        self._sell("rep", 100)
        self._sell("rep", 100)
        self._run()
        self.assertEqual(sorted(self._statement().entry_ids.mapped("amount")), [2, 10])

    def test_override(self):
        """Each euro counts once at each level, through everybody's own chain."""
        self._plan({"credited": "override", "level_from": 1, "level_to": 2, "rate": 1})
        self._sell("rep", 1000)
        self._sell("leader", 500)
        self._run()
        found = {
            name: self._statement(name).amount
            for name in ("rep", "leader", "manager", "director", "peer_leader")
        }
        self.assertEqual(
            found,
            {"rep": 0, "leader": 10, "manager": 15, "director": 5, "peer_leader": 0},
        )

    def test_override_dated(self):
        """A rep who moves takes along what was credited before to the new manager."""
        self._plan({"credited": "override", "rate": 1})
        self.env["sales.rep.assignment"].create(
            {
                "rep_id": self.reps["rep"].id,
                "date_from": "2031-01-15",
                "manager_id": self.reps["peer_leader"].id,
            }
        )
        self._sell("rep", 1000, "2031-01-14")
        self._sell("rep", 700, "2031-01-15")
        self._run()
        self.assertEqual(self._statement("leader").amount, 10)
        self.assertEqual(self._statement("peer_leader").amount, 7)

    def test_bonus(self):
        self._plan(
            {
                "kind": "bonus",
                "table": "amount",
                "tier_ids": self._tiers((100, 50), (200, 80), value="amount"),
            }
        )
        self._sell("rep", 199)
        self._run()
        self.assertEqual(self._statement().amount, 50)
        self._sell("rep", 1)
        self._run()
        self.assertEqual(self._statement().amount, 80)
        self.assertEqual(self._statement().entry_ids.kind, "bonus")

    def test_pieces(self):
        self._plan({"metric": "ORDERS", "rate_unit": "amount", "rate": 3})
        for _each in range(3):
            order = self._order(self.users["rep"])
            order.date_order = "2031-01-20 10:00:00"
        self._run()
        self.assertEqual(self._statement().amount, 9)

    def test_filter(self):
        other = self.env["product.product"].create({"name": "Other"})
        self._plan({"product_ids": [Command.set(other.ids)]})
        self._sell("rep", 1000)
        invoice = self._invoice(self.users["rep"], invoice_date="2031-01-11")
        invoice.invoice_line_ids.product_id = other
        invoice.invoice_line_ids.price_unit = 70
        invoice.action_post()
        self._run()
        self.assertEqual(self._statement().amount, 7)

    def test_currency(self):
        """What is sold counts at the rate of its own date."""
        foreign = self.env.ref("base.EUR")
        foreign.active = True
        rates = self.env["res.currency.rate"]
        rates.search([("currency_id", "=", foreign.id)]).unlink()
        for day, rate in (("2031-01-01", 2), ("2031-01-15", 4)):
            rates.create({"currency_id": foreign.id, "name": day, "rate": rate})
        self._plan(currency_id=foreign.id)
        self._sell("rep", 100, "2031-01-10")
        self._sell("rep", 100, "2031-01-20")
        self._run()
        self.assertEqual(sorted(self._statement().entry_ids.mapped("amount")), [20, 40])
        self.assertEqual(self._statement().currency_id, foreign)

    def test_late(self):
        """A late invoice in a paid period is an adjustment in the open one."""
        self._plan({**PROGRESSIVE, "tier_ids": self._tiers(*STEPS)})
        self._sell("rep", 100_000)
        self._run()
        january = self._statement()
        self._close(january)
        self._sell("rep", 10_000, "2031-01-05")
        self._run()
        self.assertEqual(january.amount, 2000)
        late = self.entries.search([("statement_id", "!=", january.id)])
        late = late.filtered(lambda entry: entry.rep_id == self.reps["rep"])
        self.assertEqual(late.mapped("amount"), [300])
        self.assertEqual(late.kind, "adjustment")
        self.assertEqual(late.subject, "earning")
        self.assertEqual(late.period_from, january.date_from)
        self.assertEqual(late.statement_id.state, "open")
        self.assertGreater(late.statement_id.date_from, january.date_to)
        self._run()
        self.assertEqual(self._paid(), 2300)

    def test_opened_again(self):
        """A correction is not counted again in the statement that is open again."""
        self._plan()
        self._sell("rep", 100)
        self._run()
        january = self._statement()
        self._close(january)
        self._sell("rep", 50, "2031-01-05")
        self._run()
        february = self._statement(month=2)
        self.assertEqual(february.amount, 5)
        self._close(january, "open")
        self._run()
        self.assertEqual(january.amount, 15)
        self.assertEqual(january.entry_ids.mapped("kind"), ["earning", "earning"])
        self.assertFalse(february.entry_ids)
        self.assertEqual(february.amount, 0)

    def test_changed(self):
        """What changes of a paid invoice names the entry that it corrects."""
        self._plan()
        invoice = self._sell("rep", 1000)
        self._run()
        january = self._statement()
        self._close(january)
        invoice.button_draft()
        self._run()
        [back] = self.entries.search(
            [("rep_id", "=", self.reps["rep"].id), ("kind", "=", "adjustment")]
        )
        self.assertEqual(back.amount, -100)
        self.assertEqual(back.corrects_id, january.entry_ids)
        invoice.invoice_line_ids.price_unit = 1500
        invoice.action_post()
        self._run()
        self.assertEqual(self._paid(), 150)
        self._close(back.exists().statement_id or self._statement())
        invoice.button_draft()
        self._run()
        self.assertEqual(self._paid(), 0)

    def test_versions(self):
        """A paid period keeps the version that it was paid with."""
        plan = self._plan()
        self._sell("rep", 1000)
        self._run()
        january = self._statement()
        self._close(january)
        later = self.env["sales.commission.plan"].browse(
            plan.action_new_version()["res_id"]
        )
        later.date_from = "2031-02-01"
        later.rule_ids.rate = 20
        later.action_publish()
        self._sell("rep", 500, "2031-01-20")
        self._sell("rep", 500, "2031-02-20")
        self._run()
        self._run(date(2031, 2, 1))
        february = self._statement(month=2)
        self.assertEqual(february.plan_id, later)
        self.assertEqual(january.amount, 100)
        self.assertEqual(february.amount, 150)
        with self.assertRaises(UserError):
            plan.rule_ids.rate = 30

    def test_version_of_open(self):
        """What is open when the next version begins is paid by that one, once."""
        plan = self._plan()
        self._sell("rep", 1000, "2031-01-20")
        self._run()
        self._close(self._statement())
        self._sell("rep", 10, "2031-01-20")
        self._sell("rep", 500, "2031-02-20")
        self._run(date(2031, 2, 1))
        self._run()
        february = self._statement(month=2)
        self.assertEqual(february.amount, 51)
        later = self.env["sales.commission.plan"].browse(
            plan.action_new_version()["res_id"]
        )
        later.date_from = "2031-02-01"
        later.rule_ids.rate = 20
        later.action_publish()
        self.assertEqual(february.plan_id, later)
        self.assertEqual(february.amount, 1)
        self._run(date(2031, 2, 1))
        self._run()
        self.assertEqual(self._statement(month=2), february)
        self.assertEqual(february.amount, 101)
        self.assertEqual(self._paid(), 201)

    def test_leaver(self):
        self._plan(leaver_days=10)
        self._sell("rep", 1000, "2031-01-05")
        self._sell("rep", 100, "2031-01-20")
        self._sell("rep", 10, "2031-01-21")
        self.reps["rep"].write({"state": "left", "date_end": "2031-01-10"})
        self._run()
        self.assertEqual(self._statement().amount, 110)

    def test_refused(self):
        with self.assertRaises(ValidationError):
            self._plan({"metric": "COLLECTION_RATE"}, publish=False)
        with self.assertRaises(ValidationError):
            self._plan({"metric": "ORDERS"}, publish=False)
        with self.assertRaises(ValidationError):
            self._plan({"table": "amount"}, publish=False)
        with self.assertRaises(AccessError):
            self.entries.sudo().create({"amount": 1})
