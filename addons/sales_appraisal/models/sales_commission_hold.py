from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ..commission import booking, held, refunded, unpaid
from .sales_commission_rule import exact

# By the source of the ledger that derives them: what stands on lines of invoices.
INVOICED = ("INVOICED", "MARGIN", "QUANTITY", "BILLED")
COLLECTED = ("COLLECTED", "COLLECTED_NET")


class SalesCommissionPlan(models.Model):
    """What a leaver still gets of what was held back."""

    _inherit = "sales.commission.plan"

    leaver_hold = fields.Selection(
        [("released", "Still released"), ("limited", "Released for some days")],
        "Held Back of Leavers",
        default="released",
        required=True,
        help="What becomes of commission that was held back when a rep leaves. Still "
        "released: with the cash of customers, or after its days, as for everybody. "
        "For some days: what is released until then is paid, the rest is not.",
    )
    leaver_hold_days = fields.Integer(
        "Released After Leaving (days)",
        help="0: what is released until the last day.",
    )

    _leaver_hold_days_positive = models.Constraint(
        "CHECK (leaver_hold_days BETWEEN 0 AND 3660)",
        "Days after leaving are not negative, and ten years at most.",
    )

    def _get_release_end(self):
        """The last day on which something is released to a rep ``p``, as SQL."""
        if self.leaver_hold == "released":
            return SQL("'infinity'::date")
        return SQL("COALESCE(p.date_end + %s, 'infinity'::date)", self.leaver_hold_days)


class SalesCommissionRule(models.Model):
    """What is held back of what a rule pays, and taken back for credit notes."""

    _inherit = "sales.commission.rule"

    former_id = fields.Many2one(
        "sales.commission.rule",
        "In the Version Before",
        readonly=True,
        copy=False,
        ondelete="restrict",
        index="btree_not_null",
        help="The rule that this one continues: what that one has paid, this one takes "
        "back.",
    )
    hold_percent = fields.Float(
        "Held Back (%)",
        digits=(5, 2),
        help="So much of what is earned is not paid at once. It is a line of its own "
        "on the statement, and so is its release. 0: everything is paid at once.",
    )
    hold_release = fields.Selection(
        [("cash", "As the customer pays"), ("days", "After some days")],
        "Released",
        default="cash",
        required=True,
        help="As the customer pays: with each payment, as much of what is held for a "
        "line of an invoice as is paid of the line, in the period in which it is paid; "
        "what a customer never pays is never released, and a payment that is taken "
        "back takes its release back. After some days: all of it, so many days after "
        "the day of the fact.",
    )
    hold_days = fields.Integer("Days", default=90)
    refund = fields.Selection(
        [("base", "Counts less in its period"), ("paid", "Takes back what was paid")],
        "Credit Note on an Earlier Invoice",
        default="base",
        required=True,
        help="What a credit note does that reverses an invoice of an earlier period. "
        "Counts less: it lowers what counts in its own period, at the rates of that "
        "period, for whom it is credited to. Takes back: it does not count in its own "
        "period; whoever was paid for the invoice gives back the part that is "
        "credited, at the rate that was actually paid, also if that was the rate of a "
        "tier, or nothing above a limit; what is held of it is held no longer. The "
        "sum over time is then not what would be paid if the invoice had never been. "
        "A credit note of the same period always counts less.",
    )

    unpaid = fields.Selection(
        [("kept", "Stays paid"), ("back", "Is taken back until it is paid")],
        "Of Unpaid Invoices",
        default="kept",
        required=True,
        help="What becomes of commission on an invoice that the customer does not pay. "
        "Taken back: so many days after its last instalment is due, the part that is "
        "not paid by then is taken back, less what is held back anyway; each payment "
        "after that gives its part again, in the period in which it is made. A "
        "statement shows it from the beginning of the period in which these days end, "
        "as long as the customer has not paid.",
    )
    unpaid_days = fields.Integer("Days After Due", default=60)

    _unpaid_days_positive = models.Constraint(
        "CHECK (unpaid_days BETWEEN 0 AND 3660)",
        "Days after the due date are not negative, and ten years at most.",
    )
    _hold_within = models.Constraint(
        "CHECK (hold_percent BETWEEN 0 AND 100)",
        "What is held back is between 0 and 100 percent.",
    )
    _hold_days_positive = models.Constraint(
        "CHECK (hold_days BETWEEN 0 AND 3660)",
        "Days until a release are not negative, and ten years at most.",
    )

    @api.constrains("metric_id", "kind", "hold_percent", "hold_release", "unpaid")
    def _check_unpaid(self):
        for rule in self:
            if rule.unpaid == "back" and (
                rule.kind != "rate"
                or rule.metric_id.code not in INVOICED
                or (rule.hold_percent and rule.hold_release != "cash")
            ):
                raise ValidationError(
                    self.env._(
                        "%(rule)s: only what is paid for lines of invoices can be "
                        "taken back until they are paid, and what is held back of it "
                        "is released as the customer pays.",
                        rule=rule.name,
                    )
                )

    @api.constrains("metric_id", "kind", "hold_percent", "hold_release", "refund")
    def _check_held(self):
        for rule in self:
            code = rule.metric_id.code
            if (
                rule.hold_percent
                and rule.hold_release == "cash"
                and (rule.kind != "rate" or code not in INVOICED)
            ):
                raise ValidationError(
                    self.env._(
                        "%(rule)s: with the customer's cash only what is paid for "
                        "lines of invoices can be released: release after some days "
                        "instead.",
                        rule=rule.name,
                    )
                )
            if rule.refund == "paid" and (
                rule.kind != "rate" or code not in INVOICED + COLLECTED
            ):
                raise ValidationError(
                    self.env._(
                        "%(rule)s: a credit note takes back only what was paid for "
                        "invoices or their cash.",
                        rule=rule.name,
                    )
                )

    def _get_credits(self, start, stop):
        credits = super()._get_credits(start, stop)
        if self.refund == "paid":
            return refunded.without(credits, start)
        return credits

    def _get_continued(self):
        """The rule and those of former versions that it continues."""
        found, former = self, self.former_id
        while former:
            found, former = found | former, former.former_id
        return found

    def _holds(self):
        """Whether something may be held by the rule."""
        return any(self._get_continued().mapped("hold_percent"))

    def _describe_hold(self):
        """How much is not paid at once, and until when: ``[sentence]``."""
        values = {"rule": self.name, "share": f"{self.hold_percent:g}"}
        if not self.hold_percent:
            return []
        if self.hold_release == "cash":
            words = self.env._(
                "%(rule)s: %(share)s %% of it is held back until the customer pays.",
                **values,
            )
        else:
            words = self.env._(
                "%(rule)s: %(share)s %% of it is held back for %(days)s days.",
                days=self.hold_days,
                **values,
            )
        return [words]

    def _follows_entries(self):
        """Whether the rule has entries that follow from others."""
        return (self.refund, self.unpaid) != ("base", "kept") or self._holds()

    def _get_followed(self):
        followed = super()._get_followed()
        if any(rule._holds() or rule.unpaid == "back" for rule in self):
            codes = ("COLLECTED", "BILLED", "DUE")
            followed |= followed.search([("code", "in", codes)])
        return followed

    def _get_metric(self, code):
        return self.env["sales.metric"].search([("code", "=", code)]).id

    def _get_dependent(self, start, stop, rep_ids, reps):
        """What follows from entries of the rule in its own period.

        :param rep_ids: whose earnings are held
        :param reps: only of these; None: of everybody
        :return: ``booking.Entries`` in the order in which they are to be written
        """
        found = []
        if self.refund == "paid":
            lines = self._select_taken_back(start, stop, self._get_subject(), reps)
            found.append(booking.Entries(self, start, lines, "clawback"))
        if self._holds():
            lines = self._select_held(start, rep_ids)
            if self.refund == "paid":
                back = self._select_taken_back(start, stop, "hold", reps)
                lines = SQL("(%s) UNION ALL (%s)", lines, back)
            found.append(booking.Entries(self, start, lines, "hold"))
            if self.refund == "paid" and self.metric_id.code in COLLECTED:
                # Cash and its refund may be of one period: what is held of the one
                # is there when what is held of the other is read.
                found.append(found[-1])
        return found

    def _select_held(self, start, rep_ids):
        earned = SQL(
            """(
                SELECT * FROM sales_commission_entry
                WHERE rule_id = %s AND period_from = %s AND rep_id = ANY(%s)
                    AND subject = %s
            )""",
            self.id,
            start,
            list(rep_ids),
            self._get_subject(),
        )
        billed = None
        if self.hold_release == "cash":
            billed = self._get_metric("BILLED")
        return held.hold(earned, exact(self.hold_percent), self._get_units(), billed)

    def _select_taken_back(self, start, stop, subject, reps):
        lines = refunded.take_back(
            self._get_continued().ids,
            start,
            stop,
            self.metric_id.id,
            self._get_source(),
            self._get_value(),
            [subject],
            self._get_units(),
            self._spreads_refunds(),
        )
        return self._only(lines, reps)

    def _get_source(self):
        """Which credits the rule pays for, of those that credit notes take back."""
        return "invoice" if self.metric_id.code in INVOICED else "cash"

    def _spreads_refunds(self):
        """Whether credit notes over other products take back of a whole invoice."""
        return not (self.product_ids or self.categ_ids)

    def _select_released(self, start, stop, reps=None):
        """Lines of what is released on some days of what the rule holds."""
        until = self.plan_id._get_release_end()
        if self.hold_release == "days":
            lines = held.release_after(self.id, start, stop, self.hold_days, until)
        else:
            lines = held.release_with_cash(
                self.id,
                start,
                stop,
                self._get_metric("COLLECTED"),
                self._get_metric("BILLED"),
                self._get_units(),
                until,
            )
        return self._only(lines, reps)

    def _select_unpaid(self, start, stop, reps):
        """Lines of what is taken back on some days of what the rule has paid."""
        lines = unpaid.take_back(
            self.id,
            start,
            stop,
            self.unpaid_days,
            *map(self._get_metric, ("COLLECTED", "BILLED", "DUE")),
            (self._get_subject(), "clawback", "hold"),
            self._get_units(),
        )
        return self._only(lines, reps)

    def _get_cash_dependent(self, start, stop, version, reps):
        """What cash of a period does to what the rule has paid in any period.

        :param version: of the plan, that pays the period
        :return: ``booking.Entries``
        """
        if self.unpaid == "back":
            lines = self._select_unpaid(start, stop, reps)
            yield booking.Entries(self, start, lines, "unpaid", version)
        if self._holds():
            lines = self._select_released(start, stop, reps)
            yield booking.Entries(self, start, lines, "release", version)

    def _only(self, lines, reps):
        if reps is None:
            return lines
        return SQL("SELECT * FROM (%s) l WHERE rep_id = ANY(%s)", lines, reps.ids)


class SalesCommissionStatement(models.Model):
    """What depends on entries follows them: taken back, held, released.

    What changes in a period may change what depends on it in all later ones; what those
    earn by themselves stays.
    """

    _inherit = "sales.commission.statement"

    def _settle_dependent(self, plan, start, stop, reps):
        """Make the entries that depend on others what they should be.

        :return: the statements that were open for entries
        """
        versions = plan._get_live_versions()
        rules = versions.rule_ids.filtered(lambda rule: rule._follows_entries())
        written = self.browse()
        if not rules:
            return written
        for version, first, last in self._get_settled(versions, plan, start, stop):
            books = self._open_books(version, first, last, [], reps)
            elsewhere = self._get_elsewhere(version, first, books)
            self._lock_open([*filter(None, books.values()), *elsewhere.ids])
            for rule in rules & version.rule_ids:
                for entries in rule._get_dependent(first, last, list(books), reps):
                    books = self._settle_entries(entries, version, last, books)
            for rule in rules:
                for entries in rule._get_cash_dependent(first, last, version, reps):
                    books = self._settle_entries(entries, version, last, books)
            written |= elsewhere | self.browse(filter(None, books.values()))
        return written

    def _get_settled(self, versions, plan, start, stop):
        """A period and the later ones that have statements, in their order.

        :return: ``[(version, first day, last day)]``
        """
        later = self._read_group(
            [("plan_id", "in", versions.ids), ("date_from", ">", start)],
            ["date_from:day", "date_to:day", "plan_id"],
        )
        return [
            (plan, start, stop),
            *((version, first, last) for first, last, version in sorted(later)),
        ]

    def _settle_entries(self, entries, plan, stop, books):
        """Write entries, also of reps who are not paid in the period otherwise.

        :return: the books, with the statements that had to be opened
        """
        others = self.env.execute_query(entries.others(list(books)))
        opened = self._make(plan, entries.start, stop, [rep for (rep,) in others])
        if opened:
            self._lock_open(opened.ids)
            books = {**books, **{one.rep_id.id: one.id for one in opened}}
        return self._write_entries(entries, books)
