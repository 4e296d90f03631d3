from odoo.addons.sales_force.hooks import forget_names, free_activities

from . import controllers, models, wizards


def uninstall_hook(env):
    free_activities(env, "sales_appraisal")
    forget_names(env, "sales_appraisal")
    env["sales.feedback.round"]._forget_all()
    env["sales.badge.rule"]._forget_all()
