from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import ormcache

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


class Rule(NamedTuple):
    """A policy in plain values. Teams, categories and classes are ids; none: any."""

    active: bool
    company: int
    teams: frozenset
    categories: frozenset
    priority: str
    classes: frozenset
    minutes: dict
    pauses: frozenset
    warn_percent: int

    def fits(self, company, team, categories, priority, class_):
        """Whether a ticket meets it.

        :param categories: that of the ticket and those above
        """
        return (
            self.active
            and self.company == company
            and (not self.teams or team in self.teams)
            and (not self.categories or not self.categories.isdisjoint(categories))
            and self.priority <= priority
            and (not self.classes or class_ in self.classes)
        )


class SalesServiceSla(models.Model):
    """How fast tickets of a kind are answered and resolved, in working hours.

    The first policy that a ticket meets, in their order, is its policy.
    """

    _name = "sales.service.sla"
    _description = "Service Level Policy"
    _inherit = ["sales.cached.mixin", "mail.thread"]
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

    @api.model
    @ormcache()
    def _get_rules(self):
        """All policies by id, in their order: each step of each ticket asks for one."""
        # sudo: limits hold, whoever made the ticket
        policies = self.sudo().with_context(active_test=False).search([])
        return {
            policy.id: Rule(
                active=policy.active,
                company=policy.company_id.id,
                teams=frozenset(policy.team_ids.ids),
                categories=frozenset(policy.category_ids.ids),
                priority=policy.priority or "0",
                classes=frozenset(policy.class_ids.ids),
                minutes={kind: policy._minutes(kind) for kind in LIMITS},
                pauses=frozenset(
                    (*DONE, *(one for one, name in _PAUSES.items() if policy[name]))
                ),
                warn_percent=policy.warn_percent,
            )
            for policy in policies
        }

    def _get_rule(self):
        self.ensure_one()
        return self._get_rules()[self.id]

    def _get_pauses(self):
        """The states in which its clocks stand still."""
        return self._get_rule().pauses

    @api.model
    def _get_for(self, tickets):
        """The policy of each ticket: ``{ticket: policy}``, maybe an empty one."""
        rules = self._get_rules()
        classes = {}
        if any(rule.classes for rule in rules.values()):
            classes = tickets._get_customer_classes()
        none = self.env["sales.customer.class"]
        # sudo: limits hold, whoever made the ticket
        policies = self.sudo()
        result = {}
        for ticket in tickets:
            facts = (
                *(ticket.company_id.id, ticket.team_id.id),
                # sudo: customers choose from categories that they do not read
                ticket.category_id.sudo()._get_path(),
                *(ticket.priority, classes.get(ticket, none).id),
            )
            result[ticket] = policies.browse(
                next((id_ for id_, rule in rules.items() if rule.fits(*facts)), ())
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
            self.env["sales.service.ticket"]
            # sudo: limits of all tickets move, whoever changed the policy
            .sudo()
            .search([("company_id", "in", companies.ids), ("is_open", "=", True)])
        )
        tickets._follow_policy(self.env._("a policy was changed"))


class SalesCustomerClass(models.Model):
    _inherit = "sales.customer.class"

    def unlink(self):
        """Policies of the class are of one class less."""
        result = super().unlink()
        self.env.registry.clear_cache()
        return result
