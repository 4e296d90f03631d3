from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.misc import format_date

from ..locking import write_lock

_INTERNAL = "base.group_user"
# A registered deal of a partner without a tier is protected for so many days.
DAYS = 90
# What stays as it was registered once it is decided.
_REGISTERED = frozenset(
    ("partner_id", "company_id", "end_customer", "end_customer_id", "category_id")
) | {"amount", "date_expiry"}


class SalesDealRegistration(models.Model):
    """A deal that a channel partner has found, and asks to be protected in.

    Who decides sees what is in the way: other partners' registrations, our own
    opportunities, reps who protect the customer, exclusive partners. Approved, no other
    partner's deal with that customer in that product group is approved until it
    expires.
    """

    _name = "sales.deal.registration"
    _description = "Deal Registration"
    _inherit = [
        "sales.stamped.mixin",
        "sales.channel.mixin",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _order = "id desc"
    _sales_stamped = frozenset(
        {"name", "state", "submitted_on", "decided_by_id", "decided_on"}
    )

    name = fields.Char("Number", readonly=True, copy=False, default="/")
    contact_id = fields.Many2one(
        "res.partner",
        "Registered By",
        domain="[('commercial_partner_id', '=', partner_id)]",
        ondelete="set null",
    )
    end_customer = fields.Char(
        required=True, tracking=True, help="As the partner names it."
    )
    end_customer_id = fields.Many2one(
        "res.partner",
        "Our Customer",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        tracking=True,
        groups=_INTERNAL,
        domain="[('parent_id', '=', False)]",
        help="Which of our customers it is; needed to approve.",
    )
    category_id = fields.Many2one(
        "product.category",
        "Product Group",
        ondelete="restrict",
        tracking=True,
        help="With its sub-groups. Empty: all products.",
    )
    amount = fields.Monetary("Expected Amount", tracking=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    date_expected = fields.Date("Expected On", help="When the partner expects to win.")
    description = fields.Text()
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("submitted", "Submitted"),
            ("approved", "Approved"),
            ("refused", "Refused"),
            ("won", "Won"),
        ],
        "Decision",
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
        group_expand=True,
    )
    status = fields.Selection(
        [
            ("draft", "Draft"),
            ("submitted", "Submitted"),
            ("approved", "Approved"),
            ("expired", "Expired"),
            ("refused", "Refused"),
            ("won", "Won"),
        ],
        compute="_compute_status",
        search="_search_status",
        help="Approved, it expires after its last protected day.",
    )
    submitted_on = fields.Date("Submitted", readonly=True, copy=False)
    decided_on = fields.Date("Decided", readonly=True, copy=False)
    decided_by_id = fields.Many2one(
        "res.users", "Decided By", readonly=True, copy=False, groups=_INTERNAL
    )
    date_expiry = fields.Date(
        "Protected Until",
        copy=False,
        tracking=True,
        help="Empty at the approval: as long as the partner's tier says.",
    )
    refusal = fields.Char(
        "Reason of the Refusal", copy=False, tracking=True, help="The partner reads it."
    )
    conflicts = fields.Text(
        compute="_compute_conflicts",
        groups=_INTERNAL,
        help="What speaks against an approval.",
    )

    _amount_positive = models.Constraint(
        "CHECK (amount >= 0)", "An amount is not negative."
    )

    @api.depends("state", "date_expiry")
    def _compute_status(self):
        for deal in self:
            over = deal.state == "approved" and (
                deal.date_expiry < deal.company_id._get_sales_today()
            )
            deal.status = "expired" if over else deal.state

    def _search_status(self, operator, value):
        if operator != "in":
            return NotImplemented
        today = self.env.company._get_sales_today()
        over = Domain("state", "=", "approved") & Domain("date_expiry", "<", today)
        found = Domain("state", "in", [one for one in value if one != "approved"])
        if "expired" in value:
            found |= over
        if "approved" in value:
            found |= Domain("state", "=", "approved") & ~over
        return found

    @api.depends(
        "partner_id", "end_customer", "end_customer_id", "category_id", "state"
    )
    @api.depends_context("uid")
    def _compute_conflicts(self):
        lines = {deal._origin.id: [] for deal in self}
        for describe in (
            self._describe_deals,
            self._describe_leads,
            self._describe_owners,
            self._describe_exclusive,
        ):
            for id_, line in describe():
                lines[id_].append(line)
        for deal in self:
            deal.conflicts = "\n".join(lines[deal._origin.id]) or False

    def _read_conflicts(self, query):
        self.env.flush_all()
        today = self.env.company._get_sales_today()
        return self.env.execute_query(SQL(query, ids=list(self.ids), today=today))

    def _get_same(self):
        """``[(id, other's id)]`` of others' deals that may be the same one."""
        return self._read_conflicts(
            """
            SELECT d.id, o.id
            FROM sales_deal_registration d
            JOIN sales_deal_registration o
                ON o.id <> d.id AND o.partner_id <> d.partner_id
                AND o.company_id = d.company_id
                AND (o.end_customer_id = d.end_customer_id
                    OR lower(trim(o.end_customer)) = lower(trim(d.end_customer)))
                AND o.state IN ('submitted', 'approved', 'won')
            LEFT JOIN product_category c ON c.id = d.category_id
            LEFT JOIN product_category oc ON oc.id = o.category_id
            WHERE d.id = ANY(%(ids)s)
              AND (c.id IS NULL OR oc.id IS NULL
                OR starts_with(c.parent_path, oc.parent_path)
                OR starts_with(oc.parent_path, c.parent_path))
            ORDER BY d.id, o.id
            """
        )

    def _describe_deals(self):
        same = self._get_same()
        # sudo: who decides has to know of the others
        others = self.sudo().browse({other for _id, other in same})
        others = {other.id: other for other in others}
        for id_, other in same:
            other = others[other]
            if other.status == "expired":
                continue
            known = {
                "deal": other.name,
                "partner": other.partner_id.display_name,
                "status": dict(self._fields["status"]._description_selection(self.env))[
                    other.status
                ],
                "date": format_date(self.env, other.date_expiry),
            }
            yield (
                id_,
                self.env._(
                    "%(deal)s of %(partner)s is registered for it: %(status)s, "
                    "protected until %(date)s.",
                    **known,
                )
                if other.date_expiry
                else self.env._(
                    "%(deal)s of %(partner)s is registered for it: %(status)s.", **known
                ),
            )

    def _describe_leads(self):
        rows = self._read_conflicts(
            """
            SELECT d.id, l.id, u.id
            FROM sales_deal_registration d
            JOIN crm_lead l ON l.active AND l.type = 'opportunity'
                AND l.won_status = 'pending'
                AND COALESCE(l.company_id, d.company_id) = d.company_id
            LEFT JOIN res_partner p ON p.id = l.partner_id
            LEFT JOIN res_users u ON u.id = l.user_id
            WHERE d.id = ANY(%(ids)s)
              AND (p.commercial_partner_id = d.end_customer_id
                OR lower(trim(l.partner_name)) = lower(trim(d.end_customer)))
            ORDER BY d.id, l.id
            """
        )
        users = self._get_names("res.users", rows)
        leads = self.env["crm.lead"].browse(row[1] for row in rows)
        if not self._decides():
            leads = leads._filtered_access("read")
        # sudo: of the leads that may be known
        names = {lead.id: lead.name for lead in leads.sudo()}
        for id_, lead, user in rows:
            yield (
                id_,
                self.env._(
                    "Opportunity “%(name)s” of %(rep)s is open with it.",
                    # Whose it is has to be known; what it is about to who decides.
                    name=names.get(lead, "…"),
                    rep=users.get(user) or self.env._("nobody"),
                ),
            )

    def _describe_owners(self):
        """Reps who hold the customer, and until when the pool protects them."""
        # sudo: whose the customer is, has to be known to who decides
        deals = self.sudo().filtered("end_customer_id.user_id")
        if not deals:
            return
        cards = self.env["sales.customer"].sudo()  # sudo: likewise
        cards = {
            (card.partner_id, card.company_id): card
            for card in cards.search([("partner_id", "in", deals.end_customer_id.ids)])
        }
        for deal in deals:
            customer = deal.end_customer_id
            card = cards.get((customer, deal.company_id))
            until = card and card.protected_until
            yield (
                deal._origin.id,
                self.env._(
                    "%(customer)s is a customer of %(rep)s, protected until %(date)s.",
                    customer=customer.display_name,
                    rep=customer.user_id.name,
                    date=format_date(self.env, until),
                )
                if until
                else self.env._(
                    "%(customer)s is a customer of %(rep)s.",
                    customer=customer.display_name,
                    rep=customer.user_id.name,
                ),
            )

    def _describe_exclusive(self):
        rows = self._read_conflicts(
            """
            SELECT d.id, t.complete_name, a.partner_id
            FROM sales_deal_registration d
            JOIN res_partner p ON p.id = d.end_customer_id
            JOIN sales_territory own ON own.id = p.sales_territory_id
            JOIN sales_channel_authorization a
                ON a.exclusive AND a.company_id = d.company_id
                AND a.partner_id <> d.partner_id
                AND %(today)s BETWEEN a.date_from
                    AND COALESCE(a.date_to, 'infinity')
            JOIN sales_territory t ON t.id = a.territory_id
                AND starts_with(own.parent_path, t.parent_path)
            LEFT JOIN product_category c ON c.id = d.category_id
            LEFT JOIN product_category ac ON ac.id = a.category_id
            WHERE d.id = ANY(%(ids)s)
              AND (c.id IS NULL OR ac.id IS NULL
                OR starts_with(c.parent_path, ac.parent_path)
                OR starts_with(ac.parent_path, c.parent_path))
            ORDER BY d.id, a.id
            """
        )
        partners = self._get_names("res.partner", rows)
        for id_, territory, partner in rows:
            yield (
                id_,
                self.env._(
                    "%(partner)s is exclusive in %(territory)s.",
                    partner=partners[partner],
                    territory=territory,
                ),
            )

    def _get_names(self, model, rows):
        # sudo: names, for who decides
        records = self.env[model].sudo().browse({row[2] for row in rows if row[2]})
        return {record.id: record.display_name for record in records}

    @api.constrains("state", "date_expiry")
    def _check_expiry(self):
        for deal in self:
            if deal.state in ("approved", "won") and not deal.date_expiry:
                raise ValidationError(
                    self.env._("A protected deal has a last protected day.")
                )

    @api.constrains("end_customer_id")
    def _check_end_customer(self):
        for deal in self:
            customer = deal.sudo().end_customer_id  # sudo: it is for internal users
            if customer.commercial_partner_id != customer:
                raise ValidationError(
                    self.env._(
                        "%(contact)s is a contact: choose its company.",
                        contact=customer.display_name,
                    )
                )

    @api.constrains("contact_id", "partner_id")
    def _check_contact(self):
        for deal in self:
            contact = deal.contact_id.sudo()  # sudo: whose contact it is
            if contact and contact.commercial_partner_id != deal.partner_id:
                raise ValidationError(
                    self.env._(
                        "%(contact)s is no contact of %(partner)s, and would read what "
                        "is decided about its deal.",
                        contact=contact.display_name,
                        partner=deal.partner_id.display_name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        deals = super().create(vals_list)
        for deal in deals:
            sequence = self.env["ir.sequence"].with_company(deal.company_id)
            # sudo: the number is the system's
            deal.sudo().name = sequence.next_by_code("sales.deal.registration") or "/"
        return deals

    def write(self, vals):
        if not self.env.su and not _REGISTERED.isdisjoint(vals):
            self._check_state("draft", "submitted")
        result = super().write(vals)
        if "partner_id" in vals:
            # Not for a partner for whom one may not register any.
            self.check_access("write")
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_submitted(self):
        self._check_state("draft")

    def action_submit(self):
        """Ask for the protection; who leads the partner's rep is asked to decide."""
        self.check_access("write")
        self._check_state("draft")
        for deal in self.sudo():  # sudo: stamped by the system
            deal.write(
                {
                    "state": "submitted",
                    "submitted_on": deal.company_id._get_sales_today(),
                }
            )
            partner = deal.partner_id
            deciders = partner.sales_rep_id.parent_id.user_id, partner.user_id
            decider = next(
                (
                    user
                    for user in deciders
                    if user and deal.with_user(user).has_access("read")
                ),
                None,
            )
            if decider:
                words = deal.with_context(lang=decider.lang).env
                deal.activity_schedule(
                    "mail.mail_activity_data_todo",
                    summary=words._("Decide about a registered deal"),
                    user_id=decider.id,
                )

    def action_approve(self):
        """Protect the partner in this deal until it expires.

        :raise AccessError: for who leads nobody, and who registered it
        :raise UserError: where another partner's overlapping deal is protected
        """
        self._check_decider()
        for deal in self:
            if not deal.end_customer_id:
                raise UserError(
                    self.env._(
                        "Choose which of our customers “%(customer)s” is, or create "
                        "it, before you approve %(deal)s.",
                        customer=deal.end_customer,
                        deal=deal.name,
                    )
                )
        # sudo: two who approve deals with the same customer meet here
        write_lock(self.sudo().end_customer_id)
        for deal in self.sudo():  # sudo: stamped by the system
            deal._refuse_protected()
            today = deal.company_id._get_sales_today()
            days = deal.partner_id.sales_tier_id.deal_days or DAYS
            deal._decide("approved", deal.date_expiry or today + timedelta(days=days))
            words = deal._get_partner_words()
            deal._tell(
                words._(
                    "%(deal)s with %(customer)s is approved: you are protected until "
                    "%(date)s.",
                    deal=deal.name,
                    customer=deal.end_customer,
                    date=format_date(words, deal.date_expiry),
                )
            )

    def _refuse_protected(self):
        """:raise UserError: naming the deal by which another partner is protected"""
        others = self.browse(other for _id, other in self._get_same())
        for other in others:
            same = other.end_customer_id == self.end_customer_id
            if same and other.status == "approved":
                raise UserError(
                    self.env._(
                        "%(partner)s is protected until %(date)s by %(deal)s, with the "
                        "same customer and product group.",
                        partner=other.partner_id.display_name,
                        date=format_date(self.env, other.date_expiry),
                        deal=other.name,
                    )
                )

    def action_refuse(self):
        """:raise ValidationError: without a reason"""
        self._check_decider()
        for deal in self:
            if not deal.refusal:
                raise ValidationError(
                    self.env._("Say why %(deal)s is refused.", deal=deal.name)
                )
        for deal in self.sudo():  # sudo: stamped by the system
            deal._decide("refused", False)
            deal._tell(
                deal._get_partner_words()._(
                    "%(deal)s with %(customer)s is refused: %(reason)s",
                    deal=deal.name,
                    customer=deal.end_customer,
                    reason=deal.refusal,
                )
            )

    def action_win(self):
        """The partner has got it.

        :raise UserError: for one that has expired
        """
        self.check_access("write")
        self._check_state("approved")
        for deal in self:
            if deal.status == "expired":
                raise UserError(
                    self.env._(
                        "%(deal)s has expired: register it anew.", deal=deal.name
                    )
                )
        self.sudo().state = "won"  # sudo: stamped by the system

    def _check_decider(self):
        """:raise AccessError: for who does not lead, and for the own registration"""
        self.check_access("write")
        self._check_state("submitted")
        user = self.env.user
        if self.env.su:
            return
        if not self._decides() or user in self.create_uid:
            raise AccessError(
                self.env._(
                    "A manager above, or sales operations, decides about registered "
                    "deals, and not who registered them."
                )
            )

    def _decides(self):
        """Whether the user is one of those who decide about registered deals."""
        return self.env.su or self.env.user.has_groups(
            "sales_force.group_sales_leader,sales_force.group_sales_operations"
        )

    def _decide(self, state, expiry):
        self.write(
            {
                "state": state,
                "date_expiry": expiry,
                "decided_by_id": self.env.uid,
                "decided_on": self.company_id._get_sales_today(),
            }
        )
        self.activity_feedback(["mail.mail_activity_data_todo"])

    def _get_partner_words(self):
        """The environment in the language of who registered it for the partner."""
        lang = (self.contact_id or self.partner_id).lang or self.env.lang
        return self.with_context(lang=lang).env

    def _tell(self, body):
        """The partner is told by e-mail, and reads it with the deal."""
        self.message_post(
            body=body,
            partner_ids=self.contact_id.ids,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
