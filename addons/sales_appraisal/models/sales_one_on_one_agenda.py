"""What is on the agenda: facts, each kind in a method, read with the manager's rights.

The blocks of a team meeting serve here for one rep.
"""

from datetime import timedelta

from markupsafe import Markup

from odoo import api, models

from odoo.addons.sales_targets.planning.periods import choose, periods

from ..scoring.coaching import Scored, loss
from .sales_coaching import OPEN
from .sales_scorecard import WITHHELD

DAYS = 30
MOST = 5
WEAKEST = 3


class SalesOneOnOne(models.Model):
    _inherit = "sales.one.on.one"

    @api.depends("agenda")
    @api.depends_context("lang")
    def _compute_agenda_html(self):
        for talk in self:
            talk.agenda_html = talk._render_agenda()

    def _build(self):
        """Keep the facts of today as the agenda."""
        for talk in self:
            today = talk.company_id._get_sales_today()
            # sudo: stamped by the system; what is in it was read as the user
            talk.sudo().write({"as_of": today, "agenda": talk._prepare_agenda(today)})

    def _prepare_agenda(self, today):
        start = today - timedelta(days=DAYS)
        return {
            **self._prepare_goal(today),
            "card": self._prepare_card(),
            "coaching": self._prepare_coaching(),
            "misses": self.env["sales.work.plan"]._count_reasons(
                self.rep_id, start, today
            ),
            "overdue": self._prepare_overdue(today),
            "agreements": [
                {
                    "name": one.name,
                    "owner": one.user_id.name,
                    "date": one.date_deadline.isoformat(),
                    "state": one.state,
                }
                for one in self._get_former()
            ],
        }

    def _prepare_goal(self, today):
        """How the rep's core goal stands this month, what made the gap, and what is
        done about it."""
        nothing = {"plan": False, "stand": False, "drivers": [], "measures": []}
        plans = self.env["sales.target.plan"].with_company(self.company_id)
        plan = plans._get_cockpit_plans()[:1]
        if plan.kind != "core" or not plan.date_from <= today <= plan.date_to:
            return nothing
        blocks = self.env["sales.meeting"]
        node = blocks._get_nodes(plan, self.rep_id).get(self.rep_id)
        if not node:
            return nothing
        span = choose(periods(plan._get_months()), "month", today)
        return {
            "plan": {
                **plan._describe_plan(),
                "date_from": span.start.isoformat(),
                "date_to": span.stop.isoformat(),
            },
            "stand": node._stand(*node._read_stand(plan, today), span, today),
            "drivers": blocks._prepare_drivers(node, span),
            "measures": [
                {**task, "date": task["date"].isoformat()} for task in node._get_tasks()
            ],
        }

    def _prepare_card(self):
        """The last card that has a score, with what lost most.

        Both read the agenda: no card whose judgement the rep does not read yet.
        """
        card = self.env["sales.scorecard"].search(
            [
                ("rep_id", "=", self.rep_id.id),
                ("has_score", "=", True),
                ("state", "not in", WITHHELD),
            ],
            order="date_to desc, id desc",
            limit=1,
        )
        if not card:
            return False
        lost = [
            {
                "name": line.name,
                "why": line.explanation,
                "lost": float(scored) / 100,
            }
            for line in card.line_ids.filtered("applies")
            if (scored := loss(Scored(*card._get_scored(line))))
        ]
        lost.sort(key=lambda line: -line["lost"])
        return {
            "name": card.period_label,
            "score": card.score,
            "grade": card.grade_id.name or "",
            "lines": lost[:WEAKEST],
        }

    def _prepare_coaching(self):
        """Plans that are open, and what of them is to do."""
        plans = self.env["sales.coaching"].search(
            [("rep_id", "=", self.rep_id.id), ("state", "in", OPEN)]
        )
        states = dict(plans._fields["state"]._description_selection(self.env))
        return [
            {
                "name": plan.name,
                "state": states[plan.state],
                "effect": plan.effect_text,
                "todo": [
                    {"name": one.name, "date": one.date_deadline.isoformat()}
                    for one in plan.exercise_ids
                    if one.state in ("planned", "open")
                ],
            }
            for plan in plans
        ]

    def _prepare_overdue(self, today):
        """The customers of the rep who owe most that is overdue, with tax."""
        rows = self.env["account.move"]._read_group(
            [
                ("company_id", "=", self.company_id.id),
                ("invoice_user_id", "=", self.user_id.id),
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
                ("payment_state", "in", ("not_paid", "partial")),
                ("invoice_date_due", "<", today),
            ],
            ["commercial_partner_id"],
            ["amount_residual_signed:sum"],
            order="amount_residual_signed:sum desc",
            limit=MOST,
        )
        return [
            # sudo: the name of a customer on an invoice that the manager reads
            {"customer": partner.sudo().display_name, "value": value}
            for partner, value in rows
        ]

    def _render_agenda(self):
        self.ensure_one()
        if not self.agenda:
            return Markup()
        return self.env["ir.qweb"]._render(
            "sales_appraisal.sales_one_on_one_agenda",
            {
                "agenda": self.agenda,
                # sudo: only the company's currency
                "currency": self.company_id.sudo().currency_id,
                "states": dict(
                    self.env["sales.one.on.one.agreement"]
                    ._fields["state"]
                    ._description_selection(self.env)
                ),
            },
        )
