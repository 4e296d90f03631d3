"""What tests of contracts share."""

from base64 import b64encode

from odoo.fields import Command

SCAN = b64encode(b"%PDF-1.4 scan")


def make_contract(case, *lines, start=False, **values):
    """A contract of the rep's with the customer, from 2019 on.

    :param lines: values of its lines
    :param start: whether it is signed
    """
    contract = case.env["sales.contract"].create(
        {
            "partner_id": case.partner.id,
            "user_id": case.users["rep"].id,
            "title": "Valves",
            "company_id": case.company.id,
            "date_start": "2019-01-01",
            "signed_document": SCAN,
            "line_ids": [Command.create(line) for line in lines],
            **values,
        }
    )
    if start:
        contract.action_start()
    return contract
