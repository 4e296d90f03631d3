from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.sales_force.locking import write_lock

from ..commission import booking, credited


class Standing(NamedTuple):
    """Where a rep is in a period, as far as a rule asks for it."""

    total: Decimal  # of what counts
    reached: Decimal  # of what the table is about
    goal: Decimal | None
    factor: Decimal


class SalesCommissionStatement(models.Model):
    """Statements follow the facts: one run for a plan, a period and some reps.

    A run makes the entries what rules say of the credits of today. Running again
    changes nothing. Of a period whose statement is closed, what is different becomes
    adjustments in the rep's open statement.
    """

    _inherit = "sales.commission.statement"

    @api.model
    def _run(self, company, day, reps=None):
        """Settle the periods that hold a day, of all plans in force then.

        :param reps: only of these; None: of everybody
        :return: the statements that were open for entries
        """
        plans = self.env["sales.commission.plan"]._get_in_force(company, day)
        return self._settle_periods(
            {(plan, *plan._get_bounds(day)): reps for plan in plans}
        )

    def _settle(self, plan, start, stop, reps=None):
        """Make the entries of a period, and of what follows from them in later ones,
        what facts say now; the same twice."""
        return self._settle_periods({(plan, start, stop): reps})

    def _settle_periods(self, periods):
        """As ``_settle``, of many periods: what follows from them is settled once.

        :param dict periods: ``{(plan, first day, last day): reps}``, None: everybody
        :return: the statements that were open for entries
        """
        written = self.browse()
        for period, reps in periods.items():
            written |= self._settle_own(*period, reps)
        by_plan = defaultdict(dict)
        for period, reps in periods.items():
            by_plan[period[0]._get_family()][period] = reps
        for settled in by_plan.values():
            written |= self._settle_following(
                *min(settled, key=lambda period: period[1]),
                self._unite(settled.values()),
            )
        return written

    def _unite(self, reps):
        """All of several sets of reps, of which each may be None: everybody."""
        reps = list(reps)
        return None if None in reps else self.env["sales.rep"].union(*reps)

    def _settle_own(self, plan, start, stop, reps=None):
        """Make what a period earns by itself what facts say now."""
        self.env["sales.credit"]._process_pending()
        self.env.flush_all()
        members = plan._get_members(start, stop, reps)
        books = self._open_books(plan, start, stop, members, reps)
        elsewhere = self._get_elsewhere(plan, start, books)
        self._lock_open([*filter(None, books.values()), *elsewhere.ids])
        for rule in plan.rule_ids:
            books = self._settle_rule(rule, start, stop, members, books)
        written = self.browse(sorted({id_ for id_ in books.values() if id_}))
        written |= elsewhere
        written._sum_up()
        return written

    def _settle_following(self, plan, start, stop, reps=None):
        """Make what follows from earnings what it should be, of a period and of all
        later ones of the plan, in their order."""
        written = self._settle_dependent(plan, start, stop, reps)
        written |= self._settle_disputes(plan, start, stop, reps)
        written |= self._settle_draws(plan, start, stop, reps)
        written._sum_up()
        return written

    def _settle_rule(self, rule, start, stop, members, books):
        """Entries of one rule.

        :param dict books: ``{rep's id: statement's id}``, None where the statement of
            the period is closed and no other is open
        :return: the same, with the statements that had to be opened
        """
        if not books:
            return books
        counted = rule._select_base(start, stop, members)
        standing = rule._get_standing(counted, start, stop, members)
        lines = rule._select_lines(start, stop, members, list(books), standing)
        for subject, select in lines.items():
            compared = rule.kind == "rate" and subject == rule._get_subject()
            entries = booking.Entries(rule, start, select, subject, compared=compared)
            books = self._write_entries(entries, books)
        opened = {rep: book for rep, book in books.items() if book}
        self.env["sales.commission.basis"]._keep(rule, start, opened, standing)
        return books

    def _write_entries(self, entries, books):
        """Make entries what they should be, in the statements that are open for them.

        :return: the books, with the statements that had to be opened
        """
        missing = [rep for rep, book in books.items() if not book]
        if missing:
            needed = self.env.execute_query(entries.differing(missing))
            for (rep,) in needed:
                statement = self._open_correction(entries.plan, entries.start, rep)
                books = {**books, rep: statement.id}
        opened = {rep: book for rep, book in books.items() if book}
        if opened:
            self.env.cr.execute(entries.put(opened))
        return books

    def _open_books(self, plan, start, stop, members, reps):
        """Where the entries of a period are written.

        The statement of the period, made where it is missing; of those that are closed
        the open one that takes corrections.

        :return: ``{rep's id: statement's id or None}``
        """
        domain = [("plan_id", "=", plan.id), ("date_from", "=", start)]
        if reps is not None:
            domain.append(("rep_id", "in", reps.ids))
        existing = {statement.rep_id.id: statement for statement in self.search(domain)}
        wanted = {rep for rep, _first, _last in members}
        missing = sorted(wanted - existing.keys())
        for statement in self._make(plan, start, stop, missing):
            existing[statement.rep_id.id] = statement
        closed = [rep for rep, one in existing.items() if one.state != "open"]
        later = self._get_later(plan, start, closed)
        return {
            rep: one.id if one.state == "open" else later.get(rep)
            for rep, one in sorted(existing.items())
        }

    def _get_elsewhere(self, plan, start, books):
        """Open statements that hold entries of a period which belong in another one.

        :param dict books: ``{rep's id: statement's id or None}``
        """
        return self.browse(
            id_
            for (id_,) in self.env.execute_query(
                SQL(
                    """
                    SELECT s.id FROM sales_commission_statement s
                    WHERE s.rep_id = ANY(%s) AND s.state = 'open' AND NOT s.id = ANY(%s)
                        AND EXISTS (
                            SELECT FROM sales_commission_entry e
                            WHERE e.rep_id = s.rep_id AND e.rule_id = ANY(%s)
                                AND e.period_from = %s AND e.statement_id = s.id
                        )
                    """,
                    list(books),
                    [book for book in books.values() if book],
                    plan._get_versions().rule_ids.ids,
                    start,
                )
            )
        )

    def _make(self, plan, start, stop, rep_ids):
        """New statements; of two runs at once the second finds those of the first."""
        if rep_ids:
            write_lock(plan)
        return self.with_context(tracking_disable=True).create(
            [
                {
                    "rep_id": rep_id,
                    "plan_id": plan.id,
                    "company_id": plan.company_id.id,
                    "date_from": start,
                    "date_to": stop,
                }
                for rep_id in rep_ids
            ]
        )

    def _get_later(self, plan, start, rep_ids):
        """The first open statement after a period, of any version of the plan."""
        found = {}
        for statement in self.search(
            [
                ("rep_id", "in", rep_ids),
                ("plan_id", "in", plan._get_versions().ids),
                ("date_from", ">", start),
                ("state", "=", "open"),
            ],
            order="date_from, id",
        ):
            found.setdefault(statement.rep_id.id, statement.id)
        return found

    def _open_correction(self, plan, start, rep_id):
        """The statement that takes a correction where none is open: of the current
        period, or of the one after the last that is closed."""
        versions = plan._get_versions()
        last = self.search(
            [("rep_id", "=", rep_id), ("plan_id", "in", versions.ids)],
            order="date_from desc",
            limit=1,
        )
        day = max(plan.company_id._get_sales_today(), last.date_to + timedelta(days=1))
        first, end = plan._get_bounds(day)
        version = plan._get_paying(first) or plan
        statement = self._make(version, first, end, [rep_id])
        self._lock_open(statement.ids)
        return statement

    def _pass_on(self, former, plan):
        """Open statements of periods that the next version pays are that version's.

        What the former one has given for them goes; corrections of others stay.
        """
        statements = self.search(
            [
                ("plan_id", "=", former.id),
                ("date_from", ">=", plan.date_from),
                ("state", "=", "open"),
            ]
        )
        self._lock_open(statements.ids)
        statements.plan_id = plan
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """DELETE FROM sales_commission_entry e
                USING sales_commission_statement s
                WHERE s.id = e.statement_id AND s.id = ANY(%s)
                    AND e.period_from = s.date_from""",
                statements.ids,
            )
        )
        statements._sum_up()

    def _lock_open(self, ids):
        """Two runs, or a run and who closes a statement: the later is run again."""
        self.env.flush_all()
        write_lock(self.browse(ids))

    def _sum_up(self):
        """The amounts of statements, from their entries."""
        self.env.cr.execute(
            SQL(
                """
                UPDATE sales_commission_statement s SET amount = COALESCE(e.amount, 0)
                FROM unnest(%(ids)s::integer[]) t(id)
                LEFT JOIN (
                    SELECT statement_id, sum(amount) AS amount
                    FROM sales_commission_entry WHERE statement_id = ANY(%(ids)s)
                    GROUP BY statement_id
                ) e ON e.statement_id = t.id
                WHERE s.id = t.id AND s.amount IS DISTINCT FROM COALESCE(e.amount, 0)
                """,
                ids=self.ids,
            )
        )
        self.invalidate_recordset(
            ["amount", "entry_ids", "correction_ids"], flush=False
        )
        self.env["sales.commission.entry"].invalidate_model(flush=False)


class SalesCommissionPlan(models.Model):
    _inherit = "sales.commission.plan"

    def _get_versions(self):
        """All versions of a plan, those before and after."""
        first = self.first_id or self
        return first | self.with_context(active_test=False).search(
            [("first_id", "in", first.ids)]
        )

    def _get_live_versions(self):
        """Those that are or were in force."""
        return self._get_versions().filtered(lambda one: one.state != "draft")

    def _get_paying(self, start):
        """The version in force that pays a period; none before or after all."""
        return self._get_live_versions().filtered(lambda one: one._pays(start))[:1]


class SalesCommissionRule(models.Model):
    """What a rule gives for a period: lines of entries, not written anywhere."""

    _inherit = "sales.commission.rule"

    def _select_lines(self, start, stop, members, rep_ids, standing=None):
        """What the rule gives, by what it is about: SELECTs, see ``booking.LINE``.

        :param members: ``[(rep's id, first day, last day)]``
        :param rep_ids: everybody whose entries are compared, members or not
        :param standing: see ``_get_standing``, where it is known already
        :return: ``{subject: SELECT}``; of what is earned, where statements are closed,
            compared with them: see ``credited.earn``
        """
        counted = self._select_base(start, stop, members)
        if standing is None:
            standing = self._get_standing(counted, start, stop, members)
        subject = self._get_subject()
        if self.kind == "bonus":
            amounts = {rep: self._get_bonus(one) for rep, one in standing.items()}
            reached = {rep: one.reached for rep, one in standing.items()}
            lines = booking.rewards(self, stop, "bonus", amounts, reached)
        else:
            schedules = {rep: self._get_schedule(one) for rep, one in standing.items()}
            lines = credited.earn(
                counted,
                {rep: made for rep, made in schedules.items() if made},
                self._get_unit(),
                former=booking.closed(self, start, rep_ids, subject),
                remains=self._has_remains(),
            )
        return {subject: lines, **self._select_more(standing, start, stop, members)}

    def _has_remains(self):
        """Whether the base says what remains of each credit, see ``credited.earn``."""
        return False

    def _select_more(self, standing, start, stop, members):
        """What the rule gives besides, by what it is about: SELECTs."""
        return {}

    def _get_standing(self, counted, start, stop, members):
        """What decides about the rates of each rep: ``{rep's id: Standing}``.

        What the rule does not ask for is not read.
        """
        totals = self._read_totals(counted) if self._needs_total() else {}
        reached, goals = totals, {}
        if self._get_attained() != self.metric_id:
            reached = self._read_totals(self._select_attained(start, stop, members))
        if self.table == "attainment":
            goals = self._read_goals(start, stop, members)
        reps = sorted({rep for rep, _first, _last in members})
        factors = self._read_factors(start, stop, reps)
        return {
            rep: Standing(
                totals.get(rep, Decimal(0)),
                reached.get(rep, Decimal(0)),
                goals.get(rep),
                factors.get(rep, Decimal(1)),
            )
            for rep in reps
        }

    def _read_factors(self, start, stop, rep_ids):
        """By what all is multiplied that the rule pays: ``{rep's id: Decimal}``."""
        return {}

    def _get_followed(self):
        """The metrics whose credits decide about what rules pay, and when."""
        return self.metric_id

    def _get_subject(self):
        """The kind of entries that the rule gives."""
        if self.kind == "bonus":
            return "bonus"
        return "override" if self.credited == "override" else "earning"

    def _get_units(self):
        """Units of the plan's currency in one: 100 for cents."""
        return round(1 / Decimal(str(self.currency_id.rounding)), 6)

    def _get_unit(self):
        """The smallest amount of the plan's currency."""
        return round(Decimal(str(self.currency_id.rounding)), 6)

    def _select_base(self, start, stop, members):
        return credited.base(
            self._get_people(members),
            self._get_credits(start, stop),
            self._get_value(),
            SQL("c.factor") if self._weighs() else None,
        )

    def _select_attained(self, start, stop, members):
        """What counts towards the target of another metric: everything of it."""
        return credited.base(
            self._get_people(members),
            self._select_credits(
                start,
                stop,
                Domain("metric_id", "=", self.attained_metric_id.id)
                & self._get_overlay_domain(),
            ),
            SQL("c.value"),
        )

    def _read_totals(self, counted):
        """What counts of the period: ``{rep's id: Decimal}``."""
        return {
            rep: Decimal(total)
            for rep, total in self.env.execute_query(credited.totals(counted))
        }

    def _read_goals(self, start, stop, members):
        """The targets of what is attained in a period: ``{rep's id: Decimal}``.

        Of several plans of targets the core goal's, else the first one's.
        """
        found = defaultdict(Decimal)
        for rep, goal in self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT ON (rep_id) rep_id, goal FROM (
                    SELECT p.rep_id, plan.id, plan.kind, sum(%(value)s) AS goal
                    FROM (%(people)s) p
                    JOIN sales_target_day d ON d.rep_id = p.credited_id
                        AND d.date BETWEEN p.date_from AND p.date_to
                        AND d.date BETWEEN %(start)s AND %(stop)s
                    JOIN sales_target t ON t.id = d.target_id
                        AND t.company_id = %(company)s
                    JOIN sales_target_plan plan ON plan.id = t.plan_id
                        AND plan.state <> 'draft' AND plan.metric_id = %(metric)s
                    GROUP BY p.rep_id, plan.id
                ) goals
                ORDER BY rep_id, kind = 'core' DESC, id
                """,
                people=self._get_people(members),
                start=start,
                stop=stop,
                company=self.company_id.id,
                metric=self._get_attained().id,
                value=self._get_goal_value(),
            )
        ):
            found[rep] = Decimal(str(goal))
        return found

    def _get_goal_value(self):
        """The target of a day ``d``, in what is reached is counted in."""
        currency = self.currency_id
        value = SQL("d.value")
        if (
            self._get_attained() != self.metric_id
            or self.metric_id.unit != "money"
            or currency == self.company_id.currency_id
        ):
            return value
        return credited.converted(value, self.company_id, currency, SQL("d.date"))
