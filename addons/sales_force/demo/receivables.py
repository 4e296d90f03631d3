"""What customers owe: dunned by the ready plan, promised, and some of it disputed."""

from datetime import timedelta

from odoo.fields import Command

_NOTES = (
    ("Ms Li in accounting, by bank transfer", "财务李女士，银行转账"),
    ("Mr Chen, after their own customer pays", "陈先生，待其客户付款后"),
    ("Half now, the rest next month", "先付一半，余款下月"),
)
_CLAIMS = (
    ("quality", ("Two of ten pumps leak.", "十台泵中有两台漏水。")),
    ("price", ("The discount agreed is missing.", "约定的折扣没有体现。")),
    ("quantity", ("One box less than billed.", "比开票数量少一箱。")),
)


def make_collections(demo):
    """:param Demo demo: with its invoices and payments"""
    items = demo.env["sales.receivable"].search(
        [
            ("company_id", "=", demo.company.id),
            ("days_overdue", ">", 0),
            ("user_id", "in", [user.id for user in demo.users.values()]),
        ],
        order="date_due, id",
    )
    demo.company.sales_collection_user_id = demo.users["finance"]
    _dispute(demo, items[::9])
    _promise(demo, items[1::4])
    _keep(demo)
    if demo.chinese:
        # Odoo does so after the demo data; what is dunned copies the step's name.
        demo.env["ir.module.module"]._load_module_terms(["sales_force"], ["zh_CN"])
    plan = demo.env.ref("sales_force.sales_dunning_plan_standard")
    plan.action_put_in_force()
    plan._run(demo.company)


def _dispute(demo, items):
    for number, item in enumerate(items[: 2 * len(_CLAIMS)]):
        code, claim = _CLAIMS[number % len(_CLAIMS)]
        reason = demo.env.ref(f"sales_force.sales_dispute_reason_{code}")
        opened = demo.today - timedelta(days=4 * number + 2)
        dispute = demo.env["sales.dispute"].create(
            {
                "partner_id": item.partner_id.id,
                "company_id": demo.company.id,
                "item_ids": [Command.set(item.ids)],
                "reason_id": reason.id,
                "description": demo.word(claim),
                "opened_by_id": item.user_id.id,
                "opened_on": opened,
            }
        )
        if number % 3 == 2:
            judge = dispute.with_user(demo.users["finance"])
            judge.decision = demo.word(
                ("The delivery note says otherwise.", "与送货单不符。")
            )
            judge.action_reject()


def _promise(demo, items):
    """What is to come, and what has passed without money."""
    for number, item in enumerate(items):
        days = 6 + number if number % 3 else -12 - number
        demo.env["sales.payment.promise"].create(
            {
                "partner_id": item.partner_id.id,
                "company_id": demo.company.id,
                "item_ids": [Command.set(item.ids)],
                "amount": item.residual_currency,
                "made_on": demo.today + timedelta(days=min(days, 0) - 6),
                "date": demo.today + timedelta(days=days),
                "taken_by_id": item.user_id.id,
                "note": demo.word(_NOTES[number % len(_NOTES)]),
            }
        )


def _keep(demo):
    """What was promised and paid in the last months."""
    lines = demo.invoices.line_ids.filtered(
        lambda line: (
            line.account_id.account_type == "asset_receivable"
            and line.reconciled
            and line.partner_id.user_id
        )
    )
    for number, line in enumerate(lines.sorted("id", reverse=True)[:90:6]):
        paid = max(line.matched_credit_ids.mapped("max_date"))
        demo.env["sales.payment.promise"].create(
            {
                "partner_id": line.partner_id.commercial_partner_id.id,
                "company_id": demo.company.id,
                "line_ids": [
                    Command.create({"line_id": line.id, "amount": line.balance})
                ],
                "amount": min(line.matched_credit_ids.mapped("debit_amount_currency")),
                "made_on": paid - timedelta(days=8),
                "date": paid + timedelta(days=1),
                "taken_by_id": line.partner_id.user_id.id,
                "note": demo.word(_NOTES[number % len(_NOTES)]),
            }
        )
