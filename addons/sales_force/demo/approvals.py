"""Rules about discounts, sizes and terms, and quotations that wait for approval."""

from odoo.fields import Command

# What the grades may give, in their order: percent, amount.
_AUTHORITY = ((5, 0), (10, 20_000), (15, 50_000), (20, 100_000), (30, 300_000))
# Who quotes with which discount, and what became of it: up to the own limit, the
# leader's, the manager's, and above.
_QUOTATIONS = (
    ("rep", 14, "own"),
    ("rep", 18, "approved"),
    ("rep", 25, "waiting"),
    ("rep", 40, "refused"),
    ("omar", 22, "approved"),
    ("kavi", 30, "waiting"),
    ("omar", 16, "waiting"),
    ("rep", 35, "waiting"),
)


def make_approvals(demo):
    """:param Demo demo: with its orders, so that no rule holds for them"""
    # Whoever quotes sees what discounts the rules are about.
    demo.env.ref("base.group_user")._apply_group(
        demo.env.ref("sale.group_discount_per_so_line")
    )
    for grade, (discount, amount) in zip(
        demo.env["sales.grade"].search([]), _AUTHORITY, strict=False
    ):
        grade.write({"approval_discount": discount, "approval_amount": amount})
    _make_rules(demo)
    for number, (login, discount, outcome) in enumerate(_QUOTATIONS):
        _ask(demo, number, login, discount, outcome)


def _make_rules(demo):
    finance = demo.env.ref("sales_force.group_sales_finance").id
    rules = (
        (("Discount above 12 %", "折扣超过 12%"), "discount", 12, [{}]),
        (
            ("Order above 500,000", "订单金额超过 50 万"),
            "amount",
            500_000,
            [{}, {"kind": "role", "group_id": finance, "stage": 2}],
        ),
        (
            ("Longer payment term", "付款期限超过客户约定"),
            "term",
            0,
            [{"kind": "role", "group_id": finance}],
        ),
    )
    demo.create_translated(
        "sales.approval.rule",
        [
            {
                "company_id": demo.company.id,
                "sequence": 10 * number,
                "condition": condition,
                "threshold": threshold,
                "escalate_hours": 16,
                "approver_ids": [Command.create(vals) for vals in approvers],
            }
            for number, (_name, condition, threshold, approvers) in enumerate(rules)
        ],
        [rule[0] for rule in rules],
    )


def _ask(demo, number, login, discount, outcome):
    user = demo.users[login]
    order = (
        demo.env["sale.order"]
        .with_user(user)
        # What is said of it stays as it is said.
        .with_context(mail_activity_automation_skip=False, lang=demo.lang)
        .create(
            {
                "partner_id": demo.owned[user][number % len(demo.owned[user])].id,
                "user_id": user.id,
                "company_id": demo.company.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "product_uom_qty": 2 + number,
                            "discount": discount if not line else 0,
                        }
                    )
                    for line, product in enumerate(demo.products[number : number + 2])
                ],
            }
        )
    )
    if outcome == "own":
        order.action_quotation_sent()
        return
    order.action_sales_approval_request(
        demo.word(("A competitor offers less.", "竞品报价更低。"))
    )
    # sudo: the demo decides as each approver
    request = order.sudo().sales_approval_step_ids.request_id
    approver = request.step_ids.user_ids[:1]
    if outcome == "approved":
        request.with_user(approver).action_approve()
        order.action_quotation_sent()
    elif outcome == "refused":
        request.with_user(approver).action_refuse(
            demo.word(("At most 20 %, for a yearly contract.", "签年度合同最多 20%。"))
        )
