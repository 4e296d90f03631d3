from odoo import fields, models

KPIS = {
    "ORDERED": "kpi_sales_force_ordered",
    "INVOICED": "kpi_sales_force_invoiced",
    "COLLECTED": "kpi_sales_force_collected",
    "NEW_CUSTOMERS": "kpi_sales_force_new_customers",
    "WON": "kpi_sales_force_won",
}


class DigestDigest(models.Model):
    """Credits in the digest e-mail: each recipient's own, a manager's people's, all."""

    _inherit = "digest.digest"

    kpi_sales_force_ordered = fields.Boolean("Ordered (Credited)")
    kpi_sales_force_ordered_value = fields.Monetary(
        compute="_compute_kpi_sales_force_ordered_value"
    )
    kpi_sales_force_invoiced = fields.Boolean("Invoiced (Credited)")
    kpi_sales_force_invoiced_value = fields.Monetary(
        compute="_compute_kpi_sales_force_invoiced_value"
    )
    kpi_sales_force_collected = fields.Boolean("Collected (Credited)")
    kpi_sales_force_collected_value = fields.Monetary(
        compute="_compute_kpi_sales_force_collected_value"
    )
    kpi_sales_force_new_customers = fields.Boolean("New Customers")
    kpi_sales_force_new_customers_value = fields.Float(
        compute="_compute_kpi_sales_force_new_customers_value"
    )
    kpi_sales_force_won = fields.Boolean("Opportunities Won (Credited)")
    kpi_sales_force_won_value = fields.Float(
        compute="_compute_kpi_sales_force_won_value"
    )

    def _compute_kpi_sales_force_ordered_value(self):
        self._compute_kpi_sales_force("ORDERED")

    def _compute_kpi_sales_force_invoiced_value(self):
        self._compute_kpi_sales_force("INVOICED")

    def _compute_kpi_sales_force_collected_value(self):
        self._compute_kpi_sales_force("COLLECTED")

    def _compute_kpi_sales_force_new_customers_value(self):
        self._compute_kpi_sales_force("NEW_CUSTOMERS")

    def _compute_kpi_sales_force_won_value(self):
        self._compute_kpi_sales_force("WON")

    def _compute_kpi_sales_force(self, code):
        """A metric's credits that the recipient may read, by the digest's company.

        Credits have dates and no hours: the last 24 hours are the day that ended.

        :raise AccessError: for users without a role, who then get no such figure
        """
        credit = self.env["sales.credit"]
        credit.check_access("read")
        start, stop, companies = self._get_kpi_compute_parameters()
        sums = dict(
            credit._read_group(
                [
                    (
                        "metric_id",
                        "=",
                        self.env["sales.metric"]._ids_by_code().get(code),
                    ),
                    ("overlay", "=", False),
                    ("company_id", "in", companies.ids),
                    ("date", ">=", fields.Date.to_date(start)),
                    ("date", "<", fields.Date.to_date(stop)),
                ],
                ["company_id"],
                ["value:sum"],
            )
        )
        for digest in self:
            company = digest.company_id or self.env.company
            digest[f"{KPIS[code]}_value"] = sums.get(company, 0.0)

    def _compute_kpis_actions(self, company, user):
        actions = super()._compute_kpis_actions(company, user)
        menu = self.env.ref("sales_force.sales_credit_menu").id
        for name in KPIS.values():
            actions[name] = f"sales_force.sales_credit_action?menu_id={menu}"
        return actions
