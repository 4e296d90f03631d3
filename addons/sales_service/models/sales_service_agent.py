from odoo import api, fields, models
from odoo.fields import Domain


class SalesServiceAgent(models.Model):
    """What somebody who works on tickets can do, where and how much, in a company.

    Which tickets they may get at all say the teams; certificates are those of the rep
    profile. Members of teams have a profile from the beginning.
    """

    _name = "sales.service.agent"
    _description = "Service Agent"
    _inherit = ["sales.stamped.mixin"]
    _order = "name, id"
    _check_company_auto = True
    _sales_stamped = frozenset(("absence_told",))

    user_id = fields.Many2one(
        "res.users",
        "User",
        required=True,
        index=True,
        ondelete="cascade",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
    )
    name = fields.Char(related="user_id.name", store=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    active = fields.Boolean(
        default=True, help="Who is archived gets no tickets by the rules."
    )
    rep_id = fields.Many2one(
        "sales.rep", "Rep Profile", compute="_compute_profiles", compute_sudo=True
    )
    employee_id = fields.Many2one(
        "hr.employee", compute="_compute_profiles", compute_sudo=True
    )
    skill_ids = fields.Many2many(
        "hr.employee.skill",
        compute="_compute_abilities",
        compute_sudo=True,
        help="Those of the employee that hold today: Employees › Skills.",
    )
    course_ids = fields.Many2many(
        "sales.course",
        string="Certificates",
        compute="_compute_abilities",
        compute_sudo=True,
        help="Courses of which the rep profile has a certificate that is valid today.",
    )
    calendar_id = fields.Many2one(
        "resource.calendar",
        "Working Hours",
        check_company=True,
        help="Empty: those of the rep profile, of the employee or of the company.",
    )
    lang_ids = fields.Many2many(
        "res.lang",
        "sales_service_agent_lang_rel",
        "agent_id",
        "lang_id",
        "Languages",
        help="Empty: all languages.",
    )
    territory_ids = fields.Many2many(
        "sales.territory",
        "sales_service_agent_territory_rel",
        "agent_id",
        "territory_id",
        "Territories",
        check_company=True,
        help="Empty: those of the rep profile; where that has none either, everywhere.",
    )
    max_open = fields.Integer(
        "Maximum Load",
        help="Open tickets that the rules give at most. 0: no limit.",
    )
    location_id = fields.Many2one(
        "stock.location",
        "Van",
        check_company=True,
        domain="[('usage', '=', 'internal')]",
        index="btree_not_null",
        help="The stock that the agent has along.",
    )
    start_id = fields.Many2one(
        "res.partner",
        "Starts From",
        check_company=True,
        help="The address from which the way to a customer is measured, besides those "
        "of the agent's other tickets.",
    )
    away_until = fields.Datetime(
        help="Until then the rules give no tickets that cannot wait. Leaves of the "
        "employee and covers of the rep count without this.",
    )
    absence_told = fields.Datetime(
        readonly=True, help="The end of the absence that dispatchers know of."
    )
    open_count = fields.Integer("Open Tickets", compute="_compute_open_count")
    is_full = fields.Boolean(compute="_compute_open_count")

    _user_company_uniq = models.UniqueIndex(
        "(user_id, company_id)", "A user has one agent profile per company."
    )
    _max_positive = models.Constraint(
        "CHECK (max_open >= 0)", "A number of tickets is not negative."
    )

    @api.depends(
        "company_id",
        "user_id.sales_rep_ids.company_id",
        "user_id.employee_ids.company_id",
    )
    def _compute_profiles(self):
        for agent in self:
            company = agent.company_id
            for name, profiles in (
                ("rep_id", agent.user_id.sales_rep_ids),
                ("employee_id", agent.user_id.employee_ids),
            ):
                agent[name] = profiles.filtered(
                    lambda one, company=company: one.company_id == company
                )[:1]

    @api.depends("rep_id", "employee_id")
    def _compute_abilities(self):
        skills = self.env["hr.employee.skill"].search(self._get_skill_domain())
        certificates = self.env["sales.certificate"].search(
            [("rep_id", "in", self.rep_id.ids), ("is_valid", "=", True)]
        )
        of_employee = skills.grouped("employee_id")
        of_rep = certificates.grouped("rep_id")
        for agent in self:
            agent.skill_ids = of_employee.get(agent.employee_id)
            agent.course_ids = of_rep.get(agent.rep_id, certificates[:0]).course_id

    @api.depends("user_id", "company_id", "max_open")
    def _compute_open_count(self):
        """Of the tickets that the user may see."""
        counts = {
            (user, company): count
            for user, company, count in self.env["sales.service.ticket"]._read_group(
                [("user_id", "in", self.user_id.ids), ("is_open", "=", True)],
                ["user_id", "company_id"],
                ["__count"],
            )
        }
        for agent in self:
            count = counts.get((agent.user_id, agent.company_id), 0)
            agent.open_count = count
            agent.is_full = bool(agent.max_open) and count >= agent.max_open

    def _get_skill_domain(self):
        """The skills of their employees that hold today."""
        today = self.env.company._get_sales_today()
        return (
            Domain("employee_id", "in", self.employee_id.ids)
            & (Domain("valid_from", "=", False) | Domain("valid_from", "<=", today))
            & (Domain("valid_to", "=", False) | Domain("valid_to", ">=", today))
        )

    @api.model
    def _make_missing(self, teams=None):
        """Profiles of the members of teams who have none; of all teams by default."""
        # sudo: whoever makes somebody a member gives them a profile
        self = self.sudo().with_context(active_test=False)
        teams = (teams or self.env["sales.service.team"]).with_env(self.env)
        teams = teams or teams.search([])
        wanted = {
            (user.id, team.company_id.id) for team in teams for user in team.member_ids
        }
        have = {
            (agent.user_id.id, agent.company_id.id)
            for agent in self.search([("user_id", "in", [user for user, _ in wanted])])
        }
        self.create(
            [
                {"user_id": user_id, "company_id": company_id}
                for user_id, company_id in sorted(wanted - have)
            ]
        )

    def action_hand_over(self, with_appointments=False):
        """Give away what the agents have and nobody has begun, as they are absent.

        Of the tickets that the user may hand out. What is not moved is named.

        :param bool with_appointments: also those with an appointment, where somebody
            fits who has the time; else they stay
        :raise AccessError: for who may not change the profiles
        """
        self.check_access("write")
        tickets = self.env["sales.service.ticket"].search(
            [
                ("user_id", "in", self.user_id.ids),
                ("company_id", "in", self.company_id.ids),
                ("is_open", "=", True),
            ]
        )
        since = self._begin_absence()
        moved, kept = tickets._filtered_access("write")._hand_over()
        agreed = tickets.browse()
        if with_appointments:
            agreed = kept._move_appointments(self.user_id)
        return (moved + agreed)._say_handed_over(kept - agreed, since)

    def _begin_absence(self):
        """Who is not known to be absent is so until the day ends.

        Otherwise the rules would give them what they have just handed over.

        :return: those of whom nobody had said so
        """
        # sudo: leaves and covers count, whoever may read them
        profiles = self.sudo()
        known = profiles.env["sales.service.facts"]._get_absences(profiles)
        unknown = profiles.filtered(lambda one: one not in known)
        now = self.env["sales.service.ticket"]._get_now()
        for company, agents in unknown.grouped("company_id").items():
            _begin, until = company._get_sales_day(company._get_sales_date(now))
            # Dispatchers hear of it now, by who hands over.
            agents.write({"away_until": until, "absence_told": until})
        return unknown.sudo(False)

    def action_open_tickets(self):
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "sales_service.sales_service_ticket_action"
        )
        # The path is that of all tickets.
        action.pop("path", None)
        return {
            **action,
            "domain": [("user_id", "=", self.user_id.id)],
            "context": {"search_default_filter_open": 1},
            "display_name": self.name,
        }


class SalesServiceTeam(models.Model):
    _inherit = "sales.service.team"

    @api.model_create_multi
    def create(self, vals_list):
        teams = super().create(vals_list)
        self.env["sales.service.agent"]._make_missing(teams)
        return teams

    def write(self, vals):
        result = super().write(vals)
        if "member_ids" in vals or "company_id" in vals:
            self.env["sales.service.agent"]._make_missing(self)
        return result
