from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.sales_force.models.sales_stamped_mixin import TOOLS

from .sales_scorecard import READERS


class SalesScorecardAppeal(models.Model):
    """Why a rep does not accept a score, the evidence, and what was decided above."""

    _name = "sales.scorecard.appeal"
    _description = "Appeal against a Score"
    _inherit = ["sales.stamped.mixin", "mail.thread"]
    _order = "appealed_on desc, id desc"
    _rec_name = "card_id"

    card_id = fields.Many2one(
        "sales.scorecard", required=True, readonly=True, ondelete="restrict", index=True
    )
    rep_id = fields.Many2one(
        related="card_id.owner_id", string="Who Appeals", store=True
    )
    user_id = fields.Many2one(related="card_id.user_id", store=True)
    company_id = fields.Many2one(related="card_id.company_id", store=True)
    reason = fields.Text(required=True, readonly=True)
    evidence_ids = fields.Many2many(
        "ir.attachment",
        "sales_scorecard_appeal_attachment_rel",
        "appeal_id",
        "attachment_id",
        "Evidence",
        readonly=True,
    )
    appealed_on = fields.Datetime(readonly=True, default=fields.Datetime.now)
    due_on = fields.Date("Decided Until", related="card_id.due_on")
    state = fields.Selection(
        [("open", "Open"), ("upheld", "Score upheld"), ("granted", "Appeal granted")],
        "Status",
        default="open",
        required=True,
        readonly=True,
        tracking=True,
    )
    score_before = fields.Float(digits=(16, 2), readonly=True)
    grade_before_id = fields.Many2one(
        "sales.scorecard.grade", "Grade Before", readonly=True, ondelete="restrict"
    )
    snapshot_before = fields.Json(
        readonly=True, help="Every input of the score that is contested."
    )
    snapshot_scores_before = fields.Json(
        "Scores in the Snapshot",
        readonly=True,
        groups=READERS,
        help="Of lines made of scores of others: which ones.",
    )
    judge_id = fields.Many2one(
        "res.users", "Confirmed By", readonly=True, help="Somebody else decides."
    )
    decided_by_id = fields.Many2one("res.users", "Decided By", readonly=True)
    decided_on = fields.Datetime("Decided", readonly=True)
    decision = fields.Text(readonly=True)

    _open_uniq = models.UniqueIndex(
        "(card_id) WHERE state = 'open'", "There is an open appeal already."
    )

    def _is_stamped(self, name):
        return not name.startswith(TOOLS)

    def action_decide(self):
        self.ensure_one()
        return self.card_id._ask("decide", self.env._("Decide on the Appeal"))

    def _decide(self, state, decision):
        """Decide on an appeal, as somebody above who confirmed.

        A granted card is calibrated again, and confirmed anew; an upheld one is final.

        :param str state: ``upheld`` or ``granted``
        :raise AccessError: for the rep, for who confirmed, and for who is not above
        """
        self.ensure_one()
        if not (decision and decision.strip()):
            raise UserError(self.env._("Say why."))
        if state not in ("upheld", "granted") or self.state != "open":
            raise UserError(self.env._("This appeal is decided already."))
        self.card_id._check_judge(calibration=True)
        self._check_above()
        # sudo: stamped by the system; who decides was checked above
        appeal = self.sudo()
        appeal.write(
            {
                "state": state,
                "decision": decision,
                "decided_by_id": self.env.uid,
                "decided_on": fields.Datetime.now(),
            }
        )
        card = appeal.card_id
        card.message_post(
            body=self.env._(
                "%(decision)s: %(reason)s",
                decision=dict(self._fields["state"]._description_selection(self.env))[
                    state
                ],
                reason=decision,
            )
        )
        if state == "granted":
            # What was confirmed goes on being read, until it is confirmed anew.
            card.write({"shown_score": card.score, "shown_has_score": card.has_score})
            card._compute_results()
        card._move("calibration" if state == "granted" else "confirmed")

    def _check_above(self):
        user, judge = self.env.user, self.judge_id
        if judge == user:
            raise AccessError(
                self.env._("Somebody else than who confirmed answers the appeal.")
            )
        if user.has_groups(
            "sales_force.group_sales_director,sales_force.group_sales_operations"
        ):
            return
        reps = self.env["sales.rep"].sudo()  # sudo: only who is above whom
        below = reps.search([("id", "child_of", user.sales_rep_ids.ids)])
        if judge not in below.user_id:
            raise AccessError(
                self.env._(
                    "%(judge)s has confirmed: who is above, or a director, answers.",
                    judge=judge.name,
                )
            )


class SalesScorecard(models.Model):
    _inherit = "sales.scorecard"

    appeal_ids = fields.One2many("sales.scorecard.appeal", "card_id", "Appeals")
    may_appeal = fields.Boolean(compute="_compute_may_appeal")

    @api.depends("state", "due_on", "confirmed_on", "appeal_ids.appealed_on")
    @api.depends_context("uid")
    def _compute_may_appeal(self):
        """Once against each confirmation, within the company's working days."""
        for card in self:
            since = [
                appeal.appealed_on >= card.confirmed_on
                for appeal in card.appeal_ids
                if card.confirmed_on and appeal.appealed_on
            ]
            card.may_appeal = bool(
                card.state == "confirmed"
                and card.is_mine
                and not any(since)
                and card.due_on
                and card.company_id._get_sales_today() <= card.due_on
            )

    def action_appeal(self):
        """Ask for the reason and the evidence."""
        return self._ask("appeal", self.env._("Appeal"))

    def action_decide(self):
        """Ask for the decision on the appeal."""
        return self._ask("decide", self.env._("Decide on the Appeal"))

    def _ask(self, step, title):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": "sales.scorecard.reason",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_card_id": self.id, "default_step": step},
        }

    def _appeal(self, reason, evidence=None):
        """Contest a confirmed score.

        :param evidence: attachments of the user, or None
        :raise AccessError: for everybody but the rep
        :raise UserError: without a reason, a second time, or too late
        """
        self.ensure_one()
        self.check_access("read")
        if not self.is_mine:
            raise AccessError(self.env._("Only the rep can appeal."))
        if not (reason and reason.strip()):
            raise UserError(self.env._("Say why."))
        if not self.may_appeal:
            raise UserError(
                self.env._("This card can be appealed no more, or not yet.")
            )
        card = self.sudo()  # sudo: stamped by the system; it is the user's own card
        appeal = card.env["sales.scorecard.appeal"].create(
            {
                "card_id": card.id,
                "reason": reason,
                "score_before": card.score,
                "grade_before_id": card.grade_id.id,
                "snapshot_before": card.snapshot,
                "snapshot_scores_before": card.snapshot_scores,
                "judge_id": card.confirmed_by_id.id,
            }
        )
        if evidence:
            evidence.check_access("write")
            # sudo: onto a document that the user does not write; checked above
            evidence.sudo().write({"res_model": appeal._name, "res_id": appeal.id})
            appeal.evidence_ids = evidence
        card.message_post(body=self.env._("Appeal: %(reason)s", reason=reason))
        card._move("appealed")
        return appeal
