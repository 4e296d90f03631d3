from collections import defaultdict

from dateutil.relativedelta import relativedelta

from odoo import models
from odoo.tools import SQL

from ..scoring.analysis import Goal


class SalesAppraisalAnalysis(models.AbstractModel):
    """What the analysis is made of: read as sets, of the teams that a user may see."""

    _name = "sales.appraisal.analysis"
    _description = "Analysis of Appraisals"

    def _read_attainment(self, company, spans):
        """Targets of core goals and what was achieved of them, by rep and span of days.

        Counted are the days of the span, of the months in which the rep has a target
        of the metric.

        :param spans: ``[(first day, last day)]``
        :return: ``{(rep's id, first day): [Goal of each metric]}``
        """
        self.env["sales.credit"]._process_pending()
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                WITH goal AS (
                    SELECT s.start, s.stop, d.rep_id, p.metric_id,
                        date_trunc('month', d.date)::date AS month,
                        (date_trunc('month', d.date) + interval '1 month - 1 day')::date
                            AS month_end,
                        sum(d.value) AS value,
                        count(DISTINCT d.date) FILTER (WHERE d.value <> 0) AS days
                    FROM unnest(%(starts)s::date[], %(stops)s::date[]) s(start, stop)
                    JOIN sales_target_day d ON d.date BETWEEN s.start AND s.stop
                    JOIN sales_target t ON t.id = d.target_id
                    JOIN sales_target_plan p ON p.id = t.plan_id
                        AND p.kind = 'core' AND p.state <> 'draft'
                    WHERE p.company_id = %(company)s
                    GROUP BY s.start, s.stop, d.rep_id, p.metric_id, 5, 6
                ), part AS (
                    SELECT start, rep_id, metric_id, value AS target, days,
                        0 AS achieved
                    FROM goal
                    UNION ALL
                    SELECT g.start, g.rep_id, g.metric_id, 0, 0, m.value
                    FROM goal g
                    JOIN sales_credit_month m ON m.rep_id = g.rep_id
                        AND m.metric_id = g.metric_id AND m.month = g.month
                        AND m.company_id = %(company)s
                    WHERE g.start <= g.month AND g.stop >= g.month_end
                    UNION ALL
                    SELECT g.start, g.rep_id, g.metric_id, 0, 0, c.value
                    FROM goal g
                    JOIN sales_credit c ON c.rep_id = g.rep_id
                        AND c.metric_id = g.metric_id
                        AND c.date BETWEEN GREATEST(g.start, g.month)
                            AND LEAST(g.stop, g.month_end)
                        AND c.company_id = %(company)s AND NOT c.overlay
                    WHERE g.start > g.month OR g.stop < g.month_end
                )
                SELECT rep_id, start, metric_id, sum(target)::float,
                    sum(achieved)::float, sum(days)::integer
                FROM part GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
                """,
                company=company.id,
                starts=[start for start, _stop in spans],
                stops=[stop for _start, stop in spans],
            )
        )
        found = defaultdict(list)
        for rep, start, *values in rows:
            found[rep, start].append(Goal(*values))
        return found

    def _get_seen(self, company):
        """Below whom teams may be seen; None: all of the company.

        :return: paths of reps
        """
        user = self.env.user
        if self.env.su or user.has_groups(
            "sales_force.group_sales_director,sales_force.group_sales_operations"
        ):
            return None
        reps = user.sales_rep_ids.filtered(lambda rep: rep.company_id == company)
        return tuple(rep.parent_path for rep in reps) or ("",)

    def _read_stays(self, company, start, stop, team=None):
        """Who was where, on days when a manager of theirs was seen.

        :return: rows of ``rep_id team_id first last date_start date_end``
        """
        self.env.flush_all()
        paths = self._get_seen(company)
        seen = (
            SQL("TRUE")
            if paths is None
            else SQL(
                "m.parent_path LIKE ANY(%s)",
                [f"{path}%" if path else "" for path in paths],
            )
        )
        return self.env.execute_query_dict(
            SQL(
                """
                SELECT a.rep_id, a.team_id,
                    GREATEST(a.date_from, r.date_start) AS first,
                    LEAST(a.date_to, r.date_end) AS last, r.date_start, r.date_end
                FROM sales_rep_assignment a
                JOIN sales_rep r ON r.id = a.rep_id
                LEFT JOIN sales_rep m ON m.id = a.manager_id
                WHERE r.company_id = %(company)s AND a.team_id IS NOT NULL
                  AND (%(team)s::integer IS NULL OR a.team_id = %(team)s)
                  AND GREATEST(a.date_from, r.date_start) <= %(stop)s
                  AND COALESCE(LEAST(a.date_to, r.date_end), %(stop)s) >= %(start)s
                  AND %(seen)s
                ORDER BY a.team_id, a.rep_id, a.date_from
                """,
                company=company.id,
                team=team,
                start=start,
                stop=stop,
                seen=seen,
            )
        )

    @staticmethod
    def _get_year(stop):
        """The twelve months of the calendar that end with the one of a day."""
        return stop + relativedelta(months=-11, day=1), stop
