"""The morning: what reps do today, found and ranked as sets; and the end of a day."""

import json
import logging
from collections import defaultdict, namedtuple
from fractions import Fraction

from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.misc import format_date, split_every

from ..planning.agenda import Candidate, choose
from ..work.kind import CANDIDATE_COLUMNS, Morning
from .sales_work_plan import OPEN, WORKING

_logger = logging.getLogger(__name__)

# So much of the working time is planned; the rest is for the way and what comes up.
_PLANNED_PART = Fraction(4, 5)
# What a visit is worth where nothing at all is known of rates.
_UNKNOWN = Fraction(1000)
# Contributions are compared to the hundredth.
_FINE = 100
# From these hours on, where the company works.
_PROPOSED_AT = 4
_REPORTED_AT = 6
# So many reps are proposed to in one transaction.
_BATCH = 250

# A candidate; of what is carried over also what it was worth and who gave it.
_Found = namedtuple(
    "_Found",
    ("kind", *CANDIDATE_COLUMNS, "key", "carries", "value", "origin", "asked_by_id"),
    defaults=(0, None, "proposed", None),
)


class SalesWorkPlan(models.Model):
    _inherit = "sales.work.plan"

    @api.model
    def _propose(self, reps, day):
        """Propose to reps what to do on a day, for what is left of their working time.

        What must be done comes first, then what brings most an hour to the gap of the
        core plan. What is there stays as it is, and nothing is added twice. Who does
        not work on the day gets no plan. The number of queries does not depend on how
        many reps there are.

        :param reps: records of ``sales.rep``
        :param date day: today, where their companies work
        """
        # sudo: names what the reps' own documents ask for; they read their own plans
        self, reps = self.sudo(), reps.sudo()
        for company, people in reps.grouped("company_id").items():
            self._propose_in(company, people, day)

    def _propose_in(self, company, reps, day):
        hours = self.env["sales.working.time"].working_days(reps, day, day)
        working = reps.filtered(
            lambda rep: hours[rep].get(day) and rep.state in WORKING
        )
        if not working:
            return
        plans = self._make(working, day).filtered(lambda plan: plan.state in OPEN)
        if not plans:
            return
        by_rep = {plan.rep_id.id: plan for plan in plans}
        found = self._find(company, plans, day)
        taken, room = self._get_taken(plans)
        cores = self._get_core_plans(company, plans.rep_id, day)
        worths = self._get_worths(cores, day)
        kinds = self.env["sales.work.plan.item"]._get_kinds()
        rows = []
        for rep_id, candidates in found.items():
            plan = by_rep[rep_id]
            worth = worths[rep_id]
            left = int(plan.minutes * _PLANNED_PART) - room[plan.id][0]
            by_key = {}
            choices = [
                self._weigh(number, candidate, kinds, worth)
                for number, candidate in enumerate(candidates)
            ]
            for choice, candidate in zip(choices, candidates, strict=True):
                by_key[choice] = candidate
            chosen = choose(choices, left, *taken[plan.id])
            start = room[plan.id][1] + 1
            for place, choice in enumerate(chosen, start=start):
                rows.append(self._prepare_row(plan.id, place, choice, by_key[choice]))
        self._insert(rows)
        self._note_proposed(plans, self._get_needs(cores, day))

    def _weigh(self, number, found, kinds, worth):
        """A candidate as the choice sees it."""
        kind = kinds[found.kind]
        units = Fraction(str(found.units or 0))
        value = Fraction(str(found.value or 0)) or units * worth.get(found.metric, 0)
        return Candidate(
            key=(found.key,),
            minutes=max(1, found.minutes or kind.minutes),
            value=round(value * _FINE),
            must=bool(found.must or found.carries),
            due=found.since or fields.Date.to_date("9999-12-31"),
            document=found.document,
            kind=found.kind,
        )

    def _prepare_row(self, plan_id, place, choice, found):
        return {
            "plan_id": plan_id,
            "sequence": place,
            "kind": found.kind,
            "key": found.key,
            "document": found.document,
            "partner_id": found.partner_id,
            "res_model": found.res_model,
            "res_id": found.res_id,
            "name": found.name,
            "cause": found.cause,
            "amount": found.amount,
            "since": found.since,
            "minutes": choice.minutes,
            "value": float(choice.value) / _FINE,
            "must": found.kind == "standard" or (found.kind == "task" and found.must),
            "carries": found.carries,
            "origin": found.origin,
            "asked_by_id": found.asked_by_id,
        }

    def _insert(self, rows):
        """Write what was chosen; what is there already is left alone."""
        if not rows:
            return
        item = self.env["sales.work.plan.item"]
        names = list(rows[0])
        kinds = item._get_kinds()
        by_hand = [code for code, kind in kinds.items() if kind.done is None]
        self.env.cr.execute(
            SQL(
                """INSERT INTO sales_work_plan_item
                    (%(names)s, by_hand, state, carry)
                SELECT %(values)s, v.kind = ANY(%(by_hand)s),
                    CASE WHEN v.must OR v.carries > 0 THEN 'accepted'
                        ELSE 'proposed' END, FALSE
                FROM unnest(%(columns)s) AS v(%(names)s)
                ON CONFLICT (plan_id, key) WHERE key IS NOT NULL DO NOTHING""",
                names=SQL(", ").join(SQL.identifier(name) for name in names),
                values=SQL(", ").join(SQL.identifier("v", name) for name in names),
                by_hand=by_hand,
                columns=SQL(", ").join(
                    SQL(
                        f"%s::{item._fields[name].column_type[1]}[]",
                        [row[name] for row in rows],
                    )
                    for name in names
                ),
            )
        )
        item.invalidate_model(flush=False)

    def _note_proposed(self, plans, needs):
        """When plans were proposed, and what the day needs, as it was at first."""
        self.env.cr.execute(
            SQL(
                """UPDATE sales_work_plan p SET
                    proposed_on = COALESCE(p.proposed_on, %s),
                    needs = COALESCE(p.needs, v.needs)
                FROM unnest(%s::integer[], %s::jsonb[]) AS v(id, needs)
                WHERE p.id = v.id""",
                fields.Datetime.now(),
                plans.ids,
                [json.dumps(needs.get(plan.rep_id.id, {})) for plan in plans],
            )
        )
        self.invalidate_model(flush=False)

    # What there is

    def _find(self, company, plans, day):
        """What reps could do: ``{rep's id: [_Found]}``, each key once."""
        found = defaultdict(dict)
        for row in self._read_candidates(company, plans, day):
            found[row.rep_id].setdefault(row.key, row)
        for rows in found.values():
            # Work that knows the document says more than an activity of it.
            documents = {
                row.document
                for row in rows.values()
                if row.kind != "activity" and row.document
            }
            for key, row in list(rows.items()):
                if row.kind == "activity" and row.document in documents:
                    del rows[key]
        for row in self._read_carried(company, plans, day):
            known = found[row.rep_id].get(row.key)
            if known:
                # What still has a cause has today's words for it, and worth.
                kept = ("carries", "origin", "asked_by_id")
                row = known._replace(**{name: getattr(row, name) for name in kept})
            found[row.rep_id][row.key] = row
        return {rep: list(rows.values()) for rep, rows in found.items()}

    def _by_core(self, cores):
        """``[(core plan, reps)]`` of ``_get_core_plans``."""
        grouped = defaultdict(self.env["sales.rep"].browse)
        for rep, core in cores.items():
            grouped[core] |= rep
        return grouped.items()

    def _get_needs(self, cores, day):
        """How many of each step the day needs: ``{rep's id: {metric's code: int}}``."""
        needs = {}
        for core, reps in self._by_core(cores):
            if core:
                needs.update(self.env["sales.driver"]._get_needs(core, reps, day))
        return {
            rep.id: {code: need.today for code, need in found.steps.items()}
            for rep, found in needs.items()
        }

    def _get_worths(self, cores, day):
        """What one visit, quotation and so on brings of the goal: ``{rep's id: {code:
        Fraction}}``.

        By the drivers of the core plan's metric, without a plan of what is ordered.
        What they do not tell is estimated from what they do, so that the work is ranked
        all the same: a quotation is worth two visits, and of a sum that is owed, which
        does not add to what is ordered, a fifth.

        :param dict cores: the core plan of each rep
        """
        ordered = self.env.ref("sales_force.sales_metric_ordered")
        found = {}
        for core, reps in self._by_core(cores):
            metric = core.metric_id or ordered
            known = self.env["sales.driver"]._get_worths(metric, reps, day)
            for rep in reps:
                worth = dict(known.get(rep, {}))
                visit = worth.get("VISITS", _UNKNOWN)
                quotation = worth.setdefault("QUOTATIONS", 2 * visit)
                worth.setdefault("VISITS", quotation / 2)
                owed = 1 if metric.unit == "money" else quotation / _UNKNOWN
                worth.setdefault("COLLECTED", Fraction(owed) / 5)
                found[rep.id] = worth
        return found

    def _read_candidates(self, company, plans, day):
        morning = Morning(
            company_id=company.id,
            date=day,
            timezone=company._get_sales_timezone(),
            visit_minutes=company.sales_visit_length,
            visits_a_day=company.sales_visits_per_day,
        )
        columns = SQL(", ").join(SQL.identifier("c", n) for n in CANDIDATE_COLUMNS)
        names = SQL(", ").join(SQL.identifier(name) for name in CANDIDATE_COLUMNS)
        self.env.flush_all()
        reps = SQL(
            "SELECT * FROM unnest(%s::integer[], %s::integer[]) r(rep_id, user_id)",
            plans.rep_id.ids,
            [rep.user_id.id for rep in plans.rep_id],
        )
        rows = []
        for code, kind in self.env["sales.work.plan.item"]._get_kinds().items():
            if not kind.candidates:
                continue
            self.env.cr.execute(
                SQL(
                    """SET LOCAL jit = off;
                    WITH reps AS MATERIALIZED (%s)
                    SELECT %s, %s FROM (%s) c(%s)""",
                    reps,
                    code,
                    columns,
                    kind.candidates(morning),
                    names,
                )
            )
            for values in self.env.cr.fetchall():
                row = dict(zip(CANDIDATE_COLUMNS, values[1:], strict=True))
                key = f"{code},{row['res_model']},{row['res_id']}"
                rows.append(_Found(kind=code, **row, key=key))
        return rows

    def _read_carried(self, company, plans, day):
        """What was left over from each rep's last plan and has not happened since.

        It is worth what it was; what was added by hand, one of its kind.
        """
        item = self.env["sales.work.plan.item"]
        kinds = item._get_kinds()
        done, gone = item._get_done_and_gone(company)
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                WITH last AS (
                    SELECT DISTINCT ON (p.rep_id) p.id, p.rep_id, p.date
                    FROM sales_work_plan p
                    WHERE p.rep_id = ANY(%(reps)s) AND p.date < %(day)s
                      AND p.state IN ('submitted', 'reviewed', 'missed')
                    ORDER BY p.rep_id, p.date DESC
                ), work AS MATERIALIZED (
                    SELECT i.*, l.rep_id, r.user_id, u.partner_id AS contact_id,
                        l.date AS date_from, %(day)s::date AS date_to
                    FROM last l
                    JOIN sales_work_plan_item i ON i.plan_id = l.id AND i.carry
                        AND i.state = 'missed'
                    JOIN sales_rep r ON r.id = l.rep_id
                    JOIN res_users u ON u.id = r.user_id
                )
                SELECT w.kind, w.rep_id, w.res_model, w.res_id, w.partner_id,
                    w.document, m.metric, 1, w.cause, w.amount, w.since, w.minutes,
                    w.must, w.name, COALESCE(w.key, w.kind || ',' || w.id),
                    COALESCE(w.carries, 0) + 1, w.value, w.origin, w.asked_by_id
                FROM work w
                LEFT JOIN unnest(%(kinds)s::varchar[], %(metrics)s::varchar[])
                    AS m(kind, metric) ON m.kind = w.kind
                WHERE w.id NOT IN (%(done)s UNION %(gone)s)
                """,
                reps=plans.rep_id.ids,
                day=day,
                kinds=list(kinds),
                metrics=[kind.metric for kind in kinds.values()],
                done=done,
                gone=gone,
            )
        )
        return [_Found(*row) for row in rows]

    def _get_taken(self, plans):
        """What is on plans: keys, and documents with the kind of work; minutes and the
        last place."""
        taken = defaultdict(lambda: (set(), {}))
        room = defaultdict(lambda: [0, 0])
        for plan, kind, key, document, minutes, place in self.env.execute_query(
            SQL(
                """SELECT plan_id, kind, key, document,
                    CASE WHEN state = 'dropped' THEN 0 ELSE minutes END, sequence
                FROM sales_work_plan_item WHERE plan_id = ANY(%s) ORDER BY id""",
                plans.ids,
            )
        ):
            if key:
                taken[plan][0].add((key,))
            if document:
                taken[plan][1].setdefault(document, kind)
            room[plan][0] += minutes or 0
            room[plan][1] = max(room[plan][1], place or 0)
        return taken, room

    def _get_core_plans(self, company, reps, day):
        """The plan by which each rep stands or falls on a day: ``{rep: plan}``.

        Of the unit that the rep belongs to today; none where it has none.
        """
        # sudo: only which plan; the reps' own targets are read of it
        plans = (
            self.env["sales.target.plan"]
            .sudo()
            .search_fetch(
                [
                    ("company_id", "=", company.id),
                    ("kind", "=", "core"),
                    ("state", "in", ("committed", "running")),
                    ("date_from", "<=", day),
                    ("date_to", ">=", day),
                ],
                ["company_id", "metric_id", "top_rep_id"],
                order="id",
            )
        )
        found = {}
        for rep in reps:
            above = rep.sudo().parent_path.split("/")  # sudo: the place in the tree
            found[rep] = next(
                (
                    plan
                    for plan in plans
                    if not plan.top_rep_id or str(plan.top_rep_id.id) in above
                ),
                plans.browse(),
            )
        return found

    # The end of a day

    @api.model
    def _close(self, company, reps=None):
        """Close the plans of days that are over and were not submitted.

        What was accepted and not done is carried over. Plans of days on which the rep
        turned out not to work do not count.

        :param reps: whose; all of the company's when None
        """
        self = self.sudo()  # by the system
        domain = [
            ("company_id", "=", company.id),
            ("date", "<", company._get_sales_today()),
            ("state", "in", OPEN),
        ]
        if reps is not None:
            domain.append(("rep_id", "in", reps.ids))
        plans = self.search(domain)
        if not plans:
            return plans
        plans._tick()
        off = self.browse()
        for day, those in plans.grouped("date").items():
            hours = self.env["sales.working.time"].working_days(those.rep_id, day, day)
            off |= those.filtered(
                lambda plan, day=day, hours=hours: not hours[plan.rep_id].get(day)
            )
        missed = plans - off
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """UPDATE sales_work_plan_item SET state = 'missed',
                    carry = state = 'accepted' AND kind <> 'standard'
                WHERE plan_id = ANY(%s) AND state IN ('proposed', 'accepted')""",
                missed.ids,
            )
        )
        self.env.cr.execute(
            SQL(
                """UPDATE sales_work_plan SET state =
                    CASE WHEN id = ANY(%s) THEN 'void' ELSE 'missed' END
                WHERE id = ANY(%s)""",
                off.ids,
                plans.ids,
            )
        )
        self.env.invalidate_all(flush=False)
        self.env["sales.credit"]._mark("work", plans.ids)
        self.env["sales.miss.rule"]._apply(missed)
        return missed

    @api.model
    def _report(self, company):
        """Tell each leader once whose review is missing, and whose came late."""
        today = company._get_sales_today()
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE sales_work_plan p SET
                    missing_reported = p.missing_reported OR p.state = 'missed',
                    late_reported = p.is_late
                FROM (
                    SELECT id FROM sales_work_plan
                    WHERE company_id = %(company)s AND date < %(today)s
                      AND (state = 'missed' AND NOT COALESCE(missing_reported, FALSE)
                        OR is_late AND NOT COALESCE(late_reported, FALSE)
                        AND (submitted_on AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date
                            < %(today)s)
                ) n WHERE n.id = p.id RETURNING p.id
                """,
                company=company.id,
                today=today,
                tz=company._get_sales_timezone(),
            )
        )
        self.env["sales.work.plan"].invalidate_model(flush=False)
        plans = self.sudo().browse(row[0] for row in rows)  # sudo: by the system
        for leader, those in plans.grouped(lambda plan: plan.rep_id.parent_id).items():
            if leader:
                leader._report_work(those.sorted(lambda p: (p.rep_id.name, p.date)))
        return plans

    @api.model
    def _cron_morning(self):
        """Each hour: close what is over; in the morning propose, and report once."""
        companies = self.env["res.company"].search([])
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(companies))
        for company in companies:
            hour = self._get_local_hour(company)
            self._close(company)
            cron._commit_progress()
            if hour >= _PROPOSED_AT:
                for reps in self._get_waiting(company):
                    self._propose(reps, company._get_sales_today())
                    _logger.info("%s: plans for %s reps", company.name, len(reps))
                    cron._commit_progress()
            if hour >= _REPORTED_AT and self._is_working_day(company):
                self._report(company)
            cron._commit_progress(1)

    def _get_local_hour(self, company):
        now = fields.Datetime.context_timestamp(
            self.with_context(tz=company._get_sales_timezone()), fields.Datetime.now()
        )
        return now.hour

    def _is_working_day(self, company):
        today = company._get_sales_today()
        working = self.env["sales.working.time"].working_days(company, today, today)
        return bool(working[company].get(today))

    def _get_waiting(self, company):
        """Reps who have no proposal for today yet, in batches."""
        today = company._get_sales_today()
        proposed = self.search(
            [
                ("company_id", "=", company.id),
                ("date", "=", today),
                ("proposed_on", "!=", False),
            ]
        )
        reps = self.env["sales.rep"].search(
            [
                ("company_id", "=", company.id),
                ("state", "in", WORKING),
                ("id", "not in", proposed.rep_id.ids),
            ],
            order="id",
        )
        hours = self.env["sales.working.time"].working_days(reps, today, today)
        working = [rep.id for rep in reps if hours[rep].get(today)]
        return [reps.browse(batch) for batch in split_every(_BATCH, working, tuple)]


class SalesRep(models.Model):
    _inherit = "sales.rep"

    def _report_work(self, plans):
        """Tell a leader about missing and late reviews, in one message."""
        self.ensure_one()
        rep = self.with_context(lang=self.user_id.lang)
        _ = rep.env._
        missing = plans.filtered(lambda plan: plan.state == "missed")
        parts = []
        for title, those in (
            (_("The evening review is missing:"), missing),
            (_("The evening review came late:"), plans - missing),
        ):
            if those:
                lines = Markup().join(
                    Markup("<li>%s, %s: %s</li>")
                    % (
                        plan.rep_id.name,
                        format_date(rep.env, plan.date),
                        _(
                            "%(done)s of %(planned)s done",
                            done=plan.done_count,
                            planned=plan.planned_count,
                        ),
                    )
                    for plan in those
                )
                parts.append(Markup("<p>%s</p><ul>%s</ul>") % (title, lines))
        rep.message_notify(
            partner_ids=self.user_id.partner_id.ids,
            subject=_("Work plans: missing and late reviews"),
            body=Markup().join(parts),
        )
