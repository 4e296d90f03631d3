"""What a rep must know before promising: the panel of a quotation, in one request."""

from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL

from ..deals import exposure, prices, promise

_OPEN_MOVES = ("waiting", "confirmed", "assigned", "partially_available")
# Of a line so many lots and receipts are shown.
_SHOWN = 5


class SaleOrder(models.Model):
    _inherit = "sale.order"

    @api.readonly
    def get_sales_promise(self):
        """Stock, supply, prices, receivables and limits around a quotation.

        In a number of queries that does not grow with the lines. What belongs to a
        customer of somebody else is what the user may read of it; vendors are named to
        who works in purchasing, costs to whom the company's setting allows.

        Quantities are in the lines' units, dates are days where the company works,
        amounts in company currency, unless a currency is named beside them.

        :return: ``currency_id``, ``lines``, ``customer``, ``rep``
        :raise AccessError: for users who are no reps
        """
        self.ensure_one()
        self.check_access("read")
        if not self.env.user.has_group("sales_force.group_sales_rep"):
            raise AccessError(self.env._("The panel of a quotation is for reps."))
        for model in (
            "sale.order",
            "sale.order.line",
            "account.move.line",
            "res.partner",
            "sales.customer",
        ):
            self.env[model].flush_model()
        known, readable = self._get_promise_scope()
        return {
            "currency_id": self.company_id.currency_id.id,
            "lines": self._get_promise_lines(readable),
            "customer": self._get_promise_customer(known, readable),
            "rep": self._get_promise_rep(),
        }

    def _get_promise_scope(self):
        """Whether the user may know all of the customer, else which documents.

        :return: whether, and ``{model: function of an SQL id}``
        """
        # sudo: whose the customer of a readable quotation is
        customer = self.sudo().partner_id.commercial_partner_id
        card = self.env["sales.customer"].search(
            [
                ("partner_id", "=", customer.id),
                ("company_id", "=", self.company_id.id),
            ],
            limit=1,
        )
        owner = customer.user_id
        known = bool(owner) and (bool(card) or owner == self.env.user)
        return known, lambda model, id_: (
            SQL("TRUE") if known else card._sql_readable(model, id_)
        )

    # Lines

    def _get_promise_lines(self, readable):
        # sudo: stock, prices and costs around lines that the user may read
        order = self.sudo().with_company(self.company_id)
        lines = order.order_line.filtered(
            lambda line: line.product_id
            and not line.display_type
            and not line.is_downpayment
        )
        stock = {}
        if order.state in ("draft", "sent"):
            stock = order._get_promise_stock(lines)
        last = order._get_promise_prices(
            lines.product_id, readable("sale.order", SQL("o.id"))
        )
        supply = lines._get_sales_supply()
        goods = lines.filtered(lambda line: line.product_id.is_storable)
        bought = set((goods - goods._filter_kits())._ids)
        margins = order.company_id._sees_sales_margin()
        return [
            {
                "id": line.id,
                "product": line.product_id.display_name,
                "unit": line.product_uom_id.display_name,
                "quantity": line.product_uom_qty,
                "stock": stock.get(line.id),
                "bought": line.id in bought,
                "supply": supply.get(line.id),
                "last": last.get(line.product_id.id, {}),
                "price": line.price_unit,
                "discount": line.discount,
                "margin": line._get_promise_margin() if margins else None,
            }
            for line in lines
        ]

    def _get_promise_stock(self, lines):
        """Of the lines with goods that are kept in stock, by their id."""
        kits = lines._filter_kits()
        lines = lines.filtered(lambda line: line.product_id.is_storable) | kits
        company = self.company_id
        vendors = lines.product_id._get_sales_vendors(company)
        life = self.partner_id.commercial_partner_id._get_sales_life(company)
        facts = (lines - kits)._get_promise_facts()
        stocks = {key: fact["stock"] for key, fact in facts.items()}
        stocks |= kits._get_kit_stocks()
        needs = [
            promise.Need(
                line.id,
                line._get_stock_key(line in kits),
                line._in_product_unit(),
                line._get_promise_day(),
            )
            for line in lines
        ]
        promised = promise.promises(needs, stocks)
        today = company._get_sales_today()
        result = {}
        for line, need in zip(lines, needs, strict=True):
            kept, fact = promised[line.id], facts.get(need.stock, {})
            product, unit = line.product_id, line._in_line_unit
            vendor = vendors.get(product)
            available = kept.available
            lead = vendor and vendor.delay + company.days_to_purchase
            if lead is not None and line not in kits and not available:
                available = today + timedelta(days=lead)
            lots = promise.by_expiry(
                fact.get("lots", ()), need.day, life.days(product.expiration_time)
            )
            result[line.id] = {
                "kit": line in kits,
                "on_hand": unit(stocks[need.stock].on_hand),
                "free": unit(kept.free),
                "forecast": unit(kept.forecast),
                "day": fields.Date.to_string(need.day),
                "short": unit(kept.short),
                "available": available and fields.Date.to_string(available),
                "lead": lead,
                "too_old": unit(
                    promise.missing_life(kept, need.quantity, lots, need.day)
                ),
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
                        "vendor": self._get_vendor_name(purchase),
                    }
                    for day, quantity, purchase in fact.get("receipts", ())[:_SHOWN]
                ],
            }
        return result

    def _get_vendor_name(self, purchase):
        """Of a purchase order line, to who works in purchasing."""
        if not self.env.user.has_group("purchase.group_purchase_user"):
            return None
        return purchase.partner_id.display_name

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

    def _get_promise_customer(self, known, readable):
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
        amounts = [company.currency_id.round(float(amount or 0)) for amount in row]
        not_due, *ages, credits_, balance, ordered = amounts
        limited = known and company.account_use_credit_limit
        limit = customer.credit_limit if limited else 0
        return {
            "name": customer.display_name,
            "complete": known,
            "not_due": not_due,
            "ages": ages,
            "overdue": company.currency_id.round(sum(ages)),
            "credits": credits_,
            "balance": balance,
            "ordered": ordered,
            "limit": limit,
            "left": company.currency_id.round(limit - balance - ordered),
            "contracts": self._get_promise_contracts(customer),
        }

    def _get_promise_contracts(self, customer):
        """The running contracts that the user may read."""
        contracts = self.env["sales.contract"].search(
            [
                ("commercial_partner_id", "=", customer.id),
                ("company_id", "=", self.company_id.id),
                ("state", "=", "running"),
            ]
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

    def _get_promise_rep(self):
        """The exposure of the order's rep, to whom it concerns; else of the user."""
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

    def _in_product_unit(self):
        """The line's quantity in the product's unit."""
        return self.product_uom_id._compute_quantity(
            self.product_uom_qty, self.product_id.uom_id, round=False
        )

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

    def _get_stock_key(self, kit):
        """What lines share: a product in a warehouse; of kits also the day counts."""
        key = self.product_id.id, self._get_promise_warehouse().id
        return (*key, self._get_promise_day()) if kit else key

    def _filter_kits(self):
        """Lines of products that are delivered as their components."""
        if "is_kits" not in self.env["product.product"]._fields:
            return self.browse()
        return self.filtered(lambda line: line.product_id.is_kits)

    def _get_kit_stocks(self):
        """How many kits their components make, by Odoo's own count."""
        stocks = {}
        for (warehouse, moment), lines in self.grouped(
            lambda line: (line._get_promise_warehouse(), line._get_promise_moment())
        ).items():
            context = {"warehouse_id": warehouse.id, "to_date": moment}
            for product in lines.product_id.with_context(**context):
                key = (product.id, warehouse.id, lines[0]._get_promise_day())
                stocks[key] = promise.Stock(
                    product.qty_available, product.free_qty, product.virtual_available
                )
        return stocks

    def _get_promise_facts(self):
        """Stock, lots and receipts of products in warehouses, as sets.

        :return: ``{(product id, warehouse id): {stock, lots, receipts}}``, receipts as
            ``(day, quantity, purchase order line)``
        """
        facts = {}
        for warehouse, lines in self.grouped(
            lambda line: line._get_promise_warehouse()
        ).items():
            products = lines.product_id
            found = products._get_warehouse_facts(warehouse)
            for product in products:
                facts[product.id, warehouse.id] = found[product]
        return facts

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

    def _get_warehouse_facts(self, warehouse):
        """What is in a warehouse, comes and goes, as Odoo's own forecast counts it.

        Goods past their removal date are no stock, unless they are reserved.

        :return: ``{product: {stock, lots, receipts}}``
        """
        company = warehouse.company_id
        zoned = self.with_context(
            warehouse_id=warehouse.id,
            tz=company._get_sales_timezone(),
            active_test=False,
        )
        here, incoming, outgoing = map(Domain, zoned._get_domain_locations())
        mine = Domain("product_id", "in", self.ids)
        open_ = mine & Domain("state", "in", _OPEN_MOVES)
        moves = zoned.env["stock.move"]
        flows, receipts = defaultdict(list), defaultdict(list)
        for product, day, line, quantity in moves._read_group(
            open_ & incoming,
            ["product_id", "date:day", "purchase_line_id"],
            ["product_qty:sum"],
            order="date:day",
        ):
            flows[product.id].append((day.date(), quantity))
            if line:
                receipts[product.id].append((day.date(), quantity, line))
        for product, day, quantity in moves._read_group(
            open_ & outgoing, ["product_id", "date:day"], ["product_qty:sum"]
        ):
            flows[product.id].append((day.date(), -quantity))
        today = company._get_sales_today()
        sums = defaultdict(lambda: [0.0, 0.0, 0.0])
        lots = defaultdict(list)
        for product, lot, quantity, reserved in zoned.env["stock.quant"]._read_group(
            mine & here,
            ["product_id", "lot_id"],
            ["quantity:sum", "reserved_quantity:sum"],
        ):
            free, removed = quantity - reserved, lot.removal_date
            removed = removed and company._get_sales_date(removed)
            gone = bool(removed) and removed <= today
            sums[product.id][0] += quantity
            sums[product.id][1] += 0.0 if gone else free
            sums[product.id][2] += reserved if gone else quantity
            if removed and not gone:
                flows[product.id].append((removed, -free))
            if lot and free > 0:
                expires = lot.expiration_date
                lots[product.id].append(
                    promise.Lot(
                        lot.name,
                        free,
                        expires and company._get_sales_date(expires) or None,
                        removed or None,
                    )
                )
        return {
            product: {
                "stock": promise.Stock(
                    *sums[product.id], tuple(sorted(flows[product.id]))
                ),
                "lots": lots[product.id],
                "receipts": receipts[product.id],
            }
            for product in self
        }
