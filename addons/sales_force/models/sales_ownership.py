from collections import defaultdict
from contextlib import contextmanager
from datetime import timedelta

from psycopg2.errors import SerializationFailure

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..customers.pool import RULES, pool_of, rules_of_pool
from ..ledger.crediting import local_date
from .sales_owned_mixin import LOST_RACE

_REASON = "sales_force.ownership_reason"
REASONS = [
    ("assigned", "Assigned"),
    ("rules", "Assigned by rules"),
    ("claimed", "Claimed"),
    ("released", "Given back"),
    ("recycled", "Recycled"),
    ("undone", "Recycling undone"),
    ("handover", "Handed over"),
    ("undone_handover", "Handover undone"),
]


class SalesOwnership(models.Model):
    """Who owned which customer or lead since when: written by the system only.

    Every change of an owner, however it comes, is flushed through ``_log`` and
    ``_settle``: the log, the clocks, the caps.
    """

    _name = "sales.ownership"
    _description = "Customer Ownership"
    _order = "date desc, id desc"
    _log_access = False
    _rec_name = "partner_id"

    partner_id = fields.Many2one(
        "res.partner", "Customer", readonly=True, ondelete="cascade"
    )
    lead_id = fields.Many2one(
        "crm.lead", "Lead", readonly=True, ondelete="cascade", index="btree_not_null"
    )
    user_id = fields.Many2one("res.users", "Owner", readonly=True)
    previous_user_id = fields.Many2one("res.users", "Former Owner", readonly=True)
    date = fields.Datetime("Since", required=True, readonly=True)
    reason = fields.Selection(REASONS, readonly=True, help="How the owner changed.")
    initial = fields.Boolean(
        readonly=True,
        help="The owner when the log began or the customer was created: also of "
        "whatever happened before.",
    )
    set_by_id = fields.Many2one("res.users", "Changed By", readonly=True)
    merged_from = fields.Char(
        "Merged Customer",
        readonly=True,
        help="Whose owner it was: a customer that was merged into this one since.",
    )

    _one_document = models.Constraint(
        "CHECK (num_nonnulls(partner_id, lead_id) = 1)",
        "It is a customer or a lead that has an owner.",
    )
    _partner_date_idx = models.Index("(partner_id, date)")
    _user_date_idx = models.Index("(user_id, date)")

    @contextmanager
    def _because(self, reason):
        """Changes of owners inside are logged with a reason."""
        self.env.flush_all()
        # Not with what is pending, which a savepoint clears.
        cache = self.env.cr.cache
        before = cache.get(_REASON)
        cache[_REASON] = reason
        try:
            yield
            self.env.flush_all()
        finally:
            cache[_REASON] = before

    def _log(self, documents, owners, created=False):
        """Append the changes that are about to be written.

        :param documents: partners or leads, as an empty recordset
        :param dict owners: new owner's user id (or None) by the document's id
        :param created: the documents are new and had no owner
        :return: ``{id: (owner's id or None, former one's)}`` of those that do change
        """
        if not owners:
            return {}
        written = SQL(
            "unnest(%s::integer[], %s::integer[]) AS v(id, owner)",
            list(owners),
            [owner or None for owner in owners.values()],
        )
        if created:
            rows = SQL("SELECT id, owner, NULL::integer, TRUE FROM %s", written)
        else:
            rows = SQL(
                """SELECT d.id, v.owner, d.user_id, FALSE
                FROM %s JOIN %s d ON d.id = v.id
                WHERE v.owner IS DISTINCT FROM d.user_id""",
                written,
                SQL.identifier(documents._table),
            )
        return self._append(documents, rows)

    def _append(self, documents, rows):
        column = "partner_id" if documents._name == "res.partner" else "lead_id"
        reason = self.env.cr.cache.get(_REASON) or "assigned"
        changes = self.env.execute_query(
            SQL(
                """INSERT INTO sales_ownership (%(column)s, user_id,
                    previous_user_id, initial, date, set_by_id, reason)
                SELECT r.*, %(now)s, %(user)s, %(reason)s FROM (%(rows)s) r
                RETURNING %(column)s, user_id, previous_user_id""",
                column=SQL.identifier(column),
                now=self.env.cr.now(),
                user=self.env.uid,
                reason=reason,
                rows=rows,
            )
        )
        return {id_: (owner, former) for id_, owner, former in changes}

    def _settle(self, changes, joined=()):
        """Let contacts follow, start the clocks, and check the caps.

        :param dict changes: what ``_log`` returned, when it has been written
        :param joined: ids of partners who have just become customers of their own, or
            active again
        :raise UserError: naming the rep and the customers that are too many
        """
        owners = {owner for owner, _former in changes.values() if owner}
        if joined:
            owners.update(
                row[0]
                for row in self.env.execute_query(
                    SQL(
                        """SELECT DISTINCT user_id FROM res_partner
                        WHERE id = ANY(%s) AND user_id IS NOT NULL
                          AND commercial_partner_id = id""",
                        list(joined),
                    )
                )
            )
        if changes:
            self._let_contacts_follow(changes)
            self._start_clocks(list(changes))
        if not owners:
            return
        if joined:
            self._start_clocks(list(joined), anew=False)
        self._check_gains([*changes, *joined], list(owners))

    def _settle_leads(self, changes, reopened=()):
        """Check the caps of open leads.

        :param dict changes: what ``_log`` returned, when it has been written
        :param reopened: ids of leads that have just become open
        :raise UserError: naming the rep and the leads that are too many
        """
        gained = {id_ for id_, (owner, _former) in changes.items() if owner}
        gained.update(reopened)
        if gained and "leads" in self.env["sales.pool.cap"]._get_kinds():
            user_ids = [
                row[0]
                for row in self.env.execute_query(
                    SQL(
                        """SELECT DISTINCT user_id FROM crm_lead
                        WHERE id = ANY(%s) AND user_id IS NOT NULL""",
                        list(gained),
                    )
                )
            ]
            self._check_together(
                user_ids, lambda cr: self._check_lead_caps(gained, user_ids, cr)
            )

    def _let_contacts_follow(self, changes):
        """Contacts of a customer who had its owner, or none, get the new one."""
        rows = SQL(
            """SELECT c.id, v.owner, c.user_id, FALSE
            FROM unnest(%s::integer[], %s::integer[], %s::integer[])
                AS v(id, owner, former)
            JOIN res_partner c ON c.commercial_partner_id = v.id AND c.id <> v.id
            WHERE COALESCE(c.user_id, v.former, 0) = COALESCE(v.former, 0)
              AND c.user_id IS DISTINCT FROM v.owner""",
            list(changes),
            [owner for owner, _former in changes.values()],
            [former for _owner, former in changes.values()],
        )
        followers = self._append(self.env["res.partner"], rows)
        if followers:
            self.env.cr.execute(
                SQL(
                    """UPDATE res_partner p SET user_id = v.owner
                    FROM unnest(%s::integer[], %s::integer[]) AS v(id, owner)
                    WHERE p.id = v.id""",
                    list(followers),
                    [owner for owner, _former in followers.values()],
                )
            )
            self.env["res.partner"].browse(followers).invalidate_recordset(
                ["user_id"], flush=False
            )

    def _start_clocks(self, partner_ids, anew=True, company=None):
        """Protect the customers of reps from today on, in each of their companies.

        :param anew: their owners changed: who is protected already is so anew, who lost
            the owner is so no longer
        :param company: only in this one
        """
        self.env.cr.execute(
            SQL(
                """
                WITH started AS (
                INSERT INTO sales_customer (partner_id, company_id, stage,
                    stage_derived, turnover, order_count, pool_id, claimed_on, due_on,
                    %(rules)s)
                SELECT p.id, r.company_id, 'target', 'target', 0, 0, q.id,
                    CASE WHEN q.id IS NOT NULL THEN %(today)s END,
                    NULL::date, %(rules_now)s
                FROM res_partner p
                JOIN sales_rep r ON r.user_id = p.user_id
                    AND r.company_id = COALESCE(p.company_id, r.company_id)
                JOIN res_company c ON c.id = r.company_id
                LEFT JOIN resource_calendar rc ON rc.id = c.resource_calendar_id
                LEFT JOIN sales_customer e ON e.partner_id = p.id
                    AND e.company_id = r.company_id
                LEFT JOIN sales_customer_class k ON k.id = e.class_id
                LEFT JOIN sales_pool q ON q.id = %(pool)s
                WHERE p.id = ANY(%(ids)s) AND p.commercial_partner_id = p.id
                  AND r.company_id = COALESCE(%(company)s, r.company_id)
                ON CONFLICT (partner_id, company_id) DO UPDATE SET
                    pool_id = EXCLUDED.pool_id, claimed_on = EXCLUDED.claimed_on,
                    due_on = NULL, (%(rules)s) = ROW(%(rules_excluded)s)
                WHERE %(anew)s OR sales_customer.claimed_on IS NULL
                RETURNING id, partner_id, company_id, xmax = 0 AS is_new
                )
                INSERT INTO sales_customer_stage
                    (customer_id, partner_id, company_id, user_id, territory_id,
                    channel_id, stage, date)
                SELECT s.id, p.id, s.company_id, p.user_id, p.sales_territory_id,
                    p.sales_channel_id, 'target', %(today)s
                FROM started s
                JOIN res_partner p ON p.id = s.partner_id
                JOIN res_company c ON c.id = s.company_id
                LEFT JOIN resource_calendar rc ON rc.id = c.resource_calendar_id
                WHERE s.is_new
                """,
                anew=anew,
                today=local_date(
                    SQL("%s", self.env.cr.now()), "COALESCE(rc.tz, 'UTC')"
                ),
                rules=SQL(", ").join(map(SQL.identifier, RULES)),
                rules_now=SQL(", ").join(rules_of_pool().values()),
                rules_excluded=SQL(", ").join(
                    SQL.identifier("excluded", name) for name in RULES
                ),
                company=company and company.id,
                pool=pool_of(SQL("p.sales_territory_id"), SQL("r.company_id")),
                ids=partner_ids,
            )
        )
        if anew:
            self.env.cr.execute(
                SQL(
                    """UPDATE sales_customer e SET claimed_on = NULL, due_on = NULL
                    FROM res_partner p
                    WHERE p.id = e.partner_id AND p.id = ANY(%s)
                      AND e.claimed_on IS NOT NULL AND NOT EXISTS (
                        SELECT FROM sales_rep r
                        WHERE r.user_id = p.user_id AND r.company_id = e.company_id)""",
                    partner_ids,
                )
            )
        self.env["sales.customer"].invalidate_model(flush=False)
        self.env["sales.customer.stage"].invalidate_model(flush=False)

    # What reps may hold and claim

    def _check_together(self, user_ids, check):
        """Check what reps hold while nobody else changes that.

        Two transactions that give something to the same rep meet here. Who comes second
        fails to serialize, and Odoo runs it again until it sees what the others have
        given. It does so a few times only: where the others have left no room already,
        who comes second is told at once.

        :param check: called with the cursor by which to count; raises a ``UserError``
        :raise SerializationFailure: to be run again
        """
        try:
            with self.env.cr.savepoint(flush=False):
                self._lock_holders(user_ids)
        except SerializationFailure:
            with self.env.registry.cursor() as latest:
                check(latest)
            self.env.cr.postrollback.data[LOST_RACE] = True
            raise
        check(self.env.cr)

    def _lock_holders(self, user_ids):
        self.env.cr.execute(
            SQL(
                """INSERT INTO sales_kept_date (res_model, res_id, kind, date)
                SELECT 'res.users', id, 'holding', CURRENT_DATE
                FROM unnest(%s::integer[]) id ORDER BY id
                ON CONFLICT (res_model, res_id, kind)
                DO UPDATE SET date = EXCLUDED.date""",
                sorted(user_ids),
            ),
            log_exceptions=False,
        )

    def _check_gains(self, partner_ids, user_ids):
        """Check what the owners of customers hold, and how many they claim a day."""
        reason = self.env.cr.cache.get(_REASON)
        # sudo: caps bind everybody, whatever he may read
        self = self.sudo()
        capped = "customers" in self.env["sales.pool.cap"]._get_kinds()
        limited = reason == "claimed" and self.env["sales.pool"].search_count(
            [("daily_claims", ">", 0)], limit=1
        )

        def check(cr):
            # Undoing restores what was, also where caps are lower by now.
            if capped and reason != "undone":
                self._check_caps(partner_ids, user_ids, cr)
            if limited:
                self._check_daily_claims(user_ids, cr)

        if capped or limited:
            self._check_together(user_ids, check)

    def _check_caps(self, partner_ids, user_ids, cr):
        """:raise UserError: naming the rep and the customers that are too many"""
        is_own = cr is self.env.cr
        if is_own and not self._has_many(user_ids):
            return
        own = self._get_holdings(self.env.cr, partner_ids, user_ids, is_own)
        latest = own
        if not is_own:
            latest = self._get_holdings(cr, partner_ids, user_ids, is_own)
        for (pool_id, rep_id), mine in own.items():
            held = latest[pool_id, rep_id]
            rep = self.env["sales.rep"].browse(rep_id)
            caps = self.env["sales.pool"].browse(pool_id).cap_ids
            for cap in caps._get_of(rep, "customers"):
                classes = [cap.class_id.id] if cap.class_id else {*mine, *held}
                gained = [id_ for class_ in classes for id_ in mine[class_][1]]
                count = len(gained) + sum(held[class_][0] for class_ in classes)
                if gained and count > cap.cap:
                    raise UserError(self._too_many(rep, cap, count - cap.cap, gained))

    def _has_many(self, user_ids):
        """Whether one of them owns so many customers that a cap may be reached.

        Seldom, and quickly told: what is saved meets the rest then only.
        """
        return bool(
            self.env.execute_query(
                SQL(
                    """SELECT FROM res_partner
                    WHERE user_id = ANY(%s) AND active AND commercial_partner_id = id
                    GROUP BY user_id HAVING count(*) > (
                        SELECT min(cap) FROM sales_pool_cap WHERE kind = 'customers')
                    LIMIT 1""",
                    user_ids,
                )
            )
        )

    def _get_holdings(self, cr, partner_ids, user_ids, reached_only):
        """What reps hold, by pool and class.

        :param partner_ids: customers who are counted apart
        :param reached_only: only of reps who have reached a cap
        :return: ``{(pool, rep): {class or None: (count, ids of those apart)}}``
        """
        cr.execute(
            SQL(
                """
                SELECT pool_id, rep_id, class_id, held - cardinality(apart), apart
                FROM (
                    SELECT e.pool_id, r.id AS rep_id, e.class_id, count(*) AS held,
                        array_remove(array_agg(
                            CASE WHEN p.id = ANY(%(partners)s) THEN p.id END
                        ), NULL) AS apart,
                        sum(count(*)) OVER (PARTITION BY e.pool_id, r.id) AS held_in_all
                    FROM res_partner p
                    JOIN sales_customer e ON e.partner_id = p.id
                        AND COALESCE(p.company_id, e.company_id) = e.company_id
                    JOIN sales_pool q ON q.id = e.pool_id AND q.active
                    JOIN sales_rep r ON r.user_id = p.user_id
                        AND r.company_id = e.company_id
                    WHERE p.user_id = ANY(%(users)s) AND p.active
                      AND p.commercial_partner_id = p.id
                      AND NOT (q.cap_spares_buyers IS TRUE
                        AND e.last_date IS NOT NULL)
                    GROUP BY e.pool_id, r.id, e.class_id
                ) holder
                WHERE NOT %(reached_only)s OR held_in_all > (
                    SELECT min(cap) FROM sales_pool_cap c
                    WHERE c.pool_id = holder.pool_id AND c.kind = 'customers'
                )
                """,
                partners=partner_ids,
                users=user_ids,
                reached_only=reached_only,
            )
        )
        holdings = defaultdict(lambda: defaultdict(lambda: (0, [])))
        for pool_id, rep_id, class_id, count, apart in cr.fetchall():
            holdings[pool_id, rep_id][class_id] = (count, apart)
        return holdings

    def _check_daily_claims(self, user_ids, cr):
        """:raise UserError: naming the pool and how many claims it allows a day"""
        claims = defaultdict(dict)
        for source in {cr, self.env.cr}:
            source.execute(
                SQL(
                    """SELECT q.id, w.user_id, w.id, w.date
                    FROM sales_ownership w
                    JOIN res_partner p ON p.id = w.partner_id
                        AND p.commercial_partner_id = p.id
                    JOIN sales_rep r ON r.user_id = w.user_id
                    JOIN sales_customer e ON e.partner_id = p.id
                        AND e.company_id = r.company_id
                    JOIN sales_pool q ON q.id = e.pool_id AND q.daily_claims > 0
                    WHERE w.user_id = ANY(%s) AND w.reason = 'claimed'
                      AND w.date >= %s""",
                    user_ids,
                    self.env.cr.now() - timedelta(days=2),
                )
            )
            for pool_id, user_id, id_, moment in source.fetchall():
                claims[pool_id, user_id][id_] = moment
        for (pool_id, _user_id), moments in claims.items():
            pool = self.env["sales.pool"].browse(pool_id)
            today = pool.company_id._get_sales_today()
            made = sum(
                pool.company_id._get_sales_date(moment) == today
                for moment in moments.values()
            )
            if made > pool.daily_claims and self.env.cr.now() in moments.values():
                raise UserError(
                    self.env._(
                        "%(pool)s allows %(limit)s claims a day; with these you would "
                        "have made %(made)s today.",
                        pool=pool.name,
                        limit=pool.daily_claims,
                        made=made,
                    )
                )

    def _check_lead_caps(self, lead_ids, user_ids, cr):
        """Open leads are capped for a whole company.

        :raise UserError: naming the rep and the leads that are too many
        """
        # sudo: caps bind everybody, whatever he may read
        self = self.sudo()
        is_own = cr is self.env.cr
        own = self._get_held_leads(user_ids, self.env.cr, is_own)
        latest = own if is_own else self._get_held_leads(user_ids, cr)
        for (rep, cap), held in own.items():
            gained = sorted(held & lead_ids)
            others = latest.get((rep, cap), set()) - lead_ids
            excess = len(gained) + len(others) - cap.cap
            if excess > 0 and gained:
                leads = self.env["crm.lead"].browse(gained[-excess:])
                raise UserError(
                    self.env._(
                        "%(rep)s may hold %(cap)s open leads. Too many would be: "
                        "%(leads)s.",
                        rep=rep.name,
                        cap=cap.cap,
                        leads=", ".join(leads.mapped("name")),
                    )
                )

    def _get_held_leads(self, user_ids, cr, reached_only=False):
        """``{(rep, cap): ids of the open leads held}`` of reps whom a cap binds.

        :param reached_only: only of reps who have reached a cap
        """
        cr.execute(
            SQL(
                """
                SELECT q.id, r.id, array_remove(array_agg(l.id), NULL)
                FROM sales_rep r
                JOIN sales_pool q ON q.company_id = r.company_id AND q.active
                    AND q.territory_id IS NULL
                LEFT JOIN crm_lead l ON l.user_id = r.user_id
                    AND COALESCE(l.company_id, r.company_id) = r.company_id
                    AND l.active AND COALESCE(l.won_status, 'pending') = 'pending'
                WHERE r.user_id = ANY(%s)
                GROUP BY q.id, r.id
                HAVING NOT %s OR count(l.id) > (
                    SELECT min(cap) FROM sales_pool_cap c
                    WHERE c.pool_id = q.id AND c.kind = 'leads'
                )
                """,
                list(user_ids),
                reached_only,
            )
        )
        held = {}
        for pool_id, rep_id, ids in cr.fetchall():
            rep = self.env["sales.rep"].browse(rep_id)
            caps = self.env["sales.pool"].browse(pool_id).cap_ids
            held |= {(rep, cap): set(ids) for cap in caps._get_of(rep, "leads")}
        return held

    def _get_lead_rooms(self, reps):
        """How many open leads reps may still get: ``{rep: count}`` where caps bind."""
        if "leads" not in self.env["sales.pool.cap"]._get_kinds():
            return {}
        self.env["crm.lead"].flush_model()
        # sudo: caps bind everybody, whatever he may read
        held = self.sudo()._get_held_leads(reps.sudo().user_id.ids, self.env.cr)
        rooms = {
            rep.sudo(False): max(0, cap.cap - len(ids))
            for (rep, cap), ids in held.items()
        }
        return {rep: room for rep, room in rooms.items() if rep in reps}

    def _too_many(self, rep, cap, excess, gained):
        customers = self.env["res.partner"].browse(sorted(gained)[-excess:])
        return self.env._(
            "%(rep)s may hold %(cap)s customers %(class)s in %(pool)s. Too many would "
            "be: %(customers)s.",
            rep=rep.name,
            cap=cap.cap,
            **{
                "class": self.env._("of class %(name)s", name=cap.class_id.name)
                if cap.class_id
                else self.env._("of all classes")
            },
            pool=cap.pool_id.name,
            customers=", ".join(customers.mapped("display_name")),
        )

    def _keep_merged(self, partners):
        """Customers become a part of another one: whose they were stays on record."""
        self.env.cr.execute(
            SQL(
                """UPDATE sales_ownership w
                SET merged_from = COALESCE(w.merged_from, p.complete_name, '')
                FROM res_partner p
                WHERE p.id = w.partner_id AND p.id = ANY(%s)""",
                partners.ids,
            )
        )
