from fractions import Fraction

from odoo import api, fields, models, tools
from odoo.exceptions import AccessError, UserError, ValidationError

from ..deals.rebates import PLACES
from ..locking import write_lock

# What stays as it was agreed once it runs.
_AGREED = frozenset(
    ("partner_id", "company_id", "category_id", "date_from", "tier_ids")
) | {"period", "measure", "basis", "method"}


class SalesRebateAgreement(models.Model):
    """What a channel partner gets back, by what is invoiced in a period (返利).

    Amounts are untaxed and in company currency, as the ledger has them. What is
    accrued is in ``sales.rebate.accrual``, what each period came to in
    ``sales.rebate.period``; both follow the ledger (``_accrue``).
    """

    _name = "sales.rebate.agreement"
    _description = "Rebate Agreement"
    _inherit = ["sales.stamped.mixin", "sales.channel.mixin", "mail.thread"]
    _order = "date_from desc, id desc"
    _sales_stamped = frozenset({"name", "state", "accrued_until", "is_of_contract"})

    name = fields.Char("Number", readonly=True, copy=False, default="/")
    title = fields.Char("Subject")
    category_id = fields.Many2one(
        "product.category",
        "Product Group",
        ondelete="restrict",
        tracking=True,
        help="With its sub-groups. Empty: everything that is invoiced.",
    )
    contract_id = fields.Many2one(
        "sales.contract",
        ondelete="restrict",
        check_company=True,
        domain="[('commercial_partner_id', '=', partner_id)]",
    )
    is_of_contract = fields.Boolean(
        "Of the Contract",
        readonly=True,
        copy=False,
        help="The rebate of a special agreement: on what is invoiced under it alone, "
        "while it holds. What comes back lowers it, in whichever period.",
    )
    period = fields.Selection(
        [("month", "Month"), ("quarter", "Quarter"), ("year", "Year")],
        default="quarter",
        required=True,
        tracking=True,
        help="Each period of the calendar begins anew at nothing.",
    )
    measure = fields.Selection(
        [("amount", "Amount"), ("quantity", "Quantity")],
        "Measured By",
        default="amount",
        required=True,
        tracking=True,
        help="Amount: invoiced, untaxed; a tier's rate is a percentage of it. "
        "Quantity: invoiced, in the products' units; a tier's rate is an amount per "
        "unit.",
    )
    basis = fields.Selection(
        [("volume", "Volume"), ("growth", "Growth")],
        "Tiers Of",
        default="volume",
        required=True,
        tracking=True,
        help="Growth: over the whole of the same period of the year before. Who bought "
        "nothing then has no growth, and earns nothing.",
    )
    method = fields.Selection(
        [("whole", "All units"), ("incremental", "Incremental")],
        default="whole",
        required=True,
        tracking=True,
        help="All units: the rate of the tier reached is for everything. Incremental: "
        "each tier's rate is for what lies between its start and the next one's.",
    )
    date_from = fields.Date(
        "First Day",
        required=True,
        tracking=True,
        default=lambda self: self.env.company._get_sales_today().replace(
            month=1, day=1
        ),
    )
    date_to = fields.Date(
        "Last Day", tracking=True, help="Empty: until further notice."
    )
    state = fields.Selection(
        [("draft", "Draft"), ("running", "Running"), ("closed", "Closed")],
        "Status",
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
        help="A closed agreement is accrued no more; what is open is settled.",
    )
    tier_ids = fields.One2many("sales.rebate.tier", "agreement_id", "Tiers", copy=True)
    period_ids = fields.One2many("sales.rebate.period", "agreement_id", "Periods")
    accrued_until = fields.Datetime("Accrued At", readonly=True, copy=False)
    note = fields.Html("Terms")
    currency_id = fields.Many2one(related="company_id.currency_id")
    accrued = fields.Monetary(compute="_compute_amounts")
    settled = fields.Monetary(
        compute="_compute_amounts", help="On credit notes that are not cancelled."
    )
    open = fields.Monetary("To Settle", compute="_compute_amounts")
    is_owed = fields.Boolean(
        "Owed Back",
        compute="_compute_amounts",
        search="_search_is_owed",
        help="Documents changed after a settlement: more was settled than is accrued.",
    )

    _dates = models.Constraint(
        "CHECK (date_to >= date_from)", "An agreement ends after it begins."
    )

    def _compute_amounts(self):
        # sudo: who reads an agreement reads what it came to
        accruals = self.env["sales.rebate.accrual"].sudo()
        sums = {
            operator: dict(
                accruals._read_group(
                    [("agreement_id", "in", self.ids), ("move_id", operator, False)],
                    ["agreement_id"],
                    ["amount:sum"],
                )
            )
            for operator in ("=", "!=")
        }
        for agreement in self:
            agreement.settled = sums["!="].get(agreement, 0)
            agreement.open = sums["="].get(agreement, 0)
            agreement.accrued = agreement.settled + agreement.open
            agreement.is_owed = (
                agreement.currency_id.compare_amounts(agreement.open, 0) < 0
            )

    @api.model
    def _search_is_owed(self, operator, value):
        if operator != "in":
            return NotImplemented
        # sudo: which agreements, is asked of who reads them
        owed = self.env["sales.rebate.accrual"].sudo()
        owed = owed._read_group(
            [("move_id", "=", False)], ["agreement_id"], having=[("amount:sum", "<", 0)]
        )
        ids = [agreement.id for [agreement] in owed]
        return [("id", "in" if True in value else "not in", ids)]

    @api.constrains("partner_id")
    def _check_partner(self):
        """A contract agrees a rebate with any customer."""
        others = self.filtered(lambda one: not one.is_of_contract)
        return super(SalesRebateAgreement, others)._check_partner()

    @api.depends("name", "title")
    def _compute_display_name(self):
        for agreement in self:
            agreement.display_name = " ".join(
                filter(None, (agreement.name.strip("/"), agreement.title))
            )

    @api.model_create_multi
    def create(self, vals_list):
        agreements = super().create(vals_list)
        for agreement in agreements:
            sequence = self.env["ir.sequence"].with_company(agreement.company_id)
            # sudo: the number is the system's
            agreement.sudo().name = (
                sequence.next_by_code("sales.rebate.agreement") or "/"
            )
        return agreements

    def write(self, vals):
        if not self.env.su and not _AGREED.isdisjoint(vals):
            self._check_state("draft")
        if not self.env.su and not {"contract_id", "date_to"}.isdisjoint(vals):
            self._refuse(
                [
                    self.env._(
                        "%(agreement)s holds as long as %(contract)s: amend or "
                        "terminate the contract.",
                        agreement=agreement.display_name,
                        contract=agreement.contract_id.display_name,
                    )
                    for agreement in self
                    if agreement.is_of_contract
                ]
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_agreed(self):
        self._check_state("draft")

    def action_start(self):
        """It is agreed: from now on it is accrued, also for the days behind.

        :raise ValidationError: without tiers
        """
        self.check_access("write")
        self._check_state("draft")
        for agreement in self:
            if not agreement.tier_ids:
                raise ValidationError(
                    self.env._(
                        "%(agreement)s has no tiers: say from what on it pays how "
                        "much.",
                        agreement=agreement.display_name,
                    )
                )
        self._set_state("running")
        self._accrue()

    def action_close(self):
        """Accrue for the last time; what is open can still be settled."""
        self.check_access("write")
        self._check_state("running")
        self._accrue()
        self._set_state("closed")

    def _set_state(self, state):
        self.sudo().state = state  # sudo: stamped by the system
        self.env.registry.clear_cache()

    def action_accrue(self):
        """Bring the accruals up to what the ledger says now.

        :raise AccessError: for portal users, who read them
        """
        self.check_access("read")
        if not self.env.user._is_internal():
            raise AccessError(
                self.env._("Rebates are brought up to date by themselves.")
            )
        self._accrue()

    def _accrue(self):
        # sudo: the same whoever asks; who asks may read the agreements
        running = self.sudo().filtered(lambda one: one.state == "running")
        running.env["sales.rebate.period"]._accrue(running)

    def action_settle(self):
        """Make draft credit notes of what the periods that are over came to.

        One for each partner and company, with a line for each period of each
        agreement. Where the sum is negative, since documents changed after a
        settlement, it waits for the next one: that of whichever agreement of the
        partner.

        :raise AccessError: for who is not finance
        :raise UserError: when there is nothing to settle
        """
        self._check_finance()
        self.check_access("read")
        # sudo: finance settles what it reads, without rights in accounting
        notes = self.sudo()._settle()
        if not notes:
            raise UserError(
                self.env._(
                    "There is nothing to settle: no period is over with a rebate that "
                    "is not on a credit note yet, or documents that changed since "
                    "take as much away."
                )
            )
        return self._open_notes(
            notes, "out_refund", self.env._("Credit Notes of Rebates")
        )

    def action_charge(self):
        """Make draft invoices of what partners owe back.

        For those from whom no further rebate takes it off.

        :raise AccessError: for who is not finance
        :raise UserError: when nothing is owed back
        """
        self._check_finance()
        self.check_access("read")
        # sudo: finance settles what it reads, without rights in accounting
        notes = self.sudo()._settle(charge=True)
        if not notes:
            raise UserError(
                self.env._(
                    "Nothing is owed back of periods that are over: a rebate of the "
                    "same partner makes up for it."
                )
            )
        return self._open_notes(notes, "out_invoice", self.env._("Invoices of Rebates"))

    def _open_notes(self, notes, kind, name):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            f"account.action_move_{kind}_type"
        )
        return {
            **action,
            "name": name,
            "domain": [("id", "in", notes.ids)],
            "context": {},
            "path": False,
        }

    def _check_finance(self):
        if not self.env.su and not self.env.user.has_group(
            "sales_force.group_sales_finance"
        ):
            raise AccessError(self.env._("Only finance settles rebates."))

    def _settle(self, charge=False):
        """What is owed back of other agreements with the same partners is taken off.

        :param charge: invoices of what is owed back, instead of credit notes
        :return: the drafts
        """
        others = self.search(
            [("partner_id", "in", self.partner_id.ids), ("state", "!=", "draft")]
        )
        settled = {(one.company_id, one.partner_id) for one in self}
        agreements = self | others.filtered(
            lambda one: (one.company_id, one.partner_id) in settled
        )
        # Closed ones are not accrued: two at once have to meet here.
        write_lock(agreements)
        agreements._accrue()
        accruals = self.env["sales.rebate.accrual"].search(
            [("agreement_id", "in", agreements.ids), ("move_id", "=", False)]
        )
        today = {company: company._get_sales_today() for company in accruals.company_id}
        over = accruals.filtered(
            lambda one: one.period_id.date_to < today[one.company_id]
        )
        over = accruals.browse().concat(
            *(
                parts
                for agreement, parts in over.grouped("agreement_id").items()
                if agreement in self or parts._get_sign() < 0
            )
        )
        notes = self.env["account.move"]
        for (company, partner), parts in over.grouped(
            lambda one: (one.company_id, one.partner_id)
        ).items():
            if parts._get_sign() == (-1 if charge else 1):
                notes += parts._make_note(company, partner, today[company])
        return notes

    def _end(self, last):
        """They hold to this day at most; those that begin later are gone."""
        begun = self.filtered(lambda one: one.date_from <= last)
        begun.filtered(lambda one: not one.date_to or one.date_to > last).date_to = last
        begun._accrue()
        others = self - begun
        others.period_ids.accrual_ids.unlink()
        others.state = "draft"
        others.unlink()

    def action_open_accruals(self):
        return self._open("sales_rebate_accrual_action", self.env._("Accruals"))

    def _open(self, xml_id, name):
        action = self.env["ir.actions.act_window"]._for_xml_id(f"sales_force.{xml_id}")
        return {
            **action,
            "name": name,
            "domain": [("agreement_id", "in", self.ids)],
            "context": {"search_default_by_period": 1},
        }

    @api.model
    def _cron_accrue(self):
        """All that run; those that somebody is settling at this moment come later."""
        running = self.search([("state", "=", "running")])
        running.try_lock_for_update(allow_referencing=True)._accrue()

    @api.model
    @tools.ormcache()
    def _has_running(self):
        """Whether the ledger's changes matter to anybody."""
        # sudo: whoever changes a document
        return bool(self.sudo().search_count([("state", "=", "running")], limit=1))


class SalesRebateTier(models.Model):
    """From so much on, so much."""

    _name = "sales.rebate.tier"
    _description = "Rebate Tier"
    _order = "agreement_id, start, id"

    agreement_id = fields.Many2one(
        "sales.rebate.agreement", required=True, index=True, ondelete="cascade"
    )
    start = fields.Float(
        "From",
        digits=(16, 2),
        help="Amount or quantity of a period, or growth in percent.",
    )
    rate = fields.Float(
        digits=(16, 4),
        required=True,
        help="Percent of the amount, or company currency per unit.",
    )

    _start_uniq = models.UniqueIndex(
        "(agreement_id, start)", "Two tiers of an agreement begin at the same point."
    )
    _positive = models.Constraint(
        "CHECK (start >= 0 AND rate >= 0)", "Tiers and rates are not negative."
    )

    @api.model_create_multi
    def create(self, vals_list):
        tiers = super().create(vals_list)
        tiers._check_draft()
        return tiers

    def write(self, vals):
        self._check_draft()
        return super().write(vals)

    def unlink(self):
        self._check_draft()
        return super().unlink()

    def _check_draft(self):
        """:raise UserError: for tiers of what is agreed"""
        if not self.env.su:
            self.agreement_id._check_state("draft")

    def _get_pure(self):
        """``[(start, rate)]`` in millionths of the measure, of growth in percent."""
        found = []
        for tier in self:
            start = Fraction(str(round(tier.start, 2)))
            rate = Fraction(str(round(tier.rate, 4)))
            agreement = tier.agreement_id
            if agreement.basis == "volume":
                start *= 10**PLACES
            if agreement.measure == "amount":
                rate /= 100
            found.append((start, rate))
        return found
