from odoo import api, fields, models
from odoo.exceptions import AccessError


class SalesCoachingCheckin(models.Model):
    """What coach or rep note on the way, with the rate as it was on that day."""

    _name = "sales.coaching.checkin"
    _description = "Check-in of a Coaching Plan"
    _inherit = ["sales.stamped.mixin"]
    _order = "date desc, id desc"
    _sales_stamped = frozenset({"user_id", "value", "has_value"})

    coaching_id = fields.Many2one(
        "sales.coaching",
        "Coaching Plan",
        required=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="coaching_id.company_id", store=True)
    date = fields.Date(
        required=True, default=lambda self: self.env.company._get_sales_today()
    )
    user_id = fields.Many2one(
        "res.users",
        "Written By",
        required=True,
        readonly=True,
        ondelete="restrict",
        default=lambda self: self.env.user,
    )
    note = fields.Text("Notes", required=True)
    has_value = fields.Boolean("Measured", readonly=True)
    value = fields.Float(
        "Rate So Far",
        digits=(16, 2),
        readonly=True,
        aggregator=None,
        help="Since the plan began, as it was when this was written.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        checkins = super().create(vals_list)
        checkins._check_plan()
        # sudo: stamped by the system, and the activity that asked for it is done
        stamped = checkins.sudo()
        for checkin in stamped:
            plan = checkin.coaching_id
            checkin.write({"value": plan.after, "has_value": plan.has_after})
        for plan in stamped.coaching_id:
            if plan.state == "running":
                plan._get_checkin_task().action_feedback()
                plan._plan_checkin()
        return checkins

    def write(self, vals):
        self._check_plan()
        result = super().write(vals)
        if "coaching_id" in vals:
            self._check_plan()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_own(self):
        self._check_plan()

    def _check_plan(self):
        """:raise AccessError: for what others wrote, and for others' plans"""
        if self.env.su:
            return
        self.coaching_id._check_state("agreed", "running")
        if not all(plan.is_mine or plan.may_lead for plan in self.coaching_id):
            raise AccessError(self.env._("Rep and coach write the check-ins."))
        if self.user_id - self.env.user:
            raise AccessError(self.env._("Only who wrote a check-in changes it."))
