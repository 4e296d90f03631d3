from collections import defaultdict
from decimal import Decimal
from fractions import Fraction

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.misc import format_date

from ..deals import rebates
from ..ledger.apportion import apportion
from ..locking import write_lock

# What of the ledger counts for which agreement; the credit notes by which rebates are
# settled do not lower the next ones. The year before is for growth only.
_BASE = """
    SELECT a.id, c.date, round(c.value * 10 ^ %(places)s)::bigint, c.id, c.res_model,
        c.res_id, c.part, COALESCE(c.user_id, 0), c.product_id
    FROM sales_rebate_agreement a
    JOIN sales_metric k
        ON k.code = CASE a.measure WHEN 'amount' THEN 'INVOICED' ELSE 'QUANTITY' END
    JOIN sales_credit c ON c.partner_id = a.partner_id AND c.metric_id = k.id
        AND c.company_id = a.company_id AND NOT c.overlay
        AND c.date BETWEEN a.date_from - CASE a.basis WHEN 'growth'
                THEN INTERVAL '1 year' ELSE INTERVAL '0' END
            AND COALESCE(a.date_to, 'infinity')
    LEFT JOIN product_category top ON top.id = a.category_id
    LEFT JOIN product_product p ON p.id = c.product_id
    LEFT JOIN product_template t ON t.id = p.product_tmpl_id
    LEFT JOIN product_category own ON own.id = t.categ_id
    WHERE a.id = ANY(%(ids)s)
      AND (top.id IS NULL OR starts_with(own.parent_path, top.parent_path))
      AND NOT EXISTS (SELECT FROM account_move m
        WHERE m.id = c.scope_id AND c.source = 'invoice' AND m.sales_is_rebate)
      AND (a.is_of_contract IS NOT TRUE OR EXISTS (SELECT
        FROM sale_order_line_invoice_rel r
        JOIN sale_order_line l ON l.id = r.order_line_id
        JOIN sale_order o ON o.id = l.order_id
        JOIN sales_contract k ON k.id = o.sales_contract_id
        JOIN sales_contract own ON own.id = a.contract_id AND own.root_id = k.root_id
        WHERE r.invoice_line_id = c.res_id))
    ORDER BY c.date, c.id
"""


class SalesRebatePeriod(models.Model):
    """What a period of an agreement came to: written by the system."""

    _name = "sales.rebate.period"
    _description = "Rebate Period"
    _order = "agreement_id, date_from desc, id desc"
    _log_access = False

    agreement_id = fields.Many2one(
        "sales.rebate.agreement",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    partner_id = fields.Many2one(related="agreement_id.partner_id")
    company_id = fields.Many2one(related="agreement_id.company_id")
    currency_id = fields.Many2one(related="agreement_id.currency_id")
    date_from = fields.Date("First Day", required=True, readonly=True)
    date_to = fields.Date("Last Day", required=True, readonly=True)
    volume = fields.Float(
        digits=(16, 2), readonly=True, help="Invoiced, as the agreement counts."
    )
    before = fields.Float(
        "Year Before",
        digits=(16, 2),
        readonly=True,
        help="Of the whole of the same period of the year before, where growth counts.",
    )
    rate = fields.Float(
        "Rate Reached",
        digits=(16, 4),
        readonly=True,
        aggregator=None,
        help="Of the tier reached: percent, or company currency per unit.",
    )
    next_start = fields.Float(
        "Next Tier From",
        digits=(16, 2),
        readonly=True,
        aggregator=None,
        help="The volume at which the next tier begins; 0: there is none.",
    )
    next_rate = fields.Float(
        "Next Rate", digits=(16, 4), readonly=True, aggregator=None
    )
    missing = fields.Float(
        "Missing to Next Tier", digits=(16, 2), compute="_compute_progress"
    )
    progress = fields.Float("Progress (%)", compute="_compute_progress")
    accrued = fields.Monetary(readonly=True)
    settled = fields.Monetary(compute="_compute_settled")
    accrual_ids = fields.One2many("sales.rebate.accrual", "period_id", "Accruals")

    _key_uniq = models.UniqueIndex("(agreement_id, date_from)")

    @api.depends("date_from", "date_to")
    def _compute_display_name(self):
        for period in self:
            period.display_name = f"{period.date_from} – {period.date_to}"

    @api.depends("volume", "next_start")
    def _compute_progress(self):
        for period in self:
            goal = period.next_start
            period.missing = max(goal - period.volume, 0) if goal else 0
            period.progress = (
                min(max(100 * period.volume / goal, 0), 100)
                if goal
                else 100 * bool(period.rate)
            )

    def _compute_settled(self):
        # sudo: who reads a period reads what it came to
        accruals = self.env["sales.rebate.accrual"].sudo()
        sums = dict(
            accruals._read_group(
                [("period_id", "in", self.ids), ("move_id", "!=", False)],
                ["period_id"],
                ["amount:sum"],
            )
        )
        for period in self:
            period.settled = sums.get(period, 0)

    def _describe(self):
        """What a line of a credit note says, in the partner's language."""
        lang = self.partner_id.lang or self.env.lang
        period = self.with_context(lang=lang)
        return period.env._(
            "Rebate %(agreement)s, %(start)s to %(stop)s",
            agreement=self.agreement_id.display_name,
            start=format_date(period.env, self.date_from),
            stop=format_date(period.env, self.date_to),
        )

    def _accrue(self, agreements):
        """Make periods and accruals what the ledger says: as a set, idempotent.

        What is on a credit note stays; what it differs by is accrued with a date.
        """
        if not agreements:
            return
        write_lock(agreements)
        self.env["sales.credit"]._process_pending()
        facts = defaultdict(list)
        for agreement_id, *fact in self.env.execute_query(
            SQL(_BASE, ids=list(agreements.ids), places=rebates.PLACES)
        ):
            facts[agreement_id].append(fact)
        periods, wanted = {}, {}
        for agreement in agreements:
            self._derive(agreement, facts[agreement.id], periods, wanted)
        ids = self._merge(agreements, periods)
        self.env["sales.rebate.accrual"]._merge(
            agreements, {(ids[key[0]], *key[1]): value for key, value in wanted.items()}
        )
        agreements.accrued_until = fields.Datetime.now()
        self._forget()

    @api.model
    def _forget(self):
        """What was summed is summed again."""
        for model in ("sales.rebate.period", "sales.rebate.accrual"):
            self.env[model].invalidate_model()
        self.env["sales.rebate.agreement"].invalidate_model(
            ["period_ids", "accrued", "settled", "open", "is_owed"]
        )
        self.env["sales.contract"].invalidate_model(["rebate_amount", "rebate_settled"])

    @api.model
    def _derive(self, agreement, facts, periods, wanted):
        """The periods of an agreement to this day, and the part of each credit.

        :param facts: what counts, by date; the year before as well
        :param dict periods: gets ``{(agreement's id, first day): values}``
        :param dict wanted: gets ``{((agreement's id, first day), key): (credit's id,
            product's id, date, value, amount in units of the currency)}``
        """
        today = agreement.company_id._get_sales_today()
        places = agreement.currency_id.decimal_places
        # The running period is known to its end.
        stop = agreement.date_to or today + relativedelta(years=1)
        spans = [
            span
            for span in rebates.spans(agreement.period, agreement.date_from, stop)
            if span.start <= today
        ]
        volumes = _volumes(facts, spans)
        before = dict.fromkeys(spans, 0)
        if agreement.basis == "growth":
            former = {span: rebates.year_before(span) for span in spans}
            sums = _volumes(facts, former.values())
            before = {span: sums[former[span]] for span in spans}
        agreed, whole = agreement.tier_ids._get_pure(), agreement.method == "whole"
        for span in spans:
            volume, tiers = volumes[span], agreed
            if agreement.basis == "growth":
                tiers = rebates.grown(agreed, before[span])
            earned = rebates.rebate(volume, tiers, whole)
            if agreement.is_of_contract:
                # What comes back takes its rebate away, in whichever period.
                earned -= rebates.rebate(-volume, tiers, whole)
            units = rebates.rounded(earned * Fraction(10) ** (places - rebates.PLACES))
            key = agreement.id, span.start
            periods[key] = self._prepare(agreement, span, volume, before[span], tiers)
            periods[key]["accrued"] = Decimal(units).scaleb(-places)
            if not units:
                continue
            counted = [fact for fact in facts if span.start <= fact[0] <= span.stop]
            parts = apportion(units, [fact[1] for fact in counted])
            for fact, part in zip(counted, parts, strict=True):
                day, value, credit_id, *source, product_id = fact
                wanted[key, tuple(source)] = credit_id, product_id, day, value, part

    @api.model
    def _prepare(self, agreement, span, volume, before, tiers):
        percent = 100 if agreement.measure == "amount" else 1
        after = rebates.following(volume, tiers)
        return {
            "date_to": span.stop,
            "volume": Decimal(volume).scaleb(-rebates.PLACES),
            "before": Decimal(before).scaleb(-rebates.PLACES),
            "rate": float((rebates.reached(volume, tiers) or 0) * percent),
            "next_start": float(after[0] / 10**rebates.PLACES) if after else 0,
            "next_rate": float(after[1] * percent) if after else 0,
        }

    @api.model
    def _merge(self, agreements, periods):
        """Write periods by their key; those that are no longer any come to nothing.

        :return: ``{(agreement's id, first day): id}``
        """
        names = ("date_to", "volume", "before", "rate", "next_start", "next_rate")
        names = (*names, "accrued")
        keys = list(periods)
        columns = [list(column) for column in zip(*keys, strict=True)] or [[], []]
        columns += [[periods[key][name] for key in keys] for name in names]
        rows = self.env.execute_query(
            SQL(
                """
                WITH gone AS (
                    UPDATE sales_rebate_period p
                    SET volume = 0, before = 0, rate = 0, next_start = 0,
                        next_rate = 0, accrued = 0
                    WHERE p.agreement_id = ANY(%(ids)s)
                      AND (p.agreement_id, p.date_from) NOT IN (
                        SELECT * FROM
                            unnest(%(agreements)s::integer[], %(starts)s::date[])
                      )
                )
                INSERT INTO sales_rebate_period (agreement_id, date_from, %(names)s)
                SELECT * FROM unnest(%(agreements)s::integer[], %(starts)s::date[],
                    %(stops)s::date[], %(values)s)
                ON CONFLICT (agreement_id, date_from) DO UPDATE SET %(updates)s
                RETURNING agreement_id, date_from, id
                """,
                ids=list(agreements.ids),
                agreements=columns[0],
                starts=columns[1],
                stops=columns[2],
                names=SQL(", ").join(map(SQL.identifier, names)),
                values=SQL(", ").join(
                    SQL("%s::numeric[]", column) for column in columns[3:]
                ),
                updates=SQL(", ").join(
                    SQL("%s = excluded.%s", name, name)
                    for name in map(SQL.identifier, names)
                ),
            )
        )
        return {(agreement_id, start): id_ for agreement_id, start, id_ in rows}


def _volumes(facts, spans):
    """``{span: sum of the values in it}``; spans do not overlap."""
    sums = dict.fromkeys(spans, 0)
    for day, value, *_rest in facts:
        for span in sums:
            if span.start <= day <= span.stop:
                sums[span] += value
    return sums
