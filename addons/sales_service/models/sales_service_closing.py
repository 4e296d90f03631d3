"""Resolved tickets close by themselves when the customer has had his time to answer."""

from datetime import timedelta
from functools import partial

from odoo import api, fields, models
from odoo.tools.misc import split_every

from odoo.addons.sales_force import working_time as wt

# So many tickets are closed in one transaction.
BATCH = 100
# Beyond the days looked at every day counts: no week has fewer working days than one.
_WEEKS = timedelta(days=60)


class SalesServiceTeam(models.Model):
    _inherit = "sales.service.team"

    close_days = fields.Integer(
        "Close After (working days)",
        default=5,
        help="A ticket is closed when so many working days have ended since the day on "
        "which it was resolved; the customer is told when. 0: agents close it.",
    )

    _close_days_positive = models.Constraint(
        "CHECK (close_days >= 0)", "Days are not negative."
    )


class SalesServiceTicket(models.Model):
    _inherit = "sales.service.ticket"

    last_day = fields.Date(
        "Closes On",
        compute="_compute_last_day",
        help="The last day on which the customer's answer keeps it from being closed.",
    )

    @api.depends(
        *("state", "resolved_at", "team_id.close_days", "team_id.calendar_id"),
        "team_id.is_always_open",
    )
    def _compute_last_day(self):
        # sudo: the team's setting, of a team that the reader need not see
        teams = self.team_id.sudo()
        close_days = {team.id: team.close_days for team in teams}
        waiting = self.filtered(
            lambda one: one.state == "resolved" and close_days.get(one.team_id.id)
        )
        days = waiting._get_days_after(
            {one: one.resolved_at for one in waiting},
            {one: close_days[one.team_id.id] for one in waiting},
        )
        for ticket in self:
            ticket.last_day = days[ticket][0] if ticket in days else False

    def _get_days_after(self, since, counts):
        """When so many working days have passed, by the hours of the tickets' teams.

        :param dict since: the moment by ticket, in UTC
        :param dict counts: how many working days, by ticket
        :return: by ticket the date of the last of these days, and today's there
        """
        result, now = {}, self._get_now()
        for (company, calendar, always), tickets in self.grouped(
            # sudo: the team's hours, of a team that the reader need not see
            lambda one: (one.company_id, *one.team_id.sudo()._get_hours())
        ).items():
            # sudo: only the timezone of the company
            days, date_of = wt.Days(), company.sudo()._get_sales_date
            if not always:
                first = min(since[one] for one in tickets) - wt.DAY
                last = max(since[one] + counts[one] * 7 * wt.DAY for one in tickets)
                last += _WEEKS
                subject = calendar or company
                schedule = (
                    self.env["sales.working.time"]
                    .with_company(company)
                    .schedules(subject, first - wt.DAY, last + wt.DAY)[subject]
                )
                worked = wt.working_days(schedule, first.date(), last.date())
                days = wt.Days(sorted(worked))
                date_of = partial(wt.local_date, schedule)
            today = date_of(now)
            for ticket in tickets:
                day = days.ahead(date_of(since[ticket]), counts[ticket])
                result[ticket] = day, today
        return result

    @api.model
    def _cron_close(self):
        """Hourly, since a day ends at another hour in each timezone.

        What one run does not reach the next does; what is closed is not closed again.
        """
        tickets = self.search(
            [("state", "=", "resolved"), ("team_id.close_days", ">", 0)], order="id"
        )
        days = tickets._get_days_after(
            {one: one.resolved_at for one in tickets},
            {one: one.team_id.close_days for one in tickets},
        )
        due = tickets.filtered(lambda one: days[one][0] < days[one][1])
        self.env["ir.cron"]._commit_progress(remaining=len(due))
        for ids in split_every(BATCH, due.ids, list):
            # Meanwhile a customer may have answered.
            self.browse(ids).exists().filtered(
                lambda one: one.state == "resolved"
            )._step("close")
            self.env["ir.cron"]._commit_progress(len(ids))
