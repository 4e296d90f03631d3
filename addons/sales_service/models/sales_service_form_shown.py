"""The answers of a ticket as people read them."""

from decimal import Decimal

from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import format_date, format_datetime
from odoo.tools.misc import get_lang

from odoo.addons.sales_force.wording import listed

from ..tickets import forms


class SalesServiceTicket(models.Model):
    _inherit = "sales.service.ticket"

    has_form_files = fields.Boolean(compute="_compute_form_hint")
    form_hint = fields.Html(
        "To Be Answered",
        compute="_compute_form_hint",
        sanitize=False,
        groups="base.group_user",
    )
    form_help = fields.Html(
        "Hints", related="form_version_id.help", groups="base.group_user"
    )
    former_hint = fields.Html(
        "Answered Before",
        compute="_compute_former_hint",
        sanitize=False,
        groups="base.group_user",
    )

    @api.depends("form_version_id", "properties", "form_file_ids.question_id", "state")
    @api.depends_context("lang")
    def _compute_form_hint(self):
        fields_of = self.env["sales.service.form.question"]._fields
        moments = dict(fields_of["required_from"]._description_selection(self.env))
        for ticket in self:
            # sudo: who sees the ticket sees what it asks
            questions = ticket.sudo().form_version_id.question_ids
            ticket.has_form_files = any(one._is_file() for one in questions)
            missing = questions.browse()
            if ticket.is_open:
                missing = ticket._get_missing(forms.RESOLVE)
            ticket.form_hint = _as_list(
                (one.name, moments[one.required_from]) for one in missing
            )

    @api.depends("former_answers", "form_file_ids", "form_version_id")
    @api.depends_context("lang", "tz")
    def _compute_former_hint(self):
        for ticket in self:
            # sudo: who sees the ticket reads what was answered
            ticket.former_hint = ticket.sudo()._get_former_lines()

    def _get_report_base_filename(self):
        self.ensure_one()
        return self.number or self.name

    def _get_former_lines(self):
        """What was answered to forms that the ticket had before, as text."""
        self.ensure_one()
        answers = {one["version"]: one["answers"] for one in self.former_answers or []}
        files = self.form_file_ids.grouped(lambda one: one.question_id.version_id)
        versions = self.env["sales.service.form.version"].browse(
            dict.fromkeys((*answers, *(version.id for version in files)))
        )
        return Markup().join(
            Markup("<h5>%s</h5>%s")
            % (
                version.display_name,
                _as_list(
                    (one["question"].name, one["text"])
                    for one in self._describe(version, answers.get(version.id, {}))
                ),
            )
            for version in versions - self.form_version_id
        )

    def _get_form_answers(self, internal=False):
        """What is answered, in the order of the form.

        For pages and papers of who may see the ticket; whoever calls has checked that.

        :param bool internal: with what customers do not see
        :return: dicts of ``question``, ``text`` and ``files``, as superuser
        """
        self.ensure_one()
        # sudo: see above
        ticket = self.sudo()
        return [
            one
            for one in ticket._describe(ticket.form_version_id, ticket._get_answers())
            if internal or not one["question"].is_internal
        ]

    def _describe(self, version, answers):
        files = self.form_file_ids.grouped("question_id")
        none = self.form_file_ids.browse()
        lines = []
        for question in version.question_ids:
            sent = files.get(question, none)
            if question._is_file():
                text = ", ".join(sent.mapped("name"))
            else:
                text = question._say(answers.get(question.key))
            if text:
                lines.append({"question": question, "text": text, "files": sent})
        return lines


class SalesServiceFormVersion(models.Model):
    _inherit = "sales.service.form.version"

    help = fields.Html("Hints", compute="_compute_help", sanitize=False)

    @api.depends("question_ids.help")
    def _compute_help(self):
        for version in self:
            version.help = _as_list(
                (one.name, one.help) for one in version.question_ids if one.help
            )


class SalesServiceFormQuestion(models.Model):
    _inherit = "sales.service.form.question"

    def _say(self, value):
        """An answer in the words of the user's language, timezone and numbers."""
        self.ensure_one()
        if value is None or value is False:
            return ""
        if self.kind == "boolean":
            return self.env._("Yes")
        if self.kind == "tags":
            return listed(self.env, value)
        if self.kind == "date":
            return format_date(self.env, value)
        if self.kind == "datetime":
            return format_datetime(self.env, value, tz=str(self.env.tz))
        if self.kind in ("integer", "float"):
            digits = max(0, -Decimal(repr(value)).normalize().as_tuple().exponent)
            lang = self.env["res.lang"].browse(get_lang(self.env).id)
            return lang.format(f"%.{digits}f", value, grouping=True)
        return value


def _as_list(pairs):
    """Lines of what is called how, empty for none."""
    lines = [Markup("<li>%s: %s</li>") % pair for pair in pairs]
    return lines and Markup('<ul class="mb-0">%s</ul>') % Markup().join(lines)
