from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from ..locking import write_lock
from ..wording import listed

# What stays as it was once the authorisation has begun.
_AGREED = frozenset(
    ("partner_id", "company_id", "territory_id", "category_id", "exclusive")
) | {"date_from"}


class SalesChannelAuthorization(models.Model):
    """Where a channel partner may sell what, from when to when.

    A territory holds its parts, a product group its sub-groups: of two who are
    exclusive nowhere, on no day and in no product may both be.
    """

    _name = "sales.channel.authorization"
    _description = "Authorised Territory"
    _inherit = ["sales.channel.mixin"]
    _order = "partner_id, date_from desc, id desc"

    territory_id = fields.Many2one(
        "sales.territory",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    category_id = fields.Many2one(
        "product.category",
        "Product Group",
        index="btree_not_null",
        ondelete="restrict",
        help="With its sub-groups. Empty: all products.",
    )
    exclusive = fields.Boolean(
        help="Nobody else is exclusive in the territory, its parts and what it is part "
        "of, for these products."
    )
    date_from = fields.Date(
        "First Day",
        required=True,
        default=lambda self: self.env.company._get_sales_today(),
    )
    date_to = fields.Date("Last Day", help="Empty: until further notice.")
    contract_id = fields.Many2one(
        "sales.contract",
        ondelete="restrict",
        check_company=True,
        domain="[('commercial_partner_id', '=', partner_id)]",
    )
    note = fields.Char()
    overlap = fields.Char(
        "Also Authorised",
        compute="_compute_overlap",
        help="Others who may sell there what one of them is exclusive in.",
    )

    _dates = models.Constraint(
        "CHECK (date_to >= date_from)", "An authorisation ends after it begins."
    )

    @api.depends(
        "partner_id", "territory_id", "category_id", "exclusive", "date_from", "date_to"
    )
    def _compute_overlap(self):
        others = {}
        for one, other, _both in self._get_overlaps():
            others.setdefault(one, []).append(other)
        # sudo: who else sells there is what the partner's rep has to know
        names = self.sudo().browse({id_ for ids in others.values() for id_ in ids})
        names = {other.id: other.partner_id.display_name for other in names}
        for record in self:
            found = dict.fromkeys(names[id_] for id_ in others.get(record.id, ()))
            record.overlap = listed(self.env, found) if found else False

    @api.depends("partner_id", "territory_id")
    def _compute_display_name(self):
        for record in self:
            record.display_name = (
                f"{record.partner_id.display_name}: {record.territory_id.display_name}"
            )

    @api.constrains(
        "partner_id",
        "company_id",
        "territory_id",
        "category_id",
        "exclusive",
        "date_from",
        "date_to",
    )
    def _check_exclusive(self):
        exclusive = self.filtered("exclusive")
        write_lock(exclusive.company_id)
        exclusive._refuse_overlaps()

    @api.model
    def _check_all(self):
        """Territories or product groups were moved: who is exclusive is so still."""
        # sudo: whoever moves them, of all companies
        exclusive = self.sudo().search([("exclusive", "=", True)])
        write_lock(exclusive.company_id)
        exclusive._refuse_overlaps()

    def _refuse_overlaps(self):
        """:raise ValidationError: naming both partners, and where they would meet"""
        for one, other, both in self._get_overlaps():
            if not both:
                continue
            # sudo: the error names both, also one whom the user does not read
            one, other = self.sudo().browse(one), self.sudo().browse(other)
            everything = self.env._("all products")
            raise ValidationError(
                self.env._(
                    "Two would be exclusive: %(partner)s in %(territory)s "
                    "(%(products)s) and %(other)s in %(other_territory)s "
                    "(%(other_products)s), on the same days. End one of them first, or "
                    "choose other products.",
                    partner=one.partner_id.display_name,
                    territory=one.territory_id.display_name,
                    products=one.category_id.display_name or everything,
                    other=other.partner_id.display_name,
                    other_territory=other.territory_id.display_name,
                    other_products=other.category_id.display_name or everything,
                )
            )

    def _get_overlaps(self):
        """``[(id, other's id, whether both are exclusive)]``, one of them at least."""
        self.env.flush_all()
        return self.env.execute_query(
            SQL(
                """
                SELECT a.id, b.id, a.exclusive AND b.exclusive
                FROM sales_channel_authorization a
                JOIN sales_channel_authorization b
                    ON b.company_id = a.company_id AND b.partner_id <> a.partner_id
                    AND (a.exclusive OR b.exclusive)
                    AND a.date_from <= COALESCE(b.date_to, 'infinity')
                    AND b.date_from <= COALESCE(a.date_to, 'infinity')
                JOIN sales_territory ta ON ta.id = a.territory_id
                JOIN sales_territory tb ON tb.id = b.territory_id
                    AND (starts_with(ta.parent_path, tb.parent_path)
                        OR starts_with(tb.parent_path, ta.parent_path))
                LEFT JOIN product_category ca ON ca.id = a.category_id
                LEFT JOIN product_category cb ON cb.id = b.category_id
                WHERE a.id = ANY(%s)
                  AND (ca.id IS NULL OR cb.id IS NULL
                    OR starts_with(ca.parent_path, cb.parent_path)
                    OR starts_with(cb.parent_path, ca.parent_path))
                ORDER BY a.id, b.id
                """,
                list(self.ids),
            )
        )

    def write(self, vals):
        if not self.env.su and not _AGREED.isdisjoint(vals):
            self._check_future()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_begun(self):
        self._check_future()

    def _check_future(self):
        """:raise UserError: for what has begun: who was authorised when is kept"""
        for record in self:
            if record.date_from < record.company_id._get_sales_today():
                raise UserError(
                    self.env._(
                        "%(authorisation)s has begun: it is kept. Give it a last day, "
                        "and authorise anew.",
                        authorisation=record.display_name,
                    )
                )


class SalesTerritory(models.Model):
    _inherit = "sales.territory"

    def write(self, vals):
        result = super().write(vals)
        if vals.get("parent_id"):
            self.env["sales.channel.authorization"]._check_all()
        return result


class ProductCategory(models.Model):
    _inherit = "product.category"

    def write(self, vals):
        result = super().write(vals)
        if vals.get("parent_id"):
            self.env["sales.channel.authorization"]._check_all()
        return result
