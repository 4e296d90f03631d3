from odoo import fields, models
from odoo.tools import SQL


class SalesOwnership(models.Model):
    """Who owned which customer since when: written by the system, never changed."""

    _name = "sales.ownership"
    _description = "Customer Ownership"
    _order = "date desc, id desc"
    _log_access = False
    _rec_name = "partner_id"

    partner_id = fields.Many2one(
        "res.partner", required=True, readonly=True, ondelete="cascade"
    )
    user_id = fields.Many2one("res.users", "Owner", readonly=True)
    previous_user_id = fields.Many2one("res.users", "Former Owner", readonly=True)
    date = fields.Datetime("Since", required=True, readonly=True)
    set_by_id = fields.Many2one("res.users", "Changed By", readonly=True)

    _partner_date_idx = models.Index("(partner_id, date)")

    def _log(self, owners, previous):
        """Append the changes of ``{commercial partner: owner}`` against ``previous``.

        Both map ids to user ids or None. Dates are the transaction's start in UTC.
        """
        rows = [
            SQL(
                "(%s, %s, %s, %s, %s)",
                partner_id,
                user_id or None,
                previous.get(partner_id) or None,
                self.env.cr.now(),
                self.env.uid,
            )
            for partner_id, user_id in owners.items()
            if (user_id or None) != (previous.get(partner_id) or None)
        ]
        if rows:
            self.env.execute_query(
                SQL(
                    """INSERT INTO sales_ownership
                        (partner_id, user_id, previous_user_id, date, set_by_id)
                    SELECT p.id, v.owner::integer, v.previous::integer,
                        v.date::timestamp, v.set_by::integer
                    FROM (VALUES %s) AS v(id, owner, previous, date, set_by)
                    JOIN res_partner p ON p.id = v.id
                        AND p.commercial_partner_id = p.id
                    RETURNING id""",
                    SQL(", ").join(rows),
                )
            )
