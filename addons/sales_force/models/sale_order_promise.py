"""What a rep must know before promising: the panel of a quotation, in one request."""

from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL, float_round

from ..deals import exposure, panel, prices, promise

# Of a line so many lots and receipts are shown.
_SHOWN = 5
# What the panel reads with each record, instead of all fields.
_ORDER = [
    *("company_id", "partner_id", "user_id", "warehouse_id"),
    *("state", "commitment_date"),
]
_CUSTOMER = [
    *("commercial_partner_id", "user_id", "credit_limit"),
    *("sales_min_life", "sales_min_life_unit"),
]
_COMPANY = [
    *("currency_id", "account_use_credit_limit", "days_to_purchase"),
    *("sales_min_life", "sales_min_life_unit"),
]


class SaleOrder(models.Model):
    _inherit = "sale.order"

    @api.readonly
    def get_sales_promise(self, details=True):
        """Stock, supply, prices, receivables and limits around a quotation.

        In a number of queries that does not grow with the lines. What belongs to a
        customer of somebody else is what the user may read of it; vendors are named to
        who works in purchasing, costs to whom the company's setting allows.

        Quantities are in the lines' units, dates are days where the company works,
        amounts in company currency, unless a currency is named beside them.

        :param details: False: what the closed panel says, without names, prices,
            supply, margins, contracts, and reps without a limit
        :return: ``currency_id``, ``details``, ``lines``, ``customer``, ``rep``
        :raise AccessError: for users who are no reps
        """
        self.ensure_one()
        # One query checks the rights and reads the order; without an answer Odoo says
        # what is missing.
        if not self.search_fetch([("id", "=", self.id)], _ORDER):
            self.check_access("read")
        if not self.env.user.has_group("sales_force.group_sales_rep"):
            raise AccessError(self.env._("The panel of a quotation is for reps."))
        # sudo: what is filtered by what the user may know
        order = self.sudo()
        order.company_id.fetch(_COMPANY)
        order.partner_id.with_company(order.company_id).fetch(_CUSTOMER)
        known, readable = self._get_promise_scope()
        return {
            "currency_id": order.company_id.currency_id.id,
            "details": bool(details),
            "lines": self._get_promise_lines(readable, details),
            "customer": self._get_promise_customer(known, readable, details),
            "rep": self._get_promise_rep(details),
        }

    def _get_promise_scope(self):
        """Whether the user may know all of the customer, else which documents.

        :return: whether, and ``{model: function of an SQL id}``
        """
        # sudo: whose the customer of a readable quotation is
        customer = self.sudo().partner_id.commercial_partner_id
        owner, card = customer.user_id, self.env["sales.customer"]
        if owner != self.env.user:
            card = card.search(
                [
                    ("partner_id", "=", customer.id),
                    ("company_id", "=", self.company_id.id),
                ],
                limit=1,
            )
        known = bool(owner) and (owner == self.env.user or bool(card))
        return known, lambda model, id_: (
            SQL("TRUE") if known else card._sql_readable(model, id_)
        )

    # Lines

    def _get_promise_lines(self, readable, details):
        # sudo: stock, prices and costs around lines that the user may read
        order = self.sudo().with_company(self.company_id)
        rows, kits = order._get_promise_rows(details)
        stock = {}
        if order.state in ("draft", "sent"):
            stock = order._get_promise_stock(rows, kits, details)
        if not details:
            return [{"id": row.id, "stock": stock.get(row.id)} for row in rows]
        lines = order.order_line.browse([row.id for row in rows])
        last = order._get_promise_prices(
            lines.product_id, readable("sale.order", SQL("o.id"))
        )
        supply = lines._get_sales_supply()
        margins = order.company_id._sees_sales_margin()
        return [
            {
                "id": line.id,
                "product": line.product_id.display_name,
                "unit": line.product_uom_id.display_name,
                "quantity": line.product_uom_qty,
                "stock": stock.get(line.id),
                "bought": row.storable and row.product not in kits,
                "supply": supply.get(line.id),
                "last": last.get(line.product_id.id, {}),
                "price": line.price_unit,
                "discount": line.discount,
                "margin": line._get_promise_margin() if margins else None,
            }
            for line, row in zip(lines, rows, strict=True)
        ]

    def _get_promise_rows(self, details):
        """The lines that sell products, and what those of them that are kits need."""
        self.env.flush_all()
        company, products = self.company_id, self.env["product.product"]
        day, house = company._get_sales_today(), self.warehouse_id.id
        query = panel.lines(self.id, house, company.id, day, details)
        rows = [panel.Line(*row) for row in self.env.execute_query(query)]
        products = products.browse({row.product for row in rows})
        return rows, products._get_sales_kits(company)

    def _get_promise_short(self):
        """What lines of goods lack on their day, ``{line id: quantity}``."""
        stock = self._get_promise_stock(*self._get_promise_rows(False), details=False)
        return {line_id: found["short"] for line_id, found in stock.items()}

    def _get_promise_stock(self, rows, kits, details):
        """Of the lines with goods that are kept in stock, by their id."""
        rows = [row for row in rows if kits.get(row.product, row.storable)]
        if not rows:
            return {}
        company = self.company_id
        customer = self.partner_id.commercial_partner_id.with_company(company)
        life = customer._get_sales_life(company)
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        parts = {
            row.id: tuple(
                ((component, row.warehouse), each)
                for component, each in kits.get(row.product, {row.product: 1.0}).items()
            )
            for row in rows
        }
        facts = self._get_promise_facts(
            {key for keys in parts.values() for key, _each in keys}
        )
        now, days = fields.Datetime.now(), {}
        for lead in {row.customer_lead for row in rows}:
            moment = self.commitment_date or now + timedelta(days=lead)
            days[lead] = company._get_sales_date(moment)
        needs = [
            promise.Need(
                row.id,
                parts[row.id],
                row.in_product_unit(),
                days[row.customer_lead],
                whole=row.product in kits,
            )
            for row in rows
        ]
        stocks = {key: fact["stock"] for key, fact in facts.items()}
        promised = promise.promises(needs, stocks)
        today = company._get_sales_today()
        names, result = self._get_vendor_names(facts) if details else {}, {}
        for row, need in zip(rows, needs, strict=True):

            def unit(quantity, row=row):
                quantity = row.in_line_unit(quantity)
                return quantity and float_round(quantity, precision_digits=digits)

            kept = promised[row.id]
            fact = {} if need.whole else facts[row.product, row.warehouse]
            lots = promise.by_expiry(
                fact.get("lots", ()), need.day, life.days(row.shelf_life)
            )
            too_old = promise.missing_life(kept, need.quantity, lots, need.day)
            result[row.id] = {"short": unit(kept.short), "too_old": unit(too_old)}
            if not details:
                continue
            available = kept.available
            lead = None if row.lead is None else row.lead + company.days_to_purchase
            if lead is not None and not need.whole and not available:
                available = today + timedelta(days=lead)
            result[row.id] |= {
                "kit": need.whole,
                "on_hand": unit(kept.on_hand),
                "free": unit(kept.free),
                "forecast": unit(kept.forecast),
                "day": fields.Date.to_string(need.day),
                "available": available and fields.Date.to_string(available),
                "lead": lead,
                "lots": [
                    {
                        "name": one.lot.name,
                        "quantity": unit(one.lot.quantity),
                        "expires": one.lot.expires
                        and fields.Date.to_string(one.lot.expires),
                        "days": one.days,
                        "too_short": one.too_short,
                    }
                    for one in lots[:_SHOWN]
                ],
                "receipts": [
                    {
                        "day": fields.Date.to_string(day),
                        "quantity": unit(quantity),
                        "vendor": names.get(vendor),
                    }
                    for day, quantity, vendor in fact.get("receipts", ())[:_SHOWN]
                ],
            }
        return result

    def _get_vendor_names(self, facts):
        """``{id: name}`` of who receipts come from, to who works in purchasing."""
        if not self.env.user.has_group("purchase.group_purchase_user"):
            return {}
        vendors = self.env["res.partner"].browse(
            {
                vendor
                for fact in facts.values()
                for _day, _quantity, vendor in fact["receipts"]
                if vendor
            }
        )
        return {vendor.id: vendor.display_name for vendor in vendors}

    def _get_promise_facts(self, keys):
        """What is in warehouses, comes and goes, as Odoo's own forecast counts it.

        Goods past their removal date are no stock, unless they are reserved.

        :param keys: of ``(product id, warehouse id)``
        :return: ``{key: {stock, lots, receipts}}``, receipts as ``(day, quantity,
            vendor's id)``
        """
        if not keys:
            return {}
        company = self.company_id
        products, warehouses = map(set, zip(*keys, strict=True))
        scope = products, warehouses, company._get_sales_timezone()
        flows, receipts = defaultdict(list), defaultdict(list)
        for (
            product,
            target,
            source,
            day,
            line,
            vendor,
            quantity,
        ) in self.env.execute_query(panel.moves(*scope)):
            if target:
                flows[product, target].append((day, quantity))
                if line:
                    receipts[product, target].append((day, quantity, vendor))
            if source:
                flows[product, source].append((day, -quantity))
        today = company._get_sales_today()
        sums, lots = defaultdict(lambda: [0.0, 0.0, 0.0]), defaultdict(list)
        for (
            product,
            warehouse,
            name,
            expires,
            removed,
            quantity,
            reserved,
        ) in self.env.execute_query(panel.stock(*scope)):
            key, free = (product, warehouse), quantity - reserved
            gone = bool(removed) and removed <= today
            sums[key][0] += quantity
            sums[key][1] += 0.0 if gone else free
            sums[key][2] += reserved if gone else quantity
            if removed and not gone:
                flows[key].append((removed, -free))
            if name and free > 0:
                lots[key].append(promise.Lot(name, free, expires, removed))
        return {
            key: {
                "stock": promise.Stock(*sums[key], tuple(sorted(flows[key]))),
                "lots": lots[key],
                "receipts": receipts[key],
            }
            for key in keys
        }

    def _get_promise_prices(self, products, readable):
        """``{product id: {customer: last, class: last}}``"""
        today = self.company_id._get_sales_today()
        rows = self.env.execute_query(
            prices.last_prices(
                products.ids, self, today - timedelta(days=prices.CLASS_DAYS), readable
            )
        )
        units = self.env["uom.uom"].browse({row[6] for row in rows})
        names = {unit.id: unit.display_name for unit in units}
        found = defaultdict(dict)
        for product_id, of_class, moment, price, discount, currency_id, unit_id in rows:
            found[product_id]["class" if of_class else "customer"] = {
                "day": fields.Date.to_string(self.company_id._get_sales_date(moment)),
                "price": float(price),
                "discount": float(discount or 0),
                "currency_id": currency_id,
                "unit": names[unit_id],
            }
        return found

    # Customer and rep

    def _get_promise_customer(self, known, readable, details):
        # sudo: what is filtered by what the user may know
        order = self.sudo().with_company(self.company_id)
        customer, company = order.partner_id.commercial_partner_id, order.company_id
        [row] = self.env.execute_query(
            exposure.of_customer(
                customer.id,
                company.id,
                company._get_sales_today(),
                readable("account.move", SQL("l.move_id")),
                readable("sale.order", SQL("o.id")),
            )
        )
        # Known without a query.
        currency = self.env["res.currency"].get_all_currencies()
        _size, digits = currency[company.currency_id.id]["digits"]

        def rounded(amount):
            return float_round(amount, precision_digits=digits)

        amounts = [rounded(float(amount or 0)) for amount in row]
        not_due, *ages, credits_, balance, ordered = amounts
        limited = known and company.account_use_credit_limit
        limit = customer.credit_limit if limited else 0
        result = {
            "complete": known,
            "not_due": not_due,
            "ages": ages,
            "overdue": rounded(sum(ages)),
            "credits": credits_,
            "balance": balance,
            "ordered": ordered,
            "limit": limit,
            "left": rounded(limit - balance - ordered),
        }
        if details:
            result["name"] = customer.display_name
            result["contracts"] = self._get_promise_contracts(customer)
        return result

    def _get_promise_contracts(self, customer):
        """The contracts in force that the user may read."""
        contracts = self.env["sales.contract"]
        contracts = contracts.search(
            contracts._domain_in_force(
                self.company_id, self.company_id._get_sales_today()
            )
            & Domain("commercial_partner_id", "=", customer.id)
        )
        kinds = dict(contracts._fields["kind"]._description_selection(self.env))
        return [
            {
                "id": contract.id,
                "name": contract.display_name,
                "kind": kinds[contract.kind],
                "until": contract.date_end and fields.Date.to_string(contract.date_end),
                "amount": contract.amount,
                "currency_id": contract.currency_id.id,
            }
            for contract in contracts
        ]

    def _get_promise_rep(self, details):
        """The exposure of the order's rep, to whom it concerns; else of the user."""
        if not details and not self.env["sales.rep"]._has_limits(self.company_id.id):
            return None
        rep = self.sales_rep_id
        if not rep:
            rep = self.env.user.sales_rep_ids.filtered(
                lambda rep: rep.company_id == self.company_id
            )[:1]
        # sudo: of oneself or of somebody below
        rep = rep.sudo() if rep and rep.with_env(self.env).is_followed else None
        if not rep:
            return None
        amount = rep._get_exposure()[rep]
        return {
            "name": rep.name,
            "exposure": amount,
            "limit": rep.credit_limit,
            "left": rep.currency_id.round(rep.credit_limit - amount),
        }


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _in_line_unit(self, quantity):
        """A quantity of the product in the line's unit."""
        return self.product_id.uom_id._compute_quantity(
            quantity, self.product_uom_id, rounding_method="HALF-UP"
        )

    def _get_promise_moment(self):
        return self.order_id.commitment_date or self._expected_date()

    def _get_promise_day(self):
        """The day on which the line is to be delivered."""
        return self.company_id._get_sales_date(self._get_promise_moment())

    def _get_promise_warehouse(self):
        return self.warehouse_id or self.order_id.warehouse_id

    def _filter_kits(self):
        """Lines of products that are delivered as their components."""
        if "is_kits" not in self.env["product.product"]._fields:
            return self.browse()
        return self.filtered(lambda line: line.product_id.is_kits)

    def _get_promise_margin(self):
        """Cost per unit in the order's currency, and the rate of the margin in percent.

        By the line's own cost where Odoo's margin addon keeps one.
        """
        if "purchase_price" in self._fields:
            cost = self.purchase_price
        else:
            cost = self.product_id.uom_id._compute_price(
                self.product_id.standard_price, self.product_uom_id
            ) * (self.order_id.currency_rate or 1)
        sold = self.price_subtotal
        rate = sold and 100 * (sold - cost * self.product_uom_qty) / sold
        return {
            "cost": self.currency_id.round(cost),
            "rate": round(rate, 1),
            "currency_id": self.currency_id.id,
        }


class ProductProduct(models.Model):
    _inherit = "product.product"

    def _get_sales_kits(self, company):
        """What is delivered as its components, where Odoo's manufacturing is installed.

        Kits in kits are taken apart level by level, each in the same few queries.

        :return: ``{kit's id: {id of a component kept in stock: quantity of it, in its
            unit, in one kit}}``
        """
        if "mrp.bom" not in self.env:
            return {}
        products = self.sudo()  # sudo: what a product consists of is not told
        bills = products.env["mrp.bom"]
        kits, level = {}, [(product.id, product, 1.0) for product in products]
        while level:
            products = products.browse().union(*(part for _kit, part, _each in level))
            found = bills._bom_find(products, company_id=company.id, bom_type="phantom")
            below = []
            for kit, product, quantity in level:
                bill = found.get(product)
                if bill:
                    parts = kits.setdefault(kit, {})
                    made = bill.product_uom_id._compute_quantity(
                        bill.product_qty, product.uom_id, round=False
                    )
                    below += [
                        (
                            kit,
                            line.product_id,
                            quantity
                            * line.product_uom_id._compute_quantity(
                                line.product_qty, line.product_id.uom_id, round=False
                            )
                            / made,
                        )
                        for line in bill.bom_line_ids
                        if line.product_qty and not line._skip_bom_line(product)
                    ]
                elif kit in kits and product.is_storable:
                    parts = kits[kit]
                    parts[product.id] = parts.get(product.id, 0.0) + quantity
            level = below
        return kits

    def _get_sales_vendors(self, company):
        """Who is bought from first, ``{product: vendor pricelist line}``."""
        today = company._get_sales_today()
        return {
            product: vendors[:1]
            for product in self
            if (
                vendors := product.seller_ids.filtered(
                    lambda vendor, product=product: vendor.partner_id.active
                    and vendor.company_id in (company, company.browse())
                    and vendor.product_id in (product, product.browse())
                    and (not vendor.date_start or vendor.date_start <= today)
                    and (not vendor.date_end or vendor.date_end >= today)
                )
            )
        }
