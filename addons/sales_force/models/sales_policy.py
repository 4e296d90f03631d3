from odoo import api, fields, models


class SalesPolicy(models.Model):
    """Rules of selling that reps acknowledge, version by version."""

    _name = "sales.policy"
    _description = "Rules of Selling"
    _order = "sequence, name, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", index="btree_not_null", help="Empty: for all companies."
    )
    grade_ids = fields.Many2many(
        "sales.grade",
        string="Only Grades",
        help="Who has to acknowledge these rules. Empty: reps of all grades.",
    )
    team_ids = fields.Many2many(
        "crm.team",
        string="Only Teams",
        help="Who has to acknowledge these rules. Empty: reps of all teams.",
    )
    version_ids = fields.One2many("sales.policy.version", "policy_id", "Versions")
    current_id = fields.Many2one(
        "sales.policy.version", "Version in Force", compute="_compute_current_id"
    )
    missing_count = fields.Integer("Not Acknowledged", compute="_compute_missing_count")

    @api.depends("version_ids.state")
    def _compute_current_id(self):
        versions = self.env["sales.policy.version"].search(
            [("policy_id", "in", self.ids), ("state", "=", "in_force")]
        )
        by_policy = {version.policy_id: version for version in versions}
        for policy in self:
            policy.current_id = by_policy.get(policy)

    def _compute_missing_count(self):
        counts = dict(
            self.env["sales.policy.acknowledgement"]._read_group(
                [("policy_id", "in", self.ids), ("date", "=", False)],
                ["policy_id"],
                ["__count"],
            )
        )
        for policy in self:
            policy.missing_count = counts.get(policy, 0)

    def _get_reps(self):
        """Who has to acknowledge: reps who have not left."""
        self.ensure_one()
        domain = [("state", "!=", "left")]
        if self.company_id:
            domain.append(("company_id", "=", self.company_id.id))
        if self.grade_ids:
            domain.append(("grade_id", "in", self.grade_ids.ids))
        if self.team_ids:
            domain.append(("team_id", "in", self.team_ids.ids))
        return self.env["sales.rep"].search(domain)

    def _get_others(self):
        """Users who have to acknowledge and are no reps: here nobody."""
        return self.env["res.users"]

    def action_new_version(self):
        """A draft with the text of the version in force."""
        self.ensure_one()
        current = self.current_id
        version = self.env["sales.policy.version"].create(
            {
                "policy_id": self.id,
                "content": current.content,
                "document": current.document,
                "document_name": current.document_name,
            }
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": version._name,
            "res_id": version.id,
            "views": [(False, "form")],
        }

    def action_open_missing(self):
        action = self.env["ir.actions.actions"]._for_xml_id(
            "sales_force.sales_policy_acknowledgement_action"
        )
        return {
            **action,
            "domain": [("policy_id", "in", self.ids)],
            "context": {"search_default_missing": 1},
        }
