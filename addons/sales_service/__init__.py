from odoo.tools import SQL

from odoo.addons.sales_force.hooks import forget_names, free_activities

from . import controllers, models, wizards
from .ledger.ticket import TICKET


def uninstall_hook(env):
    # Credits have no foreign keys: those of tickets go with their source.
    env.cr.execute(SQL("DELETE FROM sales_credit WHERE source = %s", TICKET.code))
    free_activities(env, "sales_service")
    forget_names(env, "sales_service")
