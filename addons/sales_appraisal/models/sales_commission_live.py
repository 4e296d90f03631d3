import logging
from collections import defaultdict
from contextlib import contextmanager

from psycopg2.errors import SerializationFailure

from odoo import api, models
from odoo.tools import mute_logger

_logger = logging.getLogger(__name__)


class SalesCommissionStatement(models.Model):
    """Statements follow the facts by themselves.

    Every few minutes what has changed in the ledger is settled, also of periods whose
    statements are closed; each night everything that is open, and what else has changed
    of closed periods. Who opens the own statements does not wait for that.
    """

    _inherit = "sales.commission.statement"

    @api.model
    def _cron_follow(self):
        """Settle what has changed in the ledger since."""
        stamps = self.env["sales.commission.stamp"]
        stale = stamps._get_stale(stamps._get_periods(self._get_live_plans()))
        self._settle_all({period: {"credits": mark} for period, mark in stale.items()})

    @api.model
    def _cron_settle(self):
        """Settle what is open, and closed periods of which anything has changed."""
        stamps = self.env["sales.commission.stamp"]
        periods = stamps._get_periods(self._get_live_plans())
        stale = stamps._get_stale(periods, "facts")
        is_open = {
            (plan.id, start)
            for plan, start in self._read_group(
                [("state", "=", "open")], ["plan_id", "date_from:day"]
            )
        }
        self._settle_all(
            {
                period: {"facts": stale[period]} if period in stale else {}
                for period in periods
                if period in stale or (period[0].id, period[1]) in is_open
            }
        )

    @api.model
    def _get_live_plans(self):
        """The versions that are or were in force."""
        return self.env["sales.commission.plan"].search(
            [("state", "in", ("published", "retired"))]
        )

    def _settle_all(self, periods):
        """Settle periods, each in a transaction of its own, and after that what follows
        from those of each plan: also from those that a run before was stopped after.

        :param dict periods: ``{(plan, first day, last day): marks to be remembered}``;
            where only ``credits`` have changed, only who is concerned is settled
        """
        stamps = self.env["sales.commission.stamp"]
        followers = defaultdict(list)
        for stamp in stamps.search([("followed", "=", False)]):
            followers[stamp.plan_id._get_family()] = [None]
        self.env["ir.cron"]._commit_progress(remaining=len(periods))
        for (plan, start, stop), marks in periods.items():
            with self._in_transaction(plan, 1):
                reps = None
                if "credits" in marks:
                    reps = stamps._get_concerned(plan, start, stop)
                self._settle_own(plan, start, stop, reps)
                if "credits" in marks:
                    # Of entries that are there now.
                    marks["by_rep"] = stamps._read_by_rep(plan, start, stop)
                stamps._settled(plan, start, followed=False, **marks)
                followers[plan._get_family()].append(reps)
        for family, reps in followers.items():
            versions = family._get_versions()
            waiting = stamps.search(
                [("plan_id", "in", versions.ids), ("followed", "=", False)],
                order="date_from",
            )
            if not waiting:
                continue
            first = waiting[0]
            with self._in_transaction(family, 0):
                bounds = first.plan_id._get_bounds(first.date_from)
                self._settle_following(first.plan_id, *bounds, self._unite(reps))
                waiting.followed = True

    @contextmanager
    def _in_transaction(self, plan, count):
        """Commit what is done, so many periods of a plan.

        Where somebody closes a statement at this moment the next run does it.
        """
        try:
            with mute_logger("odoo.sql_db"):
                yield
                self.env.flush_all()
        except SerializationFailure:
            _logger.info("%s: settled later", plan.display_name)
            self.env.cr.rollback()
            count = 0
        self.env["ir.cron"]._commit_progress(count)

    def _refresh(self):
        """Make open statements what the facts say now, with the corrections of earlier
        periods that they take."""
        stamps = self.env["sales.commission.stamp"]
        for plan, statements in self.grouped("plan_id").items():
            last = max(statements.mapped("date_from"))
            own = {
                (plan, one.date_from, one.date_to)
                for one in statements.sorted("date_from")
            }
            versions = plan._get_versions() & self._get_live_plans()
            before = stamps._get_periods(versions)
            stale = stamps._get_stale([p for p in before if p[1] <= last])
            periods = sorted({*stale, *own}, key=lambda p: (p[1], p[0].id))
            self._settle_periods(dict.fromkeys(periods, statements.rep_id))

    def web_read(self, specification):
        """An open statement that is opened on a screen shows the facts of now, as does
        the menu: where the ledger has not changed since the last run, that is looked up
        and nothing is written."""
        if len(self) == 1 and "entry_ids" in specification and self.state == "open":
            self._follow_facts()
        return super().web_read(specification)

    # It may write, unlike what it overrides.
    web_read._readonly = False

    def _follow_facts(self):
        """Settle an open statement where anything has changed in the ledger."""
        self.check_access("read")
        # sudo: entries are written by runs only; who reads a statement may have it
        # computed
        statement = self.sudo()
        stamps = statement.env["sales.commission.stamp"]
        plans = statement.plan_id._get_versions() & statement._get_live_plans()
        periods = [
            period
            for period in stamps._get_periods(plans)
            if period[1] <= statement.date_from
        ]
        stale = stamps._get_stale(periods)
        statement._settle_periods(dict.fromkeys(stale, statement.rep_id))

    @api.model
    def action_open_mine(self):
        """The user's own statements, as the facts are now."""
        reps = self.env.user.sales_rep_ids.filtered(
            lambda rep: rep.company_id in self.env.companies
        )
        # sudo: entries are written by runs only; only the user's own are settled
        model = self.sudo()
        stamps = model.env["sales.commission.stamp"]
        plans = model._get_live_plans().filtered(
            lambda plan: plan.company_id in reps.company_id
        )
        periods = stamps._get_periods(plans)
        stale = stamps._get_stale(periods)
        joined = model._get_joined(periods, reps)
        by_company = reps.grouped("company_id")
        model._settle_periods(
            {
                period: by_company[period[0].company_id]
                for period in periods
                if period in stale or period in joined
            }
        )
        return self.env["ir.actions.act_window"]._for_xml_id(
            "sales_appraisal.sales_commission_statement_action_mine"
        )

    def _get_joined(self, periods, reps):
        """The periods of today that reps are paid for and have no statement of: who has
        just joined changes nothing in the ledger."""
        made = set(
            self._read_group([("rep_id", "in", reps.ids)], ["plan_id", "date_from:day"])
        )
        return [
            (plan, start, stop)
            for plan, start, stop in periods
            if stop >= plan.company_id._get_sales_today()
            and (plan, start) not in made
            and plan._get_members(start, stop, reps)
        ]


class SalesCommissionPlan(models.Model):
    _inherit = "sales.commission.plan"

    def action_publish(self):
        """Statements of a plan in force are there at once."""
        result = super().action_publish()
        # sudo: who publishes a plan starts the run
        self.env.ref("sales_appraisal.ir_cron_follow_commission").sudo()._trigger()
        return result
