from odoo.addons.sales_force.hooks import forget_names

from . import controllers, models, wizards


def uninstall_hook(env):
    forget_names(env, "sales_appraisal")
