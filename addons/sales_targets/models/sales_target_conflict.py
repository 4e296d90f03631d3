"""Why a plan cannot be divided, in words."""

from odoo import models

from ..wording import format_month


class SalesTargetPlan(models.Model):
    _inherit = "sales.target.plan"

    def _explain_conflict(self, conflict, nodes):
        """What is in the way and how much, in the user's language."""
        months = self._get_months()
        names = ", ".join(self._get_names(conflict.keys, nodes)) or self.name
        at = ", ".join(
            format_month(self.env, months[number]) for number in conflict.months
        )
        values = {
            "names": names,
            "months": at,
            "amount": f"{self._to_amount(abs(conflict.missing)):,.2f}",
        }
        missing = conflict.missing > 0
        _ = self.env._
        if conflict.reason == "month":
            if missing:
                return _(
                    "%(names)s, %(months)s: all of it is locked, and %(amount)s are "
                    "left over. Unlock somebody.",
                    **values,
                )
            return _(
                "%(names)s, %(months)s: what is locked is %(amount)s more than there "
                "is to divide.",
                **values,
            )
        if conflict.reason == "year":
            if missing:
                return _(
                    "%(names)s: all months are locked, and %(amount)s of the year are "
                    "left over.",
                    **values,
                )
            return _(
                "%(names)s: the locked months are %(amount)s more than the year.",
                **values,
            )
        if conflict.reason == "least":
            return _(
                "%(names)s: the least they may get is %(amount)s more than there is.",
                **values,
            )
        if conflict.reason == "most":
            return _(
                "%(names)s: the most they may get is %(amount)s less than there is.",
                **values,
            )
        return _(
            "%(names)s, %(months)s: locks and limits leave no way to place %(amount)s.",
            **values,
        )

    def _get_names(self, keys, nodes):
        found = []
        for key in keys:
            node = nodes[key]
            if node.level == "holding":
                found.append(self.env._("Holding line"))
                continue
            model = {
                "company": "res.company",
                "territory": "sales.territory",
                "team": "crm.team",
                "rep": "sales.rep",
            }[node.level]
            record = self.env[model].browse(node.res_id or self.company_id.id)
            # sudo: who plans may know whom
            found.append(record.sudo().display_name)
        return found
