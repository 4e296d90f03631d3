"""What has to be answered before a ticket goes on."""

from odoo import models

from odoo.addons.sales_force.locking import write_lock
from odoo.addons.sales_force.wording import listed

from ..tickets import forms
from ..tickets.states import WAITING

# The steps that a ticket takes only with the answers that are needed by then.
_ASKS = {"start": forms.START, "resolve": forms.RESOLVE}


class SalesServiceTicket(models.Model):
    _inherit = "sales.service.ticket"

    def _get_missing(self, moment, answers=None, files=True, internal=True):
        """Questions of a ticket that have to be answered by then, and are not.

        :param dict answers: by key; by default those that it has
        :param bool files: with photos, files and signatures
        :param bool internal: with questions that customers are not asked
        """
        self.ensure_one()
        # sudo: what is missing is missing, whoever looks
        ticket = self.sudo()
        if answers is None:
            answers = ticket._get_answers()
        sent = ticket.form_file_ids.question_id
        moments = forms.needed(moment)
        return ticket.form_version_id.question_ids.filtered(
            lambda one: (
                one.required_from in moments
                and (internal or not one.is_internal)
                and (
                    files and one not in sent
                    if one._is_file()
                    else answers.get(one.key) is None
                )
            )
        )

    def _check_answered(self, moment, files=True, internal=True):
        """:raise UserError: naming tickets and what is missing of their forms"""
        missing = {
            ticket: ticket._get_missing(moment, files=files, internal=internal)
            for ticket in self
        }
        self._refuse(
            [
                self.env._(
                    "%(ticket)s: answer %(questions)s first.",
                    ticket=ticket.display_name,
                    questions=listed(
                        self.env, [f"“{name}”" for name in questions.mapped("name")]
                    ),
                )
                for ticket, questions in missing.items()
                if questions
            ]
        )

    def _get_reached(self):
        """The moment whose answers may not be taken away any more, maybe none."""
        self.ensure_one()
        if self.state == "cancelled":
            return None
        if self.state in ("resolved", "closed"):
            return forms.RESOLVE
        if self.state == "in_progress" or (self.state in WAITING and self.started_at):
            return forms.START
        return forms.INTAKE

    def _check_kept(self, answers=None, sent=None):
        """That nothing needed is taken away, by other answers or without some files.

        :param answers: that the ticket is to have
        :param sent: the questions whose files it is to have
        :raise UserError: naming ticket and questions
        """
        self.ensure_one()
        moment = self._get_reached()
        if not moment:
            return
        if answers is not None:
            lost = self._get_missing(moment, answers) - self._get_missing(moment)
        else:
            lost = (self.form_file_ids.question_id - sent).filtered(
                lambda one: (
                    one.required_from in forms.needed(moment)
                    and one.version_id == self.form_version_id
                )
            )
        self._refuse(
            [
                self.env._(
                    "%(ticket)s: %(questions)s cannot be left without an answer any "
                    "more.",
                    ticket=self.display_name,
                    questions=listed(self.env, [f"“{one.name}”" for one in lost]),
                )
            ]
            if lost
            else []
        )

    def _step(self, step, **vals):
        """Work begins and ends with the answers that are needed for it."""
        if step in _ASKS:
            self.check_access("write")
            self._check_answered(_ASKS[step])
        return super()._step(step, **vals)

    def _hear_customer(self, message):
        """The customer's word does not begin work that lacks answers for it."""
        if self.state == "waiting_customer" and self._get_missing(forms.START):
            # Who resolves it at the same moment comes before or after.
            write_lock(self)
            self._step("assign")
        return super()._hear_customer(message)
