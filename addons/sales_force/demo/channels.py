"""Channel partners with tiers, territories, rebates and registered deals."""

from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo.fields import Command

# Name, Chinese name, days for which a registered deal is protected.
TIERS = (
    ("Gold", "金牌", 120),
    ("Silver", "银牌", 90),
    ("Registered", "注册级", 60),
)
# Subject, of pumps only, and what is agreed.
REBATES = (
    (
        ("Quarterly volume rebate", "季度销量返利"),
        False,
        {"period": "quarter", "method": "whole"},
        ((5_000, 1), (15_000, 2), (40_000, 3.5)),
    ),
    (
        ("Growth rebate on pumps", "水泵增长返利"),
        True,
        {"period": "quarter", "basis": "growth", "method": "incremental"},
        ((0, 1), (20, 3)),
    ),
)
# End customer and what becomes of the deal.
DEALS = (
    (("Harbour desalination plant", "港区海水淡化厂"), "approved", 86_000),
    (("Second brewery line", "啤酒厂二期生产线"), "submitted", 32_000),
    (("District heating station", "区域供热站"), "refused", 18_500),
    (("Harbour desalination plant", "港区海水淡化厂"), "submitted", 90_000),
)


def make_channels(demo):
    """:param Demo demo: with its customers, products and documents"""
    tiers = demo.create_translated(
        "sales.channel.tier",
        [
            {"sequence": 10 * number, "deal_days": days}
            for number, (_name, _chinese, days) in enumerate(TIERS, 1)
        ],
        [tier[:2] for tier in TIERS],
    )
    partners = demo.customers.filtered("sales_resells")
    for number, partner in enumerate(partners):
        partner.sales_tier_id = tiers[min(number % 5, 2)]
    _promote(demo, partners[0], tiers)
    dealers = partners.filtered(
        lambda partner: partner.sales_channel_id.code == "distributor"
    )
    _authorize(demo, dealers)
    _rebate(demo, dealers[:6])
    _register(demo, dealers)


def _promote(demo, partner, tiers):
    """The first was of a lower tier until some months ago."""
    row = partner.sales_channel_history_ids
    day = demo.today - relativedelta(months=4, day=1)
    row[:1].write({"date_from": day})
    row.create(
        {
            "partner_id": partner.id,
            "channel_id": partner.sales_channel_id.id,
            "tier_id": tiers[1].id,
            "date_from": demo.start,
            "date_to": day - timedelta(days=1),
        }
    )


def _authorize(demo, dealers):
    pumps = demo.products[0].categ_id
    demo.env["sales.channel.authorization"].create(
        [
            {
                "partner_id": dealer.id,
                "company_id": demo.company.id,
                "territory_id": dealer.sales_territory_id.id,
                "category_id": pumps.id if number % 2 == 0 else pumps.parent_id.id,
                "exclusive": number == 0,
                "date_from": demo.today.replace(month=1, day=1),
                "date_to": demo.today.replace(month=12, day=31),
            }
            for number, dealer in enumerate(dealers)
        ]
    )


def _rebate(demo, dealers):
    """What they get back; that of the first is on a draft credit note."""
    agreements = demo.env["sales.rebate.agreement"].create(
        [
            {
                "partner_id": dealer.id,
                "company_id": demo.company.id,
                "title": demo.word(title),
                "category_id": demo.products[0].categ_id.id if pumps else False,
                "date_from": demo.start,
                "tier_ids": [
                    Command.create({"start": start, "rate": rate})
                    for start, rate in tiers
                ],
                **terms,
            }
            for number, dealer in enumerate(dealers)
            for title, pumps, terms, tiers in REBATES[: 1 + number % 2]
        ]
    )
    agreements.action_start()
    agreements[0]._settle()


def _register(demo, dealers):
    deals = demo.env["sales.deal.registration"].create(
        [
            {
                "partner_id": dealer.id,
                "company_id": demo.company.id,
                "end_customer": demo.word(name),
                "category_id": demo.products[0].categ_id.id,
                "amount": amount,
                "date_expected": demo.today + relativedelta(months=3),
            }
            for dealer, (name, _state, amount) in zip(dealers, DEALS, strict=False)
        ]
    )
    deals.action_submit()
    for deal, (name, state, _amount) in zip(deals, DEALS, strict=True):
        if state == "approved":
            deal.end_customer_id = demo.env["res.partner"].create(
                {"name": demo.word(name), "is_company": True}
            )
            deal.action_approve()
        elif state == "refused":
            deal.refusal = demo.word(
                ("We quote to them ourselves already.", "我司已直接报价。")
            )
            deal.action_refuse()
