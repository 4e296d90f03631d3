from odoo import api, fields, models
from odoo.tools.safe_eval import safe_eval


class SalesServiceTeam(models.Model):
    """Who works on tickets together, by which hours and stages."""

    _name = "sales.service.team"
    _description = "Service Team"
    _inherit = ["mail.alias.mixin", "mail.thread"]
    # Not by name: that of the first team would be another's in another language.
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    member_ids = fields.Many2many(
        "res.users",
        "sales_service_team_member_rel",
        "team_id",
        "user_id",
        "Agents",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        help="They take tickets of the team that nobody has, and work on their own.",
    )
    dispatcher_ids = fields.Many2many(
        "res.users",
        "sales_service_team_dispatcher_rel",
        "team_id",
        "user_id",
        "Dispatchers",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        help="They see all tickets of the team and hand them out.",
    )
    calendar_id = fields.Many2one(
        "resource.calendar",
        "Working Hours",
        check_company=True,
        help="In which time limits run; empty: the company's working hours. Make-up "
        "working days and holidays of the company count as well.",
    )
    is_always_open = fields.Boolean(
        "Around the Clock",
        help="Time limits run day and night, on holidays too.",
    )
    stage_ids = fields.Many2many(
        "sales.service.stage",
        "sales_service_stage_team_rel",
        "team_id",
        "stage_id",
        "Stages",
        help="Empty: those that are of no team.",
    )
    category_ids = fields.One2many("sales.service.category", "team_id", "Categories")
    reopen_days = fields.Integer(
        "Reopen Within (days)",
        default=14,
        help="So many days after a ticket was closed the customer's answer reopens it; "
        "later a new ticket is made.",
    )
    open_count = fields.Integer("Open Tickets", compute="_compute_counts")
    unassigned_count = fields.Integer("Unassigned", compute="_compute_counts")
    overdue_count = fields.Integer("Overdue", compute="_compute_counts")

    _reopen_positive = models.Constraint(
        "CHECK (reopen_days >= 0)", "Days are not negative."
    )

    def _compute_counts(self):
        """Of the tickets that the user may see."""
        Ticket = self.env["sales.service.ticket"]
        for name, domain in (
            ("open_count", [("is_open", "=", True)]),
            ("unassigned_count", [("is_open", "=", True), ("user_id", "=", False)]),
            ("overdue_count", [("is_overdue", "=", True)]),
        ):
            counts = dict(
                Ticket._read_group(
                    [*domain, ("team_id", "in", self.ids)], ["team_id"], ["__count"]
                )
            )
            for team in self:
                team[name] = counts.get(team._origin, 0)

    def _alias_get_creation_values(self):
        values = super()._alias_get_creation_values()
        # sudo: the id of a model is no secret
        model = self.env["ir.model"].sudo()._get("sales.service.ticket")
        values["alias_model_id"] = model.id
        if self.id:
            defaults = safe_eval(self.alias_defaults or "{}")
            values["alias_defaults"] = {**defaults, "team_id": self.id}
        return values

    @api.model_create_multi
    def create(self, vals_list):
        teams = super().create(vals_list)
        if teams.stage_ids:
            self.env.registry.clear_cache()
        for team in teams:
            team._sync_alias()
        return teams

    def _sync_alias(self):
        """What comes in by the team's address becomes a ticket of the team."""
        self.ensure_one()
        # sudo: whoever may make a team gets its address
        self.sudo().alias_id.write(self.sudo()._alias_get_creation_values())

    def write(self, vals):
        result = super().write(vals)
        if "stage_ids" in vals:
            self.env.registry.clear_cache()
            self._place_tickets()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    def _place_tickets(self):
        """Their stages have changed: no ticket stays in a column of none of them."""
        # sudo: a ticket has a column, whoever may see it
        tickets = self.env["sales.service.ticket"].sudo()
        tickets.search([("team_id", "in", self.ids)])._place()

    def _get_hours(self):
        """The calendar in force: ``(calendar, around the clock)``."""
        self.ensure_one()
        if self.is_always_open:
            return self.env["resource.calendar"], True
        # sudo: the company's hours count, whoever asks
        return self.calendar_id or self.sudo().company_id.resource_calendar_id, False

    def _get_stages(self):
        """By team: its stages in order, else those that are of no team."""
        return {
            team: self.env["sales.service.stage"].browse(team._get_columns())
            for team in self
        }

    def _get_columns(self):
        """The states of its stages, by their ids in order."""
        columns = self.env["sales.service.stage"]._get_columns()
        return columns.get(self.id) or columns.get(False, {})

    def action_open_tickets(self):
        """The team's open tickets, or those that a ``search_default_`` asks for."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "sales_service.sales_service_ticket_action"
        )
        # The path is that of all tickets.
        action.pop("path", None)
        return {
            **action,
            "domain": [("team_id", "=", self.id)],
            "context": {
                "default_team_id": self.id,
                "search_default_filter_open": 1,
                **{
                    name: value
                    for name, value in self.env.context.items()
                    if name.startswith("search_default_")
                },
            },
            "display_name": self.name,
        }
