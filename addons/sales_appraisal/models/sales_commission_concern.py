from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class SalesCommissionConcernMixin(models.AbstractModel):
    """What concerns somebody's pay: record rules say by it who reads it.

    Fields, since of a domain over the statements of a plan each check of the access to
    a single record would read them all.
    """

    _name = "sales.commission.concern.mixin"
    _description = "Concerns the Pay of Reps"

    # Of what it follows.
    _sales_concern = ()

    pays_me = fields.Boolean(compute="_compute_pays_me", search="_search_pays_me")
    pays_below = fields.Boolean(
        "Pays Me or Below", compute="_compute_pays_below", search="_search_pays_below"
    )

    @api.depends(lambda self: self._sales_concern)
    @api.depends_context("uid")
    def _compute_pays_me(self):
        paying = self._filter_concern("in")
        for one in self:
            one.pays_me = one._origin in paying

    @api.depends(lambda self: self._sales_concern)
    @api.depends_context("uid")
    def _compute_pays_below(self):
        paying = self._filter_concern("child_of")
        for one in self:
            one.pays_below = one._origin in paying

    def _filter_concern(self, operator):
        # sudo: whether it pays the user, which is what the user's rights follow from
        known = self.sudo().with_context(active_test=False)
        return known.search(
            Domain("id", "in", self.ids) & self._get_concern_domain(operator)
        )

    @api.model
    def _search_pays_me(self, operator, value):
        return self._search_concern("in", operator, value)

    @api.model
    def _search_pays_below(self, operator, value):
        return self._search_concern("child_of", operator, value)

    def _search_concern(self, whom, operator, value):
        if operator != "in":
            return NotImplemented
        paying = self._get_concern_domain(whom)
        return paying if True in value else ~paying

    @api.model
    def _get_concern_domain(self, operator):
        """Those that pay the user, or with ``child_of`` somebody below as well."""
        raise NotImplementedError

    @api.model
    def _get_pay_domain(self, operator):
        """The statements of the user's pay, or also of those below."""
        return Domain("rep_id", operator, self.env.user.sales_rep_ids.ids)


class SalesCommissionPlan(models.Model):
    """A plan pays who has a statement of it: also of a version that was replaced."""

    _name = "sales.commission.plan"
    _inherit = ["sales.commission.plan", "sales.commission.concern.mixin"]

    _sales_concern = ("statement_ids.rep_id",)

    statement_ids = fields.One2many(
        "sales.commission.statement", "plan_id", "Statements", readonly=True
    )

    @api.model
    def _get_concern_domain(self, operator):
        return Domain("statement_ids", "any!", self._get_pay_domain(operator))


class SalesCommissionRule(models.Model):
    """A rule pays whom its plan pays; an override only who leads so many levels, or
    was paid by it."""

    _name = "sales.commission.rule"
    _inherit = ["sales.commission.rule", "sales.commission.concern.mixin"]

    _sales_concern = ("plan_id.statement_ids.rep_id", "credited", "level_from")

    @api.model
    def _get_concern_domain(self, operator):
        reached = Domain("credited", "!=", "override")
        for rep, levels in self.env.user.sales_rep_ids._count_levels_below().items():
            reached |= Domain("company_id", "=", rep.company_id.id) & Domain(
                "level_from", "<=", levels
            )
        plan = self.env["sales.commission.plan"]._get_concern_domain(operator)
        domain = Domain("plan_id", "any!", plan) & reached
        if operator != "in":
            # Who is above has more levels below than whoever was paid there.
            return domain
        basis = self.env["sales.commission.basis"]._search(
            Domain("statement_id", "any!", self._get_pay_domain(operator)),
            bypass_access=True,
        )
        return domain | Domain("id", "in", basis.subselect("rule_id"))


class SalesRep(models.Model):
    _inherit = "sales.rep"

    def _count_levels_below(self):
        """``{rep: how many levels are below}``, in today's tree."""
        self.env["sales.rep"].flush_model(["parent_path"])
        return {
            self.browse(id_): levels
            for id_, levels in self.env.execute_query(
                SQL(
                    """
                    SELECT r.id, max(cardinality(string_to_array(b.parent_path, '/')))
                        - cardinality(string_to_array(r.parent_path, '/'))
                    FROM sales_rep r
                    JOIN sales_rep b ON starts_with(b.parent_path, r.parent_path)
                    WHERE r.id = ANY(%s) GROUP BY r.id
                    """,
                    self.ids,
                )
            )
        }
