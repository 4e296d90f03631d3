from odoo import fields, models

from ..tickets.appointments import AGREED


class SalesServiceAppointment(models.Model):
    """What is agreed is in the day's plan of an agent who has a rep profile.

    Who calls on the customer that day anyway does it on that visit.
    """

    _inherit = "sales.service.appointment"

    joins_visit = fields.Boolean(
        readonly=True,
        copy=False,
        help="The visit was planned for something else as well, and stays without it.",
    )

    def _follow_visits(self):
        # sudo: the visit is planned with the appointment, whoever may plan that
        for one in self.sudo():
            rep = one.user_id.sales_rep_ids.filtered(
                lambda rep, one=one: (
                    rep.company_id == one.company_id
                    and rep.state not in ("left", "suspended")
                )
            )[:1]
            if one.state in AGREED and rep and one.partner_id:
                one._plan_visit(rep)
            elif one.state == "done" and one.joins_visit:
                # The rep calls for something else as well.
                continue
            elif one.state != "on_way":
                one._end_visits()

    def _plan_visit(self, rep):
        self.ensure_one()
        if self.joins_visit and self.visit_id not in self._find_visits(rep):
            self._end_visits()
        if not self.visit_id:
            found = self._find_visits(rep)[:1]
            if found:
                found.purpose = "; ".join(
                    filter(None, (found.purpose, self.ticket_id.display_name))
                )
                self.write({"visit_id": found.id, "joins_visit": True})
            else:
                self.visit_id = self.env["sales.visit"].create(self._prepare_visit(rep))
        elif not self.joins_visit and self.visit_id.state == "planned":
            self.visit_id.write(self._prepare_visit(rep))

    def _find_visits(self, rep):
        """What the rep has planned at the customer on the day, the first first."""
        return self.env["sales.visit"].search(
            [
                ("rep_id", "=", rep.id),
                ("partner_id", "=", self.partner_id.id),
                ("date", "=", self._get_day()),
                ("state", "=", "planned"),
            ]
        )

    def _prepare_visit(self, rep):
        self.ensure_one()
        return {
            "rep_id": rep.id,
            "partner_id": self.partner_id.id,
            "date_planned": self.start,
            "planned_minutes": self.minutes,
            "is_appointment": True,
            "purpose": self.ticket_id.display_name,
        }

    def _end_visits(self):
        """What takes place otherwise, or not at all, is not in the day's plan."""
        # sudo: the visit ends with the appointment
        for one in self.sudo().filtered(lambda one: one.visit_id.state == "planned"):
            visit = one.visit_id
            heir = self.env["sales.service.appointment"]
            if not one.joins_visit:
                heir = one.search(
                    [
                        ("visit_id", "=", visit.id),
                        ("id", "!=", one.id),
                        ("state", "in", AGREED),
                    ],
                    order="start, id",
                    limit=1,
                )
            if heir:
                heir.joins_visit = False
                visit.write(heir._prepare_visit(visit.rep_id))
            elif one.joins_visit:
                mine = one.ticket_id.display_name
                purposes = (visit.purpose or "").split("; ")
                visit.purpose = "; ".join(part for part in purposes if part != mine)
            else:
                visit.action_cancel(
                    self.env._("The work was done for the ticket.")
                    if one.state == "done"
                    else self.env._("The appointment was cancelled.")
                )
            one.write({"visit_id": False, "joins_visit": False})
