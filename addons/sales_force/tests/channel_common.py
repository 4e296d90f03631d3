"""What tests of channels share."""

from odoo import Command


class ChannelVerbs:
    """Makes channel partners and what is agreed with them, in ``cls.env``."""

    @classmethod
    def _channel_partner(cls, name="Dealer", user=None, **values):
        return cls.env["res.partner"].create(
            {
                "name": name,
                "is_company": True,
                "user_id": user.id if user else False,
                "sales_channel_id": cls.env.ref(
                    "sales_force.sales_channel_distributor"
                ).id,
                **values,
            }
        )

    @classmethod
    def _agreement(cls, partner, tiers=((100, 1), (300, 3)), start=True, **values):
        agreement = cls.env["sales.rebate.agreement"].create(
            {
                "partner_id": partner.id,
                "company_id": cls.company.id,
                "date_from": "2026-01-01",
                "date_to": "2026-12-31",
                "tier_ids": [
                    Command.create({"start": start, "rate": rate})
                    for start, rate in tiers
                ],
                **values,
            }
        )
        if start:
            agreement.action_start()
        return agreement

    @classmethod
    def _authorize(cls, partner, territory, category=None, **values):
        return cls.env["sales.channel.authorization"].create(
            {
                "partner_id": partner.id,
                "company_id": cls.company.id,
                "territory_id": territory.id,
                "category_id": category.id if category else False,
                "exclusive": True,
                "date_from": "2040-01-01",
                **values,
            }
        )

    @classmethod
    def _deal(cls, partner, customer=None, **values):
        return cls.env["sales.deal.registration"].create(
            {
                "partner_id": partner.id,
                "company_id": cls.company.id,
                "end_customer": customer.name if customer else "Somebody",
                "end_customer_id": customer.id if customer else False,
                "amount": 1000,
                **values,
            }
        )
