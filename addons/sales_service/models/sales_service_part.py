from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command, Domain

from odoo.addons.sales_force.locking import write_lock

from .sales_service_job import COST_GROUPS


class ProductProduct(models.Model):
    _inherit = "product.product"

    is_in_service_van = fields.Boolean(
        "In My Van", store=False, search="_search_is_in_service_van"
    )

    @api.model
    def _search_is_in_service_van(self, operator, value):
        """What the agent has along; who has no van takes from the warehouse."""
        if operator != "in":
            return NotImplemented
        van = (
            self.env["sales.service.agent"]
            # sudo: only the own van, and what is in it
            .sudo()
            .search(
                [
                    ("user_id", "=", self.env.uid),
                    ("company_id", "=", self.env.company.id),
                ],
                limit=1,
            )
            .location_id
        )
        if not van:
            return Domain.TRUE
        [(products,)] = van.env["stock.quant"]._read_group(
            [("location_id", "child_of", van.id), ("quantity", ">", 0)],
            [],
            ["product_id:recordset"],
        )
        domain = Domain("id", "in", products.ids)
        return domain if True in value else ~domain


class SalesServicePart(models.Model):
    """A part that an agent used on a job, out of the van or the warehouse.

    Once it is booked it has left the stock and is on the ticket's order; what was a
    mistake is returned as any delivery. Quantities are in the product's unit.
    """

    _name = "sales.service.part"
    _description = "Part Used"
    _inherit = ["sales.service.job.line.mixin"]
    _order = "job_id, id"
    _rec_name = "product_id"
    _sales_stamped = frozenset(("move_id", "order_line_id", "cost"))

    product_id = fields.Many2one(
        "product.product",
        "Part",
        required=True,
        ondelete="restrict",
        domain=[("type", "=", "consu")],
    )
    quantity = fields.Float(default=1.0, required=True, digits="Product Unit")
    uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    lot_id = fields.Many2one(
        "stock.lot",
        "Lot/Serial",
        ondelete="restrict",
        domain="[('product_id', '=', product_id)]",
    )
    tracking = fields.Selection(related="product_id.tracking")
    charge = fields.Selection(
        [("warranty", "Under warranty"), ("chargeable", "Chargeable")],
        "Who Pays",
        compute="_compute_charge",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
        help="As the ticket's warranty says; under warranty the price is zero.",
    )
    move_id = fields.Many2one(
        "stock.move", "Stock Move", readonly=True, copy=False, index="btree_not_null"
    )
    is_booked = fields.Boolean("Booked", compute="_compute_is_booked")
    order_line_id = fields.Many2one(
        "sale.order.line",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )
    currency_id = fields.Many2one(related="job_id.currency_id")
    cost = fields.Monetary(
        readonly=True, copy=False, groups=COST_GROUPS, help="When it was booked."
    )

    _quantity_positive = models.Constraint(
        "CHECK (quantity > 0)", "A part that was used has a quantity."
    )

    @api.constrains("product_id")
    def _check_product(self):
        for part in self:
            if part.product_id.type != "consu":
                raise ValidationError(
                    self.env._(
                        "%(part)s is no part that comes out of a stock.",
                        part=part.product_id.display_name,
                    )
                )

    @api.depends("job_id.ticket_id.warranty", "job_id.ticket_id.contract_id")
    def _compute_charge(self):
        for part in self:
            if part.is_booked:
                # It is on the order as it was then.
                part.charge = part.charge
                continue
            free = part.job_id.ticket_id._is_free(parts=True)
            part.charge = "warranty" if free else "chargeable"

    @api.depends("move_id")
    def _compute_is_booked(self):
        for part in self:
            # sudo: only whether there is one
            part.is_booked = bool(part.sudo().move_id)

    def _get_kept_cost(self):
        """What it cost, less the share of what has come back since."""
        self.ensure_one()
        move, unit = self.move_id, self.move_id.product_uom
        back = sum(
            one.product_uom._compute_quantity(one.quantity, unit)
            for one in move.returned_move_ids
            if one.state == "done"
        )
        if not back:
            return self.cost
        return self.currency_id.round(self.cost * max(0, 1 - back / move.quantity))

    def write(self, vals):
        self._check_unbooked()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_booked(self):
        self._check_unbooked()

    def _check_unbooked(self):
        if self.env.su:
            return
        self._refuse(
            [
                self.env._(
                    "%(part)s is booked. What was not used comes back as a return.",
                    part=part.product_id.display_name,
                )
                for part in self
                if part.is_booked
            ]
        )


class SalesServiceJob(models.Model):
    """Booking what was used."""

    _inherit = "sales.service.job"

    to_book = fields.Boolean(compute="_compute_to_book")

    @api.depends("part_ids.move_id")
    def _compute_to_book(self):
        for job in self:
            job.to_book = not all(part.is_booked for part in job.part_ids)

    def action_book_parts(self):
        """Take the parts used out of the stock and put them on the ticket's order.

        All of them or none; what is booked is not booked again.

        :raise AccessError: for jobs that the user may not write
        :raise UserError: naming what is not there, and what has no lot
        """
        self.check_access("read")
        self._check_unsealed()
        self.check_access("write")
        # sudo: who does the job takes from the own van, without other rights on stock
        self.sudo()._book()
        return True

    def _book(self):
        # A second click finds what the first has booked.
        write_lock(self)
        self.part_ids.invalidate_recordset(["move_id"])
        for job in self:
            parts = job.part_ids.filtered(lambda one: not one.move_id)
            if parts:
                job.with_company(job.company_id)._book_parts(parts)

    def _get_source(self):
        """Where the parts come from: the agent's van, else the warehouse."""
        self.ensure_one()
        return self._get_agent().location_id or self._get_warehouse().lot_stock_id

    def _get_warehouse(self):
        van = self._get_agent().location_id
        warehouse = van.warehouse_id or self.env["stock.warehouse"].search(
            [("company_id", "=", self.company_id.id)], limit=1
        )
        if not warehouse:
            raise UserError(
                self.env._(
                    "%(company)s has no warehouse.", company=self.company_id.name
                )
            )
        return warehouse

    def _book_parts(self, parts):
        self._check_stock(parts)
        lines = self.ticket_id._add_parts(parts)
        picking = self._make_picking(parts, lines)
        picking._action_done()
        for part, move in zip(parts, picking.move_ids, strict=True):
            standard = part.product_id.standard_price * part.quantity
            part.write(
                {
                    "move_id": move.id,
                    "order_line_id": lines[part].id,
                    "cost": move.value or standard,
                }
            )

    def _check_stock(self, parts):
        """:raise UserError: naming everything that is in the way"""
        source = self._get_source()
        reasons, wanted = [], defaultdict(float)
        for part in parts:
            name = part.product_id.display_name
            if part.tracking != "none" and not part.lot_id:
                reasons.append(
                    self.env._("%(part)s: choose the lot or serial number.", part=name)
                )
            elif part.lot_id and part.lot_id.product_id != part.product_id:
                reasons.append(
                    self.env._(
                        "%(part)s: the lot %(lot)s is of another product.",
                        part=name,
                        lot=part.lot_id.name,
                    )
                )
            elif part.tracking == "serial" and part.quantity != 1:
                reasons.append(
                    self.env._("%(part)s: a serial number is of one piece.", part=name)
                )
            elif part.product_id.is_storable:
                wanted[part.product_id, part.lot_id] += part.quantity
        Quant = self.env["stock.quant"]
        # Who takes the last piece at the same time is refused.
        quants = Quant.search(
            [
                ("product_id", "in", [product.id for product, _lot in wanted]),
                ("location_id", "child_of", source.ids),
            ]
        )
        write_lock(quants)
        quants.invalidate_recordset(["quantity", "reserved_quantity"])
        for (product, lot), quantity in wanted.items():
            there = Quant._get_available_quantity(product, source, lot_id=lot or None)
            if product.uom_id.compare(there, quantity) < 0:
                reasons.append(
                    self.env._(
                        "%(part)s: %(wanted)s used, but %(location)s has %(there)s.",
                        part=" ".join(filter(None, (product.display_name, lot.name))),
                        wanted=quantity,
                        location=source.display_name,
                        there=there,
                    )
                )
        if reasons:
            reasons.insert(0, self.env._("Nothing was booked:"))
        self._refuse(reasons)

    def _make_picking(self, parts, lines):
        """The delivery of parts to the customer, as it was: in the hand.

        What has a stock is taken from the shelves below the place on which it lies.
        """
        ticket, source = self.ticket_id, self._get_source()
        target = ticket.partner_id.property_stock_customer
        places = {"location_id": source.id, "location_dest_id": target.id}
        picking = self.env["stock.picking"].create(
            {
                **places,
                "picking_type_id": self._get_warehouse().out_type_id.id,
                "partner_id": ticket.partner_id.id,
                "origin": ticket.number,
                "company_id": self.company_id.id,
                "move_ids": [
                    Command.create(
                        {
                            **places,
                            "product_id": part.product_id.id,
                            "product_uom": part.product_id.uom_id.id,
                            "product_uom_qty": part.quantity,
                            "company_id": self.company_id.id,
                            # An order that is confirmed later delivers no second time.
                            "sale_line_id": lines[part].id,
                        }
                    )
                    for part in parts
                ],
            }
        )
        for part, move in zip(parts, picking.move_ids, strict=True):
            if part.product_id.is_storable:
                move._update_reserved_quantity(
                    part.quantity, source, lot_id=part.lot_id, strict=False
                )
            else:
                move.quantity = part.quantity
        picking.move_ids.picked = True
        return picking
