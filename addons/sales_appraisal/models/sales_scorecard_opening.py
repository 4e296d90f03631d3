from collections import defaultdict
from datetime import date
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from odoo.addons.sales_force.locking import write_lock

from ..scoring.periods import MONTHS, bounds, parts

QUIET = {
    "tracking_disable": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "mail_activity_quick_update": True,
}


# What follows the organisation on a card that nobody has touched.
MOVING = ("date_to", "share", "manager_id", "leader_id")


class Role(NamedTuple):
    """What decides about the template of a rep."""

    team_id: int | None
    grade_id: int | None
    territory_paths: tuple
    leads: bool
    user: models.Model


class SalesScorecard(models.Model):
    """Cards are opened for everybody whom a template fits, in parts where roles change,
    and for teams, of the whole period.

    Opening again adds what is missing, moves the end of cards that nobody has touched,
    and removes those of no part any more; it is the same twice.
    """

    _inherit = "sales.scorecard"

    @api.model
    def action_open_period(self, company_id, period, day):
        """Open the cards of a period for all reps of a company.

        :param int company_id: of a company of the user
        :param str period: ``month``, ``quarter``, ``half`` or ``year``
        :param day: any day of the period
        :return: the cards of the period
        :raise AccessError: for who is neither director nor sales operations
        """
        if not self.env.user.has_groups(
            "sales_force.group_sales_director,sales_force.group_sales_operations"
        ):
            raise AccessError(
                self.env._("Directors and sales operations open scorecards.")
            )
        if period not in MONTHS or not fields.Date.to_date(day):
            raise UserError(self.env._("Which period?"))
        company = self.env["res.company"].browse(company_id)
        company.check_access("read")
        if company not in self.env.companies:
            raise AccessError(self.env._("This is not one of your companies."))
        # sudo: cards of everybody; who opens them was checked above
        cards = self.sudo()._open_period(company, period, fields.Date.to_date(day))
        return cards.with_env(self.env)

    @api.model
    def _open_period(self, company, period, day):
        """Make the cards of a period, and score those that nobody has touched."""
        cards = self._make_cards(company, period, day)
        cards.filtered(lambda card: card.state == "open")._compute_results()
        return cards

    def _make_cards(self, company, period, day):
        """As many as there are parts; not scored yet."""
        start, stop = bounds(period, day, company._get_scorecard_year_end())
        templates = self._get_templates(company, period, start)
        if not templates:
            return self.browse()
        # Two who open at once: the second finds what the first leaves.
        self.env.flush_all()
        write_lock(company)
        of_teams = templates.filtered(lambda template: template.subject == "teams")
        wanted = self._get_parts(company, templates - of_teams, start, stop)
        wanted |= self._get_team_parts(company, of_teams, start, stop)
        domain = [
            ("company_id", "=", company.id),
            ("period", "=", period),
            ("period_from", "=", start),
        ]
        existing = self.search(domain).grouped(lambda card: card.rep_id or card.team_id)
        create, gone = [], self.browse()
        for subject, rows in wanted.items():
            cards = existing.get(subject, self.browse())
            if any(card.state != "open" for card in cards):
                continue
            missing, unused = cards._match(rows)
            create += missing
            gone |= unused
        for subject, cards in existing.items():
            if subject not in wanted:
                gone |= cards.filtered(lambda card: card.state == "open")
        gone.unlink()
        self.env.flush_all()
        vals_list = [
            {
                **vals,
                "company_id": company.id,
                "period": period,
                "period_from": start,
                "period_to": stop,
            }
            for vals in create
        ]
        self.with_context(**QUIET).create(vals_list)
        cards = self.search(domain)
        cards._add_lines()
        return cards

    def _get_templates(self, company, period, start):
        """The versions that score a period, in the order in which they are tried."""
        return self.env["sales.scorecard.template"].search(
            [
                ("company_id", "=", company.id),
                ("period", "=", period),
                ("state", "in", ("published", "retired")),
                ("date_from", "<=", start),
                "|",
                ("date_to", "=", False),
                ("date_to", ">=", start),
            ]
        )

    def _match(self, rows):
        """Give cards that nobody has touched the ends of the parts that they are of.

        :return: ``(values of cards that are missing, cards of no part any more)``
        """
        free = {
            (card.template_id.id, card.team_id.id or None, card.date_from): card
            for card in self
        }
        missing = []
        for row in rows:
            card = free.pop(
                (row["template_id"], row["team_id"], row["date_from"]), None
            )
            if not card:
                missing.append(row)
                continue
            now = (
                *(card.date_to, card.share),
                *(card.manager_id.id or None, card.leader_id.id or None),
            )
            if now != tuple(row[name] for name in MOVING):
                card.with_context(**QUIET).write({name: row[name] for name in MOVING})
        return missing, self.browse([card.id for card in free.values()])

    # Who has which role when

    def _get_parts(self, company, templates, start, stop):
        """``{rep: [values of a card]}`` of everybody whom a template fits."""
        reps = self.env["sales.rep"].search_fetch(
            [
                ("company_id", "=", company.id),
                "|",
                ("date_start", "=", False),
                ("date_start", "<=", stop),
                "|",
                ("date_end", "=", False),
                ("date_end", ">=", start),
            ],
            ["user_id", "grade_id", "date_start", "date_end"],
        )
        changes = self._get_roles(reps, start, stop)
        found = {}
        for rep in reps:
            keys = [
                (day, self._get_key(templates, role))
                for day, role, _manager in changes.get(rep.id, ())
            ]
            first = max(start, rep.date_start or start)
            last = min(stop, rep.date_end or stop)
            rows = [
                {
                    "rep_id": rep.id,
                    "template_id": key[0],
                    "team_id": key[1],
                    "manager_id": self._get_manager(changes[rep.id], part_stop),
                    "leader_id": None,
                    "date_from": part_start,
                    "date_to": part_stop,
                }
                for part_start, part_stop, key in parts(first, last, keys)
            ]
            if rows:
                found[rep] = rows
        self._set_shares(found, start, stop)
        return found

    def _get_team_parts(self, company, templates, start, stop):
        """``{team: [values of a card]}`` of the teams that had members."""
        if not templates:
            return {}
        leaders, managers = self._get_leaders(company, start, stop)
        found = {}
        for team in self.env["crm.team"].browse(leaders):
            template = next((t for t in templates if t._fits_team(team.id)), None)
            if template:
                leader = leaders[team.id]
                found[team] = [
                    {
                        "rep_id": None,
                        "template_id": template.id,
                        "team_id": team.id,
                        "leader_id": leader,
                        "manager_id": managers.get(leader),
                        "date_from": start,
                        "date_to": stop,
                        "share": 100.0,
                    }
                ]
        return found

    def _get_leaders(self, company, start, stop):
        """Who leads teams, and who leads the leaders, on the last day.

        A team is led by its team leader in Odoo; where that is nobody's rep, by whom
        most of its last members have as their manager.

        :return: ``{team's id: rep's id or None}``, ``{rep's id: manager's id or None}``
        """
        self.env.flush_all()
        leaders, last = {}, []
        for team, leader, manager in self.env.execute_query(
            SQL(
                """
                WITH stay AS (
                    SELECT a.team_id, a.manager_id,
                        a.date_from <= %(stop)s
                            AND COALESCE(a.date_to, %(stop)s) >= %(stop)s
                            AND COALESCE(r.date_end, %(stop)s) >= %(stop)s AS is_last
                    FROM sales_rep_assignment a JOIN sales_rep r ON r.id = a.rep_id
                    WHERE a.company_id = %(company)s AND a.team_id IS NOT NULL
                      AND r.active
                      AND GREATEST(a.date_from, r.date_start) <= %(stop)s
                      AND LEAST(COALESCE(a.date_to, %(stop)s), r.date_end) >= %(start)s
                )
                SELECT stay.team_id,
                    (SELECT id FROM sales_rep WHERE user_id = t.user_id
                        AND company_id = %(company)s AND state <> 'left'),
                    mode() WITHIN GROUP (ORDER BY stay.manager_id)
                        FILTER (WHERE stay.is_last)
                FROM stay JOIN crm_team t ON t.id = stay.team_id
                GROUP BY stay.team_id, t.user_id ORDER BY stay.team_id
                """,
                company=company.id,
                start=start,
                stop=stop,
            )
        ):
            leaders[team] = leader or manager
            last.append(leaders[team])
        stays = self._read_assignments(
            self.env["sales.rep"].browse(filter(None, last)), stop, stop
        )
        managers = {rep: rows[-1][2] for rep, rows in stays.items()}
        return leaders, managers

    @staticmethod
    def _get_key(templates, role):
        for template in templates:
            if template._fits(role):
                return template.id, role.team_id
        return None

    @staticmethod
    def _get_manager(changes, day):
        managers = [manager for first, _role, manager in changes if first <= day]
        return managers[-1] if managers else None

    def _get_roles(self, reps, start, stop):
        """What everybody was, from when on.

        :return: ``{rep's id: [(first day, Role, manager's id)]}``
        """
        stays = self._read_assignments(reps, start, stop)
        leads = self._read_leaders(reps, start, stop)
        grades = self._read_grades(reps, stop)
        found = {}
        for rep in reps:
            rows = stays.get(rep.id)
            if not rows:
                continue
            steps = grades.get(rep.id) or [(date.min, rep.grade_id.id or None)]
            days = {max(day, start) for day, *_rest in rows}
            days |= {day for day, _grade in steps if start < day <= stop}
            found[rep.id] = []
            for day in sorted(days):
                stay = [row for row in rows if row[0] <= day] or rows[:1]
                _first, team, manager, paths = stay[-1]
                known = [grade for first, grade in steps if first <= day]
                grade = known[-1] if known else None
                role = Role(team, grade, paths, rep.id in leads, rep.user_id)
                found[rep.id].append((day, role, manager))
        return found

    def _read_assignments(self, reps, start, stop):
        """``{rep's id: [(first day, team, manager, territories' paths)]}``."""
        self.env.flush_all()
        found = defaultdict(list)
        for rep, *row in self.env.execute_query(
            SQL(
                """
                SELECT a.rep_id, a.date_from, a.team_id, a.manager_id,
                    COALESCE(array_agg(t.parent_path ORDER BY t.id)
                        FILTER (WHERE t.id IS NOT NULL), '{}')
                FROM sales_rep_assignment a
                LEFT JOIN sales_rep_assignment_territory_rel r
                    ON r.assignment_id = a.id
                LEFT JOIN sales_territory t ON t.id = r.territory_id
                WHERE a.rep_id = ANY(%(reps)s) AND a.date_from <= %(stop)s
                  AND COALESCE(a.date_to, %(stop)s) >= %(start)s
                GROUP BY a.id ORDER BY a.rep_id, a.date_from
                """,
                reps=reps.ids,
                start=start,
                stop=stop,
            )
        ):
            found[rep].append((*row[:3], tuple(row[3])))
        return found

    def _read_leaders(self, reps, start, stop):
        """The ids of those who lead somebody in service, whoever else is asked for."""
        return {
            manager
            for (manager,) in self.env.execute_query(
                SQL(
                    """
                    SELECT DISTINCT a.manager_id FROM sales_rep_assignment a
                    JOIN sales_rep r ON r.id = a.rep_id
                    WHERE a.manager_id = ANY(%(reps)s) AND a.date_from <= %(stop)s
                        AND COALESCE(a.date_to, %(stop)s) >= %(start)s
                        AND COALESCE(r.date_start, %(stop)s) <= %(stop)s
                        AND COALESCE(r.date_end, %(stop)s) >= %(start)s
                    """,
                    reps=reps.ids,
                    start=start,
                    stop=stop,
                )
            )
        }

    def _read_grades(self, reps, stop):
        """``{rep's id: [(first day, career grade)]}``; without history today's."""
        found = defaultdict(list)
        for rep, day, grade in self.env.execute_query(
            SQL(
                """SELECT rep_id, date, grade_id FROM sales_promotion
                WHERE rep_id = ANY(%s) AND state = 'done' AND date <= %s
                ORDER BY rep_id, date, id""",
                reps.ids,
                stop,
            )
        ):
            found[rep].append((day, grade))
        return found

    def _set_shares(self, found, start, stop):
        """Which part of a period a card is of, by the rep's working days."""
        for rows in found.values():
            for row in rows:
                row["share"] = 100.0
        split = [
            (rep, row)
            for rep, rows in found.items()
            for row in rows
            if (row["date_from"], row["date_to"]) != (start, stop)
        ]
        if not split:
            return
        reps = self.env["sales.rep"].concat(*{rep for rep, _row in split})
        worked = self.env["sales.working.time"].working_days(reps, start, stop)
        for rep, row in split:
            hours = worked[rep]
            whole = sum(1 for value in hours.values() if value)
            part = sum(
                1
                for day, value in hours.items()
                if value and row["date_from"] <= day <= row["date_to"]
            )
            if not whole:
                whole = (stop - start).days + 1
                part = (row["date_to"] - row["date_from"]).days + 1
            row["share"] = round(100 * part / whole, 2)

    def _add_lines(self):
        """The lines of the template, for cards that have none."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO sales_scorecard_line (
                    card_id, template_line_id, sequence, kind, function, metric_id,
                    weight, applies)
                SELECT s.id, l.id, l.sequence, l.kind, l.function, l.metric_id,
                    l.weight, FALSE
                FROM sales_scorecard s
                JOIN sales_scorecard_template_line l ON l.template_id = s.template_id
                WHERE s.id = ANY(%s)
                ORDER BY s.id, l.sequence, l.id
                ON CONFLICT (card_id, template_line_id) DO NOTHING
                """,
                self.ids,
            )
        )
        self.invalidate_recordset(["line_ids"], flush=False)

    @api.model
    def _cron_open(self):
        """Each night: cards of the running periods follow facts and changes of role,
        and those of periods that are over go to whoever assesses first; where somebody
        has left, to who acts instead."""
        for company in self.env["res.company"].search([]):
            today = company._get_sales_today()
            for period in MONTHS:
                self._make_cards(company, period, today)
        self._refresh()
        self._start_over()
        self._pass_on()
