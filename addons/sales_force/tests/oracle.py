"""What the credit ledger should hold, worked out from Odoo's documents alone.

This shares nothing with the ledger's statements: no SQL, no sets, whole numbers of the
smallest unit and fractions instead of floats, one document after the other. It is
slow and meant to be obviously right.

    >>> wrong = Oracle(env, companies).compare()
    >>> assert not wrong, "\\n".join(wrong)
"""

from collections import defaultdict, namedtuple
from datetime import UTC, date
from fractions import Fraction
from itertools import groupby
from zoneinfo import ZoneInfo

SALE_TYPES = ("out_invoice", "out_refund", "out_receipt")
LIQUID_TYPES = ("asset_cash", "liability_credit_card")
BANK_JOURNALS = ("bank", "cash", "credit")
# Documents that have no amount in a currency.
COUNT = Fraction(1, 100)

Key = namedtuple("Key", "metric model id part user overlay")
Row = namedtuple(
    "Row",
    "value amount_currency date rep team manager rep_territory territory partner "
    "product channel company share currency",
)
# Who is credited, and with how many hundredths of a percent.
Share = namedtuple("Share", "rep user hundredths overlay")


def fraction(number):
    """The decimal number that a float stands for."""
    return Fraction(repr(number or 0.0))


def half_away(number):
    """The nearest integer; halves away from zero."""
    number = Fraction(number)
    whole = (abs(number) + Fraction(1, 2)).__floor__()
    return whole if number >= 0 else -whole


def apportion(units, weights):
    """Largest remainder on values truncated towards zero; ties to the first."""
    total = sum(weights)
    if not total:
        return [0 for _weight in weights]
    exact = [Fraction(units) * weight / total for weight in weights]
    parts = [int(part) for part in exact]  # int() truncates towards zero
    rest = units - sum(parts)
    direction = 1 if rest > 0 else -1
    while rest:
        gains = [direction * (e - p) for e, p in zip(exact, parts, strict=True)]
        neediest = gains.index(max(gains))
        parts[neediest] += direction
        rest -= direction
    return parts


def cumulative(amounts):
    """``[(before, upto)]`` of amounts that follow each other."""
    result, total = [], 0
    for amount in amounts:
        result.append((total, total + amount))
        total += amount
    return result


class Money:
    """Amounts of a currency (or a unit) as integers of its smallest part."""

    def __init__(self, rounding):
        self.rounding = fraction(rounding)

    def units(self, amount):
        if not isinstance(amount, Fraction):
            amount = fraction(amount)
        return half_away(amount / self.rounding)

    def amount(self, units):
        return units * self.rounding


class Oracle:
    """Recomputes the ledger of some companies.

    :param companies: all when None
    """

    def __init__(self, env, companies=None):
        self.env = env(su=True, context={"active_test": False, "prefetch_fields": True})
        self.companies = (
            self.env["res.company"].browse(companies.ids)
            if companies is not None
            else self.env["res.company"].search([])
        )
        self.rows = {}

    # What callers use

    def compute(self):
        """``{Key: Row}`` of everything that should be credited."""
        self.rows = {}
        self._read_organisation()
        self._orders()
        self._quotations()
        self._new_customers()
        self._deliveries()
        self._invoices()
        self._receipts()
        self._leads()
        return self.rows

    def ledger(self):
        """``{Key: Row}`` of what the ledger holds, read from the database."""
        env = self.env
        env.cr.flush()
        env.cr.execute(
            """SELECT m.code, c.res_model, c.res_id, c.part, c.user_id, c.overlay,
                c.value, c.amount_currency, c.date, c.rep_id, c.team_id, c.manager_id,
                c.rep_territory_id, c.territory_id, c.partner_id, c.product_id,
                c.channel_id, c.company_id, c.share, c.currency_id
            FROM sales_credit c JOIN sales_metric m ON m.id = c.metric_id
            WHERE c.company_id = ANY(%s)""",
            [self.companies.ids],
        )
        rows = {}
        for values in env.cr.fetchall():
            key = Key(*values[:6])
            assert key not in rows, f"credited twice: {key}"
            value, amount, *others, share, currency = values[6:]
            rows[key] = Row(
                fraction(float(value)),
                fraction(float(amount)),
                *others,
                fraction(float(share)),
                currency,
            )
        return rows

    def compare(self):
        """The differences of documents and ledger, one line each; none if right."""
        held = self.ledger()
        self.env.invalidate_all()
        expected = self.compute()
        wrong = []
        for key in sorted(expected.keys() | held.keys(), key=str):
            should, is_ = expected.get(key), held.get(key)
            if is_ is None:
                wrong.append(f"missing {self._show(key)}: {self._brief(should)}")
            elif should is None:
                wrong.append(f"too much {self._show(key)}: {self._brief(is_)}")
            elif should != is_:
                fields = ", ".join(
                    f"{name} is {self._text(got)}, should be {self._text(want)}"
                    for name, got, want in zip(Row._fields, is_, should, strict=True)
                    if got != want
                )
                wrong.append(f"wrong {self._show(key)}: {fields}")
        return wrong

    def _show(self, key):
        user = self.env["res.users"].browse(key.user).name if key.user else "nobody"
        overlay = " overlay" if key.overlay else ""
        part = f"/{key.part}" if key.part else ""
        return f"{key.metric} {key.model},{key.id}{part} {user}{overlay}"

    def _brief(self, row):
        return f"{self._text(row.value)} on {row.date}, share {self._text(row.share)}"

    @staticmethod
    def _text(value):
        return str(float(value)) if isinstance(value, Fraction) else str(value)

    # Who and where

    def _read_organisation(self):
        env = self.env
        self._reps = {
            (rep.user_id.id, rep.company_id.id): rep
            for rep in env["sales.rep"].search([])
        }
        self._assignments = defaultdict(list)
        for assignment in env["sales.rep.assignment"].search([]):
            self._assignments[assignment.rep_id.id].append(assignment)
        self._costs = {
            kept.move_line_id.id: fraction(kept.unit_cost)
            for kept in env["sales.kept.cost"].search([])
        }
        self._owners = defaultdict(list)
        for row in env["sales.ownership"].search(
            [("partner_id", "!=", False), ("merged_from", "=", False)]
        ):
            self._owners[row.partner_id.id].append(row)
        self._splits = defaultdict(list)
        for split in env["sales.split"].search([]):
            document = split.move_line_id or split.move_id or split.order_id
            self._splits[document].append(split)

    def _rep(self, user, company):
        return self._reps.get((user.id, company.id)) if user else None

    def _assignment(self, rep, day):
        for assignment in self._assignments[rep.id]:
            if assignment.date_from <= day <= (assignment.date_to or date.max):
                return assignment
        return None

    def _path(self, territory):
        """A territory and what it is part of, from the top."""
        path = []
        while territory:
            path.insert(0, territory.id)
            territory = territory.parent_id
        return path

    def _rep_territory(self, assignment, customers_territory):
        """The nearest of the rep's territories that covers the customer's."""
        paths = [self._path(territory) for territory in assignment.territory_ids]
        where = self._path(customers_territory)
        covering = [path for path in paths if path[-1] in where]
        if covering:
            return max(covering, key=len)[-1]
        common = None
        for level in zip(*paths, strict=False):
            if len(set(level)) == 1:
                common = level[0]
        return common

    def _split(self, document):
        return sorted(self._splits[document], key=lambda s: (s.sequence, s.id))

    def _shares(self, splits, user, company):
        """Who shares a document: its split, else the salesperson with everything."""
        shares = [
            Share(
                split.rep_id,
                split.rep_id.user_id,
                half_away(fraction(split.share) * 100),
                split.overlay,
            )
            for split in splits
        ]
        if all(share.overlay for share in shares):
            shares.append(Share(self._rep(user, company), user, 10000, False))
        return shares

    def _local_date(self, moment, company):
        zone = ZoneInfo(company.resource_calendar_id.tz or "UTC")
        return moment.replace(tzinfo=UTC).astimezone(zone).date()

    # One source record becomes its rows

    def _credit(
        self,
        metric,
        record,
        day,
        upto,
        *,
        shares,
        team,
        partner,
        company,
        before=(0, 0),
        part=0,
        product=None,
        channel=None,
        currency=None,
        money=None,
    ):
        """Share what a source record adds to what came before it.

        :param upto, before: (value, amount in document currency), in smallest units
        :param money: what a unit of either is worth
        """
        if company not in self.companies:
            return
        money = money or (Money(0.01), Money(0.01))
        partner = partner.commercial_partner_id
        base = [share for share in shares if not share.overlay]
        weights = [share.hundredths for share in base]
        given = {}
        for index in range(2):
            now, then = (
                apportion(upto[index], weights),
                apportion(before[index], weights),
            )
            for share, more, less in zip(base, now, then, strict=True):
                given[share, index] = more - less
            for share in shares:
                if share.overlay:
                    part_of = Fraction(share.hundredths, 10000)
                    given[share, index] = half_away(upto[index] * part_of) - half_away(
                        before[index] * part_of
                    )
        for share in shares:
            value, amount = given[share, 0], given[share, 1]
            if not value:
                continue  # nothing in company currency is no credit
            assignment = self._assignment(share.rep, day) if share.rep else None
            key = Key(
                metric,
                record._name,
                record.id,
                part,
                share.user.id or None,
                share.overlay,
            )
            assert key not in self.rows, key
            self.rows[key] = Row(
                value=money[0].amount(value),
                amount_currency=money[1].amount(amount) if currency else Fraction(0),
                date=day,
                rep=share.rep.id if share.rep else None,
                team=(
                    (assignment.team_id.id or None if assignment else None)
                    if share.rep
                    else team.id or None
                ),
                manager=(assignment.manager_id.id or None) if assignment else None,
                rep_territory=(
                    self._rep_territory(assignment, partner.sales_territory_id)
                    if assignment
                    else None
                ),
                territory=partner.sales_territory_id.id or None,
                partner=partner.id or None,
                product=(product.id or None) if product is not None else None,
                channel=(channel.id or None) if channel is not None else None,
                company=company.id,
                share=Fraction(share.hundredths, 100),
                currency=currency.id if currency else None,
            )

    def _count(self, metric, record, day, **values):
        """A document counts as one, in hundredths."""
        self._credit(metric, record, day, (100, 0), **values)

    # Orders

    def _order_values(self, order):
        return {
            "shares": self._shares(self._split(order), order.user_id, order.company_id),
            "team": order.team_id,
            "partner": order.partner_id,
            "company": order.company_id,
            "channel": order.sales_channel_id,
        }

    def _order_money(self, order):
        return {
            "currency": order.currency_id,
            "money": (
                Money(order.company_id.currency_id.rounding),
                Money(order.currency_id.rounding),
            ),
        }

    def _order_amounts(self, order, amount):
        """(company, document) units of an amount of the order's currency."""
        money = self._order_money(order)["money"]
        return (
            money[0].units(amount / fraction(order.currency_rate or 1.0)),
            money[1].units(amount),
        )

    def _orders_of(self, domain):
        return self.env["sale.order"].search(
            [("company_id", "in", self.companies.ids), *domain]
        )

    def _orders(self):
        for order in self._orders_of([("state", "=", "sale")]):
            day = self._local_date(order.date_order, order.company_id)
            values = self._order_values(order)
            self._count("ORDERS", order, day, **values)
            for line in order.order_line:
                if line.display_type or line.is_downpayment:
                    continue
                self._credit(
                    "ORDERED",
                    line,
                    day,
                    self._order_amounts(order, fraction(line.price_subtotal)),
                    product=line.product_id,
                    **values,
                    **self._order_money(order),
                )

    def _quotations(self):
        kept = self.env["sales.kept.date"].search(
            [("res_model", "=", "sale.order"), ("kind", "=", "sent")]
        )
        day_of = {row.res_id: row.date for row in kept}
        for order in self._orders_of([("id", "in", list(day_of))]):
            self._count(
                "QUOTATIONS", order, day_of[order.id], **self._order_values(order)
            )

    def _new_customers(self):
        orders = self._orders_of([("state", "=", "sale")]).sorted(
            lambda o: (o.date_order, o.id)
        )
        seen = set()
        for order in orders:
            customer = (order.company_id, order.partner_id.commercial_partner_id)
            if customer not in seen:
                seen.add(customer)
                day = self._local_date(order.date_order, order.company_id)
                self._count("NEW_CUSTOMERS", order, day, **self._order_values(order))

    def _deliveries(self):
        done = self.env["stock.move"].search(
            [("state", "=", "done"), ("sale_line_id", "!=", False)]
        )
        done = done.sorted(lambda m: (m.sale_line_id.id, m.date, m.id))
        for line, parts in groupby(done, key=lambda m: m.sale_line_id):
            order = line.order_id
            if line.is_downpayment:
                continue
            ordered = fraction(line.product_uom_qty)
            if ordered:
                price = fraction(line.price_subtotal) / ordered
            else:  # added when it was delivered
                piece = line.price_unit * (1 - line.discount / 100)
                taxes = line.tax_ids.compute_all(piece, order.currency_id)
                price = fraction(taxes["total_excluded"])
            moves = [m for m in parts if m.product_id == line.product_id]
            quantities = [
                self._direction(move)
                * fraction(move.quantity)
                * fraction(move.product_uom.factor)
                / fraction(line.product_uom_id.factor)
                for move in moves
            ]
            for move, (before, upto) in zip(moves, cumulative(quantities), strict=True):
                self._credit(
                    "DELIVERED",
                    move,
                    self._local_date(move.date, order.company_id),
                    self._order_amounts(order, upto * price),
                    before=self._order_amounts(order, before * price),
                    product=line.product_id,
                    **self._order_values(order),
                    **self._order_money(order),
                )

    @staticmethod
    def _direction(move):
        leaves = move.location_dest_id.usage == "customer"
        returns = move.location_id.usage == "customer"
        return leaves - returns

    # Invoices

    def _invoices(self):
        invoices = self.env["account.move"].search(
            [
                ("company_id", "in", self.companies.ids),
                ("move_type", "in", SALE_TYPES),
                ("state", "=", "posted"),
            ]
        )
        for invoice in invoices:
            self._invoice(invoice)

    def _invoice(self, invoice):
        lines = invoice.line_ids.filtered(
            lambda line: line.display_type == "product"
        ).sorted("id")
        money = (
            Money(invoice.company_id.currency_id.rounding),
            Money(invoice.currency_id.rounding),
        )
        weights = [money[1].units(line.price_total) for line in lines]
        totals = (
            money[0].units(invoice.amount_total_signed),
            money[1].units(invoice.amount_total_in_currency_signed),
        )
        billed = list(
            zip(*(apportion(total, weights) for total in totals), strict=True)
        )
        untaxed = [
            (money[0].units(-line.balance), money[1].units(-line.amount_currency))
            for line in lines
        ]
        context = [
            {**self._line_values(line), "currency": invoice.currency_id, "money": money}
            for line in lines
        ]
        for line, net, gross, values in zip(
            lines, untaxed, billed, context, strict=True
        ):
            day = invoice.invoice_date
            self._credit("INVOICED", line, day, net, **values)
            self._credit("BILLED", line, day, gross, **values)
            margin = (net[0] - self._cost(line, money[0]), 0)
            self._credit("MARGIN", line, day, margin, **{**values, "currency": None})
            self._quantity(line, day, values)
        self._due(invoice, lines, weights, context, money)
        self._collected(invoice, lines, weights, context, money, untaxed, billed)

    def _line_values(self, line):
        invoice = line.move_id
        sale_line = line.sale_line_ids.sorted("id")[:1]
        order = sale_line.order_id
        splits = (
            self._split(line) or self._split(invoice) or (order and self._split(order))
        )
        return {
            "shares": self._shares(
                splits or [], invoice.invoice_user_id, invoice.company_id
            ),
            "team": invoice.team_id,
            "partner": invoice.commercial_partner_id,
            "company": invoice.company_id,
            "product": line.product_id,
            "channel": order.sales_channel_id
            or invoice.commercial_partner_id.sales_channel_id,
        }

    @staticmethod
    def _sign(line):
        return -1 if line.move_id.move_type == "out_refund" else 1

    def _product_quantity(self, line):
        """In the product's own unit; credit notes are negative."""
        quantity = self._sign(line) * fraction(line.quantity)
        if line.product_id and line.product_uom_id:
            quantity *= fraction(line.product_uom_id.factor)
            quantity /= fraction(line.product_id.uom_id.factor)
        return quantity

    def _cost(self, line, money):
        """The kept cost of what a line sells, in units of company currency."""
        return money.units(self._costs.get(line.id, 0) * self._product_quantity(line))

    def _quantity(self, line, day, values):
        product = line.product_id
        if (
            not product
            or line.is_downpayment
            or product == line.company_id.sale_discount_product_id
        ):
            return
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        unit = Money(0.1**digits if digits else 1.0)
        unit.rounding = Fraction(1, 10**digits)
        values = {**values, "money": (unit, unit), "currency": None}
        self._credit(
            "QUANTITY",
            line,
            day,
            (unit.units(self._product_quantity(line)), 0),
            **values,
        )

    def _due(self, invoice, lines, weights, context, money):
        terms = invoice.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        ).sorted(lambda line: (line.date_maturity or invoice.invoice_date, line.id))
        amounts = [
            [money[0].units(term.balance) for term in terms],
            [money[1].units(term.amount_currency) for term in terms],
        ]
        steps = zip(*(cumulative(a) for a in amounts), strict=True)
        for term, ((before, upto), (before_doc, upto_doc)) in zip(
            terms, steps, strict=True
        ):
            self._credit_lines(
                "DUE",
                [(line, term.id) for line in lines],
                term.date_maturity or invoice.invoice_date,
                (apportion(before, weights), apportion(before_doc, weights)),
                (apportion(upto, weights), apportion(upto_doc, weights)),
                context,
            )

    def _credit_lines(self, metric, sources, day, before, upto, context):
        for index, ((record, part), values) in enumerate(
            zip(sources, context, strict=True)
        ):
            self._credit(
                metric,
                record,
                day,
                (upto[0][index], upto[1][index]),
                before=(before[0][index], before[1][index]),
                part=part,
                **values,
            )

    # Cash

    def _liquidity(self, entry):
        """What an entry puts into (or takes from) bank and cash, company currency."""
        accounts = entry.origin_payment_id.outstanding_account_id
        if entry.journal_id.type in BANK_JOURNALS:
            accounts |= entry.journal_id.default_account_id
        return sum(
            fraction(line.balance)
            for line in entry.line_ids
            if line.account_id.account_type in LIQUID_TYPES
            or line.account_id in accounts
        )

    def _cash_ratio(self, entry):
        """The part of what an entry takes off receivables that is cash: 0 to 1."""
        if entry.state != "posted":
            return Fraction(0)  # Odoo leaves a payment matched while it is a draft
        receivable = -sum(
            fraction(line.balance)
            for line in entry.line_ids
            if line.account_id.account_type == "asset_receivable"
        )
        if not receivable:
            return Fraction(0)
        return min(Fraction(1), max(Fraction(0), self._liquidity(entry) / receivable))

    def _bank_events(self, invoice):
        """``[(day, partial, cash in invoice currency)]`` of an invoice, in order.

        Cash that comes in counts up, cash that goes out on a credit note down.
        """
        events = []
        for line in invoice.line_ids:
            if line.account_id.account_type != "asset_receivable":
                continue
            for partial in line.matched_credit_ids:
                ratio = self._cash_ratio(partial.credit_move_id.move_id)
                events.append(
                    (partial, fraction(partial.debit_amount_currency) * ratio)
                )
            for partial in line.matched_debit_ids:
                ratio = self._cash_ratio(partial.debit_move_id.move_id)
                events.append(
                    (partial, -fraction(partial.credit_amount_currency) * ratio)
                )
        events.sort(key=lambda event: (event[0].max_date, event[0].id))
        return [(partial.max_date, partial, cash) for partial, cash in events]

    def _validated_events(self, invoice):
        """The same of payments without journal entry, where the company counts them.

        Only payments of one invoice, in its currency: more needs no oracle but a
        decision.
        """
        if not invoice.company_id.sales_collect_at_validation:
            return []
        payments = invoice.matched_payment_ids.filtered(
            lambda payment: not payment.move_id
            and payment.state in ("in_process", "paid")
        )
        return [
            (payment.date, payment, fraction(payment.amount_signed))
            for payment in payments.sorted(lambda p: (p.date, p.id))
        ]

    def _cash_steps(self, invoice):
        """``[(day, record, cash before, cash up to it)]``: bank or validation.

        Whichever has counted more by then counts, so that nothing counts twice.
        """
        events = self._validated_events(invoice) + self._bank_events(invoice)
        events.sort(key=lambda event: event[0])
        total = fraction(invoice.amount_total_in_currency_signed)
        sign = -1 if total < 0 else 1
        seen = {
            "account.payment": Fraction(0),
            "account.partial.reconcile": Fraction(0),
        }
        steps, before = [], Fraction(0)
        for day, record, cash in events:
            seen[record._name] += cash
            upto = sign * min(max(sign * part for part in seen.values()), abs(total))
            steps.append((day, record, before, upto))
            before = upto
        return steps

    def _collected(self, invoice, lines, weights, context, money, untaxed, billed):
        total = fraction(invoice.amount_total_in_currency_signed)
        if not total:
            return
        rate = fraction(invoice.amount_total_signed) / total
        for day, record, before, upto in self._cash_steps(invoice):
            parts = []
            for amount in (before, upto):
                document, company = (
                    money[1].units(amount),
                    money[0].units(amount * rate),
                )
                parts.append(
                    (apportion(company, weights), apportion(document, weights))
                )
            sources = [(record, line.id) for line in lines]
            self._credit_lines("COLLECTED", sources, day, *parts, context)
            net = [
                tuple(
                    [
                        self._untaxed(amount, untaxed[i][index], billed[i][index])
                        for i, amount in enumerate(amounts)
                    ]
                    for index, amounts in enumerate(part)
                )
                for part in parts
            ]
            self._credit_lines("COLLECTED_NET", sources, day, *net, context)

    @staticmethod
    def _untaxed(collected, untaxed, billed):
        return half_away(Fraction(collected) * untaxed / billed) if billed else 0

    def _receipts(self):
        entries = self.env["account.move"].search(
            [
                ("company_id", "in", self.companies.ids),
                ("move_type", "=", "entry"),
                ("state", "=", "posted"),
            ]
        )
        for entry in entries:
            ratio = self._cash_ratio(entry)
            if not ratio:
                continue
            company = entry.company_id
            for line in entry.line_ids:
                if line.account_id.account_type != "asset_receivable":
                    continue
                money = (
                    Money(company.currency_id.rounding),
                    Money(line.currency_id.rounding),
                )
                partner = line.partner_id.commercial_partner_id
                counted = self._counted_at_validation(line)
                self._receipt(
                    line,
                    line.date,
                    partner,
                    money,
                    (
                        money[0].units(-fraction(line.balance) * ratio - counted),
                        money[1].units(
                            -fraction(line.amount_currency) * ratio - counted
                        ),
                    ),
                )
        payments = self.env["account.payment"].search(
            [
                ("company_id", "in", self.companies.ids),
                ("move_id", "=", False),
                ("partner_type", "=", "customer"),
                ("state", "in", ("in_process", "paid")),
            ]
        )
        for payment in payments:
            company = payment.company_id
            if not company.sales_collect_at_validation:
                continue
            money = (
                Money(company.currency_id.rounding),
                Money(payment.currency_id.rounding),
            )
            self._receipt(
                payment,
                payment.date,
                payment.partner_id.commercial_partner_id,
                money,
                (
                    money[0].units(payment.amount_company_currency_signed),
                    money[1].units(payment.amount_signed),
                ),
            )

    def _receipt(self, record, day, partner, money, amounts):
        company = record.company_id
        self._credit(
            "RECEIPTS",
            record,
            day,
            amounts,
            shares=self._shares([], self._owner(partner, day, company), company),
            team=self.env["crm.team"],
            partner=partner,
            channel=partner.sales_channel_id,
            company=company,
            currency=record.currency_id,
            money=money,
        )

    def _counted_at_validation(self, line):
        """Of a bank line that is matched, the cash that counted before it came."""
        counted = Fraction(0)
        if line.company_id.sales_collect_at_validation:
            partials = line.matched_debit_ids + line.matched_credit_ids
            for invoice in (partials.debit_move_id + partials.credit_move_id).move_id:
                if invoice.move_type not in SALE_TYPES:
                    continue
                steps = {
                    record: upto - before
                    for _day, record, before, upto in self._cash_steps(invoice)
                }
                counted += sum(
                    cash - steps[partial]
                    for _day, partial, cash in self._bank_events(invoice)
                    if partial in partials
                )
        return counted

    def _owner(self, partner, day, company):
        """Whose customer it was at the end of that day."""
        log = sorted(self._owners[partner.id], key=lambda row: (row.date, row.id))
        owner = self.env["res.users"]
        if log:
            owner = log[0].user_id if log[0].initial else log[0].previous_user_id
        for row in log:
            if self._local_date(row.date, company) <= day:
                owner = row.user_id
        return owner

    # Opportunities

    def _leads(self):
        kept = self.env["sales.kept.date"].search([("res_model", "=", "crm.lead")])
        day_of = {(row.res_id, row.kind): row.date for row in kept}
        leads = self.env["crm.lead"].search(
            [
                ("company_id", "in", self.companies.ids),
                ("type", "=", "opportunity"),
                ("won_status", "in", ("won", "lost")),
            ]
        )
        for lead in leads:
            self._count(
                lead.won_status.upper(),
                lead,
                day_of[lead.id, lead.won_status],
                shares=self._shares([], lead.user_id, lead.company_id),
                team=lead.team_id,
                partner=lead.partner_id,
                company=lead.company_id,
                channel=lead.partner_id.commercial_partner_id.sales_channel_id,
            )
