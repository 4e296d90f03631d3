from odoo import fields, models


class SalesConsequence(models.Model):
    """What is done when a proposal is approved: once, by kind.

    Each kind has a method ``_apply_<kind>`` of proposals of that kind, as superuser in
    the name of the last approver, that returns ``{proposal: record}`` of what it made.
    """

    _inherit = "sales.consequence"

    def _apply(self):
        for kind, proposals in self.grouped("kind").items():
            for proposal, record in getattr(proposals, f"_apply_{kind}")().items():
                if record:
                    proposal.write(
                        {"result_model": record._name, "result_id": record.id}
                    )

    def _apply_promotion(self):
        """The new career grade counts from the first of the next month, so that no
        month is split."""
        promotions = self.env["sales.promotion"].create(
            [
                {
                    "rep_id": proposal.rep_id.id,
                    "grade_id": proposal.to_grade_id.id,
                    "date": fields.Date.add(
                        proposal.company_id._get_sales_today(), months=1
                    ).replace(day=1),
                    "reason": f"{proposal.rule_id.name}: {proposal.grade_history}",
                }
                for proposal in self
            ]
        )
        return dict(zip(self, promotions, strict=True))

    def _apply_demotion(self):
        return self._apply_promotion()

    def _apply_salary(self):
        """On the list of the salary review; wages are kept elsewhere."""
        return {}

    def _apply_warning(self):
        return self._record_conduct()

    def _apply_reward(self):
        return self._record_conduct()

    def _record_conduct(self):
        """A case that is decided: the rep can appeal as against any other."""
        cases = self.env["sales.conduct"].create(
            [
                {
                    "rep_id": proposal.rep_id.id,
                    "category_id": proposal.rule_id.category_id.id,
                    "points": proposal.rule_id.points,
                    "date": proposal.company_id._get_sales_today(),
                    "description": proposal._get_letter(),
                    "state": "confirmed",
                    "decision": proposal.decision or proposal.rule_id.name,
                    "decided_on": proposal.decided_on,
                    "decided_by_id": proposal.decided_by_id.id,
                }
                for proposal in self
            ]
        )
        return dict(zip(self, cases, strict=True))

    def _get_letter(self):
        """What the rep reads, in the rep's language."""
        proposal = self.with_context(lang=self.user_id.lang)
        return "\n\n".join(filter(None, [proposal.rule_id.letter, proposal.reason]))

    def _apply_coaching(self):
        """A coaching plan about the weakest line of the last card, for the coach to
        review; who approves last may be another."""
        made = {}
        for proposal in self:
            card = proposal.card_ids.sorted("date_to")[-1]
            plan = self.env["sales.coaching"]._open_from_card(card, proposal.reason)
            if plan.state == "draft" and not plan._get_coach_task():
                plan._ask_review()
            made[proposal] = plan
        return made
