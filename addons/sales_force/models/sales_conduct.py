from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

# What stays as it was decided.
_FACTS = frozenset(("rep_id", "category_id", "points", "date", "description"))


class SalesConduct(models.Model):
    """A commendation or violation: reported, decided, appealed, closed.

    Who is above the rep decides, never the rep; an appeal is decided by somebody else.
    Points count when a case is confirmed, and as long as no appeal is granted.
    """

    _name = "sales.conduct"
    _description = "Conduct"
    _inherit = ["sales.stamped.mixin", "mail.thread"]
    _order = "date desc, id desc"
    _rec_name = "category_id"
    _sales_stamped = frozenset(
        (
            "state",
            "reported_by_id",
            "decided_by_id",
            "decided_on",
            "decision",
            "appeal",
            "appealed_on",
            "appeal_decided_by_id",
            "appeal_decision",
        )
    )

    rep_id = fields.Many2one(
        "sales.rep", required=True, index=True, ondelete="restrict"
    )
    user_id = fields.Many2one(related="rep_id.user_id", store=True)
    company_id = fields.Many2one(related="rep_id.company_id", store=True)
    team_id = fields.Many2one(related="rep_id.team_id", store=True)
    category_id = fields.Many2one(
        "sales.conduct.category", "Category", required=True, ondelete="restrict"
    )
    kind = fields.Selection(related="category_id.kind", store=True)
    points = fields.Integer(
        compute="_compute_points", store=True, readonly=False, precompute=True
    )
    score = fields.Integer(
        compute="_compute_score",
        store=True,
        help="Points of commendations minus those of violations, of confirmed cases.",
    )
    date = fields.Date(
        "Happened On",
        required=True,
        default=lambda self: self.env.company._get_sales_today(),
    )
    description = fields.Text("What Happened", required=True)
    state = fields.Selection(
        [
            ("reported", "Reported"),
            ("confirmed", "Confirmed"),
            ("dismissed", "Dismissed"),
            ("appealed", "Appealed"),
            ("upheld", "Upheld"),
            ("granted", "Appeal granted"),
        ],
        "Status",
        default="reported",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    reported_by_id = fields.Many2one(
        "res.users",
        "Reported By",
        readonly=True,
        copy=False,
        default=lambda self: self.env.user,
    )
    decided_by_id = fields.Many2one(
        "res.users", "Decided By", readonly=True, copy=False
    )
    decided_on = fields.Date(readonly=True, copy=False)
    decision = fields.Text("Reason of the Decision", readonly=True, copy=False)
    appeal_until = fields.Date(
        compute="_compute_appeal_until",
        help="The last day for an appeal, by the company's working days.",
    )
    may_appeal = fields.Boolean(compute="_compute_may_appeal")
    appeal = fields.Text(readonly=True, copy=False)
    appealed_on = fields.Date(readonly=True, copy=False)
    appeal_decided_by_id = fields.Many2one(
        "res.users", "Appeal Decided By", readonly=True, copy=False
    )
    appeal_decision = fields.Text("Answer to the Appeal", readonly=True, copy=False)

    _points_positive = models.Constraint(
        "CHECK (points >= 0)", "Points are not negative."
    )

    @api.depends("category_id")
    def _compute_points(self):
        for case in self:
            case.points = case.category_id.points

    @api.depends("points", "kind", "state")
    def _compute_score(self):
        for case in self:
            counts = case.state in ("confirmed", "appealed", "upheld")
            sign = -1 if case.kind == "violation" else 1
            case.score = sign * case.points if counts else 0

    @api.depends("decided_on", "company_id")
    def _compute_appeal_until(self):
        for case in self:
            case.appeal_until = case.decided_on and case._get_appeal_end()

    def _get_appeal_end(self):
        count = self.company_id.sudo().sales_appeal_days  # sudo: only a setting
        day = self.decided_on
        last = fields.Date.add(day, days=3 * count + 60)
        hours = self.env["sales.working.time"].working_days(self.company_id, day, last)
        days = [d for d, n in hours[self.company_id].items() if n and d > day]
        return (sorted(days)[:count] or [last])[-1]

    @api.depends("state", "decided_on")
    @api.depends_context("uid")
    def _compute_may_appeal(self):
        for case in self:
            case.may_appeal = (
                case.state == "confirmed"
                and case.user_id == self.env.user
                and case.company_id._get_sales_today() <= case.appeal_until
            )

    @api.model_create_multi
    def create(self, vals_list):
        cases = super().create(vals_list)
        cases._tell()
        return cases

    def write(self, vals):
        if _FACTS & vals.keys() and any(case.state != "reported" for case in self):
            raise UserError(self.env._("A case that is decided cannot be changed."))
        result = super().write(vals)
        if "rep_id" in vals:
            # Not of another rep than one may report.
            self.check_access("write")
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_decided(self):
        if any(case.state != "reported" for case in self):
            raise UserError(self.env._("A case that is decided cannot be deleted."))

    # Deciding

    def action_confirm(self):
        return self._ask("confirmed")

    def action_dismiss(self):
        return self._ask("dismissed")

    def action_appeal(self):
        return self._ask("appealed")

    def action_uphold(self):
        return self._ask("upheld")

    def action_grant(self):
        return self._ask("granted")

    def _ask(self, state):
        """Ask for the reason."""
        self.ensure_one()
        _ = self.env._
        titles = {
            "confirmed": _("Confirm the Case"),
            "dismissed": _("Dismiss the Case"),
            "appealed": _("Appeal"),
            "upheld": _("Uphold the Decision"),
            "granted": _("Grant the Appeal"),
        }
        return {
            "type": "ir.actions.act_window",
            "name": titles[state],
            "res_model": "sales.conduct.decide",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_conduct_id": self.id, "default_state": state},
        }

    def _decide(self, state, reason):
        """Move a case on, with a reason.

        :raise AccessError: when it is not the user's to do
        :raise UserError: when it is not the time, or there is no reason
        """
        self.ensure_one()
        self.check_access("read")
        if not (reason and reason.strip()):
            raise UserError(self.env._("Say why."))
        today = self.company_id._get_sales_today()
        if state == "appealed":
            if self.user_id != self.env.user:
                raise AccessError(self.env._("Only the rep can appeal."))
            if not self.may_appeal:
                raise UserError(
                    self.env._("This case can be appealed no more, or not yet.")
                )
            vals = {"appeal": reason, "appealed_on": today}
        elif state in ("confirmed", "dismissed"):
            self._check_judge("reported")
            vals = {
                "decision": reason,
                "decided_on": today,
                "decided_by_id": self.env.uid,
            }
        elif state in ("upheld", "granted"):
            self._check_judge("appealed")
            self._check_above_judge()
            vals = {"appeal_decision": reason, "appeal_decided_by_id": self.env.uid}
        else:
            raise UserError(self.env._("Cases are decided with their buttons."))
        # sudo: stamped by the system; whose turn it is was checked above
        self.sudo().write({**vals, "state": state})
        self._tell()

    def _check_above_judge(self):
        """An appeal goes to who is above the one who decided.

        :raise AccessError: for everybody else
        """
        user, judge = self.env.user, self.decided_by_id
        if judge == user:
            raise AccessError(
                self.env._("Somebody else than who decided answers the appeal.")
            )
        if user.has_group("sales_force.group_sales_director"):
            return
        # sudo: only who is above whom
        reps = self.env["sales.rep"].sudo()
        below = reps.search([("id", "child_of", user.sales_rep_ids.ids)])
        if judge not in below.user_id:
            raise AccessError(
                self.env._(
                    "%(judge)s has decided: who is above, or a director, answers the "
                    "appeal.",
                    judge=judge.name,
                )
            )

    def _tell(self):
        """Whoever is concerned hears of it: the rep, or who decides next."""
        for case in self:
            rep = case.rep_id
            manager = rep.parent_id
            if case.state == "reported":
                while manager.user_id == self.env.user:
                    manager = manager.parent_id
                users = manager.user_id
                body = self.env._("Please decide on this case.")
            elif case.state == "appealed":
                # sudo: who decided has a place in the tree
                judge = case.decided_by_id.sudo().sales_rep_ids.filtered(
                    lambda judge, company=rep.company_id: judge.company_id == company
                )
                users = (judge.parent_id or judge).user_id
                body = self.env._("The rep appeals: please answer.")
            elif case.state == "dismissed":
                continue
            else:
                users = rep.user_id
                body = self.env._("It was decided on your case.")
            if not users:
                continue
            # sudo: who is told may not be somebody whom the user reads
            case.sudo().message_notify(
                partner_ids=users.partner_id.ids,
                subject=case.category_id.name,
                body=body,
            )

    def _check_judge(self, state):
        self.check_access("write")
        if self.user_id == self.env.user:
            raise AccessError(self.env._("Nobody decides on the own conduct."))
        if not self.env.user.has_group("sales_force.group_sales_leader"):
            raise AccessError(self.env._("Who is above the rep decides."))
        if self.state != state:
            raise UserError(self.env._("This case is decided already."))

    @api.model
    def _get_points(self, reps, date_from, date_to):
        """What conduct counts between two dates (inclusive): ``{rep: points}``."""
        return dict(
            self._read_group(
                [
                    ("rep_id", "in", reps.ids),
                    ("date", ">=", date_from),
                    ("date", "<=", date_to),
                ],
                ["rep_id"],
                ["score:sum"],
            )
        )
