from ast import literal_eval

from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ..deals.approval import CONDITIONS, Rule


class SalesApprovalRule(models.Model):
    """When a document needs approval before it reaches the customer, and whose.

    Each rule that a document breaks asks its own approvers. None is in force after
    installation.
    """

    _name = "sales.approval.rule"
    _description = "Approval Rule"
    _inherit = ["sales.cached.mixin"]
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", index=True, help="Empty: in all companies."
    )
    model = fields.Selection(
        "_selection_model", "For", required=True, default="sale.order"
    )
    condition = fields.Selection(
        [
            ("discount", "Discount of a line above (%)"),
            ("order_discount", "Discount of the whole above (%)"),
            ("line_margin", "Margin of a line below (%)"),
            ("margin", "Margin of the whole below (%)"),
            ("floor", "Price under the product's lowest price"),
            ("product", "Product of a group"),
            ("amount", "Untaxed amount above"),
            ("credit", "Customer's credit limit exceeded by more than"),
            ("rep_credit", "Rep's credit limit exceeded by more than"),
            ("overdue_days", "Customer overdue for more than (days)"),
            ("overdue_amount", "Customer overdue with more than"),
            ("term", "Payment term longer than the customer's by more than (days)"),
            ("special", "Special agreement"),
            ("always", "Always"),
        ],
        required=True,
        default="discount",
        help="Discounts are measured from the price of the customer's own price list, "
        "whether they are given in percent or in the price. Amounts are in company "
        "currency. A special agreement is the customer's that runs, or the contract "
        "itself.",
    )
    threshold = fields.Float("Limit", digits=(16, 2))
    has_threshold = fields.Boolean(compute="_compute_has_threshold")
    categ_ids = fields.Many2many(
        "product.category",
        string="Product Groups",
        help="Only lines of these and the groups below. Empty: all lines.",
    )
    domain = fields.Char(
        "Only Documents",
        default="[]",
        required=True,
        help="Narrows the documents that the rule looks at.",
    )
    approver_ids = fields.One2many(
        "sales.approval.approver", "rule_id", "Approvers", copy=True
    )
    remind_hours = fields.Float(
        "Remind After (hours)",
        default=8,
        help="Working hours after which approvers are reminded, again and again; "
        "0: never.",
    )
    escalate_hours = fields.Float(
        "Escalate After (hours)",
        help="Working hours after which the approvers' managers may decide as well; "
        "0: never.",
    )

    _hours_positive = models.Constraint(
        "CHECK (remind_hours >= 0 AND escalate_hours >= 0)",
        "Hours are not negative.",
    )

    @api.model
    def _selection_model(self):
        models_ = self.env["ir.model"]
        return [
            (name, models_._get(name).sudo().name)  # sudo: only what it is called
            for name, model in self.env.items()
            if not model._abstract and hasattr(model, "_pass_sales_door")
        ]

    @api.depends("condition")
    def _compute_has_threshold(self):
        for rule in self:
            rule.has_threshold = rule.condition and CONDITIONS[rule.condition].threshold

    @api.constrains("approver_ids", "condition", "categ_ids", "domain", "model")
    def _check_complete(self):
        """A rule that nobody could satisfy, or that fails when it is asked."""
        for rule in self:
            if not rule.approver_ids:
                raise ValidationError(
                    self.env._("%(rule)s: say who approves.", rule=rule.name)
                )
            if rule.condition == "product" and not rule.categ_ids:
                raise ValidationError(
                    self.env._("%(rule)s: choose product groups.", rule=rule.name)
                )
            documents = self.env[rule.model]
            if rule.condition not in documents._sales_approval_kinds():
                raise ValidationError(
                    self.env._(
                        "%(rule)s: this cannot be measured there.", rule=rule.name
                    )
                )
            try:
                Domain(literal_eval(rule.domain)).validate(documents)
            except (ValueError, SyntaxError, TypeError) as error:
                raise ValidationError(
                    self.env._("%(rule)s: no valid filter.", rule=rule.name)
                ) from error

    @api.model
    @tools.ormcache("model", "company_id")
    def _get_rules(self, model, company_id):
        """The rules in force, in memory: asking for them costs no query."""
        # sudo: rules hold for everybody
        rules = self.sudo().search(
            [("model", "=", model), ("company_id", "in", (company_id, False))]
        )
        return tuple(
            Rule(
                id=rule.id,
                condition=rule.condition,
                threshold=rule.threshold,
                categories=frozenset(rule.categ_ids.ids),
                domain=rule.domain,
            )
            for rule in rules
        )

    @api.model
    @tools.ormcache("model")
    def _is_used(self, model):
        """Whether any company has a rule for such documents."""
        # sudo: as above
        return bool(self.sudo().search_count([("model", "=", model)], limit=1))


class SalesApprovalApprover(models.Model):
    """Who approves what breaks a rule, and in which turn."""

    _name = "sales.approval.approver"
    _description = "Approver"
    _order = "stage, id"

    rule_id = fields.Many2one(
        "sales.approval.rule", required=True, index=True, ondelete="cascade"
    )
    stage = fields.Integer(
        "Turn",
        default=1,
        help="The same number: at the same time. Higher numbers are asked when the "
        "lower ones have approved, those of other rules included.",
    )
    kind = fields.Selection(
        [
            ("manager", "Managers above the rep"),
            ("role", "Anybody with a role"),
            ("user", "A person"),
        ],
        required=True,
        default="manager",
        help="Managers: the first above the rep whose grade may decide about so much; "
        "who has no grade, and the topmost, may about everything. What the rep's own "
        "grade may decide about passes by itself.",
    )
    group_id = fields.Many2one("res.groups", "Role", ondelete="restrict")
    user_id = fields.Many2one(
        "res.users", "Person", ondelete="restrict", domain="[('share', '=', False)]"
    )

    _complete = models.Constraint(
        "CHECK ((kind = 'role') = (group_id IS NOT NULL) "
        "AND (kind = 'user') = (user_id IS NOT NULL))",
        "Choose the role or the person who approves.",
    )

    @api.onchange("kind")
    def _onchange_kind(self):
        if self.kind != "role":
            self.group_id = False
        if self.kind != "user":
            self.user_id = False

    def _covers_itself(self, rep, finding):
        """Whether the rep's own grade may decide, so that nobody is asked."""
        return self.kind == "manager" and rep.grade_id._may_decide(finding)

    def _find_users(self, rep, company, finding, own):
        """Who may decide; never who owns or asks.

        :param rep: the owner's, in the company; may be empty
        :param own: users who are part of it
        """
        users = self.env["res.users"]
        if self.kind == "user":
            users = self.user_id
        elif self.kind == "role":
            users = self.group_id.all_user_ids.filtered(
                lambda user: company in user.company_ids
            )
        else:
            manager = rep.parent_id
            while manager:
                if manager.user_id not in own and manager.user_id.active:
                    users = manager.user_id
                    grade = manager.grade_id
                    if not grade or grade._may_decide(finding):
                        break
                manager = manager.parent_id
        users = users.filtered(lambda user: user.active and not user.share) - own
        if not users:
            # Nobody is above, or those who are must not: directors of the company.
            directors = self.env.ref("sales_force.group_sales_director")
            users = directors.all_user_ids.filtered(
                lambda user: user.active and company in user.company_ids
            )
        return users - own
