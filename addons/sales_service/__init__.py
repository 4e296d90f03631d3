from odoo.addons.sales_force.hooks import forget_names, free_activities

from . import controllers, models, wizards


def uninstall_hook(env):
    free_activities(env, "sales_service")
    forget_names(env, "sales_service")
