import logging
from dataclasses import dataclass

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.misc import format_date, formatLang

from ..locking import write_lock

_logger = logging.getLogger(__name__)
# Activities on these are work that somebody else can do.
_WORKED_ON = (
    "res.partner",
    "crm.lead",
    "sale.order",
    "account.move",
    "sales.contract",
)
# The date that tells a record from others like it.
_DATES = ("date_planned", "date_deadline", "invoice_date_due", "date_order")
# What was checked when it was scheduled.
_DECIDED = frozenset(("rep_id", "date", "leaves", "heir_id", "by_territory"))
# What changes the organisation, and who may do so everywhere.
_ORGANISED = ("report", "territory")
_COMPANY_GROUPS = (
    "sales_force.group_sales_director",
    "sales_force.group_sales_operations",
)
# The handover tells it; nobody is told record by record.
_QUIET = {
    "tracking_disable": True,
    "mail_activity_quick_update": True,
    "mail_auto_subscribe_no_notify": True,
}


@dataclass(frozen=True)
class Kind:
    """Something that a rep hands over.

    :param owner: the field that holds the user; empty where nothing is written and the
        heir gets an activity instead, so that what is credited stays
    :param active_test: whether what is archived stays
    :param domain: of the handover's rep: which records there are
    """

    name: str
    model: str
    domain: Domain
    owner: str = ""
    partner: str = ""
    active_test: bool = True


def _is_commercial(model, alias, query):
    """Contacts follow their customer by themselves."""
    return SQL(
        "%s = %s",
        model._field_to_sql(alias, "commercial_partner_id", query),
        SQL.identifier(alias, "id"),
    )


class SalesHandover(models.Model):
    """What a rep who leaves or moves hands over to whom, on which day.

    Customers, open leads, quotations, activities and teams get another user; reps below
    another manager, and territories another rep from the day on. Confirmed orders and
    invoices keep their salesperson, who stays credited with them and with what is paid
    on them; the heir gets an activity to look after those that are not finished.
    """

    _name = "sales.handover"
    _description = "Handover"
    _inherit = ["sales.stamped.mixin", "mail.thread"]
    _order = "date desc, id desc"
    _rec_name = "rep_id"
    _check_company_auto = True
    _sales_stamped = frozenset({"state", "former_state", "decided_by_id", "failure"})

    rep_id = fields.Many2one(
        "sales.rep",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('state', '!=', 'left')]",
    )
    company_id = fields.Many2one(related="rep_id.company_id", store=True)
    leaves = fields.Boolean(
        "Leaves the Company",
        default=True,
        help="The rep's status becomes Left on the day. Otherwise the rep stays, with "
        "other tasks.",
    )
    date = fields.Date(
        "On",
        required=True,
        default=lambda self: self.env.company._get_sales_today(),
        help="From this day on the heirs are in charge.",
    )
    heir_id = fields.Many2one(
        "sales.rep",
        "Heir",
        check_company=True,
        domain="[('id', '!=', rep_id), ('state', '!=', 'left'), "
        "('company_id', '=', company_id)]",
        help="Gets what no other heir gets.",
    )
    by_territory = fields.Boolean(
        "By Territory",
        help="Customers, and what belongs to them, go to the rep who covers their "
        "territory, if there is exactly one.",
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("scheduled", "Scheduled"),
            ("done", "Done"),
            ("undone", "Undone"),
        ],
        "Status",
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    line_ids = fields.One2many("sales.handover.line", "handover_id", "What")
    line_count = fields.Integer("Lines", compute="_compute_line_count")
    former_state = fields.Char(readonly=True, copy=False)
    decided_by_id = fields.Many2one(
        "res.users",
        "Handed Over By",
        readonly=True,
        copy=False,
        help="Who did or scheduled it, and hears when it cannot be done.",
    )
    failure = fields.Text("Not Done Because", readonly=True, copy=False)

    @api.depends("line_ids")
    def _compute_line_count(self):
        counts = dict(
            self.env["sales.handover.line"]._read_group(
                [("handover_id", "in", self.ids)], ["handover_id"], ["__count"]
            )
        )
        for handover in self:
            handover.line_count = counts.get(handover._origin, 0)

    @api.constrains("rep_id", "heir_id")
    def _check_heir(self):
        for handover in self:
            if handover.heir_id == handover.rep_id:
                raise UserError(self.env._("A rep cannot be the own heir."))

    @api.onchange("rep_id")
    def _onchange_rep_id(self):
        self.heir_id = self.rep_id.parent_id

    def write(self, vals):
        if _DECIDED & vals.keys() and not self.env.su:
            if any(handover.state in ("done", "undone") for handover in self):
                raise UserError(self.env._("What is done cannot be changed; undo it."))
            if any(handover.state == "scheduled" for handover in self):
                raise UserError(
                    self.env._("It is scheduled: take that back to change it.")
                )
        result = super().write(vals)
        if "rep_id" in vals:
            # Not of another rep than one may hand over.
            self.check_access("write")
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_done(self):
        if any(handover.state == "done" for handover in self):
            raise UserError(self.env._("Undo the handover before you delete it."))

    # What is handed over

    @api.model
    def _get_kinds(self, rep):
        """Kinds by code, in the order in which they are done; other addons add theirs.

        :param rep: whose records they are
        """
        _ = self.env._
        user, company = rep.user_id, rep.company_id
        here = Domain("company_id", "in", (company.id, False))
        return {
            "customer": Kind(
                _("Customer"),
                "res.partner",
                Domain("user_id", "=", user.id)
                & here
                & Domain.custom(to_sql=_is_commercial),
                owner="user_id",
                partner="id",
                # Who owns a customer, archived or not, cannot be deleted.
                active_test=False,
            ),
            "lead": Kind(
                _("Opportunity"),
                "crm.lead",
                Domain("user_id", "=", user.id)
                & here
                & Domain("won_status", "=", "pending"),
                owner="user_id",
                partner="partner_id",
            ),
            "quotation": Kind(
                _("Quotation"),
                "sale.order",
                Domain("user_id", "=", user.id)
                & here
                & Domain("state", "in", ("draft", "sent")),
                owner="user_id",
                partner="partner_id",
            ),
            "contract": Kind(
                _("Contract"),
                "sales.contract",
                Domain("user_id", "=", user.id)
                & here
                & Domain(
                    "phase", "in", ("draft", "sent", "signed", "running", "expiring")
                ),
                owner="user_id",
                partner="partner_id",
            ),
            "order": Kind(
                _("Unfinished order"),
                "sale.order",
                Domain("user_id", "=", user.id)
                & here
                & Domain("state", "=", "sale")
                & Domain("invoice_status", "!=", "invoiced"),
                partner="partner_id",
            ),
            "invoice": Kind(
                _("Unpaid invoice"),
                "account.move",
                Domain("invoice_user_id", "=", user.id)
                & here
                & Domain("state", "=", "posted")
                & Domain("move_type", "=", "out_invoice")
                & Domain("payment_state", "in", ("not_paid", "partial", "blocked")),
                partner="commercial_partner_id",
            ),
            "activity": Kind(
                _("Activity"),
                "mail.activity",
                Domain("user_id", "=", user.id) & self._domain_worked_on(here),
                owner="user_id",
            ),
            "team": Kind(
                _("Team led"),
                "crm.team",
                Domain("user_id", "=", user.id) & here,
                owner="user_id",
            ),
            "report": Kind(
                _("Rep below"),
                "sales.rep",
                Domain("parent_id", "=", rep.id) & Domain("state", "!=", "left"),
            ),
            "territory": Kind(
                _("Territory"),
                "sales.territory",
                Domain("id", "in", rep.territory_ids.ids),
            ),
        }

    def _domain_worked_on(self, here):
        """Activities on work that somebody else can do.

        :param here: of which documents
        """
        on_documents = []
        for model in _WORKED_ON:
            # sudo: only narrows down what is looked for; nothing of them is told
            documents = self.env[model].sudo().with_context(active_test=False)
            on_documents.append(
                Domain("res_model", "=", model)
                & Domain("res_id", "in", documents._search(here))
            )
        return Domain.OR(on_documents)

    def action_propose(self):
        """List what there is to hand over, and to whom; heirs chosen by hand stay."""
        for handover in self:
            handover._check_open()
            handover._propose()

    def _check_open(self):
        self.check_access("write")
        if self.state not in ("draft", "scheduled"):
            raise UserError(self.env._("This handover is done."))

    def _propose(self):
        self.ensure_one()
        # sudo: who may hand over a rep's tasks hands over all of them
        self = self.sudo()
        chosen = {
            (line.kind, line.res_id): line.heir_id
            for line in self.line_ids
            if line.by_hand
        }
        self.line_ids.unlink()
        vals_list = []
        for code, kind in self._get_kinds(self.rep_id).items():
            records = self.env[kind.model].with_context(active_test=kind.active_test)
            records = records.search(kind.domain)
            heirs = self._get_heirs(kind, records)
            for record in records:
                heir = chosen.get((code, record.id), heirs[record])
                vals_list.append(
                    {
                        "handover_id": self.id,
                        "kind": code,
                        "res_model": kind.model,
                        "res_id": record.id,
                        "name": self._get_line_name(kind, record),
                        "heir_id": heir.id,
                        "by_hand": (code, record.id) in chosen,
                    }
                )
        self.env["sales.handover.line"].create(vals_list)

    def _get_line_name(self, kind, record):
        """What tells one record from the others: date, customer and amount too."""
        parts = [record.display_name]
        day = next((record[name] for name in _DATES if name in record._fields), None)
        if kind.partner and kind.partner != "id":
            customer = record[kind.partner].display_name
            if customer and customer not in parts[0]:
                parts.append(customer)
        if kind.model == "mail.activity":
            parts.append(record.res_name or "")
        if day:
            parts.append(format_date(self.env, day))
        if "amount_total" in record._fields:
            amount = formatLang(
                self.env, record.amount_total, currency_obj=record.currency_id
            )
            parts.append(amount)
        return ", ".join(filter(None, parts))

    def _get_heirs(self, kind, records):
        """The proposed heir of each record."""
        heirs = dict.fromkeys(records, self.heir_id)
        if not (self.by_territory and kind.partner):
            return heirs
        reps = self.env["sales.rep"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("state", "!=", "left"),
                ("id", "!=", self.rep_id.id),
                ("territory_ids", "!=", False),
            ]
        )
        covering = {}
        for record in records:
            partner = record if kind.partner == "id" else record[kind.partner]
            territory = partner.commercial_partner_id.sales_territory_id
            if territory not in covering:
                found = reps.filtered(
                    lambda rep, territory=territory: territory
                    and rep._covers(territory)
                )
                covering[territory] = found if len(found) == 1 else reps[:0]
            heirs[record] = covering[territory] or self.heir_id
        return heirs

    # Doing and undoing

    def action_apply(self):
        """Hand over now, or schedule it for its day.

        :raise UserError: for lines without heir, heirs who have left, and caps
        """
        for handover in self:
            handover._check_open()
            handover._propose()
            handover._check_reach()
            # sudo: stamped by the system
            stamped = handover.sudo()
            stamped.write({"decided_by_id": self.env.uid, "failure": False})
            if handover.date > handover.company_id._get_sales_today():
                handover._check_heirs()
                stamped.state = "scheduled"
            else:
                handover._apply()

    def _check_heirs(self):
        """:raise UserError: for what nobody gets, and for heirs who have left"""
        missing = self.line_ids.filtered(lambda line: not line.heir_id)
        if missing:
            raise UserError(
                self.env._(
                    "Choose an heir, for instance for %(name)s.", name=missing[0].name
                )
            )
        gone = self.line_ids.heir_id.filtered(lambda heir: heir.state == "left")
        if gone:
            raise UserError(
                self.env._(
                    "%(heirs)s left: choose other heirs.",
                    heirs=", ".join(gone.mapped("name")),
                )
            )

    def _check_reach(self):
        """Who leads a part of the company re-organises that part, and not the past.

        :raise AccessError: for another day or heir, unless for directors and operations
        """
        if self.env.su or any(self.env.user.has_group(g) for g in _COMPANY_GROUPS):
            return
        if self.date < self.company_id._get_sales_today():
            raise AccessError(
                self.env._("Only directors and operations hand over in the past.")
            )
        below = self.env["sales.rep"].search(
            [("id", "child_of", self.env.user.sales_rep_ids.ids)]
        )
        moved = self.line_ids.filtered(lambda line: line.kind in _ORGANISED)
        strange = moved.heir_id - below
        if strange:
            raise AccessError(
                self.env._(
                    "%(heirs)s: only directors and operations give reps and "
                    "territories to somebody who is not below you.",
                    heirs=", ".join(strange.mapped("name")),
                )
            )

    def _apply(self):
        self.ensure_one()
        # sudo: who may hand over a rep's tasks hands over all of them
        self = self.sudo().with_context(**_QUIET)
        # Two who do it at once meet here: the second is run again, finds it done.
        write_lock(self)
        self._check_heirs()
        kinds = self._get_kinds(self.rep_id)
        with self.env["sales.ownership"]._because("handover"):
            for code, lines in self.line_ids.grouped("kind").items():
                lines._hand_over(code, kinds[code])
        self.write(
            {"state": "done", "former_state": self.rep_id.state, "failure": False}
        )
        if self.leaves:
            self.rep_id.write({"state": "left"})
            self.rep_id.date_end = fields.Date.subtract(self.date, days=1)
        self.message_post(
            body=self.env._(
                "%(count)s handed over.",
                count=len(self.line_ids.filtered(lambda line: line.state == "done")),
            )
        )

    def action_undo(self):
        """Give back what the heirs still have; what has changed since stays."""
        for handover in self:
            handover.check_access("write")
            if handover.state != "done":
                raise UserError(self.env._("Only what is done can be undone."))
            # sudo: as for doing it
            handover = handover.sudo().with_context(**_QUIET)
            rep = handover.rep_id
            if handover.leaves and rep.state == "left":
                back = rep.with_context(sales_undone=True)
                back.write({"state": "onboarding"})
                if handover.former_state != "onboarding":
                    back.write({"state": handover.former_state})
            with self.env["sales.ownership"]._because("undone_handover"):
                for code, lines in handover.line_ids.grouped("kind").items():
                    lines.filtered(lambda line: line.state == "done")._give_back(code)
            handover.state = "undone"

    def action_cancel(self):
        """Take a scheduled handover back."""
        for handover in self:
            handover._check_open()
            handover.sudo().state = "draft"  # sudo: stamped by the system

    @api.model
    def _cron_apply(self):
        """Each hour: what is scheduled for today, each in its own transaction."""
        due = self.search([("state", "=", "scheduled")]).filtered(
            lambda handover: handover.date <= handover.company_id._get_sales_today()
        )
        self.env["ir.cron"]._commit_progress(remaining=len(due))
        for handover in due:
            # Whoever is at it, or has been since the last commit, does it.
            if handover.try_lock_for_update().state == "scheduled":
                handover._apply_scheduled()
            self.env["ir.cron"]._commit_progress(1)

    def _apply_scheduled(self):
        """Hand over what there is now, or tell who scheduled it why not."""
        try:
            with self.env.cr.savepoint():
                self._propose()
                self._apply()
        except UserError as error:
            _logger.info("Handover %s: %s", self.id, error)
            self._tell_failure(str(error))
        except Exception:
            # The others are handed over, whatever is wrong with this one.
            _logger.exception("Handover %s", self.id)
            self._tell_failure(self.env._("an error that is in the server's log"))

    def _tell_failure(self, reason):
        """Once as long as it is the same; it is tried again each hour."""
        if reason == self.failure:
            return
        self.failure = reason
        self.message_post(
            body=self.env._("It could not be done: %(error)s", error=reason),
            partner_ids=self.decided_by_id.partner_id.ids,
        )
