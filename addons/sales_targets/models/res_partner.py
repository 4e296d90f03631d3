from odoo import fields, models
from odoo.tools import SQL


class ResPartner(models.Model):
    _inherit = "res.partner"

    sales_potential = fields.Float(
        "Potential per Year",
        company_dependent=True,
        digits=(16, 2),
        help="What this customer could buy of us in a year, untaxed, in company "
        "currency. 0: not known; then targets take what the customers of the class buy "
        "on average.",
    )

    def _is_within_reach(self):
        """Whether a customer is the user's to work with.

        Who is visible under customer protection, whether or not the company asks for
        it: one's own and those of the reps below or covered for, whom nobody owns, and
        who is on a document that the user may read.
        """
        self.ensure_one()
        if self._get_reach() is None:
            return True
        self.env.flush_all()
        contacts = self._get_visible_contacts(SQL("%s", self.commercial_partner_id.id))
        [(within,)] = self.env.execute_query(SQL("SELECT EXISTS (%s)", contacts))
        return within
