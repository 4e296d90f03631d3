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
    initial = fields.Boolean(
        readonly=True,
        help="The owner when the log began or the customer was created: also of "
        "whatever happened before.",
    )
    set_by_id = fields.Many2one("res.users", "Changed By", readonly=True)

    _partner_date_idx = models.Index("(partner_id, date)")

    def _log(self, owners, created=False):
        """Append the changes that are about to be written.

        :param dict owners: new owner's user id (or None) by partner id
        :param created: the partners are new and had no owner
        """
        if not owners:
            return
        previous = SQL("NULL::integer") if created else SQL("p.user_id")
        self._append(
            SQL(
                """SELECT p.id, v.owner, %(previous)s, %(created)s
                FROM unnest(%(ids)s::integer[], %(owners)s::integer[]) AS v(id, owner)
                JOIN res_partner p ON p.id = v.id
                WHERE v.owner IS DISTINCT FROM %(previous)s""",
                previous=previous,
                created=created,
                ids=list(owners),
                owners=[owner or None for owner in owners.values()],
            )
        )

    def _log_end(self, users):
        """Append that the customers of users who are being deleted have no owner."""
        self._append(
            SQL(
                "SELECT id, NULL::integer, user_id, FALSE FROM res_partner "
                "WHERE user_id = ANY(%s)",
                users.ids,
            )
        )

    def _append(self, rows):
        self.env.cr.execute(
            SQL(
                """INSERT INTO sales_ownership
                    (partner_id, user_id, previous_user_id, initial, date, set_by_id)
                SELECT r.*, %s, %s FROM (%s) r""",
                self.env.cr.now(),
                self.env.uid,
                rows,
            )
        )

    def _forget(self, partners):
        """Two customers became one: the log of the one that goes, goes with it."""
        self.env.cr.execute(
            SQL("DELETE FROM sales_ownership WHERE partner_id = ANY(%s)", partners.ids)
        )
