from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import formatLang


class SalesContestEntry(models.Model):
    """Who takes part; once settled, with the place and the prize."""

    _name = "sales.contest.entry"
    _description = "Participant of a Contest"
    _inherit = ["sales.stamped.mixin"]
    _order = "contest_id desc, peers, place, id"
    _rec_name = "contest_id"

    contest_id = fields.Many2one(
        "sales.contest", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="contest_id.company_id", store=True)
    company_currency_id = fields.Many2one(related="company_id.currency_id")
    rep_id = fields.Many2one(
        "sales.rep", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    team_id = fields.Many2one(
        "crm.team",
        "Sales Team",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
    )
    user_id = fields.Many2one(related="rep_id.user_id", store=True)
    left_on = fields.Datetime("Withdrew", readonly=True)
    peers = fields.Char("Group", readonly=True)
    place = fields.Integer(readonly=True, aggregator=None)
    result = fields.Float(digits=(16, 4), readonly=True, aggregator=None)
    has_result = fields.Boolean(readonly=True)
    prize = fields.Char(readonly=True)
    amount = fields.Monetary(
        readonly=True, currency_field="company_currency_id", help="Of the prize."
    )
    handed_on = fields.Datetime("Handed Over", readonly=True)
    handed_by_id = fields.Many2one("res.users", "Handed Over By", readonly=True)

    _rep_uniq = models.UniqueIndex(
        "(contest_id, rep_id) WHERE rep_id IS NOT NULL", "A rep enters a contest once."
    )
    _team_uniq = models.UniqueIndex(
        "(contest_id, team_id) WHERE team_id IS NOT NULL",
        "A team takes part in a contest once.",
    )

    def _is_stamped(self, name):
        return True

    def _tell(self):
        amount = self.amount and formatLang(
            self.env, self.amount, currency_obj=self.company_currency_id
        )
        parts = [part for part in (self.prize, amount) if part]
        return self.env._("Your prize: %(prize)s", prize=", ".join(parts))

    def action_hand_over(self):
        """Log that prizes were handed over, by the user and now.

        :raise AccessError: for who may not run contests
        :raise UserError: when there is no prize, or it was handed over before
        """
        self.check_access("read")
        self.contest_id._check_may_run()
        for entry in self:
            if not (entry.prize or entry.amount) or entry.handed_on:
                raise UserError(
                    self.env._(
                        "%(name)s: there is no prize to hand over.",
                        name=(entry.rep_id or entry.team_id).display_name,
                    )
                )
        # sudo: stamped by the system; who may was checked above
        self.sudo().write(
            {"handed_on": fields.Datetime.now(), "handed_by_id": self.env.uid}
        )
        for contest, entries in self.grouped("contest_id").items():
            who = [(entry.rep_id or entry.team_id).display_name for entry in entries]
            contest.message_post(
                body=self.env._(
                    "Prizes handed over to: %(names)s", names=", ".join(who)
                )
            )
        return True
