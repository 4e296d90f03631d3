from fractions import Fraction
from functools import partial

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL
from odoo.tools.mail import plaintext2html

from ..scoring import ranking
from .sales_standing import Row

OPEN = ("announced", "running", "ended")


class SalesContest(models.Model):
    """Announced, run, ended, and settled once; told to those whom it concerns."""

    _inherit = "sales.contest"

    def _check_may_run(self):
        """:raise AccessError: for users who are neither directors nor operations"""
        self.check_access("write")
        if not self.env.su and not self.env.user.has_groups(
            "sales_force.group_sales_director,sales_force.group_sales_operations"
        ):
            raise AccessError(
                self.env._("Directors and sales operations run contests.")
            )

    def action_announce(self):
        """Tell the rules to those who take part; they stay as they are.

        :raise AccessError: for who may not run contests
        :raise UserError: when it was announced, or is over already
        """
        self._check_may_run()
        for contest in self:
            today = contest.company_id._get_sales_today()
            if contest.state != "draft":
                raise UserError(self.env._("Only a draft is announced."))
            if contest.date_to < today:
                raise UserError(self.env._("These days are over."))
            # sudo: stamped by the system; who may was checked above
            contest.sudo().state = (
                "running" if contest.date_from <= today else "announced"
            )
            contest._tell_everybody("announced")
        return True

    def action_revise(self):
        """Ask for the reason, then change the rules."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Change the Rules"),
            "res_model": "sales.contest.revise",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_contest_id": self.id},
        }

    def _revise(self, reason):
        """Another version: a draft again, until it is announced with the reason."""
        self.ensure_one()
        self._check_may_run()
        if self.state not in ("announced", "running"):
            raise UserError(
                self.env._("Rules change before the contest has ended, not after.")
            )
        if not (reason and reason.strip()):
            raise UserError(self.env._("Say why."))
        # sudo: stamped by the system; who may was checked above
        contest = self.sudo()
        contest.env["sales.contest.version"].create(
            {
                "contest_id": contest.id,
                "number": contest.version + 1,
                "user_id": self.env.uid,
                "reason": reason,
                "rules_before": contest.rules,
            }
        )
        contest.write({"state": "draft", "version": contest.version + 1})

    def action_cancel(self):
        """It does not take place; who takes part is told."""
        self._check_may_run()
        for contest in self:
            if contest.state in ("settled", "cancelled"):
                raise UserError(self.env._("This contest is over."))
            if contest.state != "draft" or contest.version > 1:
                contest._tell_everybody("cancelled")
            contest.sudo().state = "cancelled"  # sudo: stamped; checked above
        return True

    def action_settle(self):
        """The standings stay as they are, and prizes are given; once.

        :raise AccessError: for who may not run contests
        :raise UserError: before late documents had their days, and a second time
        """
        self.ensure_one()
        self._check_may_run()
        # Who settles at the same time waits here, and then finds it settled.
        self.env.execute_query(
            SQL("SELECT id FROM sales_contest WHERE id = %s FOR UPDATE", self.id)
        )
        self.invalidate_recordset(["state"])
        if self.state == "settled":
            raise UserError(self.env._("This contest is settled already."))
        today = self.company_id._get_sales_today()
        if self.state not in ("running", "ended") or today < self.settle_from:
            raise UserError(
                self.env._(
                    "Documents may come late: it can be settled from %(date)s on.",
                    date=fields.Date.to_string(self.settle_from),
                )
            )
        # sudo: stamped by the system; who may was checked above
        contest = self.sudo()
        groups = contest._rank(contest._get_spans(contest.date_to))
        contest._give_prizes(groups)
        contest.write(
            {
                "state": "settled",
                "snapshot": contest._prepare_snapshot(groups),
                "settled_on": fields.Datetime.now(),
                "settled_by_id": self.env.uid,
            }
        )
        contest._tell_winners()
        return True

    def _give_prizes(self, groups):
        """An entry for everybody who took part, with the place and the prize."""
        currency = self.company_currency_id
        amounts = {
            prize.place: round(prize.amount / currency.rounding)
            for prize in self.prize_ids
        }
        names = {prize.place: prize._get_name() for prize in self.prize_ids}
        subject = f"{self.subject}_id"
        entries = {entry[subject].id: entry for entry in self.entry_ids}
        created = []
        for (_order, group), rows in groups.items():
            places = {
                row.key: row.place
                for row in rows
                if row.place and self._is_something(row.value)
            }
            given = ranking.share_prizes(amounts, places, self.tie == "split")
            counts = list(places.values())
            for row in rows:
                place = places.get(row.key)
                taken = (
                    range(place, place + counts.count(place))
                    if place and self.tie == "split"
                    else [place]
                )
                vals = {
                    "place": row.place,
                    "peers": group,
                    "result": float(row.value or 0),
                    "has_result": row.value is not None,
                    "prize": " / ".join(names[p] for p in taken if names.get(p)),
                    "amount": currency.round(given.get(row.key, 0) * currency.rounding),
                }
                if row.key in entries:
                    entries[row.key].write(vals)
                else:
                    created.append({"contest_id": self.id, subject: row.key, **vals})
        self.env["sales.contest.entry"].create(created)

    def _prepare_snapshot(self, groups):
        return [
            {
                "group": group,
                "rows": [
                    {
                        "key": row.key,
                        "name": row.name,
                        "user_id": row.user_id,
                        "value": None if row.value is None else str(row.value),
                        "counted": None if row.counted is None else str(row.counted),
                        "place": row.place,
                        "before": row.before,
                        "above": row.above,
                    }
                    for row in rows
                ],
            }
            for group, rows in groups.items()
        ]

    @api.model
    def _load_snapshot(self, snapshot):
        """The rows of ``_prepare_snapshot``."""
        groups = {}
        for kept in snapshot or ():
            group = tuple(kept["group"])
            groups[group] = []
            for row in kept["rows"]:
                exact = {
                    name: None if row[name] is None else Fraction(row[name])
                    for name in ("value", "counted")
                }
                groups[group].append(Row(group=group, **{**row, **exact}))
        return groups

    # Telling

    def _tell_everybody(self, what):
        """Those who may take part, each in the own language.

        :param str what: ``announced`` or ``cancelled``
        """
        self.ensure_one()
        contest = self.sudo()  # sudo: a message of the system, and whom to tell
        day = max(contest.company_id._get_sales_today(), contest.date_from)
        people = contest._get_eligible(contest._get_spans(day).current)
        reps = contest.env["sales.rep"].browse(people)
        contest._notify(
            reps.user_id.partner_id, lambda spoken: spoken._get_message(what)
        )
        contest.message_post(body=contest._get_message(what)[0])

    def _notify(self, partners, tell):
        """Tell people, each in the own language.

        :param tell: gives subject and body of a contest in the language of its context
        """
        for lang, some in partners.grouped("lang").items():
            spoken = self.with_context(lang=lang or self.env.lang)
            subject, body = tell(spoken)
            spoken.message_notify(
                partner_ids=some.ids, subject=subject, body=plaintext2html(body)
            )

    def _get_message(self, what):
        """``(subject, body)``, in the language of the context."""
        last = self.version_ids[:1]
        reason = last.reason if last.number == self.version else ""
        if what == "cancelled":
            subject = self.env._("%(contest)s is cancelled", contest=self.name)
        elif reason:
            subject = self.env._(
                "%(contest)s: the rules have changed", contest=self.name
            )
        else:
            subject = self.env._("Contest: %(contest)s", contest=self.name)
        return subject, "\n".join(filter(None, (reason, self.description, self.rules)))

    def _tell_winners(self):
        for entry in self.entry_ids.filtered(lambda e: e.prize or e.amount):
            partners = entry.rep_id.user_id.partner_id
            if entry.team_id:
                members = self.env["sales.rep"].search(
                    [
                        ("team_id", "=", entry.team_id.id),
                        ("company_id", "=", self.company_id.id),
                    ]
                )
                partners = members.user_id.partner_id
            self._notify(partners, partial(_tell_winner, entry))

    # Each day

    @api.model
    def _cron_daily(self):
        """Contests begin and end by themselves; who gained or lost a prize is told."""
        for company in self.env["res.company"].search([]):
            today = company._get_sales_today()
            contests = self.search(
                [("company_id", "=", company.id), ("state", "in", OPEN)]
            )
            contests.filtered(
                lambda c, today=today: c.state == "announced" and c.date_from <= today
            ).state = "running"
            running = contests.filtered(lambda contest: contest.state == "running")
            for contest in running:
                contest._tell_changes(today)
            running.filtered(lambda c, today=today: c.date_to < today).state = "ended"
            for contest in contests.filtered(
                lambda c, today=today: c.state == "ended"
                and c.settle_from <= today
                and not c.told_on
            ):
                contest.told_on = today
                contest._notify(contest.user_id.partner_id, _tell_to_settle)

    def _tell_changes(self, today):
        """Who entered the places with prizes yesterday, or left them; nobody else, and
        once a day."""
        yesterday = fields.Date.subtract(today, days=1)
        if (
            not self.prize_ids
            or not self.date_from < yesterday <= self.date_to
            or self.moves_told_on == today
        ):
            return
        self.moves_told_on = today
        last = max(self.prize_ids.mapped("place"))

        def wins(place, value):
            return bool(place and place <= last and self._is_something(value))

        users = self.env["res.users"]
        gained = lost = users
        for rows in self._rank(self._get_spans(yesterday)).values():
            for row in rows:
                is_in = wins(row.place, row.value)
                was_in = wins(row.before, row.value_before)
                user = users.browse(row.user_id or ())
                if is_in > was_in:
                    gained |= user
                elif was_in > is_in:
                    lost |= user
        self._notify(gained.partner_id, _tell_gain)
        self._notify(lost.partner_id, _tell_loss)


# What people are told: subject and body in the language of the contest's context


def _tell_winner(entry, contest):
    return (
        contest.env._(
            "%(contest)s: place %(place)s", contest=contest.name, place=entry.place
        ),
        entry.with_env(contest.env)._tell(),
    )


def _tell_to_settle(contest):
    return (
        contest.env._("%(contest)s can be settled", contest=contest.name),
        contest.env._("Late documents have had their days."),
    )


def _tell_gain(contest):
    return (
        contest.env._("%(contest)s: you win a prize now", contest=contest.name),
        contest.env._("See the standings of the contest."),
    )


def _tell_loss(contest):
    return (
        contest.env._("%(contest)s: you were overtaken", contest=contest.name),
        contest.env._("See the standings of the contest."),
    )
