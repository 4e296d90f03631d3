import logging

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ..customers import recommendations
from ..jobs import go_on

_logger = logging.getLogger(__name__)
_READ = (
    "sale.order",
    "sale.order.line",
    "account.move",
    "account.move.line",
    "res.company",
    "res.partner",
    "sales.customer",
    "product.product",
    "product.template",
)


class SalesProductAffinity(models.Model):
    """Products that the same customers buy, and that are bought together.

    Derived each night as a set; see ``sales_force/customers/recommendations.py`` for
    what the measures mean.
    """

    _name = "sales.product.affinity"
    _description = "Products Bought Together"
    _order = "basket_count desc, similarity desc, id"
    _log_access = False
    _rec_name = "product_id"

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade"
    )
    product_id = fields.Many2one(
        "product.product", required=True, readonly=True, ondelete="cascade"
    )
    other_id = fields.Many2one(
        "product.product",
        "Bought Together With",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    basket_count = fields.Integer(
        "Baskets",
        readonly=True,
        aggregator=None,
        help="Orders, or invoices without order, that hold both.",
    )
    support = fields.Float(
        digits=(16, 4),
        readonly=True,
        aggregator=None,
        help="The share of all baskets that hold both.",
    )
    confidence = fields.Float(
        digits=(16, 4),
        readonly=True,
        aggregator=None,
        help="The share of the baskets with the first product that hold the other.",
    )
    lift = fields.Float(
        digits=(16, 2),
        readonly=True,
        aggregator=None,
        help="How many times as often as by chance.",
    )
    customer_count = fields.Integer(
        "Buyers of Both",
        readonly=True,
        aggregator=None,
        help="Customers who bought both, at whatever time.",
    )
    similarity = fields.Float(
        digits=(16, 4),
        readonly=True,
        aggregator=None,
        help="0 to 1: how far the same customers buy them.",
    )

    _pair_uniq = models.UniqueIndex("(company_id, product_id, other_id)")

    def action_refresh(self):
        """Derive the pairs of the current company now.

        :raise AccessError: for users who are not sales operations
        """
        if not self.env.user.has_group("sales_force.group_sales_operations"):
            raise AccessError(
                self.env._("Only sales operations may derive all pairs again.")
            )
        found, _changed = self._refresh(self.env.company)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "%(count)s pairs of products were found.", count=found
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    @api.model
    def _refresh(self, company, without=()):
        """Derive a company's pairs, and who buys what, from its sales.

        :param without: ids of orders that are left out, to measure the result
        :return: how many pairs there are and how many changed
        """
        for model in _READ:
            self.env[model].flush_model()
        company = company.sudo()  # sudo: settings of a company that counts its sales
        since = company._get_sales_today() - relativedelta(
            months=company.sales_recommend_months
        )
        sales = recommendations.sold(
            company.id, company._get_sales_timezone(), since, without
        )
        self.env.cr.execute("SET LOCAL jit = off")
        self.env.cr.execute(
            recommendations.refresh(company.id, sales, company.sales_recommend_count)
        )
        counts = self.env.cr.fetchone()
        self.env.cr.execute(recommendations.refresh_reach(company.id, sales))
        self.invalidate_model(flush=False)
        return counts

    @api.model
    def _cron_refresh(self):
        """Each night, company by company."""
        companies = self.env["res.company"].search([])
        self.env["ir.cron"]._commit_progress(remaining=len(companies))
        for company in companies:
            with go_on(self.env, f"Products bought together of {company.name}"):
                found, changed = self._refresh(company)
                _logger.info("%s: %s pairs, %s changed", company.name, found, changed)
            self.env["ir.cron"]._commit_progress(1)

    @api.model
    def _recommend(self, company, partners, limit, extra=(), without=()):
        """What customers lack, the best first.

        :param partners: commercial partners whom the user may read
        :param int limit: products per customer
        :param extra: ids of the products on the quotation for which it is asked
        :param without: ids of orders that are left out, to measure the result
        :return: ``{partner: [{product_id, product, reason}]}``
        """
        for model in _READ:
            self.env[model].flush_model()
        company = company.sudo()  # sudo: settings of a company that counts its sales
        bought = SQL(
            """SELECT customer_id, product_id, bool_or(quoted) AS quoted FROM (
                SELECT customer_id, product_id, FALSE AS quoted FROM (%s) s
                UNION ALL
                SELECT c, p, TRUE FROM unnest(%s::integer[]) c, unnest(%s::integer[]) p
            ) b GROUP BY customer_id, product_id""",
            recommendations.sold(
                company.id, company._get_sales_timezone(), None, without, partners.ids
            ),
            partners.ids,
            list(extra),
        )
        rows = self.env.execute_query(
            recommendations.recommend(
                company.id, partners.ids, bought, limit, company.sales_recommend_count
            )
        )
        # sudo: the names of what is for sale
        products = self.env["product.product"].sudo()
        products = products.browse({row[at] for row in rows for at in (1, 2, 5)})
        names = {product.id: product.display_name for product in products if product}
        found = {partner: [] for partner in partners}
        for customer_id, product_id, *reason in rows:
            found[partners.browse(customer_id)].append(
                {
                    "product_id": product_id,
                    "product": names[product_id],
                    "reason": self._get_reason(names, *reason),
                }
            )
        return found

    def _get_reason(
        self, names, with_id, confidence, lift, because_id, together, buyers, peers
    ):
        reasons = []
        if with_id:
            reasons.append(
                self.env._(
                    "%(share).0f%% of the orders with %(product)s hold it, %(lift).1f "
                    "times as many as by chance.",
                    share=100 * confidence,
                    product=names[with_id],
                    lift=lift,
                )
            )
        if because_id:
            reasons.append(
                self.env._(
                    "%(count)s customers bought it and %(product)s.",
                    count=together,
                    product=names[because_id],
                )
            )
        if buyers:
            reasons.append(
                self.env._(
                    "%(buyers)s of %(peers)s customers of the same class and industry "
                    "buy it.",
                    buyers=buyers,
                    peers=peers,
                )
            )
        return " ".join(reasons)
