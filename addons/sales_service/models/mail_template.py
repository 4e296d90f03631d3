"""Answers that stand ready for tickets: Odoo's own mail templates."""

from odoo import api, fields, models
from odoo.fields import Domain

from .sales_service_source import GROUPS

TICKET = "sales.service.ticket"


class MailTemplate(models.Model):
    _inherit = "mail.template"

    sales_service_answer = fields.Boolean(
        "Answer to Tickets",
        help="Agents choose it in the composer of a ticket. Other templates are sent "
        "by the system.",
    )
    sales_service_team_ids = fields.Many2many(
        "sales.service.team",
        "mail_template_sales_service_team_rel",
        "template_id",
        "team_id",
        "Service Teams",
        groups=GROUPS,
        help="Empty: for every team.",
    )
    sales_service_category_ids = fields.Many2many(
        "sales.service.category",
        "mail_template_sales_service_category_rel",
        "template_id",
        "category_id",
        "Service Categories",
        groups=GROUPS,
        help="With those that are part of them. Empty: for every category.",
    )

    @api.model
    def get_service_answers(self, ticket_ids):
        """The answers that fit tickets, own ones first.

        :param list ticket_ids: of ``sales.service.ticket``
        :return: ``[{"id", "display_name"}]``
        :raise AccessError: for tickets that the user may not read, and customers
        """
        self.browse().check_access("read")
        tickets = self.env[TICKET].browse(ticket_ids)
        tickets.check_access("read")
        domain = Domain(
            [
                ("model", "=", TICKET),
                ("sales_service_answer", "=", True),
                ("user_id", "in", (self.env.uid, False)),
            ]
        )
        for ticket in tickets:
            path = (ticket.category_id.parent_path or "").split("/")[:-1]
            for name, ids in (
                ("sales_service_team_ids", ticket.team_id.ids),
                ("sales_service_category_ids", [int(id_) for id_ in path]),
            ):
                domain &= Domain(name, "=", False) | Domain(name, "in", ids)
        # sudo: teams and categories are not everybody's who may read the ticket
        answers = self.sudo().search(domain).sorted(lambda one: not one.user_id)
        return [
            {"id": answer.id, "display_name": answer.display_name} for answer in answers
        ]


class MailComposeMessage(models.TransientModel):
    _inherit = "mail.compose.message"

    def create_mail_template(self):
        """What an agent saves in the composer of a ticket is an answer."""
        action = super().create_mail_template()
        if self.model == TICKET:
            self.template_id.sales_service_answer = True
        return action


class SalesServiceTicket(models.Model):
    _inherit = "sales.service.ticket"

    @api.model
    def mail_allowed_qweb_expressions(self):
        """What an answer may say without the rights of a template editor."""
        return (
            *super().mail_allowed_qweb_expressions(),
            "object.number",
            "object.category_id.name",
            "object.product_id.name",
            "object.team_id.name",
            "object.company_id.name",
            "object.partner_id.lang",
        )
