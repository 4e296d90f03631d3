from odoo import api, fields, models


class SalesTerritory(models.Model):
    """A part of the market, down to any depth."""

    _name = "sales.territory"
    _description = "Sales Territory"
    _order = "complete_name, id"
    _rec_name = "complete_name"
    _parent_store = True
    _check_company_auto = True

    name = fields.Char(required=True)
    code = fields.Char()
    complete_name = fields.Char(
        compute="_compute_complete_name", store=True, recursive=True
    )
    parent_id = fields.Many2one(
        "sales.territory",
        "Part Of",
        ondelete="restrict",
        index=True,
        check_company=True,
    )
    parent_path = fields.Char(index=True)
    child_ids = fields.One2many("sales.territory", "parent_id", "Parts")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index=True)
    rule_ids = fields.One2many("sales.territory.rule", "territory_id", "Matching Rules")

    @api.depends("name", "parent_id.complete_name")
    def _compute_complete_name(self):
        for territory in self:
            if territory.parent_id:
                territory.complete_name = (
                    f"{territory.parent_id.complete_name} / {territory.name}"
                )
            else:
                territory.complete_name = territory.name

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


class SalesTerritoryRule(models.Model):
    """Which customers belong to a territory: all criteria of a rule must be met."""

    _name = "sales.territory.rule"
    _description = "Matching Rule of a Territory"

    territory_id = fields.Many2one(
        "sales.territory", required=True, ondelete="cascade", index=True
    )
    country_id = fields.Many2one("res.country")
