"""What each role may do with each model, as real users, by whose record it is."""

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from .common import SalesForceCase

# A picture of one pixel.
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAA"
    "AABJRU5ErkJggg=="
)
OPERATIONS = ("read", "write", "create", "unlink")
ALL = {"own", "below", "other", "nobody"}
NOTHING = {}

# What Odoo gives a salesperson, and what leaders get in addition.
OWN_DOCUMENT = {"own", "nobody"}
BELOW = {"own", "below", "nobody"}
REP_DOCUMENT = {"read": OWN_DOCUMENT, "write": OWN_DOCUMENT, "create": OWN_DOCUMENT}
LEADER_DOCUMENT = {"read": BELOW, "write": BELOW, "create": BELOW}
DIRECTOR_DOCUMENT = {"read": ALL, "write": ALL, "create": ALL}

DOCUMENT = {
    "rep": REP_DOCUMENT,
    "leader": LEADER_DOCUMENT,
    "manager": LEADER_DOCUMENT,
    "director": DIRECTOR_DOCUMENT,
    "operations": {"read": ALL},
    "finance": NOTHING,
}
ANALYSIS = {
    "rep": {"read": OWN_DOCUMENT},
    "leader": {"read": BELOW},
    "manager": {"read": BELOW},
    "director": {"read": ALL},
    "operations": NOTHING,
    "finance": NOTHING,
}
EVERYTHING = dict.fromkeys(OPERATIONS, ALL)

# role: operation: whose records. What is not named is refused; a record of another
# company always is.
MATRIX = {
    "sale.order": DOCUMENT,
    "sale.order.line": {
        **DOCUMENT,
        "rep": {**REP_DOCUMENT, "unlink": OWN_DOCUMENT},
        "leader": {**LEADER_DOCUMENT, "unlink": OWN_DOCUMENT},
        "manager": {**LEADER_DOCUMENT, "unlink": OWN_DOCUMENT},
        "director": {**DIRECTOR_DOCUMENT, "unlink": ALL},
    },
    "crm.lead": DOCUMENT,
    "account.move": {**ANALYSIS, "operations": {"read": ALL}},
    "account.move.line": {**ANALYSIS, "operations": {"read": ALL}},
    "sale.report": ANALYSIS,
    "crm.activity.report": ANALYSIS,
    "sales.credit": {
        "rep": {"read": {"own"}},
        "leader": {"read": {"own", "below"}},
        "manager": {"read": {"own", "below"}},
        "director": {"read": ALL},
        "operations": {"read": ALL},
        "finance": {"read": ALL},
    },
    "sales.split": {
        "rep": {"read": {"own"}},
        "leader": dict.fromkeys(OPERATIONS, {"own", "below"}),
        "manager": dict.fromkeys(OPERATIONS, {"own", "below"}),
        "director": dict.fromkeys(OPERATIONS, ALL - {"nobody"}),
        "operations": dict.fromkeys(OPERATIONS, ALL - {"nobody"}),
        "finance": {"read": ALL - {"nobody"}},
    },
    "sales.rep": {
        "rep": {"read": ALL},
        "leader": {"read": ALL},
        "manager": {"read": ALL, "write": {"below"}},
        "director": {"read": ALL, "write": ALL},
        "operations": EVERYTHING,
        "finance": {"read": ALL},
    },
    "sales.rep.assignment": {
        "rep": {"read": {"own"}},
        "leader": {"read": {"own", "below"}},
        "manager": {
            "read": {"own", "below"},
            "write": {"below"},
            "create": {"below"},
            "unlink": {"below"},
        },
        "director": EVERYTHING,
        "operations": EVERYTHING,
        "finance": {"read": ALL},
    },
}
CUSTOMER = {
    "rep": {"read": {"own", "nobody"}},
    "leader": {"read": BELOW},
    "manager": {"read": BELOW},
    "director": {"read": ALL},
    "operations": {"read": ALL},
}
MATRIX |= {
    "sales.customer": {**CUSTOMER, "finance": {"read": ALL}},
    "sales.customer.stage": {**CUSTOMER, "finance": NOTHING},
    "sales.recycling.line": {
        "rep": NOTHING,
        "leader": {"read": {"own", "below"}},
        "manager": {"read": {"own", "below"}},
        "director": {"read": ALL},
        "operations": {"read": ALL},
        "finance": NOTHING,
    },
    "sales.followup": {
        "rep": {"read": {"own"}},
        "leader": {"read": {"own", "below"}},
        "manager": {"read": {"own", "below"}},
        "director": {"read": ALL},
        "operations": {"read": ALL},
        "finance": NOTHING,
    },
    "sales.recycling": {
        "rep": NOTHING,
        "leader": {"read": ALL},
        "manager": {"read": ALL},
        "director": {"read": ALL},
        "operations": {"read": ALL, "unlink": ALL},
        "finance": NOTHING,
    },
}
SEEN = {"own", "below"}
WORKED = {
    "rep": dict.fromkeys(OPERATIONS, {"own"}),
    "leader": dict.fromkeys(OPERATIONS, SEEN),
    "manager": dict.fromkeys(OPERATIONS, SEEN),
    "director": dict.fromkeys(OPERATIONS, ALL),
    "finance": NOTHING,
}
WATCHED = {
    "rep": {"read": {"own"}},
    "leader": {"read": SEEN},
    "manager": {"read": SEEN},
    "director": {"read": ALL},
    "operations": {"read": ALL},
    "finance": NOTHING,
}
MATRIX |= {
    "sales.visit": {**WORKED, "operations": {"read": ALL}},
    "sales.visit.photo": {**WATCHED, "operations": NOTHING},
    "sales.visit.signal": WATCHED,
    "sales.visit.position": {**WATCHED, "operations": NOTHING},
    "sales.position.consent": {
        **WATCHED,
        "leader": {"read": {"own"}},
        "manager": {"read": {"own"}},
    },
    "sales.cover": {**WORKED, "operations": EVERYTHING},
    "sales.supply.request": WATCHED,
    "sales.approval.request": WATCHED,
    "sales.approval.step": WATCHED,
    "sales.approval.report": {**WATCHED, "rep": NOTHING},
    **dict.fromkeys(
        ("sales.contract", "sales.contract.line", "sales.contract.milestone"),
        {**WORKED, "operations": EVERYTHING, "finance": {"read": ALL}},
    ),
    "sales.route": {**WORKED, "operations": EVERYTHING},
    "sales.route.stop": {**WORKED, "operations": EVERYTHING},
}
# Collections are of the customer's salesperson.
COLLECTED = {**WATCHED, "finance": {"read": ALL}}
NOTED = {
    "rep": dict.fromkeys(("read", "write", "create"), {"own"}),
    "leader": dict.fromkeys(("read", "write", "create"), SEEN),
    "manager": dict.fromkeys(("read", "write", "create"), SEEN),
    "director": dict.fromkeys(("read", "write", "create"), ALL),
    "operations": {"read": ALL},
    "finance": dict.fromkeys(("read", "write", "create"), ALL),
}
MATRIX |= {
    "sales.receivable": COLLECTED,
    "sales.payment.promise": NOTED,
    "sales.payment.promise.line": COLLECTED,
    "sales.payment.promise.report": COLLECTED,
    "sales.dispute": NOTED,
    "sales.dispute.line": COLLECTED,
    "sales.dunning": COLLECTED,
    "sales.dunning.line": COLLECTED,
    "sales.collection.report": COLLECTED,
}
# What others give, nobody gives to oneself.
GIVEN = {
    "rep": {"read": {"own"}},
    "leader": {"read": SEEN, "write": {"below"}, "create": {"below"}},
    "manager": {"read": SEEN, "write": {"below"}, "create": {"below"}},
    "director": {
        "read": ALL,
        "write": ALL - {"own"},
        "create": ALL - {"own"},
    },
    "operations": EVERYTHING,
    "finance": NOTHING,
}
MATRIX |= {
    "sales.certificate": GIVEN,
    "sales.promotion": {
        **GIVEN,
        "leader": {"read": SEEN},
        "manager": {**GIVEN["manager"], "unlink": {"below"}},
        "director": {**GIVEN["director"], "unlink": ALL - {"own"}},
    },
    "sales.course.attendee": {
        **GIVEN,
        "leader": {**GIVEN["leader"], "unlink": {"below"}},
        "manager": {**GIVEN["manager"], "unlink": {"below"}},
        "director": {**GIVEN["director"], "unlink": ALL - {"own"}},
    },
}
OF_LEADS = {
    "rep": {"read": OWN_DOCUMENT},
    "leader": {"read": BELOW},
    "manager": {"read": BELOW},
    "director": {"read": ALL},
    "operations": {"read": ALL},
    "finance": NOTHING,
}
MATRIX |= {
    "sales.playbook.tick": OF_LEADS,
    "sales.stage.skip": OF_LEADS,
    "sales.stage.passage": OF_LEADS,
    "sales.deal": OF_LEADS,
}
# Configuration: everybody inside reads, operations write.
CONFIGURATION = (
    "sales.territory",
    "sales.territory.rule",
    "sales.channel",
    "sales.grade",
    "sales.metric",
    "sales.calendar.day",
    "sales.customer.class",
    "sales.pool",
    "sales.pool.cap",
    "sales.followup.rule",
    "sales.policy",
    "sales.conduct.category",
    "sales.visit.result",
    "sales.course",
    "sales.channel.tier",
    "sales.approval.rule",
    "sales.approval.approver",
    "sales.playbook",
    "sales.playbook.stage",
    "sales.playbook.item",
    "sales.dispute.reason",
    "sales.dunning.plan",
    "sales.dunning.step",
)
# Channels: operations configure, finance settles; reps see their own partners.
AGREED = {
    "rep": {"read": {"own"}},
    "leader": {"read": SEEN},
    "manager": {"read": SEEN},
    "director": {"read": ALL},
    "operations": EVERYTHING,
    "finance": {"read": ALL},
}
MATRIX |= {
    "sales.channel.authorization": {**AGREED, "finance": NOTHING},
    "sales.channel.history": {**WATCHED},
    "sales.rebate.agreement": AGREED,
    "sales.rebate.tier": AGREED,
    "sales.rebate.period": {**AGREED, "operations": {"read": ALL}},
    "sales.rebate.accrual": {**AGREED, "operations": {"read": ALL}},
    "sales.deal.registration": {**WORKED, "operations": EVERYTHING},
}


@tagged("post_install", "-at_install")
class TestAccess(SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.docs = {}
        env = cls.env
        for name in (
            "director",
            "manager",
            "leader",
            "rep",
            "peer",
            "foreigner",
            "nobody",
        ):
            user = cls.users.get(name, env["res.users"])
            company = cls.company_b if name == "foreigner" else cls.company
            order = cls._order(user, company)
            records = {
                "sale.order": order,
                "sale.order.line": order.order_line,
                "crm.lead": cls._lead(user, company),
            }
            activity = records["crm.lead"].activity_schedule(
                "mail.mail_activity_data_call", user_id=cls.users["operations"].id
            )
            activity.action_feedback("Called")
            records |= cls._process(records["crm.lead"])
            if name != "foreigner":
                invoice = cls._invoice(user)
                records["account.move"] = invoice
                records["account.move.line"] = invoice.invoice_line_ids
            if rep := cls.reps.get(name):
                records["sales.rep"] = rep
                records["sales.rep.assignment"] = rep.assignment_ids
                records |= cls._visits(rep) | cls._training(rep)
                records |= cls._channels(rep) | cls._approval(rep, order)
                records["sales.supply.request"] = cls._supply(order)
                records["sales.split"] = env["sales.split"].create(
                    {"order_id": order.id, "rep_id": rep.id, "share": 100}
                )
            records["res.partner"] = env["res.partner"].create(
                {"name": name, "company_id": company.id, "user_id": user.id}
            )
            cls.docs[name] = records
        for name in cls.docs.keys() - {"foreigner"}:
            cls.docs[name] |= cls._owed(cls.docs[name]["res.partner"])
        env.flush_all()
        for company in (cls.company, cls.company_b):
            env["sales.customer"]._refresh(company)
        for name, records in cls.docs.items():
            customer = env["sales.customer"].search(
                [("partner_id", "=", records["res.partner"].id)]
            )
            records["sales.customer"] = customer
            records["sales.customer.stage"] = customer.stage_ids
            records["sales.recycling"] = env["sales.recycling"].create(
                {"company_id": customer.company_id.id, "date": "2026-01-01"}
            )
            if name != "nobody":
                records["sales.recycling.line"] = env["sales.recycling.line"].create(
                    {
                        "recycling_id": records["sales.recycling"].id,
                        "customer_id": customer.id,
                        "partner_id": customer.partner_id.id,
                        "user_id": customer.user_id.id,
                    }
                )
                records["sales.followup"] = env["sales.followup"].create(
                    {
                        "rule_id": env.ref("sales_force.sales_followup_rule_lead").id,
                        "company_id": customer.company_id.id,
                        "res_model": "crm.lead",
                        "res_id": records["crm.lead"].id,
                        "user_id": customer.user_id.id,
                        "date": "2026-01-01",
                        "raised_on": "2026-01-15",
                    }
                )
        env["sales.credit"]._process_pending()
        for records in cls.docs.values():
            order = records["sale.order"]
            records["sales.credit"] = env["sales.credit"].search(
                [
                    ("metric_id.code", "=", "ORDERED"),
                    ("res_model", "=", "sale.order.line"),
                    ("res_id", "in", order.order_line.ids),
                ]
            )
            records["sale.report"] = env["sale.report"].search(
                [("order_reference", "=", f"sale.order,{order.id}")]
            )
            records["crm.activity.report"] = env["crm.activity.report"].search(
                [("lead_id", "=", records["crm.lead"].id)]
            )
            if invoice := records.get("account.move"):
                records["account.invoice.report"] = env[
                    "account.invoice.report"
                ].search([("move_id", "=", invoice.id)])

    @classmethod
    def _visits(cls, rep):
        """A rep's visit, with what it leaves, and route."""
        env = cls.env
        visit = env["sales.visit"].create(
            {"rep_id": rep.id, "partner_id": cls.partner.id}
        )
        of_visit = {"visit_id": visit.id}
        route = env["sales.route"].create(
            {
                "name": "R",
                "rep_id": rep.id,
                "stop_ids": [Command.create({"partner_id": cls.partner.id})],
            }
        )
        return {
            "sales.visit": visit,
            "sales.visit.photo": env["sales.visit.photo"].create(
                {**of_visit, "image": PIXEL, "fingerprint": "0"}
            ),
            "sales.visit.signal": env["sales.visit.signal"].create(
                {**of_visit, "kind": "short"}
            ),
            "sales.visit.position": env["sales.visit.position"].create(
                {**of_visit, "kind": "in", "latitude": 1, "longitude": 1}
            ),
            "sales.position.consent": env["sales.position.consent"].create(
                {
                    "user_id": rep.user_id.id,
                    "company_id": rep.company_id.id,
                    "notice": "May we?",
                }
            ),
            "sales.route": route,
            "sales.route.stop": route.stop_ids,
        }

    @classmethod
    def _channels(cls, rep):
        """A channel partner of a rep, and what is agreed with it."""
        channel = cls.env.ref("sales_force.sales_channel_distributor")
        partner = cls.env["res.partner"].create(
            {
                "name": "Dealer",
                "is_company": True,
                "user_id": rep.user_id.id,
                "company_id": rep.company_id.id,
                "sales_channel_id": channel.id,
            }
        )
        agreed = {"partner_id": partner.id, "company_id": rep.company_id.id}
        agreement = cls.env["sales.rebate.agreement"].create(
            {
                **agreed,
                "date_from": "2026-01-01",
                "tier_ids": [Command.create({"start": 0, "rate": 1})],
            }
        )
        period = cls.env["sales.rebate.period"].create(
            {
                "agreement_id": agreement.id,
                "date_from": "2026-01-01",
                "date_to": "2026-03-31",
            }
        )
        accrual = cls.env["sales.rebate.accrual"].create(
            {
                "period_id": period.id,
                "res_model": "account.move.line",
                "res_id": 1,
                "date": "2026-01-01",
            }
        )
        territory = cls.env["sales.territory"].create({"name": "T"})
        authorization = cls.env["sales.channel.authorization"].create(
            {**agreed, "territory_id": territory.id}
        )
        return {
            "sales.channel.authorization": authorization,
            "sales.channel.history": partner.sales_channel_history_ids,
            "sales.rebate.agreement": agreement,
            "sales.rebate.tier": agreement.tier_ids,
            "sales.rebate.period": period,
            "sales.rebate.accrual": accrual,
            "sales.deal.registration": cls.env["sales.deal.registration"].create(
                {**agreed, "end_customer": "Somebody"}
            ),
        }

    @classmethod
    def _supply(cls, order):
        """A request for supply of a line."""
        warehouse = cls.env["stock.warehouse"].search(
            [("company_id", "=", order.company_id.id)], limit=1
        )
        return cls.env["sales.supply.request"].create(
            {
                "order_line_id": order.order_line.id,
                "product_id": cls.product.id,
                "warehouse_id": warehouse.id,
                "company_id": order.company_id.id,
                "user_id": order.user_id.id,
            }
        )

    @classmethod
    def _training(cls, rep):
        course = cls.env["sales.course"].create({"name": "C"})
        session = cls.env["sales.course.session"].create(
            {
                "course_id": course.id,
                "company_id": rep.company_id.id,
                "date_start": "2031-01-01 09:00:00",
                "date_stop": "2031-01-01 17:00:00",
                "attendee_ids": [Command.create({"rep_id": rep.id})],
            }
        )
        certificate = cls.env["sales.certificate"].create(
            {"rep_id": rep.id, "course_id": course.id}
        )
        promotion = cls.env["sales.promotion"].create(
            {
                "rep_id": rep.id,
                "grade_id": cls.env["sales.grade"].create({"name": "Star"}).id,
                "date": "2040-01-01",
            }
        )
        contract = cls.env["sales.contract"].create(
            {
                "partner_id": cls.partner.id,
                "user_id": rep.user_id.id,
                "company_id": rep.company_id.id,
                "line_ids": [Command.create({"product_id": cls.product.id})],
                "milestone_ids": [Command.create({"name": "Handed over"})],
            }
        )
        return {
            "sales.certificate": certificate,
            "sales.course.attendee": session.attendee_ids,
            "sales.promotion": promotion,
            "sales.contract": contract,
            "sales.contract.line": contract.line_ids,
            "sales.contract.milestone": contract.milestone_ids,
            "sales.cover": cls.env["sales.cover"].create(
                {
                    "rep_id": rep.id,
                    "deputy_id": cls._rep(
                        cls._user(f"deputy_{rep.id}", "base.group_user"),
                        company=rep.company_id,
                    ).id,
                    "date_from": "2040-01-01",
                    "date_to": "2040-01-02",
                }
            ),
        }

    @classmethod
    def _approval(cls, rep, order):
        request = cls.env["sales.approval.request"].create(
            {
                "name": order.name,
                "res_model": "sale.order",
                "res_id": order.id,
                "company_id": rep.company_id.id,
                "user_id": rep.user_id.id,
                "rep_id": rep.id,
                "step_ids": [
                    Command.create(
                        {"name": "R", "res_model": "sale.order", "res_id": order.id}
                    )
                ],
            }
        )
        cls.env.flush_all()
        report = cls.env["sales.approval.report"].browse(request.step_ids.id)
        return {
            "sales.approval.request": request,
            "sales.approval.step": request.step_ids,
            "sales.approval.report": report,
        }

    @classmethod
    def _playbook(cls):
        return cls.env["sales.playbook"].create(
            {
                "name": "P",
                "active": False,
                "stage_ids": [
                    Command.create(
                        {
                            "stage_id": cls.env["crm.stage"].search([], limit=1).id,
                            "item_ids": [Command.create({"name": "I"})],
                        }
                    )
                ],
            }
        )

    @classmethod
    def _process(cls, lead):
        """What is kept of an opportunity's way."""
        env = cls.env
        env.flush_all()
        part = cls._playbook().stage_ids
        return {
            "sales.playbook.tick": env["sales.playbook.tick"].create(
                {
                    "lead_id": lead.id,
                    "item_id": part.item_ids.id,
                    "moment": "2026-01-01",
                }
            ),
            "sales.stage.skip": env["sales.stage.skip"].create(
                {
                    "lead_id": lead.id,
                    "user_id": lead.user_id.id,
                    "company_id": lead.company_id.id,
                    "moment": "2026-01-01",
                    "stage_id": part.stage_id.id,
                    "missing": "I",
                    "missing_count": 1,
                    "reason": "So",
                }
            ),
            "sales.stage.passage": env["sales.stage.passage"].search(
                [("lead_id", "=", lead.id)]
            ),
            "sales.deal": env["sales.deal"].search([("lead_id", "=", lead.id)]),
        }

    @classmethod
    def _owed(cls, partner):
        """What a customer owes, has promised, disputes and is dunned for."""
        env = cls.env
        # Who reads an invoice reads its customer, so it is not unassigned.
        invoice = cls._invoice(partner.user_id, partner=partner)
        invoice.action_post()
        item = env["sales.receivable"].search([("partner_id", "=", partner.id)])
        document = {
            "partner_id": partner.id,
            "company_id": cls.company.id,
            "item_ids": [Command.set(item.ids)],
        }
        promise = env["sales.payment.promise"].create(
            {**document, "amount": 1, "date": "2040-01-01"}
        )
        dispute = env["sales.dispute"].create(
            {
                **document,
                "reason_id": env.ref("sales_force.sales_dispute_reason_price").id,
                "description": "Too dear.",
            }
        )
        dunning = env["sales.dunning"].create(
            {
                "name": "Call",
                "action": "call",
                "partner_id": partner.id,
                "company_id": cls.company.id,
                "doer_id": cls.users["operations"].id,
                "date": "2026-01-01",
                "line_ids": [Command.create({"line_id": item.id})],
            }
        )
        mine = [("partner_id", "=", partner.id)]
        return {
            "sales.receivable": item,
            "sales.payment.promise": promise,
            "sales.payment.promise.line": promise.line_ids,
            "sales.dispute": dispute,
            "sales.dispute.line": dispute.line_ids,
            "sales.dunning": dunning,
            "sales.dunning.line": dunning.line_ids,
            "sales.payment.promise.report": env["sales.payment.promise.report"].search(
                mine
            ),
            "sales.collection.report": env["sales.collection.report"].search(
                [*mine, ("receivable", ">", 0)]
            ),
        }

    def _whose(self, role):
        """Records by whose they are to a role; nobody is above the director."""
        names = {
            "rep": {"own": "rep", "other": "peer"},
            "leader": {"own": "leader", "below": "rep", "other": "peer"},
            "manager": {"own": "manager", "below": "rep", "other": "peer"},
            "director": {"own": "director", "below": "rep", "other": "peer"},
            "operations": {"other": "peer", "below": "rep"},
            "finance": {"other": "peer", "below": "rep"},
        }[role]
        return {**names, "nobody": "nobody", "foreign": "foreigner"}

    def test_matrix(self):
        """Each cell of the matrix, by asking for access and by searching."""
        wrong = []
        for model, roles in MATRIX.items():
            for role, allowed in roles.items():
                records = {
                    scope: self.docs[name][model]
                    for scope, name in self._whose(role).items()
                    if self.docs[name].get(model)
                }
                for operation in OPERATIONS if self.env[model]._auto else ():
                    expected = allowed.get(operation, set()) & records.keys()
                    granted = self._granted(role, operation, records)
                    if granted != expected:
                        wrong.append((model, role, operation, granted, expected))
                expected = allowed.get("read", set()) & records.keys()
                found = self._found(model, role, records)
                if found != expected:
                    wrong.append((model, role, "search", found, expected))
        self.assertFalse(wrong)

    def _granted(self, role, operation, records):
        user = self.users[role]
        return {
            scope
            for scope, record in records.items()
            if record.with_user(user).has_access(operation)
        }

    def _found(self, model, role, records):
        model = self.env(user=self.users[role])[model].with_context(active_test=False)
        if not model.has_access("read"):
            with self.assertRaises(AccessError):
                model.search([])
            return set()
        found = model.search([])
        return {scope for scope, record in records.items() if record <= found}

    def test_configuration(self):
        country = self.env.ref("base.ad")
        territory = self.env["sales.territory"].create(
            {"name": "T", "rule_ids": [Command.create({"country_id": country.id})]}
        )
        records = {
            "sales.territory": territory,
            "sales.territory.rule": territory.rule_ids,
            "sales.channel": self.env.ref("sales_force.sales_channel_direct"),
            "sales.grade": self.env["sales.grade"].create({"name": "G"}),
            "sales.metric": self.env["sales.metric"].search([], limit=1),
            "sales.calendar.day": self.env["sales.calendar.day"].create(
                {"name": "D", "date": "2026-05-01"}
            ),
            "sales.customer.class": self.env.ref("sales_force.sales_customer_class_a"),
        }
        pool = self.env["sales.pool"].create(
            {"name": "P", "cap_ids": [Command.create({"cap": 1})]}
        )
        records |= {
            "sales.pool": pool,
            "sales.pool.cap": pool.cap_ids,
            "sales.followup.rule": self.env.ref("sales_force.sales_followup_rule_lead"),
            "sales.policy": self.env["sales.policy"].create({"name": "P"}),
            "sales.conduct.category": self.env["sales.conduct.category"].create(
                {"name": "C"}
            ),
            "sales.visit.result": self.env["sales.visit.result"].create({"name": "R"}),
            "sales.course": self.env["sales.course"].create({"name": "C"}),
            "sales.channel.tier": self.env["sales.channel.tier"].create({"name": "T"}),
        }
        playbook = self._playbook()
        records |= {
            "sales.playbook": playbook,
            "sales.playbook.stage": playbook.stage_ids,
            "sales.playbook.item": playbook.stage_ids.item_ids,
        }
        rule = self.env["sales.approval.rule"].create(
            {"name": "R", "approver_ids": [Command.create({})]}
        )
        records |= {
            "sales.approval.rule": rule,
            "sales.approval.approver": rule.approver_ids,
        }
        plan = self.env.ref("sales_force.sales_dunning_plan_standard")
        records |= {
            "sales.dispute.reason": self.env.ref(
                "sales_force.sales_dispute_reason_price"
            ),
            "sales.dunning.plan": plan,
            "sales.dunning.step": plan.step_ids[0],
        }
        for model in CONFIGURATION:
            for role in ("rep", "leader", "manager", "director", "finance"):
                record = records[model].with_user(self.users[role])
                with self.subTest(model=model, role=role):
                    self.assertTrue(record.has_access("read"))
                    for operation in ("write", "create", "unlink"):
                        self.assertFalse(record.has_access(operation), operation)
            record = records[model].with_user(self.users["operations"])
            for operation in OPERATIONS:
                self.assertTrue(record.has_access(operation), (model, operation))

    def test_nobody_writes_credits(self):
        credit = self.docs["rep"]["sales.credit"]
        for role in ("director", "operations", "finance"):
            with self.assertRaises(AccessError):
                credit.with_user(self.users[role]).write({"value": 1})
        with self.assertRaises(AccessError):
            credit.sudo().unlink()

    def test_leader_assigns_below(self):
        """A leader passes a rep's documents on, and his own rights end there."""
        order = self.docs["rep"]["sale.order"].with_user(self.users["leader"])
        order.user_id = self.users["leader"]
        lead = self.docs["rep"]["crm.lead"].with_user(self.users["leader"])
        lead.user_id = self.users["leader"]
        with self.assertRaises(AccessError):
            self.docs["peer"]["crm.lead"].with_user(
                self.users["leader"]
            ).user_id = self.users["leader"]

    def test_operations_split(self):
        """Sales operations split what they only read."""
        change = self.env["sales.split.change"].with_user(self.users["operations"])
        for name in ("sale.order", "account.move"):
            document = self.docs["rep"][name]
            field = "order_id" if name == "sale.order" else "move_id"
            wizard = change.create(
                {
                    field: document.id,
                    "share_ids": [
                        Command.clear(),
                        Command.create({"rep_id": self.reps["rep"].id, "share": 70}),
                        Command.create({"rep_id": self.reps["peer"].id, "share": 30}),
                    ],
                }
            )
            self.assertEqual((wizard.total, wizard.company_id), (100, self.company))
            wizard.action_apply()
            document.invalidate_recordset()
            self.assertEqual(document.sales_split_ids.mapped("share"), [70, 30])

    def test_split_stays_with_its_people(self):
        """A leader does not move a split to a stranger's document."""
        split = self.docs["leader"]["sales.split"].with_user(self.users["leader"])
        with self.assertRaises(AccessError):
            split.order_id = self.docs["peer"]["sale.order"]

    def test_split_leaves_a_trace(self):
        order = self.docs["rep"]["sale.order"]
        order.with_user(self.users["leader"]).sales_split_ids.rep_id = self.reps[
            "leader"
        ]
        self.env.cr.flush()
        message = order.message_ids[0]
        self.assertIn("Leader 100 %", message.body)
        self.assertEqual(message.author_id, self.users["leader"].partner_id)

    def test_code_of_a_metric(self):
        metric = self.env.ref("sales_force.sales_metric_ordered")
        metric = metric.with_user(self.users["operations"])
        with self.assertRaises(ValidationError):
            metric.write({"code": "FOO"})
        metric.write({"code": metric.code})

    def test_operations_place_customers(self):
        territory = self.env["sales.territory"].create({"name": "Elsewhere"})
        partner = self.docs["peer"]["res.partner"]
        partner.with_user(self.users["operations"]).sales_territory_id = territory
        self.assertTrue(partner.sales_territory_manual)

    def test_contact_of_a_protected_customer(self):
        self.company.sales_customer_protection = True
        strange = self.docs["peer"]["res.partner"]
        partners = self.env["res.partner"].with_user(self.users["rep"])
        with self.assertRaises(AccessError):
            partners.create({"name": "Spy", "parent_id": strange.id})
        own = partners.create({"name": "Spy"})
        with self.assertRaises(AccessError):
            own.parent_id = strange.id

    def test_place_of_a_strange_customer(self):
        """What moves the credits of others is theirs and their managers' to change."""
        strange = self.docs["peer"]["res.partner"]
        territory = self.env["sales.territory"].create({"name": "Elsewhere"})
        channel = self.env.ref("sales_force.sales_channel_direct")
        changes = (
            {"user_id": self.users["rep"].id},
            {"sales_territory_id": territory.id},
            {"sales_territory_manual": True},
            {"sales_channel_id": channel.id},
        )
        for role in ("rep", "leader", "manager"):
            for vals in changes:
                with self.subTest(role=role, vals=vals), self.assertRaises(AccessError):
                    strange.with_user(self.users[role]).write(vals)
        strange.with_user(self.users["rep"]).write(
            {"phone": "123", "user_id": strange.user_id.id}
        )
        mine = self.docs["rep"]["res.partner"]
        free = self.docs["nobody"]["res.partner"]
        for vals in changes:
            mine.with_user(self.users["leader"]).write(vals)
            free.with_user(self.users["rep"]).write(vals)
        for vals in changes[1:]:
            strange.with_user(self.users["peer_leader"]).write(vals)
        for vals in changes:
            self.docs["leader"]["res.partner"].with_user(self.users["director"]).write(
                vals
            )

    def test_rep_cannot_split(self):
        order = self.docs["rep"]["sale.order"].with_user(self.users["rep"])
        with self.assertRaises(AccessError):
            order.sales_split_ids.write({"share": 50})
        with self.assertRaises(AccessError):
            self.env["sales.split"].with_user(self.users["rep"]).create(
                {"order_id": order.id, "rep_id": self.reps["rep"].id, "overlay": True}
            )

    def test_manager_moves_within_own_organisation(self):
        """A manager may move those below, but neither out of reach nor himself."""
        env = self.env(user=self.users["manager"])
        rep = self.reps["rep"].with_env(env)
        rep.parent_id = self.reps["manager"]
        self.assertEqual(self.reps["rep"].parent_id, self.reps["manager"])
        with self.assertRaises(AccessError):
            rep.parent_id = self.reps["peer_leader"]
        with self.assertRaises(AccessError):
            self.reps["peer"].with_env(env).parent_id = self.reps["manager"]
        with self.assertRaises(AccessError):
            self.reps["manager"].with_env(env).parent_id = False
        with self.assertRaises(AccessError):
            env["sales.rep.assignment"].create(
                {
                    "rep_id": self.reps["rep"].id,
                    "date_from": "2030-01-01",
                    "manager_id": self.reps["peer_leader"].id,
                }
            )

    def test_credits_by_dated_manager(self):
        """Who led on the credit's date sees it as long as he is above today."""
        self.env["sales.rep.assignment"].create(
            {
                "rep_id": self.reps["rep"].id,
                "date_from": "2030-01-01",
                "manager_id": self.reps["peer_leader"].id,
            }
        )
        credit = self.docs["rep"]["sales.credit"]
        self.assertTrue(credit.with_user(self.users["leader"]).has_access("read"))
        self.assertFalse(credit.with_user(self.users["peer_leader"]).has_access("read"))

    def test_masked_credit(self):
        """Who is credited without the document reads its number and not more."""
        order = self.docs["peer"]["sale.order"]
        self.env["sales.split"].create(
            {
                "order_id": order.id,
                "rep_id": self.reps["rep"].id,
                "share": 10,
                "overlay": True,
            }
        )
        self.env.flush_all()
        self.env["sales.credit"]._process_pending()
        credit = (
            self.env["sales.credit"]
            .with_user(self.users["rep"])
            .search([("overlay", "=", True), ("metric_id.code", "=", "ORDERED")])
        )
        self.assertEqual(len(credit), 1)
        values = credit.web_read(
            {
                "document_name": {},
                "value": {},
                "date": {},
                "partner_id": {"fields": {"display_name": {}}},
                "rep_id": {"fields": {"display_name": {}}},
            }
        )[0]
        self.assertEqual(values["document_name"], order.name)
        self.assertEqual(values["partner_id"]["display_name"], "Customer")
        self.assertFalse(order.with_user(self.users["rep"]).has_access("read"))
        with self.assertRaises(AccessError):
            credit.action_open_document()

    def test_rules_follow_the_tree_without_a_cache_of_ids(self):
        """A new manager sees at once what is below, and the former one no more."""
        order = self.docs["rep"]["sale.order"]
        peer_leader = order.with_user(self.users["peer_leader"])
        leader = order.with_user(self.users["leader"])
        self.assertFalse(peer_leader.has_access("read"))
        self.assertTrue(leader.has_access("read"))
        self.reps["rep"].parent_id = self.reps["peer_leader"]
        self.assertTrue(peer_leader.has_access("read"))
        self.assertFalse(leader.has_access("read"))

    def test_new_rep_sees_at_once(self):
        user = self._user("late", "sales_force.group_sales_leader")
        order = self.docs["rep"]["sale.order"].with_user(user)
        self.assertFalse(order.has_access("read"))
        rep = self._rep(user)
        self.reps["rep"].parent_id = rep
        self.assertTrue(order.has_access("read"))

    def test_search_is_a_subquery(self):
        """The subtree is looked up by the database, and no id list is built."""
        query = self.env["sale.order"].with_user(self.users["leader"])._search([])
        code = query.select().code
        self.assertIn("parent_path", code)
        self.assertIn('FROM "sales_rep"', code)

    def test_invoice_analysis(self):
        """Odoo opens it with accounting rights; a leader's ends with the own reps."""
        leader = self.users["leader"]
        leader.group_ids += self.env.ref("account.group_account_readonly")
        found = self.env["account.invoice.report"].with_user(leader).search([])
        for name, visible in (
            ("leader", True),
            ("rep", True),
            ("nobody", True),
            ("peer", False),
            ("manager", False),
        ):
            lines = self.docs[name]["account.invoice.report"].with_user(leader)
            self.assertTrue(lines)
            self.assertEqual(lines <= found, visible, name)

    def test_former_owners(self):
        """Leaders read whose customers were whose, where it concerns their reps."""
        mine, other = self.env["res.partner"].create(
            [
                {"name": "Mine", "user_id": self.users["rep"].id},
                {"name": "Other", "user_id": self.users["peer"].id},
            ]
        )
        mine.user_id = False
        self.env.flush_all()
        log = self.env["sales.ownership"]
        rows = log.search([("partner_id", "in", (mine + other).ids)])
        self.assertEqual(len(rows), 3)
        for role, expected in (
            ("leader", mine),
            ("manager", mine),
            ("peer_leader", other),
            ("director", mine + other),
            ("operations", mine + other),
        ):
            found = log.with_user(self.users[role]).search([("id", "in", rows.ids)])
            self.assertEqual(found.partner_id, expected.with_env(found.env), role)
        self.assertFalse(log.with_user(self.users["rep"]).has_access("read"))

    def test_rpc_cannot_reach_internals(self):
        for model, method in (
            ("sales.rep", "_sync_assignment"),
            ("sales.rep", "_change_assignment"),
            ("sales.credit", "_mark_reps"),
            ("sales.working.time", "schedules"),
            ("sales.working.time", "hours_between"),
        ):
            with self.subTest(method=method):
                function = getattr(type(self.env[model]), method)
                self.assertTrue(
                    method.startswith("_") or getattr(function, "_api_private", False)
                )


@tagged("post_install", "-at_install")
class TestCustomerProtection(SalesForceCase):
    """Whom reps read where the company protects its customers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        partner = cls.env["res.partner"]
        rep, peer = cls.users["rep"], cls.users["peer"]
        owned = {"is_company": True, "customer_rank": 1}
        cls.partners = {
            "own": {**owned, "user_id": rep.id},
            "other": {**owned, "user_id": peer.id},
            "pool": owned,
            "supplier": {"is_company": True, "supplier_rank": 1, "user_id": peer.id},
            "on_order": {**owned, "user_id": peer.id},
            "on_lead": {**owned, "user_id": peer.id},
            "on_invoice": {**owned, "user_id": peer.id},
            "own_contact": {**owned, "user_id": peer.id},
            "company_b": {
                **owned,
                "user_id": peer.id,
                "company_id": cls.company_b.id,
            },
        }
        cls.partners = {
            name: partner.create({"name": name, **values})
            for name, values in cls.partners.items()
        }
        cls.contact = partner.create(
            {"name": "Contact", "parent_id": cls.partners["other"].id}
        )
        partner.create(
            {
                "name": "Own contact",
                "parent_id": cls.partners["own_contact"].id,
                "user_id": rep.id,
            }
        )
        cls.partners["colleague"] = peer.partner_id
        cls.partners["company"] = cls.company.partner_id
        cls._order(rep, partner=cls.partners["on_order"], confirm=False)
        cls._lead(rep, partner_id=cls.partners["on_lead"].id)
        cls._invoice(rep, partner=cls.partners["on_invoice"])
        cls.company.sales_customer_protection = True
        cls.env.flush_all()

    def _readable(self, user, operation="read"):
        env = self.env(user=user)
        partners = {name: p.with_env(env) for name, p in self.partners.items()}
        granted = {
            name for name, partner in partners.items() if partner.has_access(operation)
        }
        if operation == "read":
            ids = [partner.id for partner in partners.values()]
            found = env["res.partner"].search([("id", "in", ids)])
            self.assertEqual({n for n, p in partners.items() if p in found}, granted)
        return granted

    def test_rep(self):
        hidden = {"other", "company_b"}
        self.assertEqual(
            self._readable(self.users["rep"]), self.partners.keys() - hidden
        )
        self.assertFalse(self.contact.with_user(self.users["rep"]).has_access("read"))
        self.assertFalse(hidden & self._readable(self.users["rep"], "write"))

    def test_owner_and_managers(self):
        for name in ("peer", "peer_leader", "peer_manager"):
            readable = self._readable(self.users[name])
            self.assertTrue({"other", "on_order", "pool"} <= readable, name)
            self.assertNotIn("own", readable)
        self.assertEqual(
            self._readable(self.users["director"]),
            self.partners.keys() - {"company_b"},
        )

    def test_others_are_not_restricted(self):
        accountant = self._user(
            "accounting_rep",
            "sales_force.group_sales_rep,account.group_account_invoice",
        )
        for user in (
            accountant,
            self.users["operations"],
            self.users["finance"],
            self._user("just_salesman", "sales_team.group_sale_salesman"),
        ):
            self.assertEqual(self._readable(user), self.partners.keys() - {"company_b"})

    def test_off_by_default(self):
        self.company.sales_customer_protection = False
        self.assertIn("other", self._readable(self.users["rep"]))

    def test_new_customer(self):
        """A rep may create a customer, also for a colleague."""
        env = self.env(user=self.users["rep"])
        partner = env["res.partner"].create({"name": "Mine"})
        self.assertTrue(partner.has_access("read"))
        env["res.partner"].create({"name": "X", "user_id": self.users["peer"].id})

    def test_follows_the_tree(self):
        leader = self.partners["other"].with_user(self.users["leader"])
        self.assertFalse(leader.has_access("read"))
        self.reps["peer"].parent_id = self.reps["leader"]
        self.assertTrue(leader.has_access("read"))

    def test_documents_work(self):
        """With protection a rep still sells to a customer of the pool."""
        env = self.env(user=self.users["rep"])
        order = env["sale.order"].create(
            {
                "partner_id": self.partners["pool"].id,
                "order_line": [Command.create({"product_id": self.product.id})],
            }
        )
        order.action_confirm()
        order.read()
        with self.assertRaises(AccessError):
            self.partners["other"].with_env(env).read(["name"])
