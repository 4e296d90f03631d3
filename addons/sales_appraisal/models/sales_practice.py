"""The wall: what works, told by who did it, liked and used by others."""

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.sales_force.models.sales_stamped_mixin import TOOLS

# Who takes posts from the wall, and puts them back.
MODERATORS = (
    "sales_force.group_sales_director",
    "sales_force.group_sales_operations",
)


class SalesPracticeTag(models.Model):
    _name = "sales.practice.tag"
    _description = "Tag of Best Practices"
    _order = "name, id"

    name = fields.Char(required=True, translate=True)
    color = fields.Integer()

    _name_uniq = models.UniqueIndex("(name)", "This tag is there already.")


class SalesPractice(models.Model):
    """A practice that worked, on the wall of the company."""

    _name = "sales.practice"
    _description = "Best Practice"
    _inherit = ["sales.stamped.mixin", "mail.thread"]
    _order = "pinned desc, create_date desc, id desc"
    _sales_stamped = frozenset(
        "author_id company_id state pinned like_count use_count report_count "
        "hidden_reason".split()
    )

    name = fields.Char("Title", required=True)
    story = fields.Html(
        required=True, help="What the situation was, what you did, what came of it."
    )
    tag_ids = fields.Many2many("sales.practice.tag", string="Tags")
    image = fields.Image("Picture", max_width=1920, max_height=1920)
    attachment_ids = fields.Many2many(
        "ir.attachment",
        "sales_practice_attachment_rel",
        "practice_id",
        "attachment_id",
        "Documents",
        help="Offers, pictures, templates that others can use.",
    )
    author_id = fields.Many2one(
        "res.users",
        "Shared By",
        required=True,
        readonly=True,
        ondelete="restrict",
        default=lambda self: self.env.user,
        index=True,
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        default=lambda self: self.env.company,
        index=True,
    )
    source_ids = fields.One2many("sales.practice.source", "practice_id", "Where It Was")
    about = fields.Char(
        "Proved With",
        compute="_compute_about",
        help="By name for who may read the customer, masked for everybody else.",
    )
    state = fields.Selection(
        [("shown", "Shown"), ("hidden", "Taken Off")],
        "Status",
        default="shown",
        required=True,
        readonly=True,
        copy=False,
    )
    hidden_reason = fields.Char("Why Taken Off", readonly=True, copy=False)
    pinned = fields.Boolean(readonly=True, copy=False)
    like_ids = fields.One2many("sales.practice.like", "practice_id", "Likes")
    use_ids = fields.One2many("sales.practice.use", "practice_id", "Used By")
    like_count = fields.Integer("Number of Likes", readonly=True, copy=False)
    use_count = fields.Integer("Times Used", readonly=True, copy=False)
    report_count = fields.Integer(
        "Reports", readonly=True, copy=False, groups=",".join(MODERATORS)
    )
    is_mine = fields.Boolean(compute="_compute_mine")
    is_liked = fields.Boolean("Liked by Me", compute="_compute_mine")
    may_pin = fields.Boolean(compute="_compute_mine")
    may_moderate = fields.Boolean(compute="_compute_mine")

    @api.depends("source_ids")
    @api.depends_context("uid")
    def _compute_about(self):
        found = (
            self.env["sales.practice.source"]
            # sudo: what everybody may know: that there was a customer, masked
            .sudo()
            .search([("practice_id", "in", self.ids)])
        )
        customers = self.env["res.partner"].union(
            *(source._get_customer().sudo(False) for source in found)
        )
        readable = set(customers._filtered_access("read").ids)
        sources = found.grouped(lambda source: source.practice_id.id)
        for practice in self:
            practice.about = ", ".join(
                source._describe(readable) for source in sources.get(practice.id, ())
            )

    @api.depends("author_id", "like_ids.user_id")
    @api.depends_context("uid")
    def _compute_mine(self):
        liked = (
            self.env["sales.practice.like"]
            .search([("practice_id", "in", self.ids), ("user_id", "=", self.env.uid)])
            .practice_id
        )
        pins = self.env["sales.coaching"]._is_leader()
        moderates = self._is_moderator()
        for practice in self:
            practice.is_mine = practice.author_id == self.env.user
            practice.is_liked = practice._origin in liked
            practice.may_pin = pins
            practice.may_moderate = moderates

    @api.model
    def _is_moderator(self):
        return self.env.su or any(self.env.user.has_group(name) for name in MODERATORS)

    # Writing

    @api.model_create_multi
    def create(self, vals_list):
        practices = super().create(vals_list)
        practices._link_attachments()
        return practices

    def write(self, vals):
        by_hand = {name for name in vals if not name.startswith(TOOLS)}
        if by_hand:
            self._check_author()
        result = super().write(vals)
        if "attachment_ids" in vals:
            self._link_attachments()
        return result

    def _link_attachments(self):
        """Who reads the post reads its documents."""
        for practice in self:
            own = practice.attachment_ids.filtered(lambda a: not a.res_id)
            own.write({"res_model": self._name, "res_id": practice.id})

    @api.ondelete(at_uninstall=False)
    def _unlink_own(self):
        self._check_author()

    def _check_author(self):
        """:raise AccessError: for what others have shared"""
        if not self.env.su and self.author_id - self.env.user:
            raise AccessError(self.env._("Only who has shared it changes it."))

    # What others do

    def action_like(self):
        """Like, or like no more: once for each user."""
        self.ensure_one()
        self.check_access("read")
        if self.is_mine:
            raise UserError(self.env._("Let others like it."))
        # sudo: a like of the user's own; that they read the post was checked
        likes = self.env["sales.practice.like"].sudo()
        mine = likes.search(
            [("practice_id", "=", self.id), ("user_id", "=", self.env.uid)]
        )
        if mine:
            mine.unlink()
        else:
            likes.create({"practice_id": self.id, "user_id": self.env.uid})
        self.sudo()._recount()  # sudo: stamped by the system
        return True

    def action_use(self):
        """Ask what came of it."""
        self.ensure_one()
        self.check_access("read")
        if self.is_mine:
            raise UserError(self.env._("Let others say that they used it."))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("I Used It"),
            "res_model": "sales.practice.use",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_practice_id": self.id},
        }

    def _recount(self):
        for practice in self:
            likes, uses = practice.like_ids, practice.use_ids
            practice.write({"like_count": len(likes), "use_count": len(uses)})

    def _thank(self, tell):
        """Tell the author in the own language, unless it is the user.

        :param tell: gives the body of a post in the language of its context
        """
        for practice in self:
            author = practice.author_id
            if author != self.env.user:
                spoken = practice.with_context(lang=author.lang or self.env.lang)
                spoken.message_notify(
                    partner_ids=author.partner_id.ids,
                    subject=spoken.name,
                    body=tell(spoken),
                )

    def action_pin(self):
        """Put on top of the wall, or take down from there: by leaders."""
        self.check_access("read")
        if not self.env["sales.coaching"]._is_leader():
            raise AccessError(self.env._("Who leads a team pins posts."))
        # sudo: stamped by the system; who pins was checked above
        for practice in self.sudo():
            practice.pinned = not practice.pinned
        return True

    def action_report(self):
        """Ask what is wrong with it."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Report"),
            "res_model": "sales.practice.report",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_practice_id": self.id},
        }

    def action_hide(self):
        """Take off the wall: its author still sees it, with the reason.

        :raise AccessError: for who does not moderate
        """
        self._check_moderator()
        # sudo: stamped by the system; who moderates was checked above
        for practice in self.sudo():
            reports = practice.env["sales.practice.report"].search(
                [("practice_id", "=", practice.id)]
            )
            reason = reports.sorted("id")[-1:].reason
            practice.write(
                {"state": "hidden", "pinned": False, "hidden_reason": reason}
            )
            practice._thank(
                lambda spoken, reason=reason: spoken.env._(
                    "Your post was taken off the wall. %(reason)s", reason=reason or ""
                )
            )
        return True

    def action_show(self):
        """Back on the wall; what was reported is dealt with.

        :raise AccessError: for who does not moderate
        """
        self._check_moderator()
        # sudo: stamped by the system; who moderates was checked above
        practices = self.sudo()
        practices.env["sales.practice.report"].search(
            [("practice_id", "in", self.ids)]
        ).unlink()
        practices.write({"state": "shown", "hidden_reason": False, "report_count": 0})
        return True

    def _check_moderator(self):
        self.check_access("read")
        if not self._is_moderator():
            raise AccessError(self.env._("A director or sales operations moderates."))

    def _get_moderators(self):
        """Directors of the company, who are told of reports."""
        director = self.env.ref("sales_force.group_sales_director")
        return director.all_user_ids.filtered(
            lambda user: self.company_id in user.company_ids and user.active
        )


class SalesPracticeSource(models.Model):
    """The deal, visit or customer behind a post.

    A record of its own: who does not read the customer reads no name, on no way.
    """

    _name = "sales.practice.source"
    _description = "Proof of a Best Practice"
    _inherit = ["sales.stamped.mixin"]
    _order = "practice_id, id"
    _rec_name = "practice_id"

    practice_id = fields.Many2one(
        "sales.practice", required=True, index=True, ondelete="cascade"
    )
    author_id = fields.Many2one(related="practice_id.author_id")
    company_id = fields.Many2one(related="practice_id.company_id", store=True)
    lead_id = fields.Many2one(
        "crm.lead",
        "Won Deal",
        ondelete="cascade",
        domain="[('type', '=', 'opportunity'), ('stage_id.is_won', '=', True)]",
    )
    visit_id = fields.Many2one("sales.visit", "Visit", ondelete="cascade")
    partner_id = fields.Many2one("res.partner", "Customer", ondelete="cascade")

    _something = models.Constraint(
        "CHECK (lead_id IS NOT NULL OR visit_id IS NOT NULL OR partner_id IS NOT NULL)",
        "Choose a deal, a visit or a customer.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        """:raise AccessError: for documents that the author may not read"""
        sources = super().create(vals_list)
        sources._check_documents()
        return sources

    def write(self, vals):
        result = super().write(vals)
        self._check_documents()
        return result

    def _check_documents(self):
        for source in self:
            source.practice_id._check_author()
            for document in (source.lead_id, source.visit_id, source.partner_id):
                document.check_access("read")

    def _get_customer(self):
        return self.partner_id or self.visit_id.partner_id or self.lead_id.partner_id

    def _describe(self, readable):
        """The customer's name for who reads the customer, else masked.

        :param set readable: ids of partners that the user reads
        """
        customer = self._get_customer()
        if customer.id in readable:
            return customer.display_name
        name = customer.name or self.lead_id.partner_name or ""
        if self.lead_id:
            kind = self.env._("a won deal")
        elif self.visit_id:
            kind = self.env._("a visit")
        else:
            kind = self.env._("a customer")
        return self.env._("%(initial)s*** (%(kind)s)", initial=name[:1], kind=kind)


class SalesPracticeLike(models.Model):
    _name = "sales.practice.like"
    _description = "Like of a Best Practice"
    _order = "id desc"
    _rec_name = "user_id"

    practice_id = fields.Many2one(
        "sales.practice", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="practice_id.company_id", store=True)
    user_id = fields.Many2one(
        "res.users", required=True, ondelete="cascade", index=True
    )

    _once = models.UniqueIndex("(practice_id, user_id)", "You like it already.")


class SalesPracticeUse(models.Model):
    """Who has used a practice, and what came of it."""

    _name = "sales.practice.use"
    _description = "Use of a Best Practice"
    _inherit = ["sales.stamped.mixin"]
    _order = "date desc, id desc"
    _rec_name = "user_id"
    _sales_stamped = frozenset({"user_id", "date"})

    practice_id = fields.Many2one(
        "sales.practice", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="practice_id.company_id", store=True)
    user_id = fields.Many2one(
        "res.users",
        "Who",
        required=True,
        readonly=True,
        ondelete="restrict",
        default=lambda self: self.env.user,
    )
    date = fields.Date(
        required=True,
        readonly=True,
        default=lambda self: self.env.company._get_sales_today(),
    )
    outcome = fields.Selection(
        [("worked", "It worked"), ("partly", "In part"), ("not", "Not for me")],
        default="worked",
        required=True,
    )
    result = fields.Text("What Came of It", required=True)

    @api.model_create_multi
    def create(self, vals_list):
        """:raise UserError: for the own posts"""
        uses = super().create(vals_list)
        uses.practice_id.check_access("read")
        if any(use.practice_id.author_id == use.user_id for use in uses):
            raise UserError(self.env._("Let others say that they used it."))
        # sudo: stamped by the system, and the author is thanked
        for use in uses.sudo():
            use.practice_id._recount()
            use.practice_id._thank(
                lambda spoken, use=use: spoken.env._(
                    "%(user)s has used it: %(result)s Thank you!",
                    user=use.user_id.name,
                    result=use.result,
                )
            )
        return uses

    def write(self, vals):
        if "practice_id" in vals:
            raise UserError(self.env._("It was about this practice."))
        self._check_own()
        return super().write(vals)

    def unlink(self):
        self._check_own()
        practices = self.practice_id
        result = super().unlink()
        practices.sudo()._recount()  # sudo: stamped by the system
        return result

    def _check_own(self):
        if not self.env.su and self.user_id - self.env.user:
            raise AccessError(self.env._("Only who has used it says what came of it."))


class SalesPracticeReport(models.Model):
    """Why a post should not be on the wall; read by who moderates."""

    _name = "sales.practice.report"
    _description = "Report of a Best Practice"
    _inherit = ["sales.stamped.mixin"]
    _order = "id desc"
    _rec_name = "practice_id"
    _sales_stamped = frozenset({"user_id"})

    practice_id = fields.Many2one(
        "sales.practice", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="practice_id.company_id", store=True)
    user_id = fields.Many2one(
        "res.users",
        "Who",
        required=True,
        readonly=True,
        ondelete="cascade",
        default=lambda self: self.env.user,
    )
    reason = fields.Text("What Is Wrong", required=True)

    _once = models.UniqueIndex(
        "(practice_id, user_id)", "You have reported this already."
    )

    @api.model_create_multi
    def create(self, vals_list):
        reports = super().create(vals_list)
        reports.practice_id.check_access("read")
        # sudo: stamped by the system, and who moderates is told
        for report in reports.sudo():
            practice = report.practice_id
            # sudo: how many reports there are, not whose
            practice.report_count = self.sudo().search_count(
                [("practice_id", "=", practice.id)]
            )
            moderators = practice._get_moderators() - report.user_id
            for lang, users in moderators.grouped("lang").items():
                spoken = practice.with_context(lang=lang or self.env.lang)
                spoken.message_notify(
                    partner_ids=users.partner_id.ids,
                    subject=spoken.env._("A post was reported"),
                    body=report.reason,
                )
        return reports
