from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tickets import forms


class SalesServiceFormQuestion(models.Model):
    """What a form asks: a field of tickets, made without code."""

    _name = "sales.service.form.question"
    _description = "Question of a Service Form"
    _order = "version_id, sequence, id"

    version_id = fields.Many2one(
        "sales.service.form.version",
        "Form",
        required=True,
        index=True,
        ondelete="cascade",
    )
    sequence = fields.Integer(default=10)
    name = fields.Char("Question", required=True)
    help = fields.Char("Hint", help="Shown below the question where it is answered.")
    kind = fields.Selection(forms.KINDS, "Answer Type", default="char", required=True)
    options = fields.Text(
        help="What there is to choose from, one a line.",
    )
    required_from = fields.Selection(
        forms.MOMENTS,
        "Required",
        help="Without an answer a ticket goes no further. A box has to be ticked. What "
        "is required on intake is asked of customers on the portal, and of who takes "
        "the ticket down; of a letter, before the work starts. Photos, files and "
        "signatures are asked for on intake on the portal only.",
    )
    is_internal = fields.Boolean(
        "Internal", help="Customers neither see nor answer it."
    )
    key = fields.Char(
        "Technical Name",
        help="By which imports and other programs give the answer. It stays the same "
        "in the next versions; empty: made of the question.",
    )

    _key_uniq = models.UniqueIndex(
        "(version_id, key)", "Technical names of a form are different."
    )

    @api.constrains("kind", "options")
    def _check_options(self):
        for question in self.filtered(lambda one: one.kind in forms.CHOICES):
            if not question._get_options():
                raise ValidationError(
                    self.env._(
                        "“%(question)s”: write down what there is to choose from, one "
                        "a line.",
                        question=question.name,
                    )
                )

    @api.constrains("key", "version_id")
    def _check_key(self):
        """It names the answers of one category's tickets only, whatever version."""
        for question in self:
            key = question.key
            if forms.make_key(key, ()) != key:
                raise ValidationError(
                    self.env._(
                        "“%(key)s”: a technical name has small letters, digits and "
                        "underscores, at most 40.",
                        key=key,
                    )
                )
            if key in self._get_taken(question.version_id.category_id, [key]):
                raise ValidationError(
                    self.env._(
                        "The technical name “%(key)s” is taken by the form of another "
                        "category.",
                        key=key,
                    )
                )

    @api.model
    def _get_taken(self, category, keys=None):
        """Keys of other categories, of those asked about."""
        domain = [("version_id.category_id", "!=", category.id)]
        if keys is not None:
            domain.append(("key", "in", keys))
        # sudo: names of all companies, since answers of all are in one column
        questions = self.sudo().search(domain)
        return set(questions.mapped("key"))

    @api.model_create_multi
    def create(self, vals_list):
        versions = self.env["sales.service.form.version"].browse(
            {vals["version_id"] for vals in vals_list if vals.get("version_id")}
        )
        versions._check_changing()
        taken = {
            version.id: self._get_taken(version.category_id)
            # A question that was dropped keeps its name.
            | set(version.category_id.form_version_ids.question_ids.mapped("key"))
            for version in versions
        }
        vals_list = [dict(vals) for vals in vals_list]
        for vals in vals_list:
            names = taken.setdefault(vals.get("version_id"), set())
            if not vals.get("key"):
                vals["key"] = forms.make_key(vals.get("name"), names)
            names.add(vals["key"])
        return super().create(vals_list)

    def write(self, vals):
        self.version_id._check_changing()
        result = super().write(vals)
        self.version_id._check_changing()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_in_force(self):
        self.version_id._check_changing()

    def _get_options(self):
        self.ensure_one()
        return forms.lines(self.options)

    def _is_file(self):
        self.ensure_one()
        return self.kind in forms.FILES

    def _get_definition(self):
        """As Odoo's properties have it; files are no properties."""
        return [
            forms.definition(one.key, one.name, one.kind, one._get_options())
            for one in self
            if not one._is_file()
        ]
