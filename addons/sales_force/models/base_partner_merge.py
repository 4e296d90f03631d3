from odoo import models
from odoo.tools import SQL


class BasePartnerMerge(models.TransientModel):
    """Customers become one: the one that remains keeps its owner, and gets the rest."""

    _inherit = "base.partner.merge.automatic.wizard"

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        self.env["res.partner"].browse(partner_ids).exists()._check_merge()
        return super()._merge(partner_ids, dst_partner, extra_checks)

    def _update_foreign_keys(self, src_partners, dst_partner):
        credit = self.env["sales.credit"]
        credit._mark("*partner_id", (src_partners + dst_partner).ids)
        credit._mark("customer", src_partners.commercial_partner_id.ids)
        self.env.flush_all()
        self.env["sales.ownership"]._keep_merged(src_partners)
        self._merge_cards(src_partners, dst_partner)
        self._merge_stops(src_partners, dst_partner)
        result = super()._update_foreign_keys(src_partners, dst_partner)
        credit._mark_partners(dst_partner.ids)
        return result

    def _merge_cards(self, src_partners, dst_partner):
        """A customer has one card in a company; history goes to the one that stays.

        Protection was the former owner's: a card that comes along brings none.
        """
        # sudo: nobody may change cards
        cards = self.env["sales.customer"].sudo()
        cards.search([("partner_id", "in", src_partners.ids)]).reminder_id.unlink()
        doubles = self._get_doubles(
            "sales_customer", "company_id", src_partners, dst_partner
        )
        for table in ("sales_customer_stage", "sales_recycling_line"):
            self.env.cr.execute(
                SQL(
                    """UPDATE %s t SET customer_id = v.kept
                    FROM unnest(%s::integer[], %s::integer[]) AS v(id, kept)
                    WHERE t.customer_id = v.id""",
                    SQL.identifier(table),
                    list(doubles),
                    list(doubles.values()),
                )
            )
        self._delete("sales_customer", list(doubles))
        self.env.cr.execute(
            SQL(
                """UPDATE sales_customer SET claimed_on = NULL, due_on = NULL
                WHERE partner_id = ANY(%s)""",
                src_partners.ids,
            )
        )

    def _merge_stops(self, src_partners, dst_partner):
        """A customer is on a route once."""
        doubles = self._get_doubles(
            "sales_route_stop", "route_id", src_partners, dst_partner
        )
        self._delete("sales_route_stop", list(doubles))

    def _get_doubles(self, table, scope, src_partners, dst_partner):
        """``{id: id that stays}`` of rows of which one customer has one in a scope."""
        rows = self.env.execute_query(
            SQL(
                """SELECT id, kept FROM (
                    SELECT id, first_value(id) OVER (
                        PARTITION BY %s ORDER BY partner_id <> %s, id
                    ) AS kept
                    FROM %s WHERE partner_id = ANY(%s)
                ) t WHERE id <> kept""",
                SQL.identifier(scope),
                dst_partner.id,
                SQL.identifier(table),
                (src_partners + dst_partner).ids,
            )
        )
        return dict(rows)

    def _delete(self, table, ids):
        self.env.cr.execute(
            SQL("DELETE FROM %s WHERE id = ANY(%s)", SQL.identifier(table), ids)
        )
