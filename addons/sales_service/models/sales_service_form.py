"""Which form a ticket has, and where its answers are."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tickets import forms


class SalesServiceTicket(models.Model):
    """A ticket keeps the version of the form that it came in with.

    ``properties`` are values of ``form_version_id``, which follows the category and
    nothing else: another version of a form is for new tickets. What was answered to the
    form of a category that the ticket had before is in ``former_answers``, and comes
    back with that category.
    """

    _name = "sales.service.ticket"
    _inherit = ["sales.service.ticket", "sales.service.form.mixin"]

    # Customers read their answers on the portal, without those to internal questions.
    form_version_id = fields.Many2one(
        "sales.service.form.version",
        "Form",
        compute="_compute_form_version_id",
        store=True,
        precompute=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        groups="base.group_user",
    )
    properties = fields.Properties(
        "Answers",
        definition="form_version_id.definition",
        groups="base.group_user",
    )
    form_file_ids = fields.One2many(
        "sales.service.form.file",
        "ticket_id",
        "Photos, Files and Signatures",
        groups="base.group_user",
    )
    # [{"version": id, "answers": {key: value}}]
    former_answers = fields.Json(readonly=True, copy=False, groups="base.group_user")

    @api.model
    def get_property_definition(self, full_name):
        """With what any version offers to choose from, not one of them only."""
        name = full_name.partition(".")[0]
        if name != "properties":
            return super().get_property_definition(full_name)
        self._check_field_access(self._fields[name], "read")
        result = super().get_property_definition(full_name)
        if result.get("type") in forms.CHOICES:
            # sudo: what there is to choose from, of answers that may be read
            Question = self.env["sales.service.form.question"].sudo()
            questions = Question.search(
                [
                    ("key", "=", result["name"]),
                    ("version_id.state", "!=", "draft"),
                ]
            )
            options = {
                option: None
                for question in questions
                for option in question._get_options()
            }
            result.update(
                forms.definition(
                    result["name"], result["string"], result["type"], list(options)
                )
            )
        return result

    # Answering

    @api.model_create_multi
    def create(self, vals_list):
        # On creation Odoo drops answers to a form that follows from the category.
        vals_list = [dict(vals) for vals in vals_list]
        answers = [forms.given(vals.pop("properties", None)) for vals in vals_list]
        tickets = super().create(vals_list)
        for ticket, given in zip(tickets, answers, strict=True):
            if given:
                # sudo: who may make the ticket answers its form
                ticket.sudo()._store_answers(ticket._check_given(given))
        if not self.env.su:
            tickets._check_answered(forms.INTAKE, files=False)
        return tickets

    def write(self, vals):
        if not {"category_id", "properties"} & vals.keys():
            return super().write(vals)
        vals = dict(vals)
        is_given = "properties" in vals
        given = forms.given(vals.pop("properties", None))
        self.check_access("write")
        if is_given:
            # sudo: of groups that the right to write a ticket comes with
            self._check_field_access(self._fields["properties"], "write")
        # sudo: the right to write was checked; the new team's may not be theirs
        tickets = self.sudo()
        before = {
            ticket: (ticket.form_version_id, ticket._get_answers())
            for ticket in tickets
        }
        result = super().write(vals)
        for ticket in tickets:
            version, answers = before[ticket]
            if ticket.form_version_id != version:
                answers = ticket._change_form(version, answers)
                new = ticket._check_given(given)
                answers.update({key: new[key] for key in new if new[key] is not None})
                ticket._store_answers(answers)
                if ticket.state in ("resolved", "closed") and not self.env.su:
                    # What is over takes no further step that would ask.
                    ticket._check_answered(forms.RESOLVE)
            elif is_given:
                answers = {**answers, **ticket._check_given(given)}
                ticket._check_kept(answers)
                ticket._store_answers(answers)
        return result

    def unlink(self):
        # sudo: who may remove the ticket removes what was sent with it
        files = self.sudo().form_file_ids
        contents = files.env["ir.attachment"].search(
            [
                ("res_model", "=", files._name),
                ("res_id", "in", files.ids),
                ("res_field", "=", "content"),
            ]
        )
        result = super().unlink()
        contents.unlink()
        return result

    def _get_answers(self):
        """Values by key, of questions that are answered."""
        self.ensure_one()
        # sudo: for checks, and for pages of who may see the ticket
        values = self.sudo().properties._values or {}
        return {
            key: value
            for key, value in values.items()
            if value is not None and value is not False
        }

    def _store_answers(self, answers):
        """Of a superuser's ticket: exactly these, ``None`` being none."""
        values = {key: value for key, value in answers.items() if value is not None}
        return super().write({"properties": values})

    def _check_given(self, given):
        """What is given as it is stored.

        :raise UserError: for what is no answer to a question of the form
        """
        self.ensure_one()
        # sudo: who answers is asked
        version = self.sudo().form_version_id
        questions = {
            question.key: question
            for question in version.question_ids
            if not question._is_file()
        }
        result = {}
        for key, value in given.items():
            question = questions.get(key)
            if not question:
                raise UserError(
                    self.env._(
                        "%(ticket)s: its form does not ask “%(question)s”.",
                        ticket=self.display_name,
                        question=key,
                    )
                )
            try:
                result[key] = forms.checked(
                    question.kind, value, question._get_options()
                )
            except forms.WrongAnswer:
                raise UserError(
                    self.env._(
                        "%(ticket)s: that is no answer to “%(question)s”.",
                        ticket=self.display_name,
                        question=question.name,
                    )
                ) from None
        return result

    def _change_form(self, version, answers):
        """Keep what was answered to another form, and take up what was to this one.

        :return: the answers to begin with
        """
        self.ensure_one()
        former = [
            one for one in self.former_answers or [] if one["version"] != version.id
        ]
        if answers:
            former.append({"version": version.id, "answers": answers})
        mine = [one for one in former if one["version"] == self.form_version_id.id]
        self.former_answers = [one for one in former if one not in mine] or False
        return dict(mine[0]["answers"]) if mine else {}
