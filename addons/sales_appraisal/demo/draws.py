"""A guarantee in ramp-up, and a draw that is partly given back."""

from dateutil.relativedelta import relativedelta

GUARANTEE = ("Guarantee in Ramp-up", "入职保底")
DRAW = ("Draw on Commission", "提成预支")
AGREED = (
    "Advanced while the new district is being built up; given back by half.",
    "开拓新片区期间预支，之后按一半扣回。",
)


class Draws:
    """:param env: superuser's, of the company; :param first: the first day of the
    current month"""

    def __init__(self, env, first):
        self.env, self.first = env, first
        self.begin = first - relativedelta(months=3)

    def get_rules(self, people):
        """Rules of the plan of reps, as ``Commission.prepare_rule`` takes them.

        The guarantee is above what the newest of them has earned in any month.
        """
        newest = people.sorted(lambda rep: (rep.date_start, rep.id))[-1:]
        minimum = self.get_more_than_earned(newest, self.first)
        return (
            (
                GUARANTEE,
                {
                    "kind": "guarantee",
                    "sequence": 90,
                    "amounts": ((1, minimum), (4, minimum / 2), (7, 0)),
                },
            ),
            (DRAW, {"kind": "draw", "sequence": 91, "recovery_percent": 50}),
        )

    def load(self, word):
        """An agreement with who has sold most last month, for the two months before.

        :param word: picks the language
        """
        draw = self.env["sales.commission.rule"].search(
            [("plan_id.company_id", "=", self.env.company.id), ("kind", "=", "draw")],
            limit=1,
        )
        plan, last = draw.plan_id, self.first - relativedelta(months=1)
        members = plan._get_members(self.begin, last)
        rows = self.get_invoiced(
            self.env["sales.rep"].browse(row[0] for row in members), last
        )
        rep = max(rows, key=lambda row: (row[2], -row[0].id))[0]
        self.env["sales.commission.draw"].create(
            {
                "rep_id": rep.id,
                "plan_id": plan.id,
                "amount": self.get_more_than_earned(rep, last),
                "date_from": self.begin,
                "date_to": last - relativedelta(days=1),
                "note": word(AGREED),
            }
        )

    def get_more_than_earned(self, rep, before):
        """At the highest rate on the best month, and some customers."""
        best = max(
            (row[2] for row in self.get_invoiced(rep, self.begin, before)), default=0
        )
        return round(best * 0.05 + 250, -2)

    def get_invoiced(self, reps, start, before=None):
        """``[(rep, month, invoiced)]`` from a day on until before another one."""
        return self.env["sales.credit"]._read_group(
            [
                ("metric_id.code", "=", "INVOICED"),
                ("rep_id", "in", reps.ids),
                ("date", ">=", start),
                ("date", "<", before or self.first),
            ],
            ["rep_id", "date:month"],
            ["value:sum"],
        )
