"""The scenarios: what happens, and when it is settled. Each says what is right and why.

The rate is 10 % and the tax 15 % where nothing else is said; each ``settle`` compares
what was paid in total with what the oracle finds due.
"""

from decimal import Decimal

from .facts import Line, Terms

COLLECTED = Terms("collected", Decimal(10))
LOCKED = Terms("collected", Decimal(10), locked=True)
INVOICED = Terms("invoiced", Decimal(10))
MARGIN = Terms("margin", Decimal(10))
TIERS = (
    (Decimal(0), Decimal(2)),
    (Decimal(100_000), Decimal(3)),
    (Decimal(150_000), Decimal(5)),
)

SCENARIOS = {}


def scenario(title):
    def register(function):
        SCENARIOS[title] = function
        return function

    return register


def ann_and_customer(stage, terms):
    ann = stage.new_rep("Ann", terms)
    return ann, stage.new_customer(ann)


def pay_in_three(stage, terms, *amounts):
    _ann, customer = ann_and_customer(stage, terms)
    invoice = stage.on("2026-01-10").invoice(customer, 1000)
    for month, amount in enumerate(amounts, start=1):
        stage.on(f"2026-{month:02}-20").receive(invoice, amount)
        stage.settle(f"2026-{month + 1:02}-01")


@scenario("part payment in three instalments")
def instalments(stage):
    """Cash earns when it comes, here 300, 300 and 400: 30, then 60, then 100."""
    pay_in_three(stage, COLLECTED, 345, 345, 460)


@scenario("three instalments that leave a remainder")
def thirds(stage):
    """The sale earns 100, in thirds: 33.33, then 66.67, at last 100."""
    pay_in_three(stage, LOCKED, "383.34", "383.33", "383.33")


@scenario("100 of 1,000 paid, 900 written off")
def write_off(stage):
    """What is written off is no cash: 10."""
    _ann, customer = ann_and_customer(stage, COLLECTED)
    invoice = stage.on("2026-01-10").invoice(customer, 1000)
    stage.on("2026-01-20").write_off(invoice, 115)
    stage.settle("2026-02-01")


@scenario("payment bounced after settlement")
def bounced(stage):
    """The bank took the money back, so does the company: 100, then 0."""
    _ann, customer = ann_and_customer(stage, COLLECTED)
    invoice = stage.on("2026-01-10").invoice(customer, 1000)
    payment = stage.on("2026-01-20").receive(invoice)
    stage.settle("2026-02-01")
    stage.on("2026-02-05").bounce(invoice, payment)
    stage.settle("2026-03-01")


@scenario("payment entered without a journal entry")
def without_entry(stage):
    """It earns once, when entered or when the bank shows it, as is agreed: 100."""
    _ann, customer = ann_and_customer(stage, COLLECTED)
    with stage.without_entry():
        invoice = stage.on("2026-01-10").invoice(customer, 1000)
        stage.on("2026-01-20").enter(invoice, 1150)
        stage.settle("2026-02-01")
        stage.on("2026-02-03").bank(invoice, 1150)
        stage.settle("2026-03-01")


@scenario("a third entered without a journal entry")
def part_without_entry(stage):
    """So much as was entered, or as the bank showed: 30 of 1,000."""
    _ann, customer = ann_and_customer(stage, COLLECTED)
    with stage.without_entry():
        invoice = stage.on("2026-01-10").invoice(customer, 1000)
        stage.on("2026-01-20").enter(invoice, 345)
        stage.settle("2026-02-01")
        stage.on("2026-02-03").bank(invoice, 345)
        stage.settle("2026-03-01")


@scenario("full refund before settlement")
def full_refund_before(stage):
    """Nothing of it stays: 0."""
    _ann, customer = ann_and_customer(stage, COLLECTED)
    invoice = stage.on("2026-01-10").invoice(customer, 1000)
    stage.on("2026-01-15").receive(invoice)
    note = stage.on("2026-01-20").refund(invoice)
    stage.on("2026-01-25").receive(note)
    stage.settle("2026-02-01")


@scenario("full refund after settlement")
def full_refund_after(stage):
    """Money given back is taken back: 100, then 0."""
    _ann, customer = ann_and_customer(stage, COLLECTED)
    invoice = stage.on("2026-01-10").invoice(customer, 1000)
    stage.on("2026-01-15").receive(invoice)
    stage.settle("2026-02-01")
    note = stage.on("2026-02-10").refund(invoice)
    stage.on("2026-02-15").receive(note)
    stage.settle("2026-03-01")


@scenario("partial refund before settlement")
def partial_refund_before(stage):
    """The customer owes and pays 600 of 1,000: 60."""
    _ann, customer = ann_and_customer(stage, COLLECTED)
    invoice = stage.on("2026-01-10").invoice(customer, 1000)
    stage.on("2026-01-15").refund(invoice, price=400)
    stage.on("2026-01-20").receive(invoice, 690)
    stage.settle("2026-02-01")


@scenario("partial refund after settlement")
def partial_refund_after(stage):
    """Of 1,000 received 400 are given back: 100, then 60."""
    _ann, customer = ann_and_customer(stage, COLLECTED)
    invoice = stage.on("2026-01-10").invoice(customer, 1000)
    stage.on("2026-01-15").receive(invoice)
    stage.settle("2026-02-01")
    note = stage.on("2026-02-10").refund(invoice, price=400)
    stage.on("2026-02-15").receive(note)
    stage.settle("2026-03-01")


@scenario("refund credited, not paid out")
def refund_credited(stage):
    """After part payment of 300 the whole is credited; the 300 stay: 30, then 30."""
    _ann, customer = ann_and_customer(stage, COLLECTED)
    invoice = stage.on("2026-01-10").invoice(customer, 1000)
    stage.on("2026-01-15").receive(invoice, 345)
    stage.settle("2026-02-01")
    stage.on("2026-02-10").refund(invoice)
    stage.settle("2026-03-01")


@scenario("refund of an invoiced sale after settlement")
def invoiced_refund(stage):
    """Where invoicing earns, the credit note takes back: 100, then 60."""
    _ann, customer = ann_and_customer(stage, INVOICED)
    invoice = stage.on("2026-01-10").invoice(customer, 1000)
    stage.settle("2026-02-01")
    stage.on("2026-02-10").refund(invoice, price=400)
    stage.settle("2026-03-01")


@scenario("invoice reversed and made anew")
def reversed_invoice(stage):
    """Only the new invoice of 800 is ever paid: 0, then 80."""
    _ann, customer = ann_and_customer(stage, COLLECTED)
    invoice = stage.on("2026-01-10").invoice(customer, 1000)
    new = stage.on("2026-01-20").refund(invoice, again=800)
    stage.settle("2026-02-01")
    stage.on("2026-02-10").receive(new)
    stage.settle("2026-03-01")


@scenario("down payment and final invoice")
def down_payment(stage):
    """30 % in advance, the rest later, of 1,000: 30, then 100."""
    _ann, customer = ann_and_customer(stage, COLLECTED)
    order, advance, rest = stage.on("2026-01-10").down_payment(customer, 1000, 30)
    stage.on("2026-01-20").receive(advance)
    stage.settle("2026-02-01")
    final = stage.on("2026-02-10").final_invoice(order, rest)
    stage.on("2026-02-20").receive(final)
    stage.settle("2026-03-01")


@scenario("foreign currency")
def foreign_currency(stage):
    """EUR 1,000 at 2 dollars, paid at 2.50: exchange is no merit, 200 dollars."""
    _ann, customer = ann_and_customer(stage, COLLECTED)
    euro = stage.on("2026-01-10").rate("EUR", "0.5")
    invoice = stage.invoice(customer, 1000, currency=euro)
    stage.on("2026-02-20").rate("EUR", "0.4")
    stage.receive(invoice)
    stage.settle("2026-03-01")


@scenario("foreign currency, part payment")
def foreign_part(stage):
    """The same with EUR 300 paid: 60 dollars."""
    _ann, customer = ann_and_customer(stage, COLLECTED)
    euro = stage.on("2026-01-10").rate("EUR", "0.5")
    invoice = stage.invoice(customer, 1000, currency=euro)
    stage.on("2026-02-20").rate("EUR", "0.4")
    stage.receive(invoice, 345)
    stage.settle("2026-03-01")


@scenario("margin, sold by the dozen")
def margin_unit(stage):
    """10 dozen at 120, each piece costs 6: margin 1,200 − 720 = 480, so 48."""
    _ann, customer = ann_and_customer(stage, MARGIN)
    line = Line(Decimal(120), quantity=Decimal(10), cost=Decimal(6), holds=Decimal(12))
    stage.on("2026-01-10").invoice(customer, line)
    stage.settle("2026-02-01")


@scenario("margin in a foreign currency")
def margin_currency(stage):
    """EUR 1,000 are 2,000 dollars and cost 600: margin 1,400, so 140."""
    _ann, customer = ann_and_customer(stage, MARGIN)
    euro = stage.on("2026-01-10").rate("EUR", "0.5")
    stage.invoice(customer, Line(Decimal(1000), cost=Decimal(600)), currency=euro)
    stage.settle("2026-02-01")


@scenario("margin with a line at a loss")
def margin_loss(stage):
    """400 won on one line and 200 lost on the other: margin 200, so 20."""
    _ann, customer = ann_and_customer(stage, MARGIN)
    stage.on("2026-01-10").invoice(
        customer,
        Line(Decimal(1000), cost=Decimal(600)),
        Line(Decimal(500), cost=Decimal(700)),
    )
    stage.settle("2026-02-01")


@scenario("refund after the cost changed")
def refund_after_cost(stage):
    """Bought back at the cost at which it was sold: 40, then 0."""
    _ann, customer = ann_and_customer(stage, MARGIN)
    invoice = stage.on("2026-01-10").invoice(
        customer, Line(Decimal(1000), cost=Decimal(600))
    )
    stage.settle("2026-02-01")
    stage.on("2026-02-05")
    invoice.invoice_line_ids.product_id.standard_price = 800
    stage.on("2026-02-10").refund(invoice)
    stage.settle("2026-03-01")


def sell_180_000(stage, mode):
    _ann, customer = ann_and_customer(stage, Terms("invoiced", TIERS, mode))
    stage.on("2026-01-10").invoice(customer, 50_000, 60_000)
    stage.on("2026-01-20").invoice(customer, 70_000)
    stage.settle("2026-02-01")


@scenario("tier on a month's total, progressive")
def progressive(stage):
    """180,000 in three lines; 2 %, above 100,000 3 %, above 150,000 5 %: 5,000."""
    sell_180_000(stage, "progressive")


@scenario("tier on a month's total, reached rate on all")
def whole(stage):
    """180,000 in three lines reach 5 %: 9,000."""
    sell_180_000(stage, "whole")


@scenario("salesperson changed between posting and payment")
def handed_over(stage):
    """Who sold it keeps it; Bo, who serves the customer now, has not: 100 to Ann."""
    ann, customer = ann_and_customer(stage, COLLECTED)
    bo = stage.new_rep("Bo", COLLECTED)
    invoice = stage.on("2026-01-10").invoice(customer, 1000)
    stage.on("2026-02-05").serve(customer, bo)
    stage.on("2026-02-20").receive(invoice)
    stage.settle("2026-03-01")


def change_rate(stage, locked):
    ten, five = (Terms("collected", Decimal(rate), locked=locked) for rate in (10, 5))
    _ann, customer = ann_and_customer(stage, ten)
    old = stage.on("2026-01-10").invoice(customer, 1000)
    stage.on("2026-02-01").promise("Ann", five)
    new = stage.on("2026-02-10").invoice(customer, 1000)
    stage.on("2026-02-20").receive(old)
    stage.settle("2026-03-01")
    stage.on("2026-03-20").receive(new)
    stage.settle("2026-04-01")


@scenario("rate changed between posting and payment, rate of the sale agreed")
def rate_of_sale(stage):
    """What was sold at 10 % is paid at 10 %, the later at 5 %: 100, then 150."""
    change_rate(stage, locked=True)


@scenario("rate changed between posting and payment, rate of the month agreed")
def rate_of_month(stage):
    """Both are paid when 5 % are in force: 50, then 100."""
    change_rate(stage, locked=False)


@scenario("two companies")
def two_companies(stage):
    """Ann sells for both; each pays its own: 100 and 70."""
    other = stage.new_company("Other Company")
    ann = stage.new_rep("Ann", COLLECTED, stage.company + other)
    customer = stage.new_customer(ann)
    stage.on("2026-01-10").receive(stage.invoice(customer, 1000))
    with stage.inside(other):
        stage.receive(stage.invoice(customer, 700))
    stage.settle("2026-02-01")


@scenario("rep leaving")
def leaving(stage):
    """Ann leaves on 15 January: what was collected until then is paid, 100 of 200."""
    ann, customer = ann_and_customer(stage, COLLECTED)
    first = stage.on("2026-01-05").invoice(customer, 1000)
    second = stage.invoice(customer, 1000)
    stage.on("2026-01-10").receive(first)
    stage.on("2026-01-15").leave(ann)
    stage.on("2026-01-25").receive(second)
    stage.settle("2026-02-01")
    stage.settle("2026-03-01")


@scenario("invoice reset, changed, posted and settled again")
def reset(stage):
    """1,000 become 800: 100, then 80."""
    _ann, customer = ann_and_customer(stage, INVOICED)
    invoice = stage.on("2026-01-10").invoice(customer, 1000)
    stage.settle("2026-02-01")
    stage.on("2026-02-05").change(invoice, 800)
    stage.settle("2026-03-01")


@scenario("a rep tries to raise their own share")
def raising(stage):
    """Whatever Bo tries as a user, each earns 10 % of the own 1,000: 100 and 100."""
    ann, theirs = ann_and_customer(stage, COLLECTED)
    bo = stage.new_rep("Bo", COLLECTED)
    customer = stage.new_customer(bo)
    done = stage.on("2026-01-05").try_all(stage.engine.tries_to_raise(bo, ann, theirs))
    invoices = stage.on("2026-01-10").invoice(customer, 1000)
    invoices += stage.invoice(theirs, 1000)
    done += stage.try_all(stage.engine.tries_on_invoice(bo, invoices))
    for invoice in invoices:
        stage.receive(invoice)
    stage.settle("2026-02-01")
    done += stage.on("2026-02-02").try_all(stage.engine.tries_on_paid(bo))
    stage.settle("2026-03-01")
    stage.notes.extend(f"may set {what}" for what in done)


@scenario("a rep tries to read another's pay")
def reading(stage):
    """Bo reads the own pay and nobody else's."""
    ann, theirs = ann_and_customer(stage, COLLECTED)
    bo = stage.new_rep("Bo", COLLECTED)
    customer = stage.new_customer(bo)
    for one in (customer, theirs):
        stage.receive(stage.on("2026-01-10").invoice(one, 1000))
    stage.settle("2026-02-01")
    stage.sees(bo)
