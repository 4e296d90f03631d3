from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tickets.states import DONE
from .sales_service_ticket import PRIORITIES

# The limits of a policy, by the kind of clock.
LIMITS = {
    "response": "response_hours",
    "reply": "reply_hours",
    "resolution": "resolution_hours",
}
# What a policy may stop for, by the state.
_PAUSES = {
    "waiting_customer": "pause_customer",
    "waiting_parts": "pause_parts",
    "waiting_other": "pause_other",
}


class SalesServiceSla(models.Model):
    """How fast tickets of a kind are answered and resolved, in working hours.

    The first policy that a ticket meets, in their order, is its policy.
    """

    _name = "sales.service.sla"
    _description = "Service Level Policy"
    _inherit = ["mail.thread"]
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True, tracking=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    team_ids = fields.Many2many(
        "sales.service.team",
        "sales_service_sla_team_rel",
        "sla_id",
        "team_id",
        "Teams",
        check_company=True,
        help="Empty: of every team.",
    )
    category_ids = fields.Many2many(
        "sales.service.category",
        "sales_service_sla_category_rel",
        "sla_id",
        "category_id",
        "Categories",
        help="With those that are part of them. Empty: of every category.",
    )
    priority = fields.Selection(
        PRIORITIES,
        "Minimum Priority",
        help="This priority or a higher one. Empty: any.",
    )
    class_ids = fields.Many2many(
        "sales.customer.class",
        "sales_service_sla_class_rel",
        "sla_id",
        "class_id",
        "Customer Classes",
        help="Empty: of every customer.",
    )
    response_hours = fields.Float(
        "First Response",
        tracking=True,
        help="Working hours from the request to the first answer of an agent; 0: no "
        "limit.",
    )
    reply_hours = fields.Float(
        "Next Response",
        tracking=True,
        help="Working hours from each further message of the customer to the answer; "
        "0: no limit.",
    )
    resolution_hours = fields.Float(
        "Resolution",
        tracking=True,
        help="Working hours from the request until it is resolved; 0: no limit.",
    )
    pause_customer = fields.Boolean(
        "While Waiting for the Customer", default=True, tracking=True
    )
    pause_parts = fields.Boolean("While Waiting for Parts", tracking=True)
    pause_other = fields.Boolean("While Waiting for a Third Party", tracking=True)
    warn_percent = fields.Integer(
        "Warn at (% left)",
        default=20,
        required=True,
        tracking=True,
        help="A ticket turns yellow when this share of a limit is left.",
    )
    open_count = fields.Integer("Open Tickets", compute="_compute_open_count")

    _percent = models.Constraint(
        "CHECK (warn_percent BETWEEN 0 AND 99)", "The share left is from 0 to 99 %."
    )

    @api.constrains(*LIMITS.values())
    def _check_hours(self):
        for policy in self:
            hours = [policy[name] for name in LIMITS.values()]
            if min(hours) < 0 or not any(map(policy._minutes, LIMITS)):
                raise ValidationError(
                    self.env._(
                        "%(policy)s: a limit of one minute at least, and none below "
                        "zero.",
                        policy=policy.name,
                    )
                )

    def _compute_open_count(self):
        counts = dict(
            self.env["sales.service.ticket"]._read_group(
                [("sla_id", "in", self.ids), ("is_open", "=", True)],
                ["sla_id"],
                ["__count"],
            )
        )
        for policy in self:
            policy.open_count = counts.get(policy._origin, 0)

    def _minutes(self, kind):
        """A limit in whole minutes; 0: none."""
        return round(self[LIMITS[kind]] * 60)

    def _get_pauses(self):
        """The states in which its clocks stand still."""
        self.ensure_one()
        return {*DONE, *(state for state, name in _PAUSES.items() if self[name])}

    @api.model
    def _get_for(self, tickets):
        """The policy of each ticket: ``{ticket: policy}``, maybe an empty one."""
        # sudo: limits hold, whoever made the ticket
        policies = self.sudo().search([("company_id", "in", tickets.company_id.ids)])
        within = {
            policy: self.env["sales.service.category"]
            .sudo()
            .with_context(active_test=False)
            .search([("id", "child_of", policy.category_ids.ids)])
            for policy in policies
            if policy.category_ids
        }
        classes = tickets._get_customer_classes() if policies.class_ids else {}
        result = {}
        for ticket in tickets:
            result[ticket] = next(
                (
                    policy
                    for policy in policies
                    if policy.company_id == ticket.company_id
                    and (not policy.team_ids or ticket.team_id in policy.team_ids)
                    and (policy not in within or ticket.category_id in within[policy])
                    and (policy.priority or "0") <= ticket.priority
                    and (
                        not policy.class_ids
                        or classes.get(ticket, self.env["sales.customer.class"])
                        in policy.class_ids
                    )
                ),
                policies.browse(),
            )
        return result

    # A policy that changes moves what runs

    @api.model_create_multi
    def create(self, vals_list):
        policies = super().create(vals_list)
        self._apply(policies.company_id)
        return policies

    def write(self, vals):
        companies = self.company_id
        result = super().write(vals)
        if vals.keys() - {"name"}:
            self._apply(companies | self.company_id)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        used = (
            # sudo: a policy that a ticket had, whoever may see that one
            self.env["sales.service.clock"].sudo().search([("sla_id", "in", self.ids)])
        )
        if used:
            raise ValidationError(
                self.env._(
                    "%(policies)s: tickets had this policy. Archive it instead.",
                    policies=", ".join(used.sla_id.mapped("name")),
                )
            )

    def _apply(self, companies):
        """Choose the policies of open tickets again, and move their limits."""
        tickets = (
            # sudo: limits of all tickets move, whoever changed the policy
            self.env["sales.service.ticket"]
            .sudo()
            .search([("company_id", "in", companies.ids), ("is_open", "=", True)])
        )
        tickets._follow_policy(self.env._("a policy was changed"))
