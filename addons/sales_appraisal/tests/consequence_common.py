from odoo.fields import Date

from ..scoring.periods import bounds
from .common import AppraisalCase


class ConsequenceCase(AppraisalCase):
    """Cards with the scores that a test asks for, and one rule in force."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["sales.consequence.rule"].search([]).write({"active": False})
        ladder = cls.env["sales.grade"]
        ladder.search([]).active = False
        cls.ladder = ladder.create(
            [
                {"name": name, "sequence": number}
                for number, name in enumerate(("Junior", "Senior", "Principal"))
            ]
        )
        reps = cls.env["sales.rep"].concat(*cls.reps.values())
        reps.with_context(sales_promoted=True).grade_id = cls.ladder[0]

    @classmethod
    def _rule(cls, run=True, **values):
        """Grade A or better three months running: a promotion."""
        rule = cls.env["sales.consequence.rule"].create(
            {
                "name": "Rule",
                "company_id": cls.company.id,
                "date_from": "2031-01-01",
                "pattern": "grade_min",
                "appraisal_grade_id": cls.grades["A"].id,
                "times": 3,
                "within": 3,
                "kind": "promotion",
                **values,
            }
        )
        if run:
            rule.action_publish()
        return rule

    @classmethod
    def _make_card(cls, name, month, score, state="confirmed", **values):
        """A card of a month of 2031 (or a date of a period) with a score."""
        day = Date.to_date(f"2031-{month:02}-01")
        period = values.pop("period", "month")
        start, stop = bounds(period, day)
        rep = cls.reps[name]
        grade = cls.env["sales.scorecard.grade"].search([])._get_by_score(score)
        card = cls.env["sales.scorecard"].create(
            {
                "rep_id": rep.id,
                "company_id": rep.company_id.id,
                "template_id": cls.template.id,
                "manager_id": rep.parent_id.id,
                "period": period,
                "period_from": start,
                "period_to": stop,
                "date_from": start,
                "date_to": stop,
                "has_score": True,
                "score": score,
                "score_grade_id": grade.id,
                "grade_id": grade.id,
                "state": "calibration",
                "confirmed_by_id": cls.users["manager"].id,
                "confirmed_on": "2031-01-01",
                **values,
            }
        )
        if state != "calibration":
            card._move(state)
        return card

    def _history(self, name, *scores, first=1):
        """Confirmed cards of consecutive months; the last one is returned."""
        for number, score in enumerate(scores, first):
            card = self._make_card(name, number, score)
        return card

    def _proposals(self, name=None, **leaves):
        domain = [(field, "=", value) for field, value in leaves.items()]
        if name:
            domain.append(("rep_id", "=", self.reps[name].id))
        return self.env["sales.consequence"].search(domain, order="id")

    def _as(self, name, proposal):
        return proposal.with_user(self.users[name])
