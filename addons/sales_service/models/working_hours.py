"""Working hours that change move the limits of the tickets that run by them."""

from datetime import datetime

from odoo import api, models
from odoo.tools import ormcache

_PENDING = "sales_service.hours"


class SalesServiceHoursMixin(models.AbstractModel):
    _name = "sales.service.hours.mixin"
    _description = "Working Hours of Tickets"

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records._mark_limits()
        return records

    def write(self, vals):
        self._mark_limits()
        result = super().write(vals)
        self._mark_limits()
        return result

    def unlink(self):
        self._mark_limits()
        return super().unlink()

    def _mark_limits(self):
        self.env.registry.clear_cache()
        self.env["sales.service.ticket"]._mark_hours()


class SalesServiceTicket(models.Model):
    _inherit = "sales.service.ticket"

    @api.model
    @ormcache("company_id", "calendar_id", "first", "last")
    def _get_schedule(self, company_id, calendar_id, first, last):
        """The working hours of some years, which each step of each ticket asks for.

        :param calendar_id: that of the company, where there is none
        :param first, last: years, included
        :return: ``working_time.Schedule``
        """
        company = self.env["res.company"].browse(company_id)
        calendar = self.env["resource.calendar"].browse(calendar_id or ())
        [schedule] = (
            self.env["sales.working.time"]
            .with_company(company)
            .schedules(
                calendar or company, datetime(first, 1, 1), datetime(last + 1, 1, 1)
            )
            .values()
        )
        return schedule

    @api.model
    def _mark_hours(self):
        """Move the limits of open tickets before the transaction commits, once."""
        data = self.env.cr.precommit.data
        if not data.get(_PENDING):
            data[_PENDING] = True
            # sudo: limits are of all tickets, whoever changed the hours
            self.env.cr.precommit.add(self.sudo()._follow_hours)

    def _follow_hours(self):
        """Called at commit: the working hours have changed."""
        self.env.cr.precommit.data.pop(_PENDING, None)
        self.env.flush_all()
        tickets = self.search([("is_open", "=", True), ("sla_id", "!=", False)])
        self.env["sales.service.interval"]._follow(tickets)
        tickets._move_limits(self.env._("the working hours changed"))
        self.env.flush_all()


class ResourceCalendar(models.Model):
    _name = "resource.calendar"
    _inherit = ["resource.calendar", "sales.service.hours.mixin"]


class ResourceCalendarAttendance(models.Model):
    _name = "resource.calendar.attendance"
    _inherit = ["resource.calendar.attendance", "sales.service.hours.mixin"]


class ResourceCalendarLeaves(models.Model):
    _name = "resource.calendar.leaves"
    _inherit = ["resource.calendar.leaves", "sales.service.hours.mixin"]

    def _mark_limits(self):
        # Somebody's own days off close no team.
        if not all(leave.resource_id for leave in self):
            super()._mark_limits()


class SalesCalendarDay(models.Model):
    _name = "sales.calendar.day"
    _inherit = ["sales.calendar.day", "sales.service.hours.mixin"]


class SalesServiceTeam(models.Model):
    _inherit = "sales.service.team"

    def write(self, vals):
        if {"calendar_id", "is_always_open"} & vals.keys():
            self.env["sales.service.ticket"]._mark_hours()
        return super().write(vals)


class ResCompany(models.Model):
    _inherit = "res.company"

    def write(self, vals):
        result = super().write(vals)
        if "resource_calendar_id" in vals:
            self.env.registry.clear_cache()
            self.env["sales.service.ticket"]._mark_hours()
        return result
