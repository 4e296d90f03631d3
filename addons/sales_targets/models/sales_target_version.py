from odoo import api, fields, models
from odoo.tools import SQL


class SalesTargetVersion(models.Model):
    """A change of a published plan: who, when, why, and each target that it changed."""

    _name = "sales.target.version"
    _description = "Version of a Target Plan"
    _order = "plan_id, number desc"
    _log_access = False

    plan_id = fields.Many2one(
        "sales.target.plan",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="plan_id.company_id", store=True)
    number = fields.Integer("Version", required=True, readonly=True)
    date = fields.Datetime("Changed On", required=True, readonly=True)
    user_id = fields.Many2one("res.users", "Changed By", required=True, readonly=True)
    reason = fields.Char(readonly=True)
    change_ids = fields.One2many("sales.target.change", "version_id", "Changes")
    change_count = fields.Integer("Targets Changed", compute="_compute_change_count")

    _number_uniq = models.UniqueIndex("(plan_id, number)")

    @api.depends("number")
    def _compute_display_name(self):
        for version in self:
            version.display_name = self.env._(
                "%(plan)s, version %(number)s",
                plan=version.plan_id.name,
                number=version.number,
            )

    def _compute_change_count(self):
        counts = dict(
            self.env["sales.target.change"]._read_group(
                [("version_id", "in", self.ids), ("period", "=", "total")],
                ["version_id"],
                ["__count"],
            )
        )
        for version in self:
            version.change_count = counts.get(version, 0)

    @api.model
    def _open(self, plan, reason, before=None):
        """Record what has changed since, as one version.

        :param before: the rows before the change, as the plan reads them; none for the
            first version, which has no changes
        """
        # sudo: versions are written by the system, whoever changes a plan
        version = self.sudo().create(
            {
                "plan_id": plan.id,
                "number": max(plan.version_ids.mapped("number"), default=0) + 1,
                "date": fields.Datetime.now(),
                "user_id": self.env.uid,
                "reason": reason,
            }
        )
        if before is None:
            return version
        rows = [row for periods in before.values() for row in periods.values()]
        changed = self.env.execute_query(
            SQL(
                """
                WITH former AS (
                    SELECT * FROM unnest(%(keys)s::varchar[], %(periods)s::varchar[],
                        %(dates)s::date[], %(values)s::numeric[])
                        AS f(key, period, date_from, value)
                )
                INSERT INTO sales_target_change (version_id, company_id, target_id,
                    key, period, date_from, value_before, value)
                SELECT %(version)s, %(company)s, t.id,
                    COALESCE(t.key, f.key), COALESCE(t.period, f.period),
                    COALESCE(t.date_from, f.date_from), COALESCE(f.value, 0),
                    COALESCE(t.value, 0)
                FROM former f
                FULL JOIN (
                    SELECT * FROM sales_target WHERE plan_id = %(plan)s
                ) t ON t.key = f.key AND t.period = f.period
                    AND t.date_from = f.date_from
                WHERE COALESCE(f.value, 0) <> COALESCE(t.value, 0)
                RETURNING id
                """,
                keys=[row["key"] for row in rows],
                periods=[row["period"] for row in rows],
                dates=[row["date_from"] for row in rows],
                values=[row["value"] for row in rows],
                version=version.id,
                company=plan.company_id.id,
                plan=plan.id,
            )
        )
        if not changed:
            version.unlink()
        self.env["sales.target.change"].invalidate_model(flush=False)
        return version


class SalesTargetChange(models.Model):
    """What a version changed: a target in total or in a month, before and after."""

    _name = "sales.target.change"
    _description = "Change of a Target"
    _order = "version_id, key, period desc, date_from"
    _log_access = False

    version_id = fields.Many2one(
        "sales.target.version",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one("res.company", readonly=True)
    target_id = fields.Many2one(
        "sales.target", readonly=True, index="btree_not_null", ondelete="set null"
    )
    key = fields.Char(readonly=True)
    period = fields.Selection(
        [("total", "In total"), ("month", "Month")], readonly=True
    )
    date_from = fields.Date("From", readonly=True)
    value_before = fields.Float("Before", digits=(16, 2), readonly=True)
    value = fields.Float("After", digits=(16, 2), readonly=True)
    difference = fields.Float(digits=(16, 2), compute="_compute_difference")

    @api.depends("value", "value_before")
    def _compute_difference(self):
        for change in self:
            change.difference = round(change.value - change.value_before, 2)
