from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

# How far the working days after a step's day are looked for.
_HORIZON = 30
# What makes an activity a step that is open.
_STEP = frozenset(("active", "res_id", "res_model", "res_model_id", "sales_onboarding"))
# In the context while a step is being done; nobody can send it from outside.
_DOING = object()


class ResCompany(models.Model):
    _inherit = "res.company"

    sales_onboarding_plan_id = fields.Many2one(
        "mail.activity.plan",
        "Onboarding Plan",
        domain="[('res_model', '=', 'sales.rep')]",
        help="What a new rep goes through before becoming active. Empty: the plan that "
        "comes with Sales Force, unless that is archived.",
    )

    def _get_onboarding_plan(self):
        shipped = self.env.ref("sales_force.mail_activity_plan_onboarding", False)
        plans = self.env["mail.activity.plan"]
        # sudo: every rep who is hired goes through it, whoever hires
        plan = self.sudo().sales_onboarding_plan_id or (shipped or plans).sudo()
        return plan.filtered("active")


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    sales_onboarding_plan_id = fields.Many2one(
        related="company_id.sales_onboarding_plan_id", readonly=False
    )


class MailActivityPlanTemplate(models.Model):
    _inherit = "mail.activity.plan.template"

    responsible_type = fields.Selection(
        selection_add=[("sales_rep", "Rep"), ("sales_manager", "Rep's manager")],
        ondelete={"sales_rep": "cascade", "sales_manager": "cascade"},
    )

    @api.constrains("plan_id", "responsible_type")
    def _check_responsible_sales(self):
        for template in self:
            if (
                template.responsible_type in ("sales_rep", "sales_manager")
                and template.plan_id.res_model != "sales.rep"
            ):
                raise UserError(
                    self.env._("Reps and their managers do steps of plans for reps.")
                )

    def _determine_responsible(self, on_demand_responsible, applied_on_record):
        if self.responsible_type not in ("sales_rep", "sales_manager"):
            return super()._determine_responsible(
                on_demand_responsible, applied_on_record
            )
        rep = applied_on_record
        if self.responsible_type == "sales_manager":
            # Who has no manager does it alone.
            rep = rep.parent_id or rep
        return {"responsible": rep.user_id, "error": False, "warning": False}


class MailActivity(models.Model):
    _inherit = "mail.activity"

    sales_onboarding = fields.Boolean(
        "Onboarding", readonly=True, copy=False, export_string_translation=False
    )

    @api.model_create_multi
    def create(self, vals_list):
        activities = super().create(vals_list)
        if not self.env.su and activities.filtered("sales_onboarding"):
            raise UserError(self.env._("Only the plan makes steps of an onboarding."))
        return activities

    def write(self, vals):
        if not (self.env.su or _STEP.isdisjoint(vals)) and (
            "sales_onboarding" in vals or self.filtered("sales_onboarding")
        ):
            doing = self.env.context.get("sales_onboarding_doing") is _DOING
            if not doing or vals.keys() != {"active"}:
                raise self._onboarding_error()
        return super().write(vals)

    def _action_done(self, feedback=False, attachment_ids=None):
        reps = self._get_onboarding_reps()
        if reps:
            self = self.with_context(sales_onboarding_doing=_DOING)
        result = super()._action_done(feedback=feedback, attachment_ids=attachment_ids)
        reps._finish_onboarding()
        return result

    def _get_onboarding_reps(self):
        steps = self.filtered("sales_onboarding")
        # sudo: whoever does the last step makes the rep active
        return self.env["sales.rep"].sudo().browse(steps.mapped("res_id"))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_onboarding(self):
        """Nobody skips a step, unless sales operations release from it."""
        if self.env.su or self.env.user.has_group("sales_force.group_sales_operations"):
            return
        if self.filtered("sales_onboarding"):
            raise self._onboarding_error()

    def _onboarding_error(self):
        return UserError(
            self.env._(
                "Steps of an onboarding are done, not taken away; sales operations "
                "release from them."
            )
        )


class SalesRep(models.Model):
    _inherit = "sales.rep"

    onboarding_count = fields.Integer("Steps", compute="_compute_onboarding")
    onboarding_done = fields.Integer("Steps Done", compute="_compute_onboarding")
    onboarding_progress = fields.Float("Onboarding (%)", compute="_compute_onboarding")
    onboarding_waiver = fields.Char(
        "Released Because",
        tracking=True,
        copy=False,
        help="Sales operations may let a rep become active with open steps; say why.",
    )

    @api.depends("activity_ids")
    def _compute_onboarding(self):
        done, every = defaultdict(int), defaultdict(int)
        # sudo: how far a rep is may be known to whoever may read the rep
        activities = self.env["mail.activity"].sudo().with_context(active_test=False)
        for rep_id, active, count in activities._read_group(
            self._domain_onboarding(), ["res_id", "active"], ["__count"]
        ):
            every[rep_id] += count
            done[rep_id] += 0 if active else count
        for rep in self:
            rep.onboarding_count = every[rep._origin.id]
            rep.onboarding_done = done[rep._origin.id]
            rep.onboarding_progress = (
                100.0 * rep.onboarding_done / rep.onboarding_count
                if rep.onboarding_count
                else 0.0
            )

    def _domain_onboarding(self):
        return (
            Domain("res_model", "=", "sales.rep")
            & Domain("res_id", "in", self.ids)
            & Domain("sales_onboarding", "=", True)
        )

    def _get_open_onboarding(self):
        return (
            self.env["mail.activity"]
            # sudo: whether all is done, whoever it is assigned to
            .sudo()
            .search(self._domain_onboarding() & Domain("active", "=", True))
        )

    @api.model_create_multi
    def create(self, vals_list):
        reps = super().create(vals_list)
        begun = ("onboarding",)
        if not self.env.su:
            # Only the system takes over reps who have been at work.
            begun = ("onboarding", "active", "suspended")
        joining = reps.filtered(
            lambda rep: rep.state in begun and not rep.onboarding_waiver
        )
        joining._start_onboarding()
        joining.filtered(lambda rep: rep.state == "active")._check_onboarding()
        return reps

    def write(self, vals):
        if "onboarding_waiver" in vals and not (
            self.env.su or self.env.user.has_group("sales_force.group_sales_operations")
        ):
            raise UserError(
                self.env._("Only sales operations release from onboarding.")
            )
        # Who comes back because leaving is undone goes on as before.
        undone = self.env.su and self.env.context.get("sales_undone")
        again = self.browse()
        if vals.get("state") == "active" and not undone:
            self.check_access("write")
            if not vals.get("onboarding_waiver"):
                self.filtered(
                    lambda rep: rep.state != "active" and not rep.onboarding_waiver
                )._check_onboarding()
        if vals.get("state") == "onboarding" and not undone:
            again = self.filtered(lambda rep: rep.state == "left")
        result = super().write(vals)
        # sudo: what released from one onboarding does not from the next
        again.sudo().onboarding_waiver = False
        again._start_onboarding()
        return result

    def _check_onboarding(self):
        """:raise UserError: naming the steps that are open"""
        for rep_id, steps in self._get_open_onboarding().grouped("res_id").items():
            raise UserError(
                self.env._(
                    "%(rep)s becomes active when the onboarding is done, or when sales "
                    "operations say why it is not needed. Open: %(steps)s.",
                    rep=self.browse(rep_id).name,
                    steps=", ".join(
                        step.summary or step.activity_type_id.name for step in steps
                    ),
                )
            )

    def _start_onboarding(self):
        """Plan the steps, on working days of each rep from the first day on."""
        vals_list = []
        model = self.env["ir.model"]._get_id("sales.rep")
        for rep in self:
            plan = rep.company_id._get_onboarding_plan()
            if not plan.template_ids:
                continue
            today = rep.company_id._get_sales_today()
            first = max(rep.date_start or today, today)
            for template in plan.template_ids:
                found = template._determine_responsible(rep.user_id, rep)
                user = found["responsible"] or rep.user_id
                type_ = template.activity_type_id.with_context(lang=user.lang)
                vals_list.append(
                    {
                        "res_model_id": model,
                        "res_id": rep.id,
                        "activity_type_id": template.activity_type_id.id,
                        # Types have names in every language.
                        "summary": template.summary or type_.name,
                        "note": template.note,
                        "user_id": user.id,
                        "date_deadline": rep._get_step_day(template, first),
                        "sales_onboarding": True,
                    }
                )
        # sudo: whoever hires starts the onboarding, also for the manager
        self.env["mail.activity"].sudo().with_context(
            mail_activity_quick_update=True
        ).create(vals_list)

    def _get_step_day(self, template, first):
        """The day of a step: the next working day of the rep."""
        day = template._get_date_deadline(first)
        days = self._get_visit_days(day, fields.Date.add(day, days=_HORIZON))[self]
        return min(days, default=day)

    def _finish_onboarding(self):
        for rep in self:
            if rep.state == "onboarding" and not rep._get_open_onboarding():
                rep.state = "active"
                rep.message_post(body=self.env._("The onboarding is done."))
