from dateutil.relativedelta import relativedelta

from odoo import models
from odoo.tools import SQL


class SalesAppraisalAnalysis(models.AbstractModel):
    """What the analysis is made of: read as sets, of the teams that a user may see."""

    _name = "sales.appraisal.analysis"
    _description = "Analysis of Appraisals"

    def _read_attainment(self, company, start, stop):
        """Targets of core goals and what was achieved of them, by rep and month.

        :return: ``{(rep's id, first day of the month): (target, achieved)}``
        """
        self.env["sales.credit"]._process_pending()
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                WITH target AS (
                    SELECT d.rep_id, p.metric_id,
                        date_trunc('month', d.date)::date AS month,
                        sum(d.value) AS value
                    FROM sales_target_day d
                    JOIN sales_target t ON t.id = d.target_id
                    JOIN sales_target_plan p ON p.id = t.plan_id
                        AND p.kind = 'core' AND p.state <> 'draft'
                    WHERE p.company_id = %(company)s
                      AND d.date BETWEEN %(start)s AND %(stop)s
                    GROUP BY 1, 2, 3
                )
                SELECT g.rep_id, g.month, g.value, COALESCE(sum(c.value), 0)
                FROM target g
                LEFT JOIN sales_credit_month c ON c.rep_id = g.rep_id
                    AND c.metric_id = g.metric_id AND c.month = g.month
                    AND c.company_id = %(company)s
                GROUP BY g.rep_id, g.metric_id, g.month, g.value
                """,
                company=company.id,
                start=start,
                stop=stop,
            )
        )
        found = {}
        for rep, month, target, achieved in rows:
            before = found.get((rep, month), (0, 0))
            found[rep, month] = (
                before[0] + float(target),
                before[1] + float(achieved),
            )
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
        """The twelve months that end with the one of a day.

        Whole months: what was achieved is known by month.
        """
        return stop + relativedelta(months=-11, day=1), stop
