from odoo import api, models

from odoo.addons.sales_force.demo.generator import QUIET

from ..demo.coaching import Coaching
from ..demo.commission import Commission
from ..demo.consequences import Consequences
from ..demo.disputes import Disputes
from ..demo.feedback import Feedback
from ..demo.payouts import Payouts
from ..demo.rankings import Rankings
from ..demo.scorecards import Cards


class SalesAppraisalDemo(models.AbstractModel):
    """Makes the demo data; called by the demo data file only."""

    _name = "sales.appraisal.demo"
    _description = "Demo Data of Sales Appraisal"

    @api.model
    def _load(self):
        """Templates and cards for the organisation of Sales Force's demo data.

        Without it nothing is made.
        """
        company = self.env.ref("base.main_company")
        # sudo: data of all roles
        env = self.sudo().env
        if not env["res.users"].search_count([("login", "=", "director")]):
            return
        languages = dict(env["res.lang"].get_installed())
        context = {
            **env.context,
            **QUIET,
            "allowed_company_ids": company.ids,
            # Of what the system says of it, as in the messages.
            "lang": "zh_CN" if "zh_CN" in languages else "en_US",
        }
        env = env(context=context)
        cards = Cards(env, company)
        cards.load()
        Consequences(env, company).load()
        Coaching(env, company).load()
        Rankings(env, company, cards.word).load()
        Feedback(env, company).load()
        Commission(env, company, cards.word).load()
        Payouts(env, company, cards.word).load()
        Disputes(env, company, cards.word).load()
