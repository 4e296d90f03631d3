from odoo import fields, models


class SalesScorecardGrade(models.Model):
    """What a score is called: S, A, B, C, D, or the company's own.

    Not a rep's step on the career ladder, which is ``sales.grade``.
    """

    _name = "sales.scorecard.grade"
    _description = "Appraisal Grade"
    _order = "score_min desc, id"

    name = fields.Char(required=True, translate=True)
    meaning = fields.Char(translate=True, help="What it says about a period's work.")
    active = fields.Boolean(default=True)
    score_min = fields.Float(
        "From Score",
        digits=(16, 2),
        required=True,
        help="The lowest score with this grade; what is below all grades has the "
        "lowest one.",
    )
    share = fields.Float(
        "Share (%)",
        digits=(5, 2),
        help="Of the people of a group, where the distribution is forced. As whole "
        "people, by largest remainder.",
    )
    color = fields.Integer()

    _score_uniq = models.UniqueIndex(
        "(score_min) WHERE active", "Two grades cannot begin at the same score."
    )
    _share_range = models.Constraint(
        "CHECK (share BETWEEN 0 AND 100)", "A share is between 0 and 100 percent."
    )

    def _get_by_score(self, score):
        """The grade of a score among these.

        :param score: None where nothing applies: no grade
        """
        if score is None:
            return self.browse()
        ranked = self.sorted("score_min", reverse=True)
        return (
            ranked.filtered(lambda grade: grade.score_min <= score)[:1] or ranked[-1:]
        )
