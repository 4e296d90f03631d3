from odoo import api, fields, models
from odoo.exceptions import UserError


class SalesOneOnOneNote(models.Model):
    """What a manager notes for themselves.

    A record of its own, so that rules and not views keep it private: on every way to
    it, by search, groups or export. It has no chatter and no tracking.
    """

    _name = "sales.one.on.one.note"
    _description = "Private Note of a One-to-one"
    _inherit = ["sales.stamped.mixin"]
    _order = "meeting_id, id"
    _rec_name = "meeting_id"
    _sales_stamped = frozenset({"author_id", "author_rep_id"})

    meeting_id = fields.Many2one(
        "sales.one.on.one", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="meeting_id.company_id", store=True)
    user_id = fields.Many2one(related="meeting_id.user_id", store=True)
    author_id = fields.Many2one(
        "res.users",
        "Author",
        required=True,
        readonly=True,
        ondelete="restrict",
        default=lambda self: self.env.user,
        index=True,
    )
    author_rep_id = fields.Many2one(
        "sales.rep",
        "Author as Rep",
        compute="_compute_author_rep_id",
        store=True,
        help="By whom it is decided who is above.",
    )
    note = fields.Html()

    _author_uniq = models.UniqueIndex("(meeting_id, author_id)")

    @api.depends("author_id", "company_id")
    def _compute_author_rep_id(self):
        for note in self:
            # sudo: who is who
            reps = note.author_id.sudo().sales_rep_ids
            note.author_rep_id = reps.filtered(
                lambda rep, note=note: rep.company_id == note.company_id
            )[:1]

    @api.model_create_multi
    def create(self, vals_list):
        notes = super().create(vals_list)
        notes._check_own()
        return notes

    def write(self, vals):
        if "meeting_id" in vals:
            raise UserError(self.env._("A note stays with its one-to-one."))
        self._check_own()
        return super().write(vals)

    def _check_own(self):
        """:raise AccessError: for talks that the user does not lead"""
        self.meeting_id._check_lead()

    @api.model
    def _keep(self, talk, text):
        own = self.search(
            [("meeting_id", "=", talk.id), ("author_id", "=", self.env.uid)]
        )
        if own:
            own.note = text
        elif text:
            self.create({"meeting_id": talk.id, "note": text})
