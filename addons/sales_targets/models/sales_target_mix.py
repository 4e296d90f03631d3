"""The product mix of each rep in a period, by the worths that the plan knew."""

from collections import defaultdict
from fractions import Fraction

from odoo import models
from odoo.tools import SQL

from ..planning.mix import mix


class SalesTarget(models.Model):
    _inherit = "sales.target"

    def _read_mixes(self, leaves, chain, mixed, start):
        """What the mix of each rep makes of the step that it splits.

        :param mixed: the driver; none: nothing is split
        :param date start: before which worths are learned where none were kept
        """
        if not mixed or not leaves:
            return
        spans = SQL(
            """SELECT * FROM unnest(%s::integer[], %s::integer[], %s::date[],
                %s::date[])""",
            [leaf.id for leaf in leaves],
            [leaf.rep_id for leaf in leaves],
            [leaf.start for leaf in leaves],
            [leaf.stop for leaf in leaves],
        )
        units = defaultdict(lambda: defaultdict(Fraction))
        for leaf_id, category, sold, _worth, _lines in chain._read_sold(
            mixed, self.company_id, spans
        ):
            units[leaf_id][category] += Fraction(sold)
        indices = self._get_indices(leaves, mixed, start)
        for leaf in leaves:
            leaf.mix = mix(units[leaf.id], indices[leaf.id])

    def _get_indices(self, leaves, mixed, start):
        """What each category is worth: ``{leaf's id: {category's id: Fraction}}``.

        As it was kept when the plan was committed; of who has come since, and where
        another step was split then, as it was before the period.
        """
        found = {
            leaf.id: {
                int(category): Fraction(index)
                for category, index in leaf.kept["indices"].items()
            }
            for leaf in leaves
            if leaf.kept and leaf.kept.get("mixed") == mixed.metric_id.code
        }
        others = [leaf for leaf in leaves if leaf.id not in found]
        learned = self.env["sales.driver"]._get_indices(
            self.metric_id,
            self.env["sales.rep"].browse({leaf.rep_id for leaf in others}),
            start,
        )
        by_rep = {rep.id: indices for rep, indices in learned.items()}
        return found | {leaf.id: by_rep[leaf.rep_id] for leaf in others}
