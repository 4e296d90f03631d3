from datetime import timedelta

from odoo import fields, models


class SalesChannelHistory(models.Model):
    """Which channel and tier a customer had from when to when: written by the system.

    What nobody ever changed has no rows: it is as it is now.
    """

    _name = "sales.channel.history"
    _description = "Channel History"
    _order = "partner_id, id desc"
    _rec_name = "partner_id"

    partner_id = fields.Many2one(
        "res.partner", "Customer", required=True, readonly=True, ondelete="cascade"
    )
    channel_id = fields.Many2one("sales.channel", readonly=True, ondelete="restrict")
    tier_id = fields.Many2one("sales.channel.tier", readonly=True, ondelete="restrict")
    date_from = fields.Date("Since", readonly=True, help="Empty: since ever.")
    date_to = fields.Date("Until", readonly=True, help="Empty: until now.")
    set_by_id = fields.Many2one("res.users", "Changed By", readonly=True)

    _partner_idx = models.Index("(partner_id, date_to)")

    def _log(self, partners, former):
        """Close the rows of what was, and begin those of what is, from today on.

        :param partners: whose channel or tier was written
        :param dict former: ``{partner: (channel, tier)}`` before that
        """
        changed = partners.filtered(
            lambda partner: former[partner]
            != (partner.sales_channel_id, partner.sales_tier_id)
        )
        if not changed:
            return
        # sudo: whoever changes a customer, what it was is kept
        log = self.sudo()
        today = self.env.company._get_sales_today()
        last = {
            row.partner_id: row
            for row in log.search(
                [("partner_id", "in", changed.ids), ("date_to", "=", False)]
            )
        }
        vals_list = []
        for partner in changed:
            row = last.get(partner)
            now = {
                "channel_id": partner.sales_channel_id.id,
                "tier_id": partner.sales_tier_id.id,
                "set_by_id": self.env.uid,
            }
            if row and row.date_from == today:
                row.write(now)
                continue
            yesterday = today - timedelta(days=1)
            if row:
                row.date_to = yesterday
            elif any(former[partner]):
                channel, tier = former[partner]
                vals_list.append(
                    {
                        "partner_id": partner.id,
                        "channel_id": channel.id,
                        "tier_id": tier.id,
                        "date_to": yesterday,
                    }
                )
            vals_list.append({"partner_id": partner.id, "date_from": today, **now})
        log.create(vals_list)
