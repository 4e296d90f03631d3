"""Who may get which customer or lead: what the rules of assignment ask."""

from collections import defaultdict

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

BY_TERRITORY = [
    ("any", "To anybody"),
    ("prefer", "To who covers the territory first"),
    ("require", "Only to who covers the territory"),
]


class SalesRep(models.Model):
    _inherit = "sales.rep"

    def _get_fit(self, territory, industry, lang, by_territory):
        """Whether a rep may get what has these, and before whom.

        :param by_territory: see ``BY_TERRITORY``
        :return: 0 for those who come first, 1 for the others, None for who may not
        """
        covers = by_territory == "any" or self._covers(territory)
        if (
            (covers or by_territory == "prefer")
            and (not industry or industry in (self.industry_ids or industry))
            and (not lang or lang in (self.lang_ids or lang))
        ):
            return int(not covers)
        return None

    def _get_absent(self):
        """Who is on leave at this moment."""
        # sudo: whether somebody is at work is all that is asked
        reps = self.sudo()
        now = fields.Datetime.now()
        away = (
            reps.env["resource.calendar.leaves"]
            .search(
                [
                    ("resource_id", "in", reps.employee_id.resource_id.ids),
                    ("date_from", "<=", now),
                    ("date_to", ">=", now),
                ]
            )
            .resource_id
        )
        return self & reps.filtered(lambda rep: rep.employee_id.resource_id & away)

    def _get_places(self, metric, days):
        """The place of each rep by the results of the last days, 1 for the best.

        :param metric: empty: what was ordered
        :param int days: today is one of them
        :return: ``{rep: place}``; who has no result comes after all who have one, and
            without a metric nobody has a place
        """
        # sudo: places are made of results that the user need not read
        metrics = self.env["sales.metric"].sudo()
        metric = metrics.browse(metric.ids or metrics._ids_by_code().get("ORDERED", ()))
        if not metric:
            return {}
        today = self.env.company._get_sales_today()
        since = fields.Date.subtract(today, days=days - 1)
        results = self._get_results(metric, since, today)
        sign = 1 if metric.higher_is_better else -1
        ordered = sorted(
            {result for result in results.values() if result is not None},
            key=lambda result: -sign * result,
        )
        place = {result: number for number, result in enumerate(ordered, 1)}
        return {rep: place.get(results.get(rep), len(place) + 1) for rep in self}

    def _get_results(self, metric, date_from, date_to):
        """The values of a metric between two days, without overlays.

        :return: ``{rep: value}``; None of a ratio without denominator
        """
        sums = defaultdict(dict)
        # sudo: places are made of results that the user need not read
        credits = self.env["sales.credit"].sudo()
        for rep, part, value in credits._read_group(
            [
                ("metric_id", "in", metric._get_parts().ids),
                ("rep_id", "in", self.ids),
                ("date", ">=", date_from),
                ("date", "<=", date_to),
                ("overlay", "=", False),
            ],
            ["rep_id", "metric_id"],
            ["value:sum"],
        ):
            sums[rep][part.id] = value
        return {rep: metric._evaluate(values) for rep, values in sums.items()}


class SalesPool(models.Model):
    _inherit = "sales.pool"

    def _get_rooms(self, reps):
        """How many more customers of pools reps may hold, where caps bind.

        :return: ``{(rep, (pool, class)): count}`` by ids, of all classes together with
            False
        """
        # sudo: caps bind everybody, whatever he may read
        pools = self.sudo()
        if "customers" not in pools.env["sales.pool.cap"]._get_kinds():
            return {}
        for model in ("res.partner", "sales.pool", "sales.rep"):
            self.env[model].flush_model()
        held = defaultdict(lambda: defaultdict(int))
        for rep_id, pool_id, class_id, count in self.env.execute_query(
            SQL(
                """SELECT r.id, e.pool_id, e.class_id, count(*)
                FROM sales_rep r
                JOIN res_partner p ON p.user_id = r.user_id AND p.active
                    AND p.commercial_partner_id = p.id
                JOIN sales_customer e ON e.partner_id = p.id
                    AND e.company_id = r.company_id
                JOIN sales_pool q ON q.id = e.pool_id
                WHERE r.id = ANY(%s) AND q.id = ANY(%s)
                  AND (q.cap_spares_buyers IS NOT TRUE OR e.last_date IS NULL)
                GROUP BY r.id, e.pool_id, e.class_id""",
                reps.ids,
                pools.ids,
            )
        ):
            held[rep_id, pool_id][class_id or False] = count
        rooms = {}
        for rep in reps:
            for pool in pools:
                counts = held[rep.id, pool.id]
                for cap in pool.cap_ids._get_of(rep.sudo(), "customers"):  # sudo: so
                    id_ = cap.class_id.id
                    count = counts[id_] if id_ else sum(counts.values())
                    rooms[rep.id, (pool.id, id_)] = max(0, cap.cap - count)
        return rooms


class SalesCustomer(models.Model):
    _inherit = "sales.customer"

    def _get_free(self):
        """Those without owner, who are active and customers of their own still."""
        # sudo: nothing is told but which ones
        free = self.partner_id.sudo().filtered(
            lambda partner: partner.active
            and not partner.user_id
            and partner == partner.commercial_partner_id
        )
        return self.filtered(lambda customer: customer.partner_id in free)

    def action_assign_by_rules(self):
        """Propose owners for those of these customers who have none.

        :raise AccessError: for users who are neither managers nor sales operations
        :raise UserError: when all have an owner, or they are of several companies
        """
        wizards = self.env["sales.customer.assign"]
        wizards._check_may_assign()
        free = self._get_free()
        if not free:
            raise UserError(self.env._("All of these customers have an owner."))
        if len(free.company_id) > 1:
            raise UserError(self.env._("Choose customers of one company."))
        wizard = wizards.create(
            {"company_id": free.company_id.id, "customer_ids": free.ids}
        )
        if wizard._get_available():
            return wizard.action_preview()
        return wizard._reopen()
