import math
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.misc import format_date

from odoo.addons.sales_force.locking import write_lock
from odoo.addons.sales_force.models.sales_rep import COMPANY_GROUPS

from .. import asked

# What a rep may still change.
OPEN = ("proposed", "accepted")
# What is left to be explained when a day ends.
UNDONE = ("proposed", "accepted", "missed")
# Reps of these states have plans.
WORKING = ("onboarding", "active")
# What counts as planned: all but what was dropped before it was accepted, or with the
# leader's consent, or because its document is gone. The rest was dropped for a reason.
OF_COUNTED = Domain("state", "!=", "dropped") | Domain(
    "reason_id", "!=", False
) & Domain("agreed_by_id", "=", False)
_DAY_MINUTES = 24 * 60
# The next working day is looked for so many days ahead.
_AHEAD = timedelta(days=31)
_LONGEST_STREAK = 400


class SalesWorkPlan(models.Model):
    """What a rep does on a day: proposed in the morning, reviewed in the evening.

    Rows are written by their actions only. A plan is open on its day; what was not done
    gets a reason when the rep submits it; the morning after, what was not submitted is
    closed as missing. Days are where the company works.
    """

    _name = "sales.work.plan"
    _description = "Work Plan of a Day"
    _inherit = ["sales.credited.mixin"]
    _order = "date desc, rep_id"
    _log_access = False

    rep_id = fields.Many2one(
        "sales.rep", required=True, readonly=True, ondelete="cascade"
    )
    user_id = fields.Many2one(related="rep_id.user_id", string="User")
    team_id = fields.Many2one(related="rep_id.team_id")
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    date = fields.Date(required=True, readonly=True)
    state = fields.Selection(
        [
            ("proposed", "Proposed"),
            ("accepted", "In progress"),
            ("submitted", "Submitted"),
            ("reviewed", "Reviewed"),
            ("missed", "Not submitted"),
            ("void", "Day off"),
        ],
        "Status",
        required=True,
        readonly=True,
        default="proposed",
        help="Not submitted: the day was over before the review. Day off: leave was "
        "entered afterwards; the plan does not count.",
    )
    minutes = fields.Integer(
        "Working Minutes", readonly=True, help="Of the rep on that day."
    )
    proposed_on = fields.Datetime("Proposed At", readonly=True)
    needs = fields.Json(
        readonly=True,
        help="How many of each step of the core metric the day needs, by code, as it "
        "was in the morning.",
    )
    submitted_on = fields.Datetime("Submitted At", readonly=True)
    is_late = fields.Boolean("Late", readonly=True, help="Submitted after its day.")
    note = fields.Text("Note of the Day", readonly=True)
    reviewed_by_id = fields.Many2one("res.users", "Reviewed By", readonly=True)
    reviewed_on = fields.Datetime("Reviewed At", readonly=True)
    comment = fields.Text("Comment of the Leader", readonly=True)
    missing_reported = fields.Boolean(readonly=True)
    late_reported = fields.Boolean(readonly=True)
    item_ids = fields.One2many("sales.work.plan.item", "plan_id", "Items")
    planned_count = fields.Integer(
        "Planned",
        compute="_compute_counts",
        help="Without what was dropped before it was accepted, or with consent.",
    )
    done_count = fields.Integer("Done", compute="_compute_counts")

    _day_uniq = models.UniqueIndex("(rep_id, date)")
    _date_idx = models.Index("(company_id, date)")

    _credit_fields = frozenset(("state",))

    def _mark_credits(self, changed=None):
        self.env["sales.credit"]._mark("work", self.ids)

    @api.depends("rep_id.name", "date")
    def _compute_display_name(self):
        for plan in self:
            # sudo: who may read a plan may know whose it is
            rep = plan.sudo().rep_id.name
            plan.display_name = f"{rep}, {format_date(self.env, plan.date)}"

    @api.depends("item_ids.state", "item_ids.reason_id", "item_ids.agreed_by_id")
    def _compute_counts(self):
        planned, done = {}, {}
        for plan, state, count in self.env["sales.work.plan.item"]._read_group(
            Domain("plan_id", "in", self.ids) & OF_COUNTED,
            ["plan_id", "state"],
            ["__count"],
        ):
            planned[plan] = planned.get(plan, 0) + count
            if state == "done":
                done[plan] = count
        for plan in self:
            plan.planned_count = planned.get(plan, 0)
            plan.done_count = done.get(plan, 0)

    # Who may

    def _is_above(self):
        """Whether the user leads the reps of these plans, or is a director."""
        if self.env.user.has_group("sales_force.group_sales_director"):
            return True
        if not self.env.user.has_group("sales_force.group_sales_leader"):
            return False
        return self.env["sales.rep"]._leads(self.rep_id)

    def _check_own(self):
        """:raise AccessError: for the plan of somebody else"""
        self.check_access("read")
        if any(plan.user_id != self.env.user for plan in self):
            raise AccessError(
                self.env._("Only the rep changes the work plan of a day.")
            )

    def _check_open(self):
        """:raise UserError: when it was submitted, or its day is over"""
        self._lock_plan()
        for plan in self:
            if plan.state not in OPEN:
                raise UserError(
                    self.env._(
                        "The plan of %(date)s is closed: it stays as it was.",
                        date=format_date(self.env, plan.date),
                    )
                )
            if plan.date < plan.company_id._get_sales_today():
                raise UserError(
                    self.env._(
                        "%(date)s is over: submit the review of that day.",
                        date=format_date(self.env, plan.date),
                    )
                )

    def _lock_plan(self):
        """Two devices meet here: what comes second is done on what the first has left.

        Odoo runs it again, so that nothing is added to a plan that is submitted.
        """
        write_lock(self)

    def _not_come_yet(self):
        return UserError(
            self.env._(
                "%(date)s has not come yet.", date=format_date(self.env, self.date)
            )
        )

    # The rep

    def action_propose(self):
        """Look for work again, for what is left of the working time of today.

        What is there stays, what was dropped stays dropped.

        :raise AccessError: for plans that are neither one's own nor of people below
        :raise UserError: when a plan is closed, or its day is over or has not come
        """
        self.check_access("read")
        if not all(plan.user_id == self.env.user for plan in self):
            if not self._is_above():
                self._check_own()
        self._check_open()
        for plan in self:
            if plan.date > plan.company_id._get_sales_today():
                raise plan._not_come_yet()
        for day, plans in self.grouped("date").items():
            self._propose(plans.rep_id, day)
        return True

    def action_accept(self):
        """Accept all that is proposed.

        :raise AccessError: for the plan of somebody else
        :raise UserError: when it is closed or its day is over
        """
        self._check_own()
        self._check_open()
        items = self.item_ids.filtered(lambda item: item.state == "proposed")
        items._set_state("accepted")
        self._begin()
        return True

    def _begin(self):
        # sudo: stamped by the plan's own actions
        self.sudo().filtered(lambda p: p.state == "proposed").state = "accepted"

    def action_reorder(self, item_ids):
        """Put the items of a plan in an order.

        :param list item_ids: ids in the new order; others keep theirs, behind these
        :raise AccessError: for the plan of somebody else
        :raise UserError: when it is closed or its day is over
        """
        asked.one(self)
        self._check_own()
        self._check_open()
        asked_ids = dict.fromkeys(asked.ids(self.env, item_ids))
        first = [id_ for id_ in asked_ids if id_ in self.item_ids._ids]
        rest = [id_ for id_ in self.item_ids.sorted()._ids if id_ not in first]
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """UPDATE sales_work_plan_item i SET sequence = v.place
                FROM unnest(%s::integer[]) WITH ORDINALITY AS v(id, place)
                WHERE i.id = v.id""",
                first + rest,
            )
        )
        self.env["sales.work.plan.item"].invalidate_model(["sequence"])
        return True

    def action_add(self, kind, partner_id=None, name=None, minutes=None):
        """Add work of one's own.

        :param str kind: of those that may be added, see ``WorkKind.addable``
        :param int partner_id: the customer
        :param str name: what is to be done; needed without a customer
        :param int minutes: that it takes; empty: as the kind says
        :return: the id of the item; of what is there already, of that one
        :raise AccessError: for the plan of somebody else, or a customer of somebody
            else
        :raise UserError: when it is closed or its day is over, for no work, and for
            minutes that no day has
        """
        asked.one(self)
        self._check_own()
        self._check_open()
        self.rep_id._check_working()
        item = self._add(kind, partner_id, name, minutes, origin="rep")
        self._begin()
        return item.id

    @api.model
    def action_add_task(self, rep_ids, name, partner_id=None, date=None, minutes=None):
        """Give reps below a task for a day.

        :param list rep_ids: ids of reps
        :param str name: what is to be done
        :param int partner_id: about which customer
        :param date: from today on; empty: today
        :return: the ids of the items
        :raise AccessError: for reps who are not below the user, and for a customer of
            none of them
        :raise UserError: for a day that is over or a plan that is closed, for a rep who
            does not work any more, and for minutes that no day has
        """
        reps = self.env["sales.rep"].browse(asked.ids(self.env, rep_ids)).exists()
        reps.check_access("read")
        if not reps or not self.env["sales.rep"]._leads(reps):
            raise AccessError(
                self.env._("You give tasks to the reps of your own team only.")
            )
        reps._check_working()
        items = self.env["sales.work.plan.item"]
        for company, people in reps.grouped("company_id").items():
            day = asked.day(self.env, date) or company._get_sales_today()
            if day < company._get_sales_today():
                raise UserError(
                    self.env._("%(date)s is over.", date=format_date(self.env, day))
                )
            # What is given is checked as the user.
            plans = self._make(people, day).with_env(self.env)
            plans._check_open()
            for plan in plans:
                items |= plan._add("task", partner_id, name, minutes, origin="leader")
        return items.ids

    def _add(self, kind, partner_id, name, minutes, origin):
        kinds = self.env["sales.work.plan.item"]._get_kinds()
        found = kinds.get(asked.words(self.env, kind))
        if not found or not found.addable:
            raise UserError(self.env._("Choose what is to be done."))
        partner = self.env["res.partner"]
        partner = partner.browse(asked.record_id(self.env, partner_id) or ()).exists()
        partner.check_access("read")
        name = asked.words(self.env, name)
        if not (name if kind == "task" else partner):
            raise UserError(
                self.env._("Say what is to be done.")
                if kind == "task"
                else self.env._("Choose a customer.")
            )
        self._check_customer(partner)
        minutes = self._check_minutes(minutes)
        partner = partner.commercial_partner_id
        item = self.env["sales.work.plan.item"]
        if kind != "task":
            item = self.item_ids.filtered(
                lambda i: i.kind == kind
                and i.res_model == "res.partner"
                and i.res_id == partner.id
            )
        if item:
            if item.state == "dropped":
                item._set_state("accepted")
            return item
        return item.sudo().create(  # sudo: checked by who calls
            {
                "plan_id": self.id,
                "kind": kind,
                "key": f"{kind},res.partner,{partner.id}" if kind != "task" else False,
                "res_model": "res.partner" if partner else False,
                "res_id": partner.id,
                "partner_id": partner.id,
                "name": name or False,
                "minutes": minutes or self._get_minutes(found, kind),
                "state": "accepted",
                "origin": origin,
                "must": origin == "leader",
                "cause": "asked" if origin == "leader" else "added",
                # What a rule of misses asks for nobody has given.
                "asked_by_id": origin == "leader" and not self.env.su and self.env.uid,
                "sequence": max(self.item_ids.mapped("sequence"), default=0) + 1,
            }
        )

    def _check_customer(self, partner):
        """:raise AccessError: for customers of other people or of another company"""
        if partner and self.company_id != (partner.company_id or self.company_id):
            raise AccessError(
                self.env._(
                    "%(customer)s is a customer of another company.",
                    customer=partner.display_name,
                )
            )
        if partner and not partner._is_within_reach():
            raise AccessError(
                self.env._(
                    "%(customer)s is not your customer: choose one of your own, or "
                    "ask who leads you for it.",
                    customer=partner.display_name,
                )
            )

    def _check_minutes(self, minutes):
        """The minutes of some work; None where nothing is said.

        :raise UserError: for what is no whole number, or more than the day has
        """
        if not minutes:
            return None
        most = self.minutes or _DAY_MINUTES
        is_number = isinstance(minutes, int | float) and math.isfinite(minutes)
        if not is_number or minutes != int(minutes) or not 0 < minutes <= most:
            raise UserError(
                self.env._(
                    "Give whole minutes, from 1 to the %(minutes)s of the day.",
                    minutes=most,
                )
            )
        return int(minutes)

    def _get_minutes(self, kind, code):
        # sudo: only a setting
        length = self.company_id.sudo().sales_visit_length
        return length if code == "visit" else kind.minutes

    # The evening

    def action_submit(self, answers=None, note=None):
        """Submit the review of a day; then it stays as it is.

        :param dict answers: by id of an item that is not done (as a string, as JSON has
            it): ``{"reason_id": id, "note": str, "carry": bool}``; what is carried (by
            default all but standard work) is on the plan of the next working day
        :param str note: of the day
        :raise AccessError: for the plan of somebody else
        :raise UserError: when it was submitted, before its day, and naming what has no
            reason
        """
        asked.one(self)
        self._check_own()
        self._lock_plan()
        if self.state not in (*OPEN, "missed"):
            raise UserError(
                self.env._(
                    "The plan of %(date)s was submitted already.",
                    date=format_date(self.env, self.date),
                )
            )
        today = self.company_id._get_sales_today()
        if self.date > today:
            raise self._not_come_yet()
        if self.state in OPEN:
            self._tick()
        undone = self.item_ids.filtered(lambda item: item.state in UNDONE)
        undone._explain(self._check_answers(answers))
        # sudo: stamped by the plan's own action
        self.sudo().write(
            {
                "state": "submitted",
                "submitted_on": fields.Datetime.now(),
                "is_late": self.date < today,
                "note": asked.words(self.env, note) or False,
            }
        )
        self.env["sales.miss.rule"]._apply(self)
        if self.is_late:
            # What is carried over is for today.
            self._propose(self.rep_id, today)
        return True

    def _check_answers(self, answers):
        """:raise UserError: for what is no answer by item"""
        if answers and not (
            isinstance(answers, dict)
            and all(isinstance(answer, dict) for answer in answers.values() if answer)
        ):
            raise UserError(self.env._("Say of each item why it was not done."))
        return answers or {}

    def action_review(self, comment=None):
        """Say that one has seen a plan, with a comment that the rep gets.

        :param str comment: to the rep
        :raise AccessError: when the rep is not below the user
        :raise UserError: for a plan that is still open, or was reviewed
        """
        self.check_access("read")
        if any(plan.user_id == self.env.user for plan in self) or not self._is_above():
            raise AccessError(
                self.env._("The plan of a day is reviewed by who leads the rep.")
            )
        for plan in self:
            if plan.state not in ("submitted", "missed"):
                raise UserError(
                    self.env._(
                        "%(plan)s cannot be reviewed: it is not submitted, or was "
                        "reviewed already.",
                        plan=plan.display_name,
                    )
                )
        comment = asked.words(self.env, comment)
        # sudo: stamped by the plan's own action
        self.sudo().write(
            {
                "state": "reviewed",
                "reviewed_by_id": self.env.uid,
                "reviewed_on": fields.Datetime.now(),
                "comment": comment or False,
            }
        )
        for plan in self if comment else self.browse():
            plan.rep_id.sudo().message_notify(  # sudo: told to the rep whom it concerns
                author_id=self.env.user.partner_id.id,
                partner_ids=plan.user_id.partner_id.ids,
                subject=plan.display_name,
                body=comment,
            )
        return True

    def action_open_day(self):
        """My Day, on the day and of the rep of this plan."""
        asked.one(self)
        return {
            "type": "ir.actions.client",
            "tag": "sales_targets.my_day",
            "name": self.display_name,
            "params": {
                "rep_id": self.rep_id.id,
                "date": fields.Date.to_string(self.date),
            },
        }

    # As sets

    def _tick(self):
        """Tick what has happened, and take back what is undone, of open plans.

        What needs not be done any more is dropped, and what was dropped for a reason
        needs none once it happened or is gone. With one query for any number of plans
        and items of a company.
        """
        plans = self.filtered(lambda plan: plan.state in OPEN)
        self.env.flush_all()
        for company, those in plans.grouped("company_id").items():
            done, gone = self.env["sales.work.plan.item"]._get_done_and_gone(company)
            self.env.cr.execute(
                SQL(
                    """
                    WITH work AS MATERIALIZED (
                        SELECT i.id, i.kind, i.state, i.res_model, i.res_id,
                            i.partner_id, p.rep_id, r.user_id,
                            u.partner_id AS contact_id, p.date AS date_from,
                            p.date AS date_to
                        FROM sales_work_plan_item i
                        JOIN sales_work_plan p ON p.id = i.plan_id
                        JOIN sales_rep r ON r.id = p.rep_id
                        JOIN res_users u ON u.id = r.user_id
                        WHERE p.id = ANY(%(plans)s) AND NOT i.by_hand
                          AND (i.state IN ('proposed', 'accepted', 'done')
                            OR i.state = 'dropped' AND i.reason_id IS NOT NULL)
                    ), done(id) AS MATERIALIZED (%(done)s),
                    gone(id) AS MATERIALIZED (%(gone)s),
                    found AS (
                        SELECT w.id, CASE
                            WHEN w.id IN (SELECT id FROM done) THEN 'done'
                            WHEN w.id IN (SELECT id FROM gone) THEN 'gone'
                            WHEN w.state = 'done' THEN 'accepted'
                            ELSE w.state END AS state
                        FROM work w
                    )
                    UPDATE sales_work_plan_item i SET
                        state = CASE f.state WHEN 'gone' THEN 'dropped'
                            ELSE f.state END,
                        done_on = CASE WHEN f.state = 'done' THEN %(now)s END,
                        reason_id = NULL, note = NULL, agreed_by_id = NULL
                    FROM found f WHERE f.id = i.id AND f.state <> i.state
                    """,
                    plans=those.ids,
                    done=done,
                    gone=gone,
                    now=fields.Datetime.now(),
                )
            )
            if self.env.cr.rowcount:
                self.env["sales.work.plan.item"].invalidate_model(flush=False)
                self.invalidate_model(["planned_count", "done_count"], flush=False)

    @api.model
    def _make(self, reps, day):
        """The plans of reps for a day, made where there is none.

        :param reps: of one company
        """
        company = reps.company_id
        company.ensure_one()
        hours = self.env["sales.working.time"].working_days(reps, day, day)
        people = reps.sorted("id")  # everybody in the same order: no deadlocks
        # sudo: made by the system, for who was checked by who calls
        self = self.sudo()
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """INSERT INTO sales_work_plan
                    (rep_id, company_id, date, state, minutes)
                SELECT v.rep_id, %s, %s, 'proposed', v.minutes
                FROM unnest(%s::integer[], %s::integer[]) AS v(rep_id, minutes)
                ON CONFLICT (rep_id, date) DO NOTHING""",
                company.id,
                day,
                people.ids,
                [round(60 * hours[rep].get(day, 0.0)) for rep in people],
            )
        )
        self.invalidate_model(flush=False)
        return self.search([("rep_id", "in", reps.ids), ("date", "=", day)])

    def _get_next_day(self):
        """The next working day of each rep after a plan: ``{plan: date}``."""
        found = {}
        for day, plans in self.grouped("date").items():
            hours = self.env["sales.working.time"].working_days(
                plans.rep_id, day + timedelta(days=1), day + _AHEAD
            )
            for plan in plans:
                worked = [d for d, n in hours[plan.rep_id].items() if n]
                found[plan] = min(worked, default=day + timedelta(days=1))
        return found

    @api.model
    def _get_streak(self, reps):
        """How many working days in a row each rep submitted on time, until today.

        Today counts once it is submitted; days off neither count nor break it.

        :return: ``{rep: int}``
        """
        self.env["sales.work.plan"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """SELECT r.id, p.state IN ('submitted', 'reviewed') AND NOT p.is_late
                FROM unnest(%s::integer[]) r(id)
                CROSS JOIN LATERAL (
                    SELECT state, COALESCE(is_late, FALSE) OR submitted_on IS NULL
                        AS is_late, date FROM sales_work_plan
                    WHERE rep_id = r.id AND state IN ('submitted', 'reviewed', 'missed')
                    ORDER BY date DESC LIMIT %s
                ) p ORDER BY r.id, p.date DESC""",
                reps.ids,
                _LONGEST_STREAK,
            )
        )
        streaks, broken = dict.fromkeys(reps.ids, 0), set()
        for rep, on_time in rows:
            if not on_time:
                broken.add(rep)
            elif rep not in broken:
                streaks[rep] += 1
        return {rep: streaks[rep.id] for rep in reps}

    @api.model
    def _get_own_rep(self):
        """The user's rep in the current company."""
        return self.env["sales.rep"].search_fetch(
            [("user_id", "=", self.env.uid), ("company_id", "=", self.env.company.id)]
        )


class SalesRep(models.Model):
    _inherit = "sales.rep"

    def _check_working(self):
        """:raise UserError: for who has no working days any more"""
        for rep in self:
            if rep.state not in WORKING or not rep.active or not rep.user_active:
                raise UserError(
                    self.env._(
                        "%(rep)s does not work at present: nothing can be planned.",
                        rep=rep.name,
                    )
                )

    def _leads(self, reps):
        """Whether the user leads all of some reps: who is below, or a director."""
        if any(rep.user_id == self.env.user for rep in reps):
            return False
        if self.env.user.has_group(COMPANY_GROUPS[0]):
            return True
        if not self.env.user.has_group("sales_force.group_sales_leader"):
            return False
        mine = {str(rep.id) for rep in self.env.user.sales_rep_ids}
        # sudo: only the places in the tree
        return all(mine & set(rep.sudo().parent_path.split("/")) for rep in reps)
