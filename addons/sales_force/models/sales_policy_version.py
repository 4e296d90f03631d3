from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import is_html_empty

from ..jobs import go_on

# What stays as it was acknowledged.
_FIXED = frozenset(("policy_id", "number", "content", "document", "document_name"))


class SalesPolicyVersion(models.Model):
    """A version of rules of selling; in force it cannot be changed any more."""

    _name = "sales.policy.version"
    _description = "Version of Rules of Selling"
    _inherit = ["sales.stamped.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "policy_id, number desc, id desc"
    _sales_stamped = frozenset(("state", "date"))

    policy_id = fields.Many2one(
        "sales.policy", "Rules", required=True, ondelete="restrict", index=True
    )
    company_id = fields.Many2one(related="policy_id.company_id", store=True)
    number = fields.Integer("Version", readonly=True, copy=False)
    content = fields.Html("Text")
    document = fields.Binary(attachment=True)
    document_name = fields.Char()
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("in_force", "In Force"),
            ("superseded", "Superseded"),
        ],
        "Status",
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    date = fields.Date("In Force Since", readonly=True, copy=False)
    acknowledgement_ids = fields.One2many(
        "sales.policy.acknowledgement", "version_id", "Acknowledgements"
    )
    my_state = fields.Selection(
        [("missing", "To acknowledge"), ("done", "Acknowledged")],
        compute="_compute_my_state",
    )

    _number_uniq = models.UniqueIndex("(policy_id, number)")
    _in_force_uniq = models.UniqueIndex(
        "(policy_id) WHERE state = 'in_force'",
        "Another version of these rules has just come into force.",
    )

    @api.depends("policy_id.name", "number")
    def _compute_display_name(self):
        for version in self:
            version.display_name = self.env._(
                "%(rules)s, version %(number)s",
                rules=version.policy_id.name,
                number=version.number,
            )

    @api.depends_context("uid")
    @api.depends("acknowledgement_ids.date")
    def _compute_my_state(self):
        mine = self.env["sales.policy.acknowledgement"].search(
            [("version_id", "in", self.ids), ("user_id", "=", self.env.uid)]
        )
        states = {
            line.version_id: "done" if line.date else "missing"
            for line in mine.sorted(lambda line: not line.date)
        }
        for version in self:
            version.my_state = states.get(version._origin)

    @api.model_create_multi
    def create(self, vals_list):
        versions = super().create(vals_list)
        for version in versions:
            siblings = version.policy_id.version_ids - version
            # sudo: the number is the system's
            version.sudo().number = max(siblings.mapped("number"), default=0) + 1
        return versions

    def write(self, vals):
        if _FIXED & vals.keys() and any(v.state != "draft" for v in self):
            raise UserError(
                self.env._(
                    "A version that is or was in force cannot be changed: make a new "
                    "one."
                )
            )
        result = super().write(vals)
        if "policy_id" in vals:
            # Nobody makes a version of rules that are not theirs to change.
            self.check_access("write")
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_in_force(self):
        if any(version.state != "draft" for version in self):
            raise UserError(
                self.env._("A version that is or was in force cannot be deleted.")
            )

    # Actions

    def action_put_in_force(self):
        """Ask everybody concerned; the version before is superseded.

        :raise UserError: for a version that is not a draft, or that is empty
        """
        for version in self:
            version.check_access("write")
            if version.state != "draft":
                raise UserError(
                    self.env._(
                        "%(version)s is in force already.", version=version.display_name
                    )
                )
            if not version.document and is_html_empty(version.content):
                raise UserError(
                    self.env._("Write the rules, or attach a document, first.")
                )
            former = version.policy_id.version_ids.filtered(
                lambda other: other.state == "in_force"
            )
            # sudo: stamped by the system; who may write was checked above
            former.sudo().state = "superseded"
            former._withdraw()
            former.flush_recordset()
            # sudo: likewise
            version.sudo().write(
                {"state": "in_force", "date": self.env.company._get_sales_today()}
            )
            version._ask()

    def action_acknowledge(self):
        """The current user has read and accepts the version.

        :raise UserError: when it is not in force, or was not asked of the user
        """
        self.ensure_one()
        self.check_access("read")
        lines = self.env["sales.policy.acknowledgement"].search(
            [("version_id", "=", self.id), ("user_id", "=", self.env.uid)]
        )
        if self.state != "in_force" or not lines:
            raise UserError(
                self.env._("These rules do not ask for your acknowledgement.")
            )
        lines._acknowledge()
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    # Asking

    def _ask(self):
        """Ask who is concerned and was not asked yet; each once."""
        self.ensure_one()
        # sudo: everybody concerned is asked, whoever put the rules in force
        self = self.sudo()
        known = self.acknowledgement_ids
        reps = self.policy_id._get_reps() - known.rep_id
        others = self.policy_id._get_others() - known.user_id - reps.user_id
        if not reps and not others:
            return
        self.env["sales.policy.acknowledgement"].create(
            [{"version_id": self.id, "rep_id": rep.id} for rep in reps]
            + [
                {
                    "version_id": self.id,
                    "user_id": user.id,
                    "company_id": (self.company_id or user.company_id).id,
                }
                for user in others
            ]
        )
        todo = self.env.ref("mail.mail_activity_data_todo")
        today = self.env.company._get_sales_today()
        self.env["mail.activity"].with_context(mail_activity_quick_update=True).create(
            [
                {
                    "activity_type_id": todo.id,
                    "summary": self.with_context(lang=user.lang).env._(
                        "Read and acknowledge"
                    ),
                    "res_model_id": self.env["ir.model"]._get_id(self._name),
                    "res_id": self.id,
                    "user_id": user.id,
                    "date_deadline": today,
                }
                for user in reps.user_id | others
            ]
        )

    def _withdraw(self):
        """What was not acknowledged of a superseded version need not be any more."""
        # sudo: asked by the system
        version = self.sudo()
        version.acknowledgement_ids.filtered(lambda line: not line.date).unlink()
        version.activity_ids.unlink()

    @api.model
    def _cron_ask(self):
        """Each night: who has become a rep, or come into a team or grade, is asked."""
        versions = self.search(
            [("state", "=", "in_force"), ("policy_id.active", "=", True)]
        )
        self.env["ir.cron"]._commit_progress(remaining=len(versions))
        for version in versions:
            with go_on(self.env, f"Policy version {version.id}"):
                version._ask()
            self.env["ir.cron"]._commit_progress(1)
