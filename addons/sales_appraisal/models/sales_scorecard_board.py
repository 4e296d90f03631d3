from odoo import api, models
from odoo.exceptions import AccessError

from odoo.addons.sales_force.ledger.apportion import apportion


class SalesScorecard(models.Model):
    """The calibration board: the cards of a group by grade, against the rule."""

    _inherit = "sales.scorecard"

    @api.model
    @api.readonly
    def get_calibration_board(self, group=None):
        """The cards of one template and period that the user may read, by grade.

        :param group: ``[template's id, first day]``; None: the last one in calibration
        :return: ``groups`` to choose from, ``group``, ``grades`` with the ``share`` of
            the rule, the ``quota`` in whole people (None where nothing is forced), how
            many ``people`` have it, and their ``cards``: ``id name part team score
            by_score is_moved state may_move``
        :raise AccessError: for who does not calibrate
        """
        if not self._is_calibrator():
            raise AccessError(
                self.env._("A regional manager or director calibrates scorecards.")
            )
        groups = self._get_groups()
        chosen = self._choose_group(groups, group)
        if not chosen:
            return {"groups": [], "group": False, "grades": []}
        template = self.env["sales.scorecard.template"].browse(chosen["template_id"])
        cards = self._get_group(template, chosen["period_from"]).sorted(
            lambda card: (-card.score, card.subject, card.id)
        )
        people = cards.filtered("has_score")._get_people()
        grades = self.env["sales.scorecard.grade"].search([])
        shares = [round(grade.share * 100) for grade in grades]
        forced = (
            template.forced and len(people) >= template.forced_minimum and any(shares)
        )
        quotas = apportion(len(people), shares) if forced else [None] * len(grades)
        return {
            "groups": groups,
            "group": chosen,
            "is_forced": bool(template.forced),
            "too_few": bool(template.forced) and not forced,
            "minimum": template.forced_minimum,
            "count": len(cards),
            "waiting": len(
                cards.filtered(lambda c: c.state in ("open", "self", "manager"))
            ),
            "grades": [
                {
                    "id": grade.id,
                    "name": grade.name,
                    "meaning": grade.meaning or "",
                    "share": grade.share,
                    "quota": quota,
                    "people": len(
                        cards.filtered(lambda c, g=grade: c.grade_id == g)._get_people()
                    ),
                    "by_score": len(
                        cards.filtered(
                            lambda c, g=grade: c.score_grade_id == g
                        )._get_people()
                    ),
                    "cards": [
                        card._prepare_board_card()
                        for card in cards.filtered(lambda c, g=grade: c.grade_id == g)
                    ],
                }
                for grade, quota in zip(grades, quotas, strict=True)
            ],
        }

    def _get_groups(self):
        """Templates and periods that have cards, the last first."""
        rows = self._read_group(
            [("state", "!=", "open")],
            ["template_id", "period_from:day"],
            ["__count"],
            order="period_from:day DESC, template_id",
            limit=60,
        )

        def label(template, day):
            return self.new(
                {
                    "period": template.period,
                    "period_from": day,
                    "company_id": template.company_id.id,
                }
            ).period_label

        return [
            {
                "key": f"{template.id}/{day}",
                "template_id": template.id,
                "period_from": str(day),
                "name": f"{template.display_name} · " f"{label(template, day)}",
            }
            for template, day, _count in rows
        ]

    @api.model
    def _choose_group(self, groups, group):
        if group:
            key = f"{group[0]}/{group[1]}"
            return next(
                (g for g in groups if g["key"] == key), groups[:1] and groups[0]
            )
        waiting = self.search(
            [("state", "=", "calibration")], order="period_from desc, id", limit=1
        )
        key = f"{waiting.template_id.id}/{waiting.period_from}"
        return next((g for g in groups if g["key"] == key), groups[:1] and groups[0])

    def _prepare_board_card(self):
        return {
            "id": self.id,
            "rep_id": self.rep_id.id,
            "name": self.subject,
            "part": "" if self.share == 100 else f"{round(self.share)} %",
            "team": self.team_id.name if self.rep_id and self.team_id else "",
            "score": self.score,
            "by_score": self.score_grade_id.name or "",
            "grade_id": self.grade_id.id,
            "is_moved": self.grade_id != self.score_grade_id,
            "state": dict(self._fields["state"]._description_selection(self.env))[
                self.state
            ],
            "may_move": self.state == "calibration" and self.may_calibrate,
            "reason": self.move_ids[:1].reason or "",
        }
