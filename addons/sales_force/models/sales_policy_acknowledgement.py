from odoo import api, fields, models


class SalesPolicyAcknowledgement(models.Model):
    """Who was asked to acknowledge a version, and when he did: by the system only."""

    _name = "sales.policy.acknowledgement"
    _description = "Acknowledgement of Rules"
    _order = "version_id desc, date, id"
    _rec_name = "version_id"

    version_id = fields.Many2one(
        "sales.policy.version",
        "Version",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    policy_id = fields.Many2one(related="version_id.policy_id", store=True, index=True)
    number = fields.Integer(
        "Number", related="version_id.number", store=True, aggregator=None
    )
    rep_id = fields.Many2one(
        "sales.rep",
        readonly=True,
        ondelete="restrict",
        index=True,
        help="Empty: somebody who is asked and is no rep.",
    )
    user_id = fields.Many2one(
        "res.users",
        compute="_compute_of_rep",
        store=True,
        precompute=True,
        readonly=False,
        required=True,
        index=True,
    )
    company_id = fields.Many2one(
        "res.company",
        compute="_compute_of_rep",
        store=True,
        precompute=True,
        readonly=False,
    )
    team_id = fields.Many2one(related="rep_id.team_id", store=True)
    date = fields.Datetime("Acknowledged On", readonly=True, copy=False)
    name = fields.Char(
        "Acknowledged By", readonly=True, help="The user's name at that moment."
    )

    _rep_uniq = models.UniqueIndex("(version_id, rep_id)")
    _user_uniq = models.UniqueIndex("(version_id, user_id) WHERE rep_id IS NULL")

    @api.depends("rep_id.user_id", "rep_id.company_id")
    def _compute_of_rep(self):
        for line in self:
            line.user_id = line.rep_id.user_id or line.user_id
            line.company_id = line.rep_id.company_id or line.company_id

    def _acknowledge(self):
        """Stamp what is still missing, and close the user's activity."""
        missing = self.filtered(lambda line: not line.date)
        # sudo: stamped by the system for the user who is asked
        missing.sudo().write(
            {"date": fields.Datetime.now(), "name": self.env.user.name}
        )
        activities = self.version_id.sudo().activity_ids  # sudo: the user's own ones
        activities.filtered(lambda a: a.user_id == self.env.user).unlink()
