"""By which rates and on which days a target was to be reached, when it was planned."""

import json
from collections import defaultdict

from odoo import models
from odoo.tools import SQL


class SalesTargetPlan(models.Model):
    _inherit = "sales.target.plan"

    def _keep_drivers(self):
        """Keep each rep's rates and mix of today, and working days, with the targets.

        A deviation later on is from the plan as it was, not from what is known since.
        """
        self.ensure_one()
        leaves = self._get_leaves()
        # sudo: the calendars of everybody in the plan
        reps = leaves.sudo().rep_id
        driver = self.env["sales.driver"]
        chain = driver._get_chain(self.metric_id, self.company_id)
        codes = [step.metric_id.code for step in chain]
        today = self.company_id._get_sales_today()
        rates = driver._get_rates(self.metric_id, reps, today)
        indices = driver._get_indices(self.metric_id, reps, today)
        mixed = chain._get_mix().metric_id.code
        self._keep_json(
            "planned_rates",
            {
                leaf.id: {
                    "codes": codes,
                    # sudo: whose plan it is, as a key
                    "rates": [rate and str(rate) for rate in rates[leaf.rep_id.sudo()]],
                    "mixed": mixed,
                    "indices": {
                        category: str(index)
                        # sudo: whose plan it is, as a key
                        for category, index in indices[leaf.rep_id.sudo()].items()
                    },
                }
                for leaf in leaves
            },
        )
        worked = self.env["sales.working.time"].working_days(
            reps, self.date_from, self.date_to
        )
        days = {}
        for month in leaves.month_ids:
            if month.rep_id.id not in days:
                by_month = defaultdict(list)
                # sudo: whose plan it is, as a key
                for day in worked[month.rep_id.sudo()]:
                    by_month[day.replace(day=1)].append(day.day)
                days[month.rep_id.id] = by_month
        self._keep_json(
            "planned_days",
            {
                month.id: sorted(days[month.rep_id.id][month.date_from])
                for month in leaves.month_ids
            },
        )

    def _keep_json(self, name, values):
        """:param dict values: ``{target's id: what to keep}``"""
        self.env.cr.execute(
            SQL(
                """UPDATE sales_target t SET %s = v.value::jsonb
                FROM unnest(%s::integer[], %s::text[]) AS v(id, value)
                WHERE t.id = v.id""",
                SQL.identifier(name),
                list(values),
                [json.dumps(value) for value in values.values()],
            )
        )
        self.env["sales.target"].invalidate_model([name], flush=False)
