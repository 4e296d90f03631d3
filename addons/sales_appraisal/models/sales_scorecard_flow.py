from collections import defaultdict

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools.misc import formatLang

from .sales_scorecard import DUE, LIVE
from .sales_scorecard_template_line import BY_SCORES

# A working day is found within so many days for each one counted.
STRETCH = 3


class SalesScorecard(models.Model):
    """Open, self-assessment, manager, calibration, confirmed, acknowledged.

    Every step is for somebody: who may take it is checked on the server, it has a last
    day, and nobody takes one that decides on the own card.
    """

    _inherit = "sales.scorecard"

    def action_start(self):
        """Hand cards whose period is over to whoever assesses first.

        :raise UserError: while the period runs
        """
        self._check_judge()
        self._check_state("open")
        self._refuse(
            [
                self.env._(
                    "%(card)s: the period is not over yet.", card=card.display_name
                )
                for card in self
                if card.date_to >= card.company_id._get_sales_today()
            ]
        )
        # sudo: stamped by the system; whose turn it is was checked above
        self.sudo()._start()
        return True

    def _start(self):
        self._compute_results()
        own = self.filtered(
            lambda card: card.template_id.with_self and card._is_there(card.user_id)
        )
        own._move("self")
        (self - own)._hand_over()

    def _hand_over(self):
        """From who is appraised to the manager. What was known until then is what who
        is appraised goes on reading, until the judgement is confirmed."""
        for card in self:
            card.write({"shown_score": card.score, "shown_has_score": card.has_score})
        self._move("manager")

    @api.model
    def _start_over(self):
        """Cards of periods that are over go on by themselves."""
        for company, cards in (
            self.search([("state", "=", "open")]).grouped("company_id").items()
        ):
            today = company._get_sales_today()
            cards.filtered(lambda card, today=today: card.period_to < today)._start()

    def action_submit_self(self):
        """The rep has assessed themselves.

        :raise AccessError: for everybody else
        """
        self.check_access("read")
        self._check_state("self")
        if not all(card.is_mine for card in self):
            raise AccessError(self.env._("Only the rep assesses themselves."))
        self.sudo()._hand_over()  # sudo: stamped; it is the user's own card
        return True

    def action_submit(self):
        """The manager has judged: on to the calibration.

        :raise UserError: naming what is not judged yet
        """
        self._check_judge()
        self._check_state("manager")
        missing = {
            card: card.line_ids.filtered(
                lambda line: line.kind == "judgement" and not line.manager_given
            )
            for card in self
        }
        self._refuse(
            [
                self.env._(
                    "%(card)s is not judged yet: %(lines)s.",
                    card=card.display_name,
                    lines=", ".join(lines.mapped("name")),
                )
                for card, lines in missing.items()
                if lines
            ]
        )
        # sudo: stamped by the system; whose turn it is was checked above
        cards = self.sudo()
        cards._compute_results()
        cards._move("calibration")
        return True

    def action_skip_self(self):
        """Who does not assess themselves in time is not waited for."""
        self._check_judge()
        self._check_state("self")
        self._refuse(
            [
                self.env._(
                    "%(card)s: there still is time for the self-assessment.",
                    card=card.display_name,
                )
                for card in self
                if not card.is_late
            ]
        )
        # sudo: stamped by the system; whose turn it is was checked above
        self.sudo()._hand_over()
        return True

    def action_send_back(self):
        """From the calibration back to the manager."""
        self._check_judge(calibration=True)
        self._check_state("calibration")
        # sudo: stamped by the system; whose turn it is was checked above
        self.sudo()._move("manager")
        return True

    def action_confirm(self):
        """The score and its grade stay, with every input.

        :raise AccessError: for who may not calibrate the cards, and for the own one
        """
        self._check_judge(calibration=True)
        self._check_state("calibration")
        # sudo: stamped by the system; whose turn it is was checked above
        cards = self.sudo()
        cards._check_order()
        for card in cards:
            card.write(
                {
                    "snapshot": card._prepare_snapshot(),
                    "snapshot_scores": card._prepare_scores(),
                }
            )
        cards.write(
            {
                "confirmed_on": fields.Datetime.now(),
                "confirmed_by_id": self.env.uid,
            }
        )
        cards._move("confirmed")
        cards._message_log_batch(
            {
                card.id: self.env._(
                    "Confirmed: %(score)s points, grade %(grade)s.",
                    score=formatLang(self.env, card.score, digits=2),
                    grade=card.grade_id.name or "–",
                )
                for card in cards
            }
        )
        return True

    def _check_order(self):
        """Cards made of others are confirmed with these or after them.

        Else a leader reads in the own card what the team's, or in the team's what the
        own one, does not tell yet.

        :raise UserError: naming what is to be confirmed first
        """
        leaders = self.filtered(
            lambda card: card.rep_id and "team" in card.line_ids.mapped("kind")
        )
        teams = self.filtered(
            lambda card: not card.rep_id
            and {"members", "spread"} & set(card.line_ids.mapped("kind"))
        )
        domain = fields.Domain(
            [
                ("company_id", "in", self.company_id.ids),
                ("period_from", "in", self.mapped("period_from")),
                ("state", "in", LIVE),
                ("id", "not in", self.ids),
            ]
        )
        of_teams = fields.Domain(
            [("rep_id", "=", False), ("leader_id", "in", leaders.rep_id.ids)]
        )
        of_leaders = fields.Domain("rep_id", "in", teams.leader_id.ids)
        waiting = self.search(domain & (of_teams | of_leaders))
        own, led = waiting.filtered("rep_id"), waiting.filtered(lambda c: not c.rep_id)
        # Who is scored by the team is no member of it.
        own = own.filtered(
            lambda card: not {"team", "members"} & set(card.line_ids.mapped("kind"))
        )
        pairs = [(card, led, "leader_id", card.rep_id) for card in leaders]
        pairs += [(card, own, "rep_id", card.leader_id) for card in teams]
        self._refuse(
            [
                self.env._(
                    "%(card)s: confirm %(first)s with it or before.",
                    card=card.display_name,
                    first=first.display_name,
                )
                for card, others, name, rep in pairs
                for first in others
                if first[name] == rep
                and (first.period, first.period_from) == (card.period, card.period_from)
                and (card.rep_id or first.team_id == card.team_id)
            ]
        )

    def action_acknowledge(self):
        """The rep has seen the score and accepts it."""
        self.check_access("read")
        self._check_state("confirmed")
        if not all(card.is_mine for card in self):
            raise AccessError(self.env._("Only the rep acknowledges."))
        # sudo: stamped by the system; it is the user's own card
        cards = self.sudo()
        cards.write({"acknowledged_on": fields.Datetime.now()})
        cards._move("acknowledged")
        return True

    def _prepare_snapshot(self):
        """Every input, in words of the data: what to recalculate the score with.

        The scores of others are beside it: see ``_prepare_scores``.
        """
        self.ensure_one()
        names = (
            "name kind function metric_id weight weight_used applies missing target "
            "actual numerator denominator credit_count member_count x score "
            "part manager_value scope points_limited"
        ).split()
        lines = []
        for line in self.line_ids:
            row = {name: line[name] for name in names if name != "metric_id"}
            row["metric"] = line.metric_id.code or False
            function = line.template_line_id._get_function()
            row["definition"] = {
                "floor": float(function.floor),
                "cap": float(function.cap),
                "rate": float(function.rate),
                "limit": float(function.limit),
                "side": function.side,
                "points": [[float(x), float(y)] for x, y in function.points],
            }
            lines.append(row)
        return {
            "template": self.template_id.id,
            "version": self.template_id.version,
            "date_from": str(self.date_from),
            "date_to": str(self.date_to),
            "share": self.share,
            "computed_on": str(self.computed_on),
            "score": self.score,
            "weighted": self.weighted,
            "points": self.points,
            "cap": self.capped_at if self.is_capped else False,
            "grade_by_score": self.score_grade_id.name or False,
            "grade": self.grade_id.name or False,
            "lines": lines,
        }

    def _prepare_scores(self):
        """What lines were made of that are scores of others: in the order of the lines
        of the snapshot, None where a line is made of something else.
        """
        self.ensure_one()
        return [
            {name: line[name] for name in ("heads", "lowest", "highest")}
            if line.kind in BY_SCORES
            else None
            for line in self.line_ids
        ]

    # Whose turn it is, and until when

    def _move(self, state):
        """Give cards to whoever acts next; it is told once, with all that waits."""
        if not self:
            return
        until = self._get_due(state)
        told = defaultdict(self.browse)
        for (user, due), cards in self.grouped(
            lambda card: (card._get_next(state), until[card])
        ).items():
            cards.write(
                {
                    "state": state,
                    "due_on": due,
                    "waits_for_id": user.id if state in DUE else False,
                    "reminded_on": False,
                }
            )
            told[user] |= cards
        for user, cards in told.items():
            cards._tell(user, state)

    def _get_next(self, state):
        """The user who acts in a state, or who is told of it.

        Who has left is followed by the nearest above; above all of them the directors
        and sales operations act, one of whom is asked.
        """
        self.ensure_one()
        manager = self.manager_id
        if state in ("self", "confirmed"):
            return self.user_id
        if state == "manager":
            return self._get_acting(manager)
        if state == "calibration":
            judge = self._get_there(manager) or manager
            return self._get_acting(judge.parent_id or judge)
        if state == "appealed":
            judge = self.confirmed_by_id.sales_rep_ids.filtered(
                lambda rep: rep.company_id == self.company_id
            )
            return self._get_acting(judge.parent_id)
        return self.env["res.users"]

    def _get_barred(self):
        """Who does not act: on the own card, and on an appeal who confirmed."""
        barred = self.user_id
        if self.state in ("confirmed", "appealed"):
            barred |= self.confirmed_by_id
        return barred

    def _get_there(self, rep):
        """A rep who can act, else the nearest above."""
        barred = self._get_barred()
        while rep and (rep.user_id in barred or not self._is_there(rep.user_id)):
            rep = rep.parent_id
        return rep

    def _get_acting(self, rep):
        barred = self._get_barred()
        rep = self._get_there(rep)
        if rep:
            return rep.user_id
        for group in ("director", "operations"):
            users = self.env.ref(f"sales_force.group_sales_{group}").all_user_ids
            users = users.filtered(
                lambda user: self.company_id in user.company_ids
                and user not in barred
                and self._is_there(user)
            )
            if users:
                return users.sorted("id")[0]
        return self.env["res.users"]

    def _is_there(self, user):
        """Whether a user can act on a card: neither archived nor gone as a rep."""
        rep = user.sales_rep_ids.filtered(lambda one: one.company_id == self.company_id)
        return user.active and rep.state != "left"

    @api.model
    def _pass_on(self):
        """Cards that wait for somebody who has left go to who acts instead.

        A confirmed card waits for nobody: it stays, acknowledged or not.
        """
        waiting = self.search([("state", "in", DUE)])
        gone = waiting.filtered(
            lambda card: not card.waits_for_id or not card._is_there(card.waits_for_id)
        )
        for state, cards in gone.grouped("state").items():
            if state == "self":
                cards._hand_over()
                continue
            cards.filtered(
                lambda card, state=state: card._get_next(state) != card.waits_for_id
            )._move(state)

    def _get_due(self, state):
        """``{card: last day}``, by the working days of the company."""
        names = {
            "self": "template_id.self_days",
            "manager": "template_id.manager_days",
            "calibration": "template_id.calibration_days",
            "appealed": "company_id.sales_appeal_days",
            "confirmed": "company_id.sales_appeal_days",
        }
        if state not in names:
            return dict.fromkeys(self, False)
        days = {}
        found = {}
        for card in self:
            count = card.mapped(names[state])[0]
            key = (card.company_id, count)
            if key not in days:
                days[key] = self._add_working_days(card.company_id, count)
            found[card] = days[key]
        return found

    @api.model
    def _add_working_days(self, company, count):
        """The last of so many working days after today."""
        today = company._get_sales_today()
        last = today + relativedelta(days=STRETCH * count + 60)
        hours = self.env["sales.working.time"].working_days(company, today, last)
        days = sorted(d for d, n in hours[company].items() if n and d > today)
        return (days[:count] or [last])[-1]

    def _tell(self, user, state):
        if not user or user == self.env.user:
            return
        _ = self.env._
        texts = {
            "self": _("Please assess yourself."),
            "manager": _("Please judge: %(count)s scorecards.", count=len(self)),
            "calibration": _(
                "Please calibrate: %(count)s scorecards.", count=len(self)
            ),
            "confirmed": _("Your scorecard is confirmed. Please acknowledge it."),
            "appealed": _("There is an appeal against a score: please answer."),
        }
        if state not in texts:
            return
        self[:1].message_notify(
            partner_ids=user.partner_id.ids,
            subject=self[:1].display_name,
            body=texts[state],
        )

    @api.model
    def _cron_remind(self):
        """Once a day, whoever is late is told of all that waits."""
        late = self.search([("is_late", "=", True), ("waits_for_id", "!=", False)])
        for company, cards in late.grouped("company_id").items():
            today = company._get_sales_today()
            cards = cards.filtered(
                lambda card, today=today: (card.reminded_on or today) <= today
                and card.reminded_on != today
            )
            for user, waiting in cards.grouped("waits_for_id").items():
                waiting[:1].message_notify(
                    partner_ids=user.partner_id.ids,
                    subject=self.env._("Scorecards are late"),
                    body=self.env._(
                        "%(count)s scorecards have waited for you since %(date)s.",
                        count=len(waiting),
                        date=min(waiting.mapped("due_on")),
                    ),
                )
            cards.write({"reminded_on": today})
