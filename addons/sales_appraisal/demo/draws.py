"""A guarantee in ramp-up, and a draw that is partly given back."""

from dateutil.relativedelta import relativedelta

GUARANTEE = ("Guarantee in Ramp-up", "入职保底")
DRAW = ("Draw on Commission", "提成预支")
AGREED = (
    "Advanced while the new district is being built up; given back by half.",
    "开拓新片区期间预支，之后按一半扣回。",
)


def get_rules(usual):
    """Rules of the plan of reps, as ``Commission.prepare_rule`` takes them.

    :param usual: what a rep is usually credited with in a month
    """
    minimum = round(usual * 0.03, -2)
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


class Draws:
    """:param first: the first day of the current month; :param word: picks the
    language"""

    def __init__(self, env, company, first, word):
        self.env, self.company, self.first, self.word = env, company, first, word

    def load(self, usual):
        """An agreement with the rep who was there first, for two of the months that
        are closed by now."""
        draw = self.env["sales.commission.rule"].search(
            [("plan_id.company_id", "=", self.company.id), ("kind", "=", "draw")],
            limit=1,
        )
        plan, begin = draw.plan_id, self.first - relativedelta(months=3)
        members = plan._get_members(begin, self.first)
        reps = self.env["sales.rep"].browse(rep for rep, _first, _last in members)
        self.env["sales.commission.draw"].create(
            {
                "rep_id": reps.sorted(lambda rep: (rep.date_start, rep.id))[:1].id,
                "plan_id": plan.id,
                "amount": round(usual * 0.2, -2),
                "date_from": begin,
                "date_to": self.first - relativedelta(months=1, days=1),
                "note": self.word(AGREED),
            }
        )
