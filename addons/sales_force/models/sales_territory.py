from odoo import api, fields, models, tools
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from ..territory_matching import (
    Customer,
    Matcher,
    Rule,
    find_ties,
    normalize_city,
    normalize_zip,
)


class SalesTerritory(models.Model):
    """A part of the market, down to any depth.

    Customers belong to the territory with the most specific matching rule
    (``sales_force/territory_matching.py`` says what that is), or to the one that was
    set by hand.
    """

    _name = "sales.territory"
    _description = "Sales Territory"
    _inherit = ["sales.stamped.mixin"]
    _order = "complete_name, id"
    _rec_name = "complete_name"
    _rec_names_search = ["complete_name", "name", "code"]
    _parent_store = True
    _check_company_auto = True

    name = fields.Char(required=True)
    code = fields.Char(help="Optional; tells apart territories of the same name.")
    complete_name = fields.Char(
        "Full Name", compute="_compute_complete_name", store=True, recursive=True
    )
    parent_id = fields.Many2one(
        "sales.territory",
        "Part Of",
        ondelete="restrict",
        index=True,
        check_company=True,
        domain="['|', ('company_id', '=', False), ('company_id', '=', company_id)]",
    )
    parent_path = fields.Char(index=True)
    child_ids = fields.One2many("sales.territory", "parent_id", "Parts")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        index=True,
        help="Empty: shared by all companies. The rules of a company's territory match "
        "only customers of that company.",
    )
    rule_ids = fields.One2many(
        "sales.territory.rule",
        "territory_id",
        "Matching Rules",
        copy=False,
        help="A customer who meets all criteria of one of these rules belongs here, "
        "unless a rule of another territory is more specific: postcode before city "
        "before state before industry before country, more criteria before fewer, "
        "then the deeper territory.",
    )
    partner_ids = fields.One2many("res.partner", "sales_territory_id", "Customers")
    partner_count = fields.Integer("Customer Count", compute="_compute_partner_count")

    @api.depends("name", "parent_id.complete_name")
    def _compute_complete_name(self):
        for territory in self:
            if territory.parent_id:
                territory.complete_name = (
                    f"{territory.parent_id.complete_name} / {territory.name}"
                )
            else:
                territory.complete_name = territory.name

    @api.depends("name", "complete_name")
    @api.depends_context("hierarchical_naming")
    def _compute_display_name(self):
        plain = not self.env.context.get("hierarchical_naming", True)
        for territory in self:
            territory.display_name = (
                territory.name if plain else territory.complete_name
            )

    def _compute_partner_count(self):
        """Customers in the territory and its parts."""
        counts = {}
        for territory, count in self.env["res.partner"]._read_group(
            [("sales_territory_id", "child_of", self.ids)],
            ["sales_territory_id"],
            ["__count"],
        ):
            for id_ in territory.parent_path.split("/")[:-1]:
                counts[int(id_)] = counts.get(int(id_), 0) + count
        for territory in self:
            territory.partner_count = counts.get(territory.id, 0)

    def write(self, vals):
        moved = self.browse()
        if "parent_id" in vals:
            moved = self.filtered(lambda t: t.parent_id.id != vals["parent_id"])
        credit = self.env["sales.credit"]
        subtree = moved._get_subtree()
        result = super().write(vals)
        if {"parent_id", "active", "company_id"} & vals.keys():
            self.env["sales.territory.rule"]._apply()
        if moved:
            subtree |= moved._get_subtree()
            credit._mark("*territory_id", subtree.ids)
            # sudo: whoever moves a territory moves all reps who cover it
            assignments = self.env["sales.rep.assignment"].sudo()
            reps = assignments.search([("territory_ids", "in", subtree.ids)]).rep_id
            credit._mark_reps(reps.ids)
        return result

    def unlink(self):
        self._check_unused()
        self.rule_ids.unlink()
        return super().unlink()

    def _check_unused(self):
        """:raise UserError: for what would silently belong somewhere else then"""
        # sudo: customers and assignments of anyone keep their territory
        everything = self.sudo().with_context(active_test=False)
        assignments = everything.env["sales.rep.assignment"]
        for territory in everything:
            if (
                territory.child_ids - everything
                or territory.partner_ids
                or assignments.search_count(
                    [("territory_ids", "in", territory.ids)], limit=1
                )
            ):
                raise UserError(
                    self.env._(
                        "%(territory)s has parts, customers, or reps who cover or "
                        "covered it: archive it.",
                        territory=territory.complete_name,
                    )
                )

    def _get_subtree(self):
        """These territories and all their parts, archived ones too."""
        return self.with_context(active_test=False).search(
            [("id", "child_of", self.ids)]
        )

    def _get_common(self):
        """The smallest territory that holds all of these, empty when there is none."""
        paths = [
            [int(id_) for id_ in territory.parent_path.split("/") if id_]
            for territory in self._origin
            if territory.parent_path
        ]
        common = False
        for level in zip(*paths, strict=False):
            if len(set(level)) > 1:
                break
            common = level[0]
        return self.browse(common)

    def action_open_partners(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Customers of %(territory)s", territory=self.name),
            "res_model": "res.partner",
            "view_mode": "list,kanban,form",
            "domain": [("sales_territory_id", "child_of", self.ids)],
        }


class SalesTerritoryMatching(models.AbstractModel):
    """Gives customers their territories by the rules."""

    _name = "sales.territory.matching"
    _description = "Matching of Territories"

    @api.model
    @tools.ormcache()
    def _get_matcher(self):
        """The matcher of all companies' rules; kept until a rule changes."""
        return Matcher(self._get_rules())

    @api.model
    def _get_rules(self):
        # sudo: rules hold for every user who writes a customer
        rules = self.env["sales.territory.rule"].sudo().search([])
        return [
            Rule(
                id=rule.id,
                territory=rule.territory_id.id,
                depth=rule.territory_id.parent_path.count("/"),
                company=rule.company_id.id or 0,
                country=rule.country_id.id or 0,
                state=rule.state_id.id or 0,
                industry=rule.industry_id.id or 0,
                city=normalize_city(rule.city),
                zip_from=normalize_zip(rule.zip_from),
                zip_to=normalize_zip(rule.zip_to or rule.zip_from),
            )
            for rule in rules
            if rule.territory_id.active
        ]

    @api.model
    def _match(self, record, industry):
        """The territory of a record with an address, empty when no rule matches."""
        territory_id = self._get_matcher().match(
            Customer(
                company=record.company_id.id or 0,
                country=record.country_id.id or 0,
                state=record.state_id.id or 0,
                industry=industry.id or 0,
                city=normalize_city(record.city),
                zip=normalize_zip(record.zip),
            )
        )
        return self.env["sales.territory"].browse(territory_id or ())

    @api.model
    def _match_all(self):
        """Give every customer whose territory is not set by hand the one by rule.

        Equal addresses are matched once, and what changes is written with one
        statement; no customer is loaded.
        """
        self.env.flush_all()
        matcher = self._get_matcher()
        # sudo-like by nature: all customers of all companies follow the rules.
        addresses = self.env.execute_query(
            SQL(
                """SELECT DISTINCT COALESCE(company_id, 0), COALESCE(country_id, 0),
                    COALESCE(state_id, 0), COALESCE(industry_id, 0),
                    COALESCE(city, ''), COALESCE(zip, ''),
                    COALESCE(sales_territory_id, 0)
                FROM res_partner WHERE sales_territory_manual IS NOT TRUE"""
            )
        )
        changed = []
        for address in addresses:
            company, country, state, industry, city, code, current = address
            territory = matcher.match(
                Customer(
                    company=company,
                    country=country,
                    state=state,
                    industry=industry,
                    city=normalize_city(city),
                    zip=normalize_zip(code),
                )
            )
            if (territory or 0) != current:
                changed.append((*address, territory))
        if not changed:
            return
        rows = self.env.execute_query(
            SQL(
                """UPDATE res_partner p SET sales_territory_id = v.territory
                FROM unnest(
                    %s::integer[], %s::integer[], %s::integer[], %s::integer[],
                    %s::varchar[], %s::varchar[], %s::integer[], %s::integer[]
                ) AS v(company, country, state, industry, city, zip, current, territory)
                WHERE p.sales_territory_manual IS NOT TRUE
                  AND COALESCE(p.company_id, 0) = v.company
                  AND COALESCE(p.country_id, 0) = v.country
                  AND COALESCE(p.state_id, 0) = v.state
                  AND COALESCE(p.industry_id, 0) = v.industry
                  AND COALESCE(p.city, '') = v.city AND COALESCE(p.zip, '') = v.zip
                  AND COALESCE(p.sales_territory_id, 0) = v.current
                RETURNING p.id""",
                *(list(column) for column in zip(*changed, strict=True)),
            )
        )
        partners = self.env["res.partner"].browse([row[0] for row in rows])
        partners.invalidate_recordset(["sales_territory_id"], flush=False)
        self.env["sales.credit"]._mark("*partner_id", partners.ids)

    @api.model
    def _check_ties(self):
        """:raise ValidationError: names two territories that would tie"""
        for first, second in find_ties(self._get_rules()):
            # sudo: the error names both rules, also another company's
            rules = self.env["sales.territory.rule"].sudo()
            first, second = rules.browse(first.id), rules.browse(second.id)
            raise ValidationError(
                self.env._(
                    "A customer could belong to %(first)s (%(first_rule)s) as well as "
                    "to %(second)s (%(second_rule)s), and neither rule is more "
                    "specific. Add a criterion to one of them.",
                    first=first.territory_id.complete_name,
                    first_rule=first.display_name,
                    second=second.territory_id.complete_name,
                    second_rule=second.display_name,
                )
            )
