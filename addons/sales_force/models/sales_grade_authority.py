from odoo import fields, models


class SalesGrade(models.Model):
    """What a grade may decide about without asking who is above."""

    _inherit = "sales.grade"

    approval_discount = fields.Float(
        "May Give a Discount up to (%)",
        digits=(5, 2),
        help="What is above goes to the manager, and on to who may decide about it.",
    )
    approval_margin = fields.Float(
        "May Go down to a Margin of (%)",
        digits=(5, 2),
        default=100.0,
        help="100: about no margin.",
    )
    approval_amount = fields.Float(
        "May Decide up to an Amount of",
        digits=(16, 2),
        help="Untaxed amount in company currency: about limits, terms, products and "
        "overdue customers. 0: about none.",
    )

    _approval_limits = models.Constraint(
        "CHECK (approval_discount >= 0 AND approval_amount >= 0)",
        "What a grade may decide about is not negative.",
    )

    def _get_authority(self, kind):
        """The limit for ``discount``, ``margin`` or ``amount``; no grade, no authority.

        Comparable with the exposure of a finding: of margins the less the more.
        """
        if not self:
            return float("-inf")
        limit = self[f"approval_{kind}"]
        return -limit if kind == "margin" else limit

    def _may_decide(self, finding):
        return finding.exposure <= self._get_authority(finding.condition.authority)
