"""An agent asks for a credit note; an accountant makes it, or says why not."""

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tools import formatLang

from odoo.addons.sales_force.ledger.apportion import apportion
from odoo.addons.sales_force.locking import write_lock

_ACCOUNTANTS = "account.group_account_invoice"


class SalesServiceCredit(models.Model):
    """So much of an invoice is to be credited to the ticket's customer.

    Amounts are untaxed, in the invoice's currency. Who asks needs no right to
    accounting; who decides has Odoo's own, and is somebody else. Moments are in UTC.
    """

    _name = "sales.service.credit"
    _description = "Credit Note Request"
    _inherit = ["sales.stamped.mixin"]
    _order = "id desc"
    _check_company_auto = True
    _sales_stamped = frozenset(
        (
            *("state", "user_id", "decided_by_id", "decided_at", "refusal"),
            *("move_id", "company_id"),
        )
    )

    ticket_id = fields.Many2one(
        "sales.service.ticket",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    company_id = fields.Many2one(
        related="ticket_id.company_id", store=True, index=True, precompute=True
    )
    partner_id = fields.Many2one(
        related="ticket_id.commercial_partner_id", string="Customer", related_sudo=True
    )
    invoice_id = fields.Many2one(
        "account.move",
        "Invoice",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    invoice_line_ids = fields.Many2many(
        "account.move.line",
        "sales_service_credit_line_rel",
        "credit_id",
        "line_id",
        "Invoice Lines",
        groups=f"{_ACCOUNTANTS},account.group_account_readonly",
        help="Empty: the amount is spread over all lines.",
    )
    line_names = fields.Text("Credited Lines", compute="_compute_line_names")
    currency_id = fields.Many2one("res.currency", compute="_compute_currency_id")
    amount = fields.Monetary(required=True, help="Without taxes.")
    reason = fields.Char(required=True, help="It is on the credit note.")
    state = fields.Selection(
        [("asked", "Asked"), ("made", "Made"), ("refused", "Refused")],
        "Status",
        default="asked",
        required=True,
        readonly=True,
        copy=False,
        index=True,
    )
    user_id = fields.Many2one(
        "res.users",
        "Asked By",
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: self.env.user,
    )
    decided_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    decided_at = fields.Datetime(readonly=True, copy=False)
    refusal = fields.Char("Why Not", readonly=True, copy=False)
    move_id = fields.Many2one(
        "account.move",
        "Credit Note",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )

    _amount_positive = models.Constraint(
        "CHECK (amount > 0)", "What is credited is more than nothing."
    )

    @api.depends("ticket_id", "amount")
    def _compute_display_name(self):
        for credit in self:
            credit.display_name = self.env._(
                "%(ticket)s: credit of %(amount)s",
                # sudo: the number of a ticket is on its credit note
                ticket=credit.sudo().ticket_id.number or "",
                amount=formatLang(
                    self.env, credit.amount, currency_obj=credit.currency_id
                ),
            )

    @api.depends("invoice_id")
    def _compute_currency_id(self):
        for credit in self:
            # sudo: who asks need not read invoices
            credit.currency_id = credit.sudo().invoice_id.currency_id

    def _compute_line_names(self):
        for credit in self:
            # sudo: who asks need not read invoices; they have chosen these
            lines = credit.sudo().invoice_line_ids
            credit.line_names = "\n".join(line.name or "" for line in lines)

    # Asking

    @api.model_create_multi
    def create(self, vals_list):
        asked = super().create(vals_list)
        # sudo: whoever asks, it is of the customer's invoice and not too much
        for credit in asked.sudo():
            write_lock(credit.invoice_id)
            credit._check_invoice()
            credit._check_amount()
            credit.ticket_id._message_log(
                body=self.env._(
                    "%(user)s asks for a credit note of %(amount)s on %(invoice)s: "
                    "%(reason)s",
                    user=credit.user_id.name,
                    amount=formatLang(
                        self.env, credit.amount, currency_obj=credit.currency_id
                    ),
                    invoice=credit.invoice_id.name,
                    reason=credit.reason,
                )
            )
        return asked

    @api.model
    def _ask(self, ticket, invoice, amount, reason, line_ids=()):
        """Ask for a credit note, of lines that the user need not read.

        :param float amount: untaxed, in the invoice's currency
        :param line_ids: of the invoice; empty: all
        :raise AccessError: for who may not work on the ticket
        :raise UserError: where the invoice is another's, or less is left
        """
        ticket.check_access("write")
        # sudo: who asks has no right to invoices; creating checks whose they are
        credit = self.sudo().create(
            {
                "ticket_id": ticket.id,
                "invoice_id": invoice.id,
                "invoice_line_ids": [Command.set(line_ids)],
                "amount": amount,
                "reason": reason,
            }
        )
        return credit.sudo(False)

    def _check_invoice(self):
        invoice = self.invoice_id
        if (
            invoice.move_type != "out_invoice"
            or invoice.state != "posted"
            or invoice.company_id != self.company_id
            or invoice.commercial_partner_id != self.ticket_id.commercial_partner_id
            or self.invoice_line_ids - self._get_credited()
            or self.invoice_line_ids.move_id - invoice
        ):
            raise UserError(
                self.env._(
                    "%(invoice)s is no posted invoice of the customer of %(ticket)s.",
                    invoice=invoice.name,
                    ticket=self.ticket_id.display_name,
                )
            )

    def _check_amount(self):
        """:raise UserError: where less is left to be credited"""
        left = self._get_left(self.invoice_id, self.invoice_line_ids, self)
        if self.currency_id.compare_amounts(self.amount, left) > 0:
            raise UserError(
                self.env._(
                    "Of %(invoice)s at most %(amount)s may still be credited.",
                    invoice=self.invoice_id.name,
                    amount=formatLang(
                        self.env, max(left, 0), currency_obj=self.currency_id
                    ),
                )
            )

    @api.model
    def _get_left(self, invoice, lines, but=()):
        """What may be credited: neither credited nor asked for yet, untaxed.

        :param lines: of the invoice; empty: all
        :param but: requests that do not count
        """
        credited = invoice.reversal_move_ids.filtered(lambda one: one.state != "cancel")
        requests = self.search(
            [("invoice_id", "=", invoice.id), ("state", "!=", "refused")]
        ).filtered(lambda one: one not in but)
        left = (
            invoice.amount_untaxed
            - sum(credited.mapped("amount_untaxed"))
            - sum(requests.filtered(lambda one: one.state == "asked").mapped("amount"))
        )
        if not lines:
            return left
        # Of lines the requests tell what was credited, those with a note that holds.
        known = requests.filtered(
            lambda one: one.state == "asked" or one.move_id in credited
        )
        of_lines = sum(lines.mapped("price_subtotal"))
        return min(left, of_lines - sum(one._get_share(lines) for one in known))

    def _get_credited(self):
        """The lines that are credited: those chosen, else all of the invoice."""
        lines = self.invoice_line_ids or self.invoice_id.invoice_line_ids
        return lines.filtered(lambda one: one.display_type == "product")

    def _get_parts(self):
        """What is credited of each line, in the smallest unit: ``{line: number}``."""
        lines, unit = self._get_credited(), self.currency_id.rounding
        parts = apportion(
            round(self.amount / unit),
            [round(line.price_subtotal / unit) for line in lines],
        )
        return dict(zip(lines, parts, strict=True))

    def _get_share(self, lines):
        """How much of the amount is of some of the invoice's lines."""
        of = sum(part for line, part in self._get_parts().items() if line in lines)
        return of * self.currency_id.rounding

    # Deciding

    def _check_may_decide(self):
        """Those who may make credit notes, but for who has asked.

        :raise AccessError: for others
        """
        self.ensure_one()
        self.check_access("read")
        if not self.env.user.has_group(_ACCOUNTANTS):
            raise AccessError(
                self.env._("Credit notes are for those who make customer invoices.")
            )
        if self.user_id == self.env.user:
            raise AccessError(
                self.env._("You have asked for it: somebody else has to decide.")
            )

    def action_make(self):
        """Make the credit note in draft, with Odoo's own reversal of the invoice.

        :return: the action that opens it
        :raise AccessError: see ``_check_may_decide``
        :raise UserError: where it was decided already, or less is left to be credited
        """
        self._check_may_decide()
        # Of two at once the second sees what the first has made.
        write_lock(self)
        self._check_state("asked")
        # sudo: the ticket and other requests, which accountants need not see
        self.sudo()._check_amount()
        invoice = self.invoice_id
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"reason": self.reason, "journal_id": invoice.journal_id.id})
        )
        wizard.refund_moves()
        note = wizard.new_move_ids
        self._trim(note)
        # sudo: what was decided is stamped, and linked to a ticket out of sight
        credit = self.sudo()
        made = note.with_env(credit.env)
        made.service_ticket_id = credit.ticket_id
        made._link_ticket(credit.ticket_id)
        credit._decide("made", move_id=note.id)
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": note.id,
            "views": [(False, "form")],
        }

    def _trim(self, note):
        """Leave of the reversed invoice what is credited, to the smallest unit.

        A line that is credited in part is a lower price: no goods come back, so that it
        has no product and hangs on no order line, which would be invoiced again.
        """
        unit = self.currency_id.rounding
        pairs = list(
            zip(self.invoice_id.invoice_line_ids, note.invoice_line_ids, strict=True)
        )
        parts = self._get_parts()
        kept, commands = note.invoice_line_ids.browse(), []
        for line, new in pairs:
            part = parts.get(line)
            if not part:
                continue
            kept |= new
            if part != round(line.price_subtotal / unit):
                commands.append(Command.update(new.id, self._lower(line, part * unit)))
        commands += [Command.delete(new.id) for _line, new in pairs if new not in kept]
        note.write({"invoice_line_ids": commands})
        # Taxes that are in the price leave a smallest unit over.
        for line, new in pairs:
            rest = parts[line] * unit - new.price_subtotal if new in kept else 0
            if not self.currency_id.is_zero(rest):
                new.price_unit += rest * line.price_total / line.price_subtotal

    def _lower(self, line, amount):
        included = any(line.tax_ids.flatten_taxes_hierarchy().mapped("price_include"))
        share = line.price_total / line.price_subtotal if included else 1
        return {
            "name": line.name,
            "product_id": False,
            "sale_line_ids": [Command.clear()],
            "account_id": line.account_id.id,
            "tax_ids": [Command.set(line.tax_ids.ids)],
            "quantity": 1,
            "discount": 0,
            "price_unit": amount * share,
        }

    def action_refuse(self, reason=None):
        """:param str reason: asked for in a dialog where it is not given

        :raise AccessError: see ``_check_may_decide``
        """
        self._check_may_decide()
        self._check_state("asked")
        reason = (reason or "").strip()
        if not reason:
            action = self.env["ir.actions.actions"]._for_xml_id(
                "sales_service.sales_service_credit_refuse_action"
            )
            return {**action, "context": {"default_credit_id": self.id}}
        write_lock(self)
        # sudo: what was decided is stamped
        self.sudo()._decide("refused", refusal=reason)
        return True

    def _decide(self, state, **values):
        """Stamp it, and tell who has asked."""
        self.write(
            {
                **values,
                "state": state,
                "decided_by_id": self.env.uid,
                "decided_at": self.ticket_id._get_now(),
            }
        )
        words = self.with_context(lang=self.user_id.lang).env
        amount = formatLang(words, self.amount, currency_obj=self.currency_id)
        body = (
            words._("The credit note of %(amount)s is made.", amount=amount)
            if state == "made"
            else words._(
                "The credit note of %(amount)s was refused: %(reason)s",
                amount=amount,
                reason=self.refusal,
            )
        )
        self.ticket_id.message_post(
            body=body,
            partner_ids=self.user_id.partner_id.ids,
            subtype_xmlid="mail.mt_note",
        )

    def _ask_again(self):
        """What was made of it is gone: the customer still waits, and it is decided."""
        for credit in self:
            credit.ticket_id._message_log(
                body=self.env._(
                    "%(user)s has deleted the credit note of %(amount)s: it is to be "
                    "decided again.",
                    user=self.env.user.name,
                    amount=formatLang(
                        self.env, credit.amount, currency_obj=credit.currency_id
                    ),
                )
            )
        self.write({"state": "asked", "decided_by_id": False, "decided_at": False})

    def action_open_ticket(self):
        """:raise AccessError: when the user may not read the ticket"""
        self.ensure_one()
        self.ticket_id.check_access("read")
        return self.ticket_id.get_formview_action()


class AccountMove(models.Model):
    _inherit = "account.move"

    def unlink(self):
        # sudo: requests out of sight are decided again as well
        requests = self.env["sales.service.credit"].sudo()
        requests = requests.search([("move_id", "in", self.ids)])
        result = super().unlink()
        requests._ask_again()
        return result


class SalesServiceTicket(models.Model):
    _inherit = "sales.service.ticket"

    def _get_invoice(self):
        """The customer's invoice that the ticket is about, maybe an empty record."""
        self.ensure_one()
        # sudo: what the customer was invoiced, whoever works for him
        ticket = self.sudo()
        order = ticket.sale_order_id or ticket._get_delivery().sale_id
        invoices = ticket.invoice_id or order.invoice_ids
        posted = invoices.filtered(
            lambda one: (
                one.move_type == "out_invoice"
                and one.state == "posted"
                and one.commercial_partner_id == ticket.commercial_partner_id
            )
        )
        about = posted.filtered(
            lambda one: ticket.product_id in one.invoice_line_ids.product_id
        )
        return (about or posted).sorted("id")[-1:]
