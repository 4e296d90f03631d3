from collections import defaultdict

from odoo import api, fields, models


class CrmLead(models.Model):
    _inherit = "crm.lead"

    sales_industry_id = fields.Many2one(
        "res.partner.industry",
        "Industry",
        compute="_compute_sales_industry_id",
        store=True,
        readonly=False,
        index="btree_not_null",
        help="Of the customer; a customer made of this lead gets it.",
    )
    sales_territory_id = fields.Many2one(
        "sales.territory",
        "Territory",
        compute="_compute_sales_territory_id",
        compute_sudo=True,
        help="Of the customer, else the one whose matching rules the address meets.",
    )

    sales_competitor_ids = fields.Many2many(
        "sales.competitor",
        "sales_competitor_lead_rel",
        "lead_id",
        "competitor_id",
        "Competitors",
        help="Who else wants this deal.",
    )
    sales_lost_to_id = fields.Many2one(
        "sales.competitor", "Lost To", index="btree_not_null", copy=False
    )
    sales_sighting_ids = fields.One2many(
        "sales.competitor.sighting", "lead_id", "Sightings of Competitors"
    )

    @api.depends("partner_id")
    def _compute_sales_industry_id(self):
        for lead in self:
            # sudo: the industry is no secret to who works on the lead
            partner = lead.partner_id.sudo()
            industry = partner.industry_id or partner.commercial_partner_id.industry_id
            lead.sales_industry_id = industry or lead.sales_industry_id

    @api.depends(
        "partner_id.sales_territory_id",
        "company_id",
        "country_id",
        "state_id",
        "city",
        "zip",
        "sales_industry_id",
    )
    def _compute_sales_territory_id(self):
        matching = self.env["sales.territory.matching"]
        for lead in self:
            lead.sales_territory_id = (
                lead.partner_id.sales_territory_id
                or matching._match(lead, lead.sales_industry_id)
            )

    def _prepare_customer_values(self, partner_name, is_company=False, parent_id=False):
        values = super()._prepare_customer_values(
            partner_name, is_company=is_company, parent_id=parent_id
        )
        if self.sales_industry_id:
            values["industry_id"] = self.sales_industry_id.id
        return values

    def _assign_by_rules(self, user):
        """Make these leads a salesperson's, and opportunities.

        One write per stage that they get, and one line in the chatter of each instead
        of tracked values, which are written one by one.
        """
        groups = defaultdict(self.browse)
        for lead in self:
            vals = lead._convert_opportunity_data(lead.partner_id)
            groups[tuple(sorted(vals.items()))] |= lead
        for vals, leads in groups.items():
            leads.with_context(
                mail_auto_subscribe_no_notify=True, mail_notrack=True
            ).write({**dict(vals), "user_id": user.id})
        body = self.env._("Assigned by rules to %(user)s.", user=user.name)
        self._message_log_batch(bodies=dict.fromkeys(self.ids, body))
