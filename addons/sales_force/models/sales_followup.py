from collections import defaultdict

from odoo import api, fields, models


class SalesFollowup(models.Model):
    """A cause that a rule found, and what became of it: written by the system only."""

    _name = "sales.followup"
    _inherit = ["sales.owned.mixin"]
    _description = "Follow-up"
    _order = "raised_on desc, id desc"
    _log_access = False
    _rec_name = "rule_id"

    rule_id = fields.Many2one(
        "sales.followup.rule", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    res_model = fields.Char("Document Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        "Document", model_field="res_model", required=True, readonly=True
    )
    document_name = fields.Char("Document Name", compute="_compute_document_name")
    partner_id = fields.Many2one("res.partner", "Customer", readonly=True)
    user_id = fields.Many2one("res.users", "Owner", required=True, readonly=True)
    date = fields.Date(
        "Cause On",
        required=True,
        readonly=True,
        help="The day of the cause: when the stage was entered, the expiry, the due "
        "date, the last contact.",
    )
    raised_on = fields.Date(required=True, readonly=True)
    closed_on = fields.Date(readonly=True)
    state = fields.Selection(
        [
            ("open", "Open"),
            ("done", "Done"),
            ("gone", "Cause gone"),
        ],
        "Status",
        required=True,
        readonly=True,
        default="open",
    )
    activity_id = fields.Many2one(
        "mail.activity", readonly=True, ondelete="set null", index="btree_not_null"
    )
    escalated_on = fields.Date(readonly=True)
    escalated_to_id = fields.Many2one("res.users", "Escalated To", readonly=True)
    escalation_id = fields.Many2one(
        "mail.activity",
        "Activity of the Manager",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )

    _cause_uniq = models.UniqueIndex("(rule_id, company_id, res_id, date)")
    _user_idx = models.Index("(user_id, state)")

    @api.depends("res_model", "res_id")
    def _compute_document_name(self):
        """The name of the document; whoever must follow it up may know it."""
        names = {}
        for model, followups in self.grouped("res_model").items():
            # sudo: see above
            documents = self.env[model].sudo().browse(followups.mapped("res_id"))
            for document in documents.exists():
                names[model, document.id] = document.display_name
        for followup in self:
            followup.document_name = names.get((followup.res_model, followup.res_id))

    def action_open_document(self):
        """:raise AccessError: when the user may not read the document"""
        self.ensure_one()
        document = self.env[self.res_model].browse(self.res_id)
        document.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "views": [(False, "form")],
        }

    # Activities

    def _note_done(self):
        """What its owner has done, or removed, is done."""
        done = self.filtered(lambda f: not f.activity_id.active)
        for company, followups in done.grouped("company_id").items():
            followups.write({"state": "done", "closed_on": company._get_sales_today()})
        done.escalation_id.filtered("active").unlink()

    def _plan(self):
        """Plan the owners' activities."""
        activities = self._create_activities(
            {followup: followup._get_doer() for followup in self}
        )
        for followup, activity in activities.items():
            followup.activity_id = activity

    def _get_doer(self):
        """The owner, or who stands in for him today."""
        company = self.company_id
        covers = self.env["sales.cover"]
        found = covers._find(company, self.user_id, company._get_sales_today())
        if found:
            return self.env["sales.rep"].browse(found[1]).user_id
        return self.user_id

    def _escalate(self, today):
        """Plan activities for the managers of the owners; who has none keeps it."""
        managers = {}
        reps = self.env["sales.rep"].search([("user_id", "in", self.user_id.ids)])
        by_key = {(rep.user_id, rep.company_id): rep.parent_id.user_id for rep in reps}
        for followup in self:
            manager = by_key.get((followup.user_id, followup.company_id))
            if manager:
                managers[followup] = manager
        activities = self._create_activities(managers, escalated=True)
        for followup, activity in activities.items():
            followup.escalation_id = activity
        by_manager = defaultdict(self.browse)
        for followup, manager in managers.items():
            by_manager[manager] |= followup
        for manager, followups in by_manager.items():
            followups.write({"escalated_on": today, "escalated_to_id": manager.id})

    def _create_activities(self, users, escalated=False):
        """:return: ``{followup: activity}``"""
        model_ids = {}
        for model, followups in self.grouped("res_model").items():
            model_ids[model] = self.env["ir.model"]._get_id(model)
            # An activity asks for its document's name one by one.
            self.env[model].browse(followups.mapped("res_id")).mapped("display_name")
        activities = (
            self.env["mail.activity"]
            .with_context(mail_activity_quick_update=True)
            .create(
                [
                    {
                        "activity_type_id": followup.rule_id.activity_type_id.id,
                        "summary": followup._get_summary(user, escalated),
                        "note": followup.rule_id.note,
                        "res_model_id": model_ids[followup.res_model],
                        "res_id": followup.res_id,
                        "user_id": user.id,
                        "date_deadline": max(followup.date, followup.raised_on),
                    }
                    for followup, user in users.items()
                ]
            )
        )
        return dict(zip(users, activities, strict=True))

    def _get_summary(self, user, escalated):
        rule = self.rule_id.with_context(lang=user.lang)
        if not escalated:
            return rule.name
        return rule.env._(
            "Escalated from %(owner)s: %(rule)s",
            owner=self.user_id.name,
            rule=rule.name,
        )

    def _move_activities(self):
        """The document has another owner, who gets what is open."""
        for user, followups in self.grouped("user_id").items():
            followups.activity_id.with_context(mail_activity_quick_update=True).write(
                {"user_id": user.id}
            )

    def _drop(self):
        """Close what nobody needs to do any more."""
        for company, followups in self.grouped("company_id").items():
            followups.write({"state": "gone", "closed_on": company._get_sales_today()})
        self._remove_activities()

    def _remove_activities(self):
        (self.activity_id + self.escalation_id).filtered("active").unlink()
