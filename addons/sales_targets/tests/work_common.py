"""A company that works every day, and ways to give its reps something to do."""

from datetime import timedelta

from odoo import Command, fields

from odoo.addons.sales_force.tests.common import SalesForceCase


class WorkCase(SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.resource_calendar_id = cls._calendar(range(7))
        cls.today = cls.company._get_sales_today()
        cls.rep, cls.user = cls.reps["rep"], cls.users["rep"]
        cls.plans = cls.env["sales.work.plan"]
        cls.items = cls.env["sales.work.plan.item"]
        cls.reasons = {
            reason.code: reason for reason in cls.env["sales.miss.reason"].search([])
        }
        # Nothing of what the database holds already is anybody's work here.
        cls.class_ = cls.env["sales.customer.class"].create(
            {
                "name": "Test",
                "company_id": cls.company.id,
                "share_upto": 100,
                "visit_days": 10,
            }
        )

    @classmethod
    def _calendar(cls, weekdays):
        return cls.env["resource.calendar"].create(
            {
                "name": "Some days",
                "company_id": cls.company.id,
                "tz": "UTC",
                "attendance_ids": [Command.clear()]
                + [
                    Command.create(
                        {
                            "name": str(day),
                            "dayofweek": str(day),
                            "hour_from": 8,
                            "hour_to": 16,
                            "day_period": "morning",
                        }
                    )
                    for day in weekdays
                ],
            }
        )

    @classmethod
    def _day(cls, days):
        return cls.today + timedelta(days=days)

    @classmethod
    def _customer(cls, name, user=None, visited=None, turnover=0, due=True, **values):
        """A customer of the class; visited so many days ago.

        :param due: whether it has a class, which asks for visits
        """
        partner = cls.env["res.partner"].create(
            {
                "name": name,
                "is_company": True,
                "user_id": (user or cls.user).id,
                **values,
            }
        )
        cls.env["sales.customer"]._refresh(cls.company, partner.ids)
        cls.env.cr.execute(
            """INSERT INTO sales_customer (partner_id, company_id, stage, stage_derived)
            VALUES (%s, %s, 'active', 'active') ON CONFLICT DO NOTHING""",
            [partner.id, cls.company.id],
        )
        cls.env.cr.execute(
            """UPDATE sales_customer SET class_id = %s, turnover = %s
            WHERE partner_id = %s AND company_id = %s""",
            [cls.class_.id if due else None, turnover, partner.id, cls.company.id],
        )
        cls.env["sales.customer"].invalidate_model()
        if visited:
            rep = (user or cls.user).sales_rep_ids
            cls._visited(partner, -visited, rep)
        return partner

    @classmethod
    def _visited(cls, partner, days=0, rep=None):
        """An effective visit that was checked out."""
        start = fields.Datetime.now() + timedelta(days=days)
        visit = cls.env["sales.visit"].create(
            {
                "rep_id": (rep or cls.rep).id,
                "partner_id": partner.id,
                "date_planned": start,
            }
        )
        visit.write(
            {
                "state": "done",
                "check_in": start,
                "check_out": start,
                "effective": 1,
            }
        )
        return visit

    @classmethod
    def _overdue(cls, partner, amount=100.0, days=12, user=None):
        """A posted invoice that is due for so many days."""
        invoice = cls._invoice(
            user or cls.user,
            partner=partner,
            invoice_date=cls._day(-days),
            invoice_date_due=cls._day(-days),
        )
        invoice.invoice_line_ids.price_unit = amount
        invoice.invoice_date_due = cls._day(-days)
        invoice.action_post()
        return invoice

    @classmethod
    def _pay(cls, invoice, amount=None):
        wizard = cls.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        )
        values = {"payment_date": cls.today}
        if amount:
            values["amount"] = amount
        return wizard.create(values)._create_payments()

    @classmethod
    def _core_plan(cls):
        """A committed plan of what is ordered this year, with a known order value."""
        plan = cls.env["sales.target.plan"].create(
            {
                "name": "This year",
                "company_id": cls.company.id,
                "metric_id": cls.env.ref("sales_force.sales_metric_ordered").id,
                "stage": "growth",
                "stage_reason": "Few of them know us",
                "date_from": fields.Date.start_of(cls.today, "year"),
                "date_to": fields.Date.end_of(cls.today, "year"),
                "value": 1_000_000,
            }
        )
        plan.action_publish()
        plan.action_commit()
        for days in (1, 2):
            cls._order(cls.user).date_order -= timedelta(days=30 * days)
        return plan

    @classmethod
    def _plan(cls, rep=None, day=None):
        return cls.plans.search(
            [("rep_id", "=", (rep or cls.rep).id), ("date", "=", day or cls.today)]
        )

    @classmethod
    def _propose(cls, reps=None):
        cls.plans._propose(reps or cls.rep, cls.today)
        return cls._plan()

    @classmethod
    def _past(cls, plan, days=1):
        """The plan was one of days ago."""
        cls.env.flush_all()
        cls.env.cr.execute(
            "UPDATE sales_work_plan SET date = %s WHERE id = %s",
            [cls._day(-days), plan.id],
        )
        cls.env.invalidate_all()

    def _keys(self, plan):
        return {(item.kind, item.title.split(" · ")[0]): item for item in plan.item_ids}

    def _answers(self, plan, code="OWN_TIME", **values):
        return {
            str(item.id): {"reason_id": self.reasons[code].id, **values}
            for item in plan.item_ids
            if item.state in ("proposed", "accepted", "missed")
        }
