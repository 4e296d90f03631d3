from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.sales_force.models.sales_credit import LedgerMany2one

from ..planning.days import spread


class SalesTargetDay(models.Model):
    """A rep's target of a day: the month over the days on which the rep works.

    Derived from the rep's calendar, leave, public holidays and make-up working days;
    days that are over keep what they had. Written as a set.
    """

    _name = "sales.target.day"
    _description = "Target of a Day"
    _order = "date, id"
    _log_access = False
    _rec_name = "date"

    # Without foreign keys, which would check each of so many days: rows of targets are
    # deleted in one place, with their days, while the plan is locked.
    target_id = LedgerMany2one(
        "sales.target", "Target of the Month", required=True, readonly=True
    )
    plan_id = fields.Many2one(related="target_id.plan_id")
    company_id = fields.Many2one(related="target_id.company_id")
    rep_id = LedgerMany2one("sales.rep", required=True, readonly=True)
    date = fields.Date(required=True, readonly=True)
    value = fields.Float("Target", digits=(16, 2), readonly=True)
    hours = fields.Float(
        "Working Hours",
        digits=(16, 3),
        readonly=True,
        help="By which it is weighed; times the weekday's weight, where these differ.",
    )

    _day_uniq = models.UniqueIndex("(target_id, date)")
    _rep_idx = models.Index("(rep_id, date)")

    @api.model
    def _derive(self, plan, reps=None):
        """Spread the months of reps over their days again.

        :param reps: whose; all of the plan's when None
        """
        plan._lock_plan()
        today = plan.company_id._get_sales_today()
        cells = self._read_cells(plan, reps)
        if not cells:
            return
        # sudo: the calendars of everybody in the plan
        people = self.env["sales.rep"].sudo().browse({rep for _id, rep, *_ in cells})
        hours = self.env["sales.working.time"].working_days(
            people, plan.date_from, plan.date_to
        )
        # Reps who work by the same calendar share their days.
        known, monthly, weekdays = {}, {}, plan._get_weekdays()
        for rep, days in hours.items():
            if id(days) not in known:
                by_month = known[id(days)] = defaultdict(dict)
                for day, worked in days.items():
                    weight = weekdays[day.weekday()]
                    by_month[day.replace(day=1)][day] = round(worked * weight, 3)
            monthly[rep.id] = known[id(days)]
        kept = self._read_kept(plan, today, reps)
        rows = []
        for target_id, rep_id, first, units, active_from in cells:
            past = kept.get(target_id, {})
            worked = monthly[rep_id].get(first, {})
            if active_from > first:
                worked = {d: hours for d, hours in worked.items() if d >= active_from}
            for day, part in spread(units, worked, past).items():
                rows.append((target_id, rep_id, day, part, worked.get(day, 0.0)))
        self._merge(plan, rows, [cell[0] for cell in cells])

    def _read_cells(self, plan, reps):
        """``[(id, rep's id, first day, units, since when)]`` of the reps' months."""
        return self.env.execute_query(
            SQL(
                """SELECT m.id, m.rep_id, m.date_from, %s,
                    COALESCE(t.active_from, t.date_from)
                FROM sales_target m JOIN sales_target t ON t.id = m.total_id
                WHERE m.plan_id = %s AND m.level = 'rep' AND m.period = 'month' AND %s
                ORDER BY m.id""",
                self._in_units(plan, SQL("m.value")),
                plan.id,
                self._of_reps("m", reps),
            )
        )

    @staticmethod
    def _of_reps(alias, reps):
        if reps is None:
            return SQL("TRUE")
        return SQL("%s = ANY(%s)", SQL.identifier(alias, "rep_id"), reps.ids)

    def _read_kept(self, plan, day, reps=None):
        """What days before a day have: ``{target's id: {date: units}}``."""
        kept = defaultdict(dict)
        for target_id, date, units in self.env.execute_query(
            SQL(
                "SELECT d.target_id, d.date, %s %s AND %s",
                self._in_units(plan, SQL("d.value")),
                self._from_before(plan, day),
                self._of_reps("t", reps),
            )
        ):
            kept[target_id][date] = units
        return kept

    def _sum_kept(self, plan, day):
        """What days before a day have together: ``{target's id: units}``."""
        return dict(
            self.env.execute_query(
                SQL(
                    "SELECT d.target_id, %s %s GROUP BY d.target_id",
                    self._in_units(plan, SQL("sum(d.value)")),
                    self._from_before(plan, day),
                )
            )
        )

    @staticmethod
    def _in_units(plan, value):
        return SQL("round(%s / %s::numeric)::bigint", value, plan.unit)

    @staticmethod
    def _from_before(plan, day):
        return SQL(
            """FROM sales_target t JOIN sales_target_day d ON d.target_id = t.id
            WHERE t.plan_id = %s AND t.level = 'rep' AND t.period = 'month'
              AND d.date < %s""",
            plan.id,
            day,
        )

    def _merge(self, plan, rows, target_ids):
        """Write the days of these months as they are now, only what differs."""
        # As text: PostgreSQL parses an array faster than as many values. EXCEPT reads
        # both sides to their end, whatever is thought of how many days there are: a
        # loop would look through all those that it has just inserted, again and again.
        # In the order of the indexes they grow at their ends.
        columns = [
            "{" + ",".join(map(str, column)) + "}" for column in zip(*rows, strict=True)
        ] or ["{}"] * 5
        self.env.cr.execute(
            SQL(
                """
                WITH new AS MATERIALIZED (
                    SELECT target_id, rep_id, date, units * %(unit)s::numeric AS value,
                        hours
                    FROM unnest(%(ids)s::integer[], %(reps)s::integer[],
                        %(dates)s::date[], %(units)s::bigint[], %(hours)s::numeric[])
                        AS n(target_id, rep_id, date, units, hours)
                ), there AS MATERIALIZED (
                    SELECT target_id, rep_id, date, value, hours
                    FROM sales_target_day WHERE target_id = ANY(%(targets)s)
                ), gone AS (
                    DELETE FROM sales_target_day d
                    USING (
                        SELECT target_id, date FROM there
                        EXCEPT SELECT target_id, date FROM new
                    ) g
                    WHERE d.target_id = g.target_id AND d.date = g.date
                )
                INSERT INTO sales_target_day (target_id, rep_id, date, value, hours)
                SELECT * FROM new EXCEPT SELECT * FROM there
                ORDER BY rep_id, target_id, date
                ON CONFLICT (target_id, date) DO UPDATE SET
                    value = EXCLUDED.value, hours = EXCLUDED.hours
                """,
                ids=columns[0],
                reps=columns[1],
                dates=columns[2],
                units=columns[3],
                unit=plan.unit,
                hours=columns[4],
                targets=target_ids,
            )
        )
        self.invalidate_model(flush=False)

    @api.model
    def _cron_derive(self):
        """Each night: leave and holidays that were entered since count."""
        for plan in self.env["sales.target.plan"].search(
            [("state", "in", ("proposed", "committed", "running"))]
        ):
            self._derive(plan)
