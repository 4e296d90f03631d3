from odoo.tools import SQL

from odoo.addons.sales_force.hooks import forget_names, free_activities

from . import models, wizards
from .work.source import WORK


def uninstall_hook(env):
    env["sales.credit.month"]._uninstall()
    # Credits have no foreign keys: those of the work plans go with their source.
    env.cr.execute(SQL("DELETE FROM sales_credit WHERE source = %s", WORK.code))
    free_activities(env, "sales_targets")
    forget_names(env, "sales_targets")
