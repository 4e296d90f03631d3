from random import SystemRandom

from odoo import models
from odoo.tools import SQL


class SalesFeedbackRound(models.Model):
    """Who could be asked about whom; whoever opens the round changes it."""

    _inherit = "sales.feedback.round"

    def action_propose(self):
        """Add the reps, where none is chosen yet, and people to ask about each.

        Only adds: the same twice gives the same.
        """
        self._lock("draft")
        for one in self:
            if not one.subject_ids:
                one._propose_reps()
            one._propose_people()
        return True

    def _propose_reps(self):
        domain = [
            ("company_id", "=", self.company_id.id),
            ("state", "in", ("onboarding", "active")),
        ]
        if self.team_ids:
            domain.append(("team_id", "in", self.team_ids.ids))
        reps = self.env["sales.rep"].search(domain)
        if self.template_id:
            reps = self._filter_by_template(reps)
        self.env["sales.feedback.subject"].create(
            [{"round_id": self.id, "rep_id": rep.id} for rep in reps]
        )

    def _filter_by_template(self, reps):
        """Whom the scorecard is for on the last day."""
        roles = self.env["sales.scorecard"]._get_roles(reps, self.date_to, self.date_to)
        return reps.filtered(
            lambda rep: any(
                self.template_id._fits(role)
                for _day, role, _who in roles.get(rep.id, ())
            )
        )

    def _propose_people(self):
        subjects = self.subject_ids
        asked = {
            subject: set(subject.participant_ids.partner_id.ids) for subject in subjects
        }
        proposed = [
            (subject, audience, partner)
            for audience, found in (
                *self._propose_colleagues().items(),
                ("customer", self._propose_customers()),
            )
            for subject, partners in found.items()
            for partner in partners
        ]
        rows = []
        for subject, audience, partner in proposed:
            if partner not in asked[subject]:
                asked[subject].add(partner)
                rows.append(
                    {
                        "subject_id": subject.id,
                        "audience": audience,
                        "partner_id": partner,
                    }
                )
        self.env["sales.feedback.participant"].create(rows)

    def _propose_colleagues(self):
        """``{audience: {subject: partners' ids}}``, of reps in service."""
        # sudo: contacts of colleagues, whatever protects those of customers
        reps = self.env["sales.rep"].sudo()
        reps = reps.search(
            [
                ("company_id", "=", self.company_id.id),
                ("state", "in", ("onboarding", "active")),
                ("user_id.partner_id.email_normalized", "!=", False),
            ]
        )
        by_team, by_manager = reps.grouped("team_id"), reps.grouped("parent_id")
        none = reps.browse()
        found = {"manager": {}, "report": {}, "peer": {}}
        for subject in self.subject_ids:
            rep = subject.rep_id.sudo()  # sudo: as above
            manager = rep.parent_id & reps
            below = by_manager.get(rep, none)
            peers = none
            if rep.team_id:
                peers |= by_team.get(rep.team_id, none)
            if rep.parent_id:
                peers |= by_manager.get(rep.parent_id, none)
            peers -= rep | manager | below
            kept = subject.participant_ids.grouped("audience")
            for audience, people, limit in (
                ("manager", manager, int(self.with_manager)),
                ("report", below, self.report_limit),
                ("peer", peers, self.peer_limit),
            ):
                already = kept.get(audience, subject.participant_ids.browse())
                partners = [
                    partner
                    for partner in people.user_id.partner_id.ids
                    if partner not in already.partner_id.ids
                ]
                room = max(0, limit - len(already))
                found[audience][subject] = (
                    SystemRandom().sample(partners, room)
                    if room < len(partners)
                    else partners
                )
        return found

    def _propose_customers(self):
        """Of the rep's own customers one contact each, the last served first.

        :return: ``{subject: partners' ids}``
        """
        self.env["sales.credit"]._process_pending()
        self.env.flush_all()
        found = {}
        for subject, partner in self.env.execute_query(
            SQL(
                """
                WITH asked AS (
                    SELECT p.subject_id, p.partner_id, k.commercial_partner_id
                    FROM sales_feedback_participant p
                    JOIN res_partner k ON k.id = p.partner_id
                    WHERE p.round_id = %(round)s AND p.audience = 'customer'
                ), served AS (
                    SELECT s.id AS subject_id, own.id AS customer_id,
                        max(c.date) AS last
                    FROM sales_feedback_subject s
                    JOIN sales_rep r ON r.id = s.rep_id
                    JOIN sales_credit c ON c.rep_id = r.id
                    JOIN res_partner bought ON bought.id = c.partner_id
                    JOIN res_partner own ON own.id = bought.commercial_partner_id
                        AND own.user_id = r.user_id AND own.active
                    WHERE s.round_id = %(round)s
                    GROUP BY s.id, own.id
                ), proposed AS (
                    SELECT v.subject_id, k.id AS partner_id, row_number() OVER (
                        PARTITION BY v.subject_id
                        ORDER BY v.last DESC, v.customer_id) AS number
                    FROM served v
                    CROSS JOIN LATERAL (
                        SELECT k.id FROM res_partner k
                        WHERE k.commercial_partner_id = v.customer_id AND k.active
                          AND k.email_normalized IS NOT NULL
                          AND NOT EXISTS (
                            SELECT FROM res_users u
                            WHERE u.partner_id = k.id AND NOT u.share)
                        ORDER BY k.is_company, k.id LIMIT 1
                    ) k
                    WHERE NOT EXISTS (
                        SELECT FROM asked a WHERE a.subject_id = v.subject_id
                          AND a.commercial_partner_id = v.customer_id)
                )
                SELECT subject_id, partner_id FROM proposed p
                WHERE number <= %(limit)s - (
                    SELECT count(*) FROM asked a WHERE a.subject_id = p.subject_id)
                ORDER BY subject_id, number
                """,
                round=self.id,
                limit=self.customer_limit,
            )
        ):
            found.setdefault(
                self.env["sales.feedback.subject"].browse(subject), []
            ).append(partner)
        return found
