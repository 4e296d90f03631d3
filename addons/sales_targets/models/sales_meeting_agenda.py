"""What is on the agenda: facts that are read as sets, each kind in a method."""

from datetime import timedelta

from markupsafe import Markup

from odoo import models

from ..planning.periods import choose, periods

WINS = 5


class SalesMeeting(models.Model):
    _inherit = "sales.meeting"

    def _build(self):
        """Keep the facts of the seven days up to today as the agenda."""
        for meeting in self:
            today = meeting.company_id._get_sales_today()
            # sudo: stamped by the system; what is in it was read as the user
            meeting.sudo().write(
                {"as_of": today, "agenda": meeting._prepare_agenda(today)}
            )

    def _prepare_agenda(self, today):
        start = today - timedelta(days=6)
        reps = self.attendee_ids - self.rep_id
        return {
            **self._prepare_attainment(reps, today),
            # What reps have said about what they did not do, by who knows of it.
            "misses": self.env["sales.work.plan"]._count_reasons(reps, start, today),
            "wins": self._prepare_wins(start, today),
            "decisions": [
                {
                    "name": decision.name,
                    "owner": decision.user_id.name,
                    "date": decision.date_deadline.isoformat(),
                    "state": decision.state,
                }
                for decision in self._get_former()
            ],
        }

    def _prepare_attainment(self, reps, today):
        """How the core goal stands this month: of each attendee, with those below."""
        plan = self.env["sales.target.plan"]._get_cockpit_plans()[:1]
        if plan.kind != "core" or not plan.date_from <= today <= plan.date_to:
            return {"plan": False, "attainment": [], "drivers": []}
        span = choose(periods(plan._get_months()), "month", today)
        nodes = self._get_nodes(plan, reps)
        lines = []
        if nodes:
            every = self.env["sales.target"].union(*nodes.values())
            read = every._read_stand(plan, today)
            lines = [
                {"name": rep.name, **node._stand(*read, span, today)}
                for rep, node in nodes.items()
            ]
        lines.sort(key=lambda line: (line["attainment"] or 0, line["name"]))
        return {
            "plan": {
                **plan._describe_plan(),
                "date_from": span.start.isoformat(),
                "date_to": span.stop.isoformat(),
            },
            "attainment": lines,
            "drivers": self._prepare_drivers(plan._get_tops(), span),
        }

    def _get_nodes(self, plan, reps):
        """The highest node of each rep: ``{rep: target}``."""
        nodes = {}
        for target in self.env["sales.target"].search(
            [
                ("plan_id", "=", plan.id),
                ("period", "=", "total"),
                ("rep_id", "in", reps.ids),
                ("active_to", "=", False),
            ]
        ):
            known = nodes.get(target.rep_id)
            if not known or len(target.key) < len(known.key):
                nodes[target.rep_id] = target
        return nodes

    def _prepare_drivers(self, nodes, span):
        """What made the gap, what cost most first: ``[{"name", "value"}]``."""
        found = nodes.get_explanation(span.start, span.stop) if nodes else {"rows": []}
        effects = [
            {"name": row["name"], "value": row["value"]}
            for row in found["rows"]
            if row["kind"] == "effect" and row["value"]
        ]
        return sorted(effects, key=lambda effect: effect["value"])

    def _prepare_wins(self, start, stop):
        """The largest orders that were won in the days, by those below."""
        rows = self.env["sales.credit"]._read_group(
            [
                ("metric_id.code", "=", "ORDERED"),
                ("source", "=", "order"),
                ("rep_id", "child_of", self.rep_id.id),
                ("overlay", "=", False),
                ("date", ">=", start),
                ("date", "<=", stop),
                ("company_id", "=", self.company_id.id),
            ],
            ["scope_id", "rep_id", "partner_id"],
            ["value:sum"],
            having=[("value:sum", ">", 0)],
            order="value:sum desc",
            limit=WINS,
        )
        # sudo: the team may know the number of an order that was won
        orders = self.env["sale.order"].sudo().browse([row[0] for row in rows])
        return [
            {
                "name": order.name,
                # sudo: the name of who has ordered goes with the order
                "customer": partner.sudo().display_name,
                "rep": rep.name,
                "value": value,
            }
            for order, (_id, rep, partner, value) in zip(orders, rows, strict=True)
        ]

    def _render_agenda(self, shared):
        """The agenda in words.

        :param bool shared: for all attendees: how much of the targets was achieved,
            without amounts of others' targets
        """
        self.ensure_one()
        # sudo: attendees get the shared part, with what they may know of each other
        agenda = self.sudo().agenda
        if not agenda:
            return Markup()
        return self.env["ir.qweb"]._render(
            "sales_targets.sales_meeting_agenda",
            {
                "meeting": self,
                "agenda": agenda,
                "shared": shared,
                # sudo: only which currency amounts are in
                "currency": self.company_id.sudo().currency_id,
                "states": dict(
                    self.env["sales.meeting.decision"]
                    ._fields["state"]
                    ._description_selection(self.env)
                ),
            },
        )
