from datetime import timedelta

from odoo import api, fields, models, tools
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools.misc import format_date

from ..ledger.invoice import SALE_TYPES
from ..locking import write_lock

_FACTS = frozenset(("rep_id", "deputy_id", "date_from", "date_to", "share"))


class SalesCover(models.Model):
    """Who stands in for a rep on leave, and which share of the credit that earns.

    From the first to the last day the deputy reads and works the rep's opportunities,
    orders, invoices and customers. What is confirmed or invoiced for the rep meanwhile,
    and has no split of its own, is split between the two: an ordinary split, which
    stays when the cover is over.
    """

    _name = "sales.cover"
    _description = "Cover During Leave"
    _inherit = ["sales.stamped.mixin", "sales.cached.mixin", "mail.thread"]
    _order = "date_from desc, id desc"
    _rec_name = "rep_id"
    _check_company_auto = True
    _sales_stamped = frozenset({"state", "approved_by_id"})

    rep_id = fields.Many2one(
        "sales.rep",
        "Rep on Leave",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env["sales.visit"]._default_rep_id(),
    )
    user_id = fields.Many2one(related="rep_id.user_id", store=True)
    company_id = fields.Many2one(related="rep_id.company_id", store=True)
    deputy_id = fields.Many2one(
        "sales.rep",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        domain="[('id', '!=', rep_id), ('company_id', '=', company_id), "
        "('state', '=', 'active')]",
    )
    deputy_user_id = fields.Many2one(
        related="deputy_id.user_id", string="User of the Deputy", store=True
    )
    date_from = fields.Date("First Day", required=True)
    date_to = fields.Date("Last Day", required=True)
    share = fields.Float(
        "Deputy's Share (%)",
        digits=(5, 2),
        help="Of what is confirmed or invoiced for the absent rep in these days. 0: "
        "the credit stays with the rep.",
    )
    reason = fields.Char()
    state = fields.Selection(
        [("draft", "Proposed"), ("approved", "Approved"), ("cancelled", "Cancelled")],
        "Status",
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    approved_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    is_current = fields.Boolean(
        compute="_compute_is_current",
        search="_search_is_current",
        help="Approved, and today is one of its days.",
    )

    _dates = models.Constraint(
        "CHECK (date_to >= date_from)", "The last day is not before the first."
    )
    _share_range = models.Constraint(
        "CHECK (share >= 0 AND share <= 100)", "A share is between 0 and 100 percent."
    )
    _not_oneself = models.Constraint(
        "CHECK (rep_id <> deputy_id)", "Nobody stands in for oneself."
    )

    @api.depends("state", "date_from", "date_to")
    def _compute_is_current(self):
        for cover in self:
            today = cover.company_id._get_sales_today()
            cover.is_current = (
                cover.state == "approved" and cover.date_from <= today <= cover.date_to
            )

    @api.model
    def _search_is_current(self, operator, value):
        if operator != "in":
            return NotImplemented
        today = self.env.company._get_sales_today()
        domain = (
            Domain("state", "=", "approved")
            & Domain("date_from", "<=", today)
            & Domain("date_to", ">=", today)
        )
        return domain if True in value else ~domain

    @api.constrains("rep_id", "deputy_id", "date_from", "date_to", "state")
    def _check_people(self):
        """One deputy at a time, who is there, and does not go away meanwhile."""
        approved = self.filtered(lambda cover: cover.state == "approved")
        # Two who approve at once meet here: the second runs again and sees the first.
        write_lock(approved.rep_id + approved.deputy_id)
        for cover in approved:
            # sudo: a cover of somebody else may be in the way
            others = self.sudo().search(
                [
                    ("id", "!=", cover.id),
                    ("state", "=", "approved"),
                    ("date_from", "<=", cover.date_to),
                    ("date_to", ">=", cover.date_from),
                    "|",
                    ("rep_id", "in", (cover.rep_id + cover.deputy_id).ids),
                    ("deputy_id", "=", cover.rep_id.id),
                ],
                limit=1,
            )
            if others:
                raise ValidationError(
                    self.env._(
                        "%(rep)s is covered by %(deputy)s from %(start)s to %(stop)s "
                        "already.",
                        rep=others.rep_id.name,
                        deputy=others.deputy_id.name,
                        start=others.date_from,
                        stop=others.date_to,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        covers = super().create(vals_list)
        for cover in covers:
            cover._tell(
                cover.rep_id.parent_id.user_id,
                self.env._("Please approve who stands in."),
            )
        return covers

    def write(self, vals):
        if not self.env.su and not _FACTS.isdisjoint(vals):
            if any(cover.state != "draft" for cover in self):
                raise UserError(
                    self.env._("What is approved is cancelled, not changed.")
                )
        result = super().write(vals)
        if "rep_id" in vals:
            # Not for somebody for whom one may not propose any.
            self.check_access("write")
        return result

    def _forget(self):
        """Who stands in for whom, and what that lets see, is asked again."""
        super()._forget()
        self.env["res.partner"]._forget_visibility()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_approved(self):
        if any(cover.state == "approved" for cover in self):
            raise UserError(self.env._("What is approved is cancelled, not changed."))

    def action_approve(self):
        """:raise AccessError: for the own cover, and for who leads nobody"""
        self.check_access("write")
        user = self.env.user
        for cover in self:
            if cover.state != "draft":
                raise UserError(self.env._("Only a proposed cover can be approved."))
            if user in (cover.user_id, cover.deputy_user_id) or not (
                user.has_group("sales_force.group_sales_leader")
                or user.has_group("sales_force.group_sales_operations")
            ):
                raise AccessError(
                    self.env._("A manager above, or sales operations, approves covers.")
                )
        # sudo: stamped by the system
        self.sudo().write({"state": "approved", "approved_by_id": user.id})
        for cover in self:
            cover._tell(
                cover.user_id + cover.deputy_user_id,
                self.env._(
                    "%(deputy)s stands in for %(rep)s from %(start)s to %(stop)s.",
                    deputy=cover.deputy_id.name,
                    rep=cover.rep_id.name,
                    start=format_date(self.env, cover.date_from),
                    stop=format_date(self.env, cover.date_to),
                ),
            )

    def _tell(self, users, body):
        users -= self.env.user
        if not users:
            return
        # sudo: who is told may not be somebody whom the user reads
        self.sudo().message_notify(
            partner_ids=users.partner_id.ids,
            subject=self.env._("Cover During Leave"),
            body=body,
        )

    def action_cancel(self):
        """End a cover; what was split stays."""
        self.check_access("write")
        self.sudo().state = "cancelled"  # sudo: stamped by the system

    @api.model
    @tools.ormcache("company_id")
    def _get_approved(self, company_id):
        """``{user id: [(first day, last day, rep's id, deputy's id, share)]}``."""
        approved = {}
        # sudo: whoever confirms, the credit is shared
        for cover in self.sudo().search(
            [("state", "=", "approved"), ("company_id", "=", company_id)], order="id"
        ):
            approved.setdefault(cover.user_id.id, []).append(
                (
                    cover.date_from,
                    cover.date_to,
                    cover.rep_id.id,
                    cover.deputy_id.id,
                    cover.share,
                )
            )
        return approved

    @api.model
    def _find(self, company, user, day):
        """``(rep's id, deputy's id, share)`` of who is covered on a day, or None."""
        for start, stop, *found in self._get_approved(company.id).get(user.id, ()):
            if start <= day <= stop:
                return found
        return None

    @api.model
    def _share_credit(self, documents, field, user_field, dates):
        """Split documents of reps who are covered, where nobody split them.

        :param field: the split's field of the document
        :param dict dates: the day of each document
        """
        vals_list = []
        for document in documents:
            found = self._find(
                document.company_id, document[user_field], dates[document]
            )
            if not found or not found[2] or document.sales_split_ids:
                continue
            rep_id, deputy_id, share = found
            vals_list += [
                {field: document.id, "rep_id": id_, "share": part}
                for id_, part in ((rep_id, 100 - share), (deputy_id, share))
                if part > 0
            ]
        self.env["sales.split"].create(vals_list)


class SalesRep(models.Model):
    _inherit = "sales.rep"

    cover_ids = fields.One2many("sales.cover", "rep_id", "Covers")


class ResUsers(models.Model):
    _inherit = "res.users"

    def _is_sales_deputy(self):
        """Whether record rules have to look who is covered by the user.

        Rules ask when Odoo computes them, for all requests until covers change: a
        cover that is yet to begin counts, and which day it is somewhere does not.
        """
        earliest = self.env.company._get_sales_today() - timedelta(days=2)
        domain = [
            ("deputy_user_id", "=", self.id),
            ("state", "=", "approved"),
            ("date_to", ">=", earliest),
        ]
        # sudo: of the own covers only
        return bool(self.env["sales.cover"].sudo().search_count(domain, limit=1))


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def action_confirm(self):
        result = super().action_confirm()
        # sudo: whoever confirms, the credit is shared
        orders = self.sudo().filtered(lambda order: order.state == "sale")
        orders.env["sales.cover"]._share_credit(
            orders,
            "order_id",
            "user_id",
            {
                order: order.company_id._get_sales_date(order.date_order)
                for order in orders
            },
        )
        return result


class AccountMove(models.Model):
    _inherit = "account.move"

    def _post(self, soft=True):
        """An invoice without order is shared when it is first posted."""
        # sudo: whoever posts, the credit is shared
        first = self.sudo().filtered(
            lambda move: move.move_type in SALE_TYPES
            and not move.posted_before
            and not move.reversed_entry_id
        )
        posted = super()._post(soft)
        moves = (first & posted).filtered(lambda move: not move.line_ids.sale_line_ids)
        moves.env["sales.cover"]._share_credit(
            moves,
            "move_id",
            "invoice_user_id",
            {move: move.invoice_date for move in moves},
        )
        return posted
