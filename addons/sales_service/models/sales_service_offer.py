"""What customers know of appointments, and what they do with them."""

from datetime import timedelta

import vobject
from dateutil.tz import UTC

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools.misc import split_every

from odoo.addons.sales_force.locking import write_lock

from ..tickets.appointments import AGREED, LIVE

# A customer chooses among so many windows at most.
MOST = 3
# So long before the window the customer is reminded.
AHEAD = timedelta(days=1)
# So many customers are reminded in one transaction.
BATCH = 50
# A wish is cut off after so many characters.
LENGTH = 2000
# How the link ends that stands for the one with the customer's secret token.
SEALED = "?appointment=sealed"


class SalesServiceAppointment(models.Model):
    _inherit = "sales.service.appointment"

    def _offer(self, windows, user):
        """Let the customer choose; what was agreed holds until then.

        :param windows: ``(start, stop)`` of each, in UTC
        :param user: who would come; empty: who fits and is free
        """
        self.ensure_one()
        vals = {
            "window_ids": [
                Command.clear(),
                *(
                    Command.create({"start": start, "stop": stop, "user_id": user.id})
                    for start, stop in windows
                ),
            ],
            "wish": False,
        }
        if self.state not in AGREED:
            vals["state"] = "offered"
        # sudo: stamped; who may offer was checked, else the customer asked
        self.sudo().write(vals)

    def _offer_anew(self):
        """Offer what is free now, as much as was offered before."""
        # sudo: what is free hangs on all agents' time
        facts = self.env["sales.service.facts"].sudo()
        user = self.window_ids.user_id[:1]
        found = facts._get_windows(self.ticket_id, user)
        self._offer(list(found)[: len(self.window_ids) or MOST], user)

    def _get_offered(self):
        """The windows that a customer can choose still."""
        self.ensure_one()
        now = self.ticket_id._get_now()
        return self.window_ids.filtered(lambda one: one.start > now)

    # Called as superuser: whoever calls has checked that the customer may

    def _choose(self, window_id):
        """The customer chooses one of the offered windows.

        :return: whether somebody still had time; where not, others are offered
        :raise UserError: for a window that is not offered any more
        """
        self.ensure_one()
        ticket = self.ticket_id
        facts = self.env["sales.service.facts"]
        # Of two who choose at once the second sees what the first has left.
        write_lock(self)
        write_lock(facts._get_candidates(ticket.team_id))
        self.invalidate_recordset()
        window = self._get_offered().filtered(lambda one: one.id == window_id)
        if self.state not in LIVE or not window:
            raise UserError(self.env._("Choose one of the times below."))
        span = (window.start, window.stop)
        found = facts._get_windows(ticket, window.user_id, among=[span])
        if not found:
            self._offer_anew()
            return False
        user_id, start = found[span][0]
        agreed, before = self.state in AGREED, self.user_id
        self.write(
            {
                "user_id": user_id,
                "start": start,
                "window_start": span[0],
                "window_stop": span[1],
                "state": "confirmed",
                "wish": False,
            }
        )
        self.window_ids.unlink()
        if not agreed:
            self._tell("sales_service.mail_template_appointment")
        self._tell_agents(before | self.user_id)
        return True

    def _wish_other(self, partner, text):
        """None of the offered times suits; the customer says which do.

        :raise UserError: where nothing is said, or it is over
        """
        self.ensure_one()
        text = (text or "").strip()[:LENGTH]
        if not text:
            raise UserError(self.env._("Tell us which times suit you."))
        self._check_state(*LIVE)
        if text == self.wish:
            return
        self.wish = text
        self.ticket_id._post_of_customer(partner, text)

    def _may_change(self):
        """Whether there is time enough for the customer to change or cancel it."""
        self.ensure_one()
        until = self.window_start and self.window_start - timedelta(
            hours=self.team_id.change_hours
        )
        return self.state == "offered" or (
            self.state == "confirmed" and self.ticket_id._get_now() <= until
        )

    def _check_may_change(self):
        """:raise UserError: where it is too late"""
        write_lock(self)
        self.invalidate_recordset()
        if not self._may_change():
            raise UserError(
                self.env._(
                    "It is too late to change the appointment here. Please call us, "
                    "or write to us below."
                )
            )

    def _change_by_customer(self):
        """Offer other times; what was agreed holds until one is chosen."""
        self._check_may_change()
        self._offer_anew()

    def _cancel_by_customer(self, partner):
        """The customer does not want it any more."""
        self._check_may_change()
        self._step("cancel")
        self._tell_agents(self.user_id or self.team_id.dispatcher_ids)
        self.ticket_id._message_log(
            body=self.env._("The customer has cancelled the appointment."),
            author_id=partner.id,
        )

    def _tell_agents(self, users, by_customer=True):
        """Who was to come and who comes hear what the customer or a colleague did."""
        cancelled = self.state == "cancelled"
        for user in users:
            ticket = self.ticket_id.with_context(lang=user.lang)
            if by_customer and cancelled:
                did = ticket.env._("the customer has cancelled the appointment")
            elif by_customer:
                did = ticket.env._("the customer has chosen the time")
            elif cancelled:
                did = ticket.env._("your appointment is cancelled")
            else:
                did = ticket.env._("an appointment of yours is planned")
            one = self.with_env(ticket.env)
            span = one.window_start and one._describe_window(user.tz)
            if not span and one.start:
                span = one._describe_span(one.start, one.stop, user.tz)
            ticket.message_notify(
                partner_ids=user.partner_id.ids,
                subject=f"{ticket.display_name}: {did}",
                body=", ".join(filter(None, (self.user_id.name, span))),
            )

    def _tell_colleague(self):
        """Who comes hears what somebody else has planned or cancelled."""
        if self.env.su:
            return
        for one in self.filtered(lambda one: one.user_id != self.env.user):
            one._tell_agents(one.user_id, by_customer=False)

    # Mails

    def _tell(self, template):
        """Write to the customers, with what their calendars take in."""
        # sudo: the customer is told, whoever plans
        for one in self.sudo():
            one.write(
                {
                    "told_at": one.ticket_id._get_now(),
                    "reminded_at": False,
                    "revision": one.revision + 1,
                }
            )
            one.ticket_id._mail(template, one._make_files)

    def _make_files(self):
        """The appointment as a file for a calendar; none while there is no time."""
        if not self.window_start:
            return self.env["ir.attachment"]
        return self.env["ir.attachment"].create(
            {
                "name": self.env._("appointment.ics"),
                "raw": self._get_ics(),
                "mimetype": "text/calendar",
                "res_model": "sales.service.ticket",
                "res_id": self.ticket_id.id,
            }
        )

    def _get_ics(self):
        """The arrival window in the form of iCalendar (RFC 5545), as bytes."""
        self.ensure_one()
        calendar = vobject.iCalendar()
        cancelled = self.state == "cancelled"
        calendar.add("method").value = "CANCEL" if cancelled else "PUBLISH"
        event = calendar.add("vevent")
        # sudo: no secret, it tells databases apart
        database = self.env["ir.config_parameter"].sudo().get_param("database.uuid")
        event.add("uid").value = f"appointment-{self.id}@{database}"
        event.add("sequence").value = str(self.revision)
        event.add("status").value = "CANCELLED" if cancelled else "CONFIRMED"
        event.add("dtstamp").value = self.ticket_id._get_now().replace(tzinfo=UTC)
        event.add("dtstart").value = self.window_start.replace(tzinfo=UTC)
        event.add("dtend").value = self.window_stop.replace(tzinfo=UTC)
        event.add(
            "summary"
        ).value = f"{self.company_id.name}: {self.ticket_id.display_name}"
        if self.address:
            event.add("location").value = self.address
        return calendar.serialize().encode()

    @api.model
    def _cron_remind(self):
        """Hourly: remind each customer once, a day before.

        Who was told later than that remembers.
        """
        now = self.env["sales.service.ticket"]._get_now()
        due = self.search(
            [
                ("state", "=", "confirmed"),
                ("reminded_at", "=", False),
                ("window_start", ">", now),
                ("window_start", "<=", now + AHEAD),
            ],
            order="id",
        ).filtered(
            lambda one: not one.told_at or one.told_at < one.window_start - AHEAD
        )
        self.env["ir.cron"]._commit_progress(remaining=len(due))
        for ids in split_every(BATCH, due.ids, list):
            # Meanwhile the customer may have chosen another time.
            some = self.browse(ids).exists()
            write_lock(some)
            for one in some.filtered(
                lambda one: one.state == "confirmed" and not one.reminded_at
            ):
                one.reminded_at = now
                one.ticket_id._mail(
                    "sales_service.mail_template_appointment_reminder",
                    one._make_files,
                )
            self.env["ir.cron"]._commit_progress(len(ids))


class SalesServiceTicket(models.Model):
    _inherit = "sales.service.ticket"

    def action_offer_times(self):
        """Choose windows that the customer is to choose from.

        :raise AccessError: for all but dispatchers
        """
        self.ensure_one()
        self.check_access("write")
        self._check_may_dispatch()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "sales_service.sales_service_offer_action"
        )
        return {**action, "context": {"default_ticket_id": self.id}}

    def _offer_windows(self, windows, user):
        """Offer windows to the ticket's customer.

        :param windows: ``(start, stop)`` of each, in UTC
        :raise UserError: for none or too many, where there is no customer, or where the
            agent is on the way
        """
        self.ensure_one()
        self.check_access("write")
        self._check_may_dispatch()
        if not 1 <= len(windows) <= MOST:
            raise UserError(
                self.env._("Choose from one to %(most)s windows.", most=MOST)
            )
        if not self.partner_id:
            raise UserError(
                self.env._(
                    "%(ticket)s: say who the customer is first.",
                    ticket=self.display_name,
                )
            )
        appointment = self._get_live_appointment()
        if not appointment:
            # As superuser: an offer has no agent yet; who may offer was checked.
            appointment = appointment.create({"ticket_id": self.id, "state": "offered"})
        write_lock(appointment)
        appointment._check_state("proposed", "offered", "confirmed")
        appointment._offer(windows, user)
        self._mail("sales_service.mail_template_appointment_offer")
        return appointment

    def _get_customer_appointment(self):
        """What the customer may know of: the last appointment, as superuser."""
        self.ensure_one()
        # sudo: customers have no right to appointments; this one is theirs
        known = self.sudo().appointment_ids.filtered(
            lambda one: one.state != "proposed"
        )
        return known.sorted("id")[-1:]

    def _get_sealed_url(self):
        """What stands for the customer's page where agents read the mail as well.

        It opens with a login only. The customer's copy has the page instead of it.
        """
        self.ensure_one()
        return f"{self.get_base_url()}{self.access_url}{SEALED}"

    def _notify_by_email_render_layout(
        self, message, recipients_group, *args, **kwargs
    ):
        """The customer's copy, and no other, opens the page without login."""
        body = super()._notify_by_email_render_layout(
            message, recipients_group, *args, **kwargs
        )
        customer = self.partner_id
        if SEALED in body and recipients_group.get("recipients_ids") == customer.ids:
            # sudo: the token is the customer's
            page = f"{self.get_base_url()}{self.sudo().get_portal_url()}"
            body = body.replace(self._get_sealed_url(), page)
        return body
