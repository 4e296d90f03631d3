from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import ormcache

from odoo.addons.sales_force.locking import write_lock


class SalesServiceFormVersion(models.Model):
    """What tickets of a category ask; in force it does not change any more.

    A ticket keeps the version that it came in with: Odoo forgets values that a
    definition no longer names.
    """

    _name = "sales.service.form.version"
    _description = "Service Form"
    _inherit = ["sales.stamped.mixin"]
    # Of versions with the same question the newest says how it is called.
    _order = "category_id, number, id"
    _sales_stamped = frozenset(
        ("number", "state", "published_at", "published_by_id", "definition")
    )

    category_id = fields.Many2one(
        "sales.service.category",
        "Category",
        required=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(related="category_id.company_id")
    number = fields.Integer("Version", readonly=True, copy=False)
    state = fields.Selection(
        [("draft", "Draft"), ("published", "In Force"), ("replaced", "Replaced")],
        "Status",
        default="draft",
        required=True,
        readonly=True,
        copy=False,
    )
    published_at = fields.Datetime("In Force Since", readonly=True, copy=False)
    published_by_id = fields.Many2one(
        "res.users", "Published By", readonly=True, copy=False
    )
    question_ids = fields.One2many(
        "sales.service.form.question", "version_id", "Questions", copy=True
    )
    question_count = fields.Integer(compute="_compute_question_count")
    definition = fields.PropertiesDefinition(readonly=True, copy=False)

    _number_uniq = models.UniqueIndex("(category_id, number)")
    _published_uniq = models.UniqueIndex(
        "(category_id) WHERE state = 'published'",
        "Another version of this form has just come into force.",
    )
    _draft_uniq = models.UniqueIndex(
        "(category_id) WHERE state = 'draft'",
        "There is a draft of this form already: change that one.",
    )

    @api.depends("category_id.display_name", "number")
    def _compute_display_name(self):
        for version in self:
            version.display_name = self.env._(
                "%(category)s (version %(number)s)",
                category=version.category_id.display_name,
                number=version.number,
            )

    @api.depends("question_ids")
    def _compute_question_count(self):
        counts = dict(
            self.env["sales.service.form.question"]._read_group(
                [("version_id", "in", self.ids)], ["version_id"], ["__count"]
            )
        )
        for version in self:
            version.question_count = counts.get(version._origin, 0)

    @api.model
    @ormcache()
    def _get_published(self):
        """The versions in force by category, as ids; each new ticket asks for one."""
        # sudo: a form is asked whoever takes the ticket down
        versions = self.sudo().search([("state", "=", "published")])
        return {version.category_id.id: version.id for version in versions}

    @api.model_create_multi
    def create(self, vals_list):
        versions = super().create(vals_list)
        for version in versions:
            others = version.category_id.form_version_ids - version
            # sudo: the number is the system's
            version.sudo().number = max(others.mapped("number"), default=0) + 1
        return versions

    def write(self, vals):
        if {"category_id", "question_ids"} & vals.keys():
            self._check_draft()
        result = super().write(vals)
        if "state" in vals:
            self.env.registry.clear_cache()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_in_force(self):
        self._check_draft()

    def _check_draft(self):
        """:raise UserError: for a version that is or was in force"""
        self._refuse(
            [
                self.env._(
                    "%(form)s is or was in force and stays as it is: change the form "
                    "by another version.",
                    form=version.display_name,
                )
                for version in self
                if version.state != "draft"
            ]
        )

    def _check_changing(self):
        """That its questions may change.

        :raise UserError: for a version that is or was in force
        """
        # Who publishes it at the same moment comes before or after.
        write_lock(self)
        self._check_draft()

    def action_publish(self):
        """New tickets of the category have this form from now on.

        An empty form asks nothing, also where the category above asks something.

        :raise UserError: for one that is no draft any more
        """
        self.browse().check_access("write")
        # Of two at once the second sees what the first has published.
        write_lock(self.category_id)
        self.invalidate_recordset()
        self._check_draft()
        self.check_access("write")
        for version in self:
            before = version.category_id.form_version_ids.filtered(
                lambda one: one.state == "published"
            )
            # sudo: stamped; the right to write was checked above
            before.sudo().state = "replaced"
            before.flush_recordset()
            # sudo: likewise
            version.sudo().write(
                {
                    "state": "published",
                    "published_at": self.env["sales.service.ticket"]._get_now(),
                    "published_by_id": self.env.uid,
                    "definition": version.question_ids._get_definition(),
                }
            )
            version.flush_recordset()
        return True

    def copy_data(self, default=None):
        """:raise UserError: always; the next version is made on the category"""
        raise UserError(
            self.env._("Make the next version of a form on its category instead.")
        )


class SalesServiceCategory(models.Model):
    _inherit = "sales.service.category"

    form_version_ids = fields.One2many(
        "sales.service.form.version", "category_id", "Form Versions"
    )
    form_version_id = fields.Many2one(
        "sales.service.form.version",
        "Form in Force",
        compute="_compute_form_version_id",
        help="Its own, else that of the category above.",
    )
    form_question_ids = fields.One2many(
        "sales.service.form.question", compute="_compute_form_version_id"
    )

    @api.depends("form_version_ids.state", "parent_id")
    def _compute_form_version_id(self):
        forms = self._get_forms()
        for category in self:
            category.form_version_id = forms[category]
            category.form_question_ids = forms[category].question_ids

    def unlink(self):
        """Only with drafts: answers are read by the forms that they were given to.

        :raise UserError: for categories whose form is or was in force
        """
        self.form_version_ids._check_draft()
        self.form_version_ids.unlink()
        return super().unlink()

    def _get_forms(self):
        """By category: the version in force, else of the nearest above that has one."""
        Version = self.env["sales.service.form.version"]
        of = Version._get_published()
        # sudo: customers choose from categories that they do not read
        paths = {one: one._get_path() or one.ids for one in self.sudo()}
        return {
            category: Version.browse(
                next((of[one] for one in reversed(path) if one in of), ())
            )
            for category, path in paths.items()
        }

    def _get_form(self):
        """The version in force of one category, or of none."""
        return self._get_forms().get(self, self.env["sales.service.form.version"])

    def action_change_form(self):
        """Open the draft of the next version, made of the one in force."""
        self.ensure_one()
        self.check_access("write")
        versions = self.form_version_ids
        draft = versions.filtered(lambda one: one.state == "draft")
        if not draft:
            draft = versions.create({"category_id": self.id})
            for question in self.form_version_id.question_ids:
                values = {"version_id": draft.id}
                if question.version_id.category_id != self:
                    # Of the category above: from now on it is a question of its own.
                    values["key"] = False
                question.copy(values)
        return {
            "type": "ir.actions.act_window",
            "res_model": draft._name,
            "res_id": draft.id,
            "views": [(False, "form")],
        }
