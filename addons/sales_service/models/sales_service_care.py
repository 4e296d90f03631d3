"""What happens on tickets is contact with the customer.

Care calls by class are follow-ups of ``sales_force``: its rule “A customer was not
contacted for days” with the days of the customer's class plans a call for the
salesperson, once; here tickets count as contact besides visits, orders and messages.
"""

from odoo import api, models
from odoo.tools import SQL

from odoo.addons.sales_force.ledger.crediting import local_date


class SalesFollowupRule(models.Model):
    _inherit = "sales.followup.rule"

    @api.model
    def _get_contacts(self, tz):
        return SQL(
            """
            %(others)s
            UNION ALL
            SELECT t.partner_id, %(opened)s FROM sales_service_ticket t
            WHERE t.partner_id IS NOT NULL AND t.state <> 'cancelled'
            UNION ALL
            SELECT t.partner_id, %(written)s FROM mail_message m
            JOIN sales_service_ticket t ON m.model = 'sales.service.ticket'
                AND t.id = m.res_id AND t.partner_id IS NOT NULL
            JOIN ir_model_data x ON x.module = 'mail' AND x.name = 'mt_comment'
                AND x.model = 'mail.message.subtype' AND x.res_id = m.subtype_id
            UNION ALL
            SELECT t.partner_id, y.date_done FROM mail_activity y
            JOIN sales_service_ticket t ON y.res_model = 'sales.service.ticket'
                AND t.id = y.res_id AND t.partner_id IS NOT NULL
            JOIN mail_activity_type k ON k.id = y.activity_type_id
                AND k.category = 'phonecall'
            WHERE y.date_done IS NOT NULL
            """,
            others=super()._get_contacts(tz),
            opened=local_date("t.opened_at", SQL("%s", tz)),
            written=local_date("m.date", SQL("%s", tz)),
        )
