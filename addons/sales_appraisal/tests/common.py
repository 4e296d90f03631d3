from datetime import date

from odoo.fields import Command

from odoo.addons.sales_force.tests.common import SalesForceCase


class AppraisalCase(SalesForceCase):
    """A monthly template in force from January 2031, and the organisation."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.resource_calendar_id.tz = "UTC"
        others = cls.env["sales.rep"].search(
            [("id", "not in", [rep.id for rep in cls.reps.values()])]
        )
        others.action_archive()
        cls.env["sales.scorecard.template"].search([]).action_archive()
        cls.template = cls._template(cls._lines())
        cls.template.action_publish()
        cls.grades = {
            grade.name: grade for grade in cls.env["sales.scorecard.grade"].search([])
        }

    @classmethod
    def _metric(cls, code):
        return cls.env["sales.metric"].search([("code", "=", code)])

    @classmethod
    def _lines(cls):
        return [
            {
                "name": "Invoiced",
                "kind": "metric",
                "metric_id": cls._metric("INVOICED").id,
                "against": "number",
                "number": 1000,
                "function": "ratio",
                "cap": 120,
                "weight": 60,
            },
            {
                "name": "Judgement",
                "kind": "judgement",
                "function": "ratio",
                "cap": 100,
                "weight": 40,
            },
            {
                "name": "Conduct",
                "kind": "conduct",
                "function": "points",
                "floor": -10,
                "cap": 10,
            },
        ]

    @classmethod
    def _template(cls, lines, **values):
        return cls.env["sales.scorecard.template"].create(
            {
                "name": "Month",
                "company_id": cls.company.id,
                "period": "month",
                "date_from": "2031-01-01",
                "line_ids": [Command.create(line) for line in lines],
                **values,
            }
        )

    def _open(self, day=date(2031, 1, 10), period="month"):
        return self.env["sales.scorecard"]._open_period(self.company, period, day)

    def _card(self, name="rep", **leaves):
        domain = [(field, "=", value) for field, value in leaves.items()]
        return self.env["sales.scorecard"].search(
            [("rep_id", "=", self.reps[name].id), *domain]
        )

    def _line(self, card, name):
        return card.line_ids.filtered(lambda line: line.name == name)

    def _sell(self, name, amount, day="2031-01-10"):
        invoice = self._invoice(self.users[name], invoice_date=day)
        invoice.invoice_line_ids.price_unit = amount
        invoice.action_post()
        return invoice

    def _judge(self, card, value=80):
        """Through the steps up to the calibration."""
        cards = card.sudo()
        cards.filtered(lambda one: one.state == "open")._start()
        cards.filtered(lambda one: one.state == "self")._move("manager")
        self._line(cards, "Judgement").manager_value = value
        cards.action_submit()
