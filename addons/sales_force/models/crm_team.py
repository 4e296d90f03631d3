import logging
from ast import literal_eval
from collections import defaultdict

from odoo import fields, models, modules
from odoo.fields import Domain

from ..customers.assignment import assign
from .assignment_rules import BY_TERRITORY

_logger = logging.getLogger(__name__)


class CrmTeam(models.Model):
    _inherit = "crm.team"

    sales_assignment = fields.Selection(
        [
            ("odoo", "Round robin"),
            ("balanced", "Evenly by capacity"),
            ("ranked", "The best leads to the best results"),
        ],
        "Leads Go",
        default="odoo",
        required=True,
        help="Round robin is Odoo's own way. The others also look at the territories, "
        "industries, languages and leave of the reps, and stay within their caps of "
        "open leads.",
    )
    sales_assignment_territory = fields.Selection(
        BY_TERRITORY,
        "By Territory",
        default="prefer",
        required=True,
        help="A lead without territory is covered by reps without territories.",
    )
    sales_assignment_value = fields.Selection(
        [
            ("revenue", "Expected revenue"),
            ("prorated", "Expected revenue × probability"),
            ("priority", "Priority, then expected revenue"),
        ],
        "Best Leads By",
        default="revenue",
        required=True,
    )
    sales_assignment_metric_id = fields.Many2one(
        "sales.metric",
        "Best Results By",
        domain="[('denominator_kind', '=', 'metric')]",
        ondelete="restrict",
        help="Empty: what was ordered.",
    )
    sales_assignment_days = fields.Integer(
        "Of the Last (days)", default=90, help="Today is one of them."
    )

    _sales_assignment_days_positive = models.Constraint(
        "CHECK (sales_assignment_days > 0)", "Results are of one day at least."
    )

    def _assign_and_convert_leads(self, force_quota=False):
        by_rules = self.filtered(lambda team: team.sales_assignment != "odoo")
        if not by_rules:
            return super()._assign_and_convert_leads(force_quota=force_quota)
        result = {}
        if self != by_rules:
            result = super(CrmTeam, self - by_rules)._assign_and_convert_leads(
                force_quota=force_quota
            )
        for team in by_rules:
            result.update(team._assign_by_rules(force_quota))
        return result

    def _assign_by_rules(self, force_quota):
        """Assign the team's leads as its rules say, all leads of a rep at once.

        Each rep's leads are one transaction, as Odoo commits what it assigns.

        :return: as ``_assign_and_convert_leads``
        """
        self.ensure_one()
        quotas = self._get_member_quotas(force_quota)
        leads = self.env["crm.lead"].search(
            Domain(self._get_lead_to_assign_domain()), order="id"
        )
        leads = leads.sorted(self._get_lead_value, reverse=True)
        places = self.sales_assignment == "ranked" and self._get_member_places(quotas)
        assigned = defaultdict(list)
        choices = self._get_member_choices(leads, list(quotas))
        for lead, member in assign(choices, quotas, places or None).items():
            assigned[member].append(lead.id)
        result = {}
        for member, quota in quotas.items():
            # Since the last commit others may have given some of them an owner.
            leads = self.env["crm.lead"].search(
                Domain("id", "in", assigned[member])
                & Domain(self._get_lead_to_assign_domain())
            )
            with self.env["sales.ownership"]._because("rules"):
                leads._assign_by_rules(member.user_id)
            result[member] = {"assigned": leads, "quota": quota}
            if leads and not modules.module.current_test:
                # As Odoo's own assignment: what is given stays given.
                self.env.cr.commit()  # pylint: disable=invalid-commit
        self.env.invalidate_all()
        _logger.info(
            "Team %s: assigned %s of %s leads by rules",
            self.name,
            sum(len(info["assigned"]) for info in result.values()),
            len(choices),
        )
        return result

    def _get_lead_value(self, lead):
        """By what leads are ordered; the older of two equal ones comes first."""
        revenue = lead.expected_revenue
        return {
            "revenue": (revenue, lead.probability),
            "prorated": (revenue * lead.probability, revenue),
            "priority": (int(lead.priority or 0), revenue),
        }[self.sales_assignment_value] + (-lead.id,)

    def _get_member_quotas(self, force_quota):
        """How many leads each member may get now: the capacity that caps leave."""
        members = self.crm_team_member_ids.filtered(
            lambda member: not member.assignment_optout
        )
        absent = members.sales_rep_id._get_absent()
        members = members.filtered(lambda member: member.sales_rep_id not in absent)
        rooms = self.env["sales.ownership"]._get_lead_rooms(members.sales_rep_id)
        quotas = {}
        for member in members:
            rep = member.sales_rep_id
            quota = int(member._get_assignment_quota(force_quota=force_quota))
            quota = min(quota, rooms.get(rep, quota))
            if quota > 0 and rep.state not in ("suspended", "left"):
                quotas[member] = quota
        return quotas

    def _get_member_places(self, members):
        """The place of each member by the results of the team's last days."""
        members = self.env["crm.team.member"].concat(*members)
        places = members.sales_rep_id._get_places(
            self.sudo().sales_assignment_metric_id,  # sudo: the user need not read it
            self.sales_assignment_days,
        )
        last = len(places) + 1
        return places and {
            member: places.get(member.sales_rep_id, last) for member in members
        }

    def _get_member_choices(self, leads, members):
        """By lead the groups of members who may get it, see ``assign``."""
        fit, preferred = {}, {}
        for member in members:
            fit[member] = self._filter_leads(leads, member.assignment_domain)
            preferred[member] = (
                member.assignment_domain_preferred
                and self._filter_leads(leads, member.assignment_domain_preferred)
            ) or set()
        able = {}
        choices = {}
        for lead in leads:
            # sudo: leads may belong to customers that the user does not read
            lead_ = lead.sudo()
            key = (lead_.sales_territory_id, lead_.sales_industry_id, lead_.lang_id)
            if key not in able:
                able[key] = self._get_able(members, *key)
            groups = defaultdict(list)
            for member, place in able[key]:
                if lead.id in fit[member]:
                    groups[place, lead.id not in preferred[member]].append(member)
            choices[lead] = [groups[group] for group in sorted(groups)]
        return choices

    @staticmethod
    def _filter_leads(leads, domain):
        domain = literal_eval(domain or "[]")
        return set(leads.filtered_domain(domain).ids if domain else leads.ids)

    def _get_able(self, members, *key):
        """``[(member, fit)]`` of who may get such a lead, see ``_get_fit`` of reps."""
        by_territory = self.sales_assignment_territory
        fits = (
            (member, member.sales_rep_id._get_fit(*key, by_territory))
            for member in members
        )
        return [(member, fit) for member, fit in fits if fit is not None]
