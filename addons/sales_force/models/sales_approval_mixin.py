from ast import literal_eval
from contextlib import contextmanager

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import formatLang

from ..deals.aging import overdue
from ..deals.approval import CONDITIONS, evaluate, left, passing_net
from ..locking import write_lock
from ..wording import listed

# Documents whose changes are being looked at, in the transaction.
_WATCHED = "sales_force.approval"


class SalesApprovalMixin(models.AbstractModel):
    """A document that may need approval before it reaches the customer.

    Rules look at its facts; what they find is covered by approved steps, or by the own
    authority of its rep, or is a gap. With a gap every door is closed. A document says
    what it knows (``_sales_approval_kinds``, ``_get_sales_approval_facts``), calls
    ``_pass_sales_door`` where it goes out, and watches its changes with
    ``_watch_sales_approval``.
    """

    _name = "sales.approval.mixin"
    _description = "Document with Approval"

    sales_approval_state = fields.Selection(
        [
            ("none", "Not needed"),
            ("needed", "Needed"),
            ("waiting", "Waiting"),
            ("approved", "Approved"),
            ("refused", "Refused"),
        ],
        "Approval",
        compute="_compute_sales_approval",
    )
    sales_approval_why = fields.Html(
        "Why It Needs Approval", compute="_compute_sales_approval", sanitize=False
    )
    sales_approval_next = fields.Char("Who Is Next", compute="_compute_sales_approval")
    sales_approval_step_ids = fields.One2many(
        "sales.approval.step",
        "res_id",
        "Approvals",
        domain=lambda self: [("res_model", "=", self._name)],
        copy=False,
        groups="base.group_user",
    )

    # What a document says

    @api.model
    def _sales_approval_kinds(self):
        """The conditions that can be measured of such documents."""
        return set(CONDITIONS)

    def _get_sales_approval_facts(self, needs):
        """What rules look at.

        :param needs: of ``Condition.needs``: what has to be known
        :return: ``{record: Facts}``, with a constant number of queries
        """
        raise NotImplementedError

    def _get_sales_approval_fields(self):
        """The fields that approval is about, for the form to follow."""
        return []

    def _read_sales_overdue(self, customers):
        """``{customer id: (days, amount)}`` of what is overdue in the company."""
        company = self.company_id[:1]
        self.env["account.move.line"].flush_model()
        return {
            customer: (days, float(amount))
            for customer, days, amount in self.env.execute_query(
                overdue(customers.ids, company.id, company._get_sales_today())
            )
        }

    def _get_sales_approval_own(self):
        """Users whose own document it is, besides who asks."""
        document = self.sudo()  # sudo: only who made it, and whose it is
        return document.create_uid | document[self._sales_owner_field]

    def _is_sales_approval_open(self):
        """Whether it still has to pass doors; what is agreed has passed them."""
        return True

    def _is_sales_approval_agreed(self):
        """Whether it is agreed, so that it must not be changed past the rules."""
        return False

    def _is_sales_approval_exempt(self):
        """Whether no rule holds for it."""
        return False

    def _after_sales_approval(self):
        """Everything asked for was approved."""

    # What rules find

    def _get_sales_findings(self, exempt=True):
        """The rules that documents break: ``{record: [Finding]}``, without the rest.

        :param exempt: whether those are left out for which no rule holds
        """
        found = {}
        for company, records in self.grouped("company_id").items():
            rules = self.env["sales.approval.rule"]._get_rules(self._name, company.id)
            if not rules:
                continue
            # sudo: costs, debts and limits decide, whoever asks
            records = records.sudo()
            if exempt:
                records = records.filtered(lambda r: not r._is_sales_approval_exempt())
            if not records:
                continue
            needs = frozenset().union(
                *(CONDITIONS[rule.condition].needs for rule in rules)
            )
            facts = records._get_sales_approval_facts(needs)
            for rule in rules:
                matching = records
                if rule.domain != "[]":
                    matching = records.filtered_domain(literal_eval(rule.domain))
                for record in matching:
                    if finding := evaluate(rule, facts[record]):
                        found.setdefault(record.with_env(self.env), []).append(finding)
        return found

    def _get_sales_approvals(self, found=None):
        """What findings ask for: ``{record: [(finding, approver, step or None)]}``.

        The step is the newest that matters: approved or asked for on terms that cover
        the finding, or refused on these terms. Approvers whose decision the rep's own
        grade replaces are left out.
        """
        found = self._get_sales_findings() if found is None else found
        if not found:
            return {}
        # sudo: who may see the document sees whether it is approved
        steps = self.env["sales.approval.step"].sudo()
        steps = steps.search(
            [
                ("res_model", "=", self._name),
                ("res_id", "in", [record._origin.id for record in found]),
                ("state", "in", ("later", "waiting", "approved", "refused")),
            ],
            order="id desc",
        ).grouped(lambda step: (step.res_id, step.approver_id.id))
        result = {}
        for record, findings in found.items():
            key = record._origin.id
            result[record] = [
                (
                    finding,
                    approver,
                    self._find_step(steps.get((key, approver.id), ()), finding),
                )
                for finding in findings
                for approver in self._get_sales_rule(finding).approver_ids
                if not record._decides_itself(approver, finding)
            ]
        return result

    def _get_sales_rule(self, finding):
        """The record of the rule that was found broken, whoever reads it."""
        # sudo: rules hold for everybody
        return self.env["sales.approval.rule"].sudo().browse(finding.rule.id)

    @api.model
    def _find_step(self, steps, finding):
        for step in steps:
            if step.state == "refused":
                if step.snapshot == finding.snapshot:
                    return step
            elif step._covers(finding):
                return step
        return None

    def _get_sales_approval_rep(self):
        """The owner's rep in the document's company."""
        return self.sales_rep_id.sudo()  # sudo: whose grade and managers decide

    def _decides_itself(self, approver, finding):
        """Whether nobody is asked, since the own grade may decide.

        That of the owner, and of who made the document as well: nobody decides by the
        grade of another in whose name it is.
        """
        rep = self._get_sales_approval_rep()
        reps = [rep]
        # sudo: only whose grade decides
        maker = (self.sudo().create_uid or self.env.user.sudo()).sales_rep_ids.filtered(
            lambda one: one.active and one.company_id == self.company_id
        )
        if maker and str(maker.id) not in (rep.parent_path or "").split("/"):
            reps.append(maker)
        return all(approver._covers_itself(one, finding) for one in reps)

    @api.depends(lambda self: self._get_sales_approval_fields())
    @api.depends_context("uid", "lang")
    def _compute_sales_approval(self):
        self.sales_approval_state = "none"
        self.sales_approval_why = self.sales_approval_next = False
        if self.env.user.share:
            return  # what the rules are is not for customers
        records = self.filtered(lambda record: record._is_sales_approval_open())
        for record, approvals in records._get_sales_approvals().items():
            if not approvals:
                continue
            states = {step.state if step else "needed" for _f, _a, step in approvals}
            for state in ("needed", "refused", "waiting", "later", "approved"):
                if state in states:
                    break
            record.sales_approval_state = "waiting" if state == "later" else state
            record.sales_approval_why = record._render_sales_approval(approvals)
            record.sales_approval_next = record._get_sales_approval_next(approvals)

    def _get_sales_approval_next(self, approvals):
        """The names of whose turn it is, or would be."""
        waiting = [step for _f, _a, step in approvals if step and step.state != "later"]
        users = self.env["res.users"].sudo()  # sudo: names of approvers
        for step in waiting:
            if step.state == "waiting":
                users |= step.user_ids
        if not users:
            open_ = [(f, a) for f, a, step in approvals if not step]
            stage = min((approver.stage for _f, approver in open_), default=0)
            for finding, approver in open_:
                if approver.stage == stage:
                    users |= self._find_sales_approvers(finding, approver)
        names = users.mapped("name")
        return listed(self.env, names[:5]) if names else False

    def _find_sales_approvers(self, finding, approver):
        # sudo: who approves is found, whoever asks
        approver = approver.sudo()
        own = self._get_sales_approval_own() | self.env.user
        company = self.company_id
        rep = self._get_sales_approval_rep()
        # sudo: whose own it is, whoever asks
        return approver._find_users(rep, company, finding, own.sudo())

    # Why, in words

    def _get_sales_reasons(self, finding):
        """``[(line or None, why, what would pass)]`` in the reader's language."""
        rule = self._get_sales_rule(finding)
        _ = self.env._
        reasons = []
        for line, value, limit in finding.items:
            condition = finding.rule.condition
            shown = formatLang(self.env, value, digits=2)
            bound = formatLang(self.env, limit, digits=2) if limit > -1e15 else ""
            passes = False
            if condition in ("discount", "order_discount"):
                why = _("discount of %(value)s %%", value=shown)
                passes = _("up to %(limit)s %%", limit=bound)
                if line and line.is_price and not line.share:
                    passes = _(
                        "up to %(limit)s %%, a price of %(price)s",
                        limit=bound,
                        price=formatLang(self.env, passing_net(line, limit), digits=2),
                    )
            elif condition in ("line_margin", "margin"):
                # The figures would tell the cost.
                why = _("margin below %(limit)s %%", limit=bound)
                passes = _("a higher price")
            elif condition == "floor":
                why = _("price of %(value)s", value=shown)
                passes = _("%(limit)s or more", limit=bound)
            elif condition == "product":
                why = _("product of a group that needs approval")
                passes = _("without this product")
            elif condition in ("special", "always"):
                why = rule.name
            elif condition == "term":
                why = _("%(value)s days more than agreed", value=int(value))
                passes = _("up to %(limit)s days more", limit=int(limit))
            elif condition == "overdue_days":
                why = _("overdue for %(value)s days", value=int(value))
                passes = _("once the customer has paid")
            elif condition == "overdue_amount":
                why = _("overdue with %(value)s", value=shown)
                passes = _("once the customer has paid")
            elif condition in ("credit", "rep_credit"):
                why = _("%(value)s above the credit limit", value=shown)
                passes = _("up to %(limit)s above it", limit=bound)
            else:
                why = _("amount of %(value)s", value=shown)
                passes = _("up to %(limit)s", limit=bound)
            if line and line.share:
                why = _("%(why)s, with what other lines take off", why=why)
            reasons.append((line, why, passes))
        return reasons

    def _describe_finding(self, finding):
        """One text with a sentence for each line."""
        return "\n".join(
            ": ".join(filter(None, (line and line.name.splitlines()[0], why)))
            + (self.env._(" (passes: %(passes)s)", passes=passes) if passes else "")
            for line, why, passes in self._get_sales_reasons(finding)
        )

    def _render_sales_approval(self, approvals):
        """The findings with their lines, as HTML."""
        findings = {}
        for finding, _approver, step in approvals:
            findings.setdefault(finding.rule.id, (finding, []))[1].append(step)
        parts = []
        for finding, steps in findings.values():
            rule = self._get_sales_rule(finding)
            done = all(step and step.state == "approved" for step in steps)
            parts.append(
                Markup("<li><b>%s</b> %s<ul>%s</ul></li>")
                % (
                    rule.name,
                    self.env._("(approved)") if done else "",
                    Markup("").join(
                        Markup("<li>%s</li>") % text
                        for text in self._describe_finding(finding).splitlines()
                    ),
                )
            )
        return Markup("<ul class='mb-0'>%s</ul>") % Markup("").join(parts)

    # Asking

    def action_sales_approval_request(self, note=None):
        """Ask for what is not approved yet.

        :raise UserError: where nothing is needed, or nobody can approve
        """
        self.check_access("write")
        write_lock(self)
        # sudo: requests are stamped by the system
        requests = self.env["sales.approval.request"].sudo()
        approvals = self._get_sales_approvals()
        for record in self:
            gaps = [
                (finding, approver)
                for finding, approver, step in approvals.get(record, ())
                if not step or step.state == "refused"
            ]
            if not gaps:
                raise UserError(
                    self.env._(
                        "%(document)s: there is nothing to ask for.",
                        document=record.display_name,
                    )
                )
            requests |= record._create_sales_request(
                [
                    record._prepare_sales_step(finding, approver)
                    for finding, approver in gaps
                ],
                note,
            )
        requests._advance()
        self.invalidate_recordset(["sales_approval_state", "sales_approval_step_ids"])

    def _create_sales_request(self, steps, note=None):
        self.ensure_one()
        rep = self._get_sales_approval_rep()
        document = self.sudo()  # sudo: what an approver has to know
        facts = document._get_sales_approval_facts(frozenset())[document]
        return document.env["sales.approval.request"].create(
            {
                "name": document.display_name,
                "res_model": self._name,
                "res_id": self.id,
                "company_id": document.company_id.id,
                "user_id": document[self._sales_owner_field].id,
                "rep_id": rep.id,
                "requested_by_id": self.env.uid,
                "partner_id": document.partner_id.id,
                "amount": facts.amount,
                "note": note,
                "step_ids": [fields.Command.create(vals) for vals in steps],
            }
        )

    def _prepare_sales_step(self, finding, approver, auto=False):
        """:raise UserError: where nobody can approve"""
        rule = self._get_sales_rule(finding)
        kind = finding.condition.authority
        authority = self._get_sales_approval_rep().grade_id._get_authority(kind)
        vals = {
            "res_model": self._name,
            "res_id": self.id,
            "rule_id": rule.id,
            "approver_id": approver.id,
            "name": rule.name,
            "reason": self._describe_finding(finding),
            "stage": approver.stage,
            "snapshot": finding.snapshot,
            "value": finding.value,
            "authority": max(abs(authority), 0.0) if authority > -1e15 else 0.0,
        }
        if auto:
            return {**vals, "state": "auto"}
        users = self._find_sales_approvers(finding, approver)
        if not users:
            raise UserError(
                self.env._(
                    "%(rule)s: nobody but you could approve. Sales operations name "
                    "another approver.",
                    rule=rule.name,
                )
            )
        return {**vals, "principal_ids": [fields.Command.set(users.ids)]}

    # Doors

    def _is_sales_door_open(self):
        """Whether nothing stands in the way to the customer."""
        return not self.filtered(lambda rec: rec._is_sales_approval_open())._get_gaps()

    def _get_gaps(self, found=None):
        """What is not approved: ``{record: [finding]}``, without what is."""
        gaps = {}
        for record, approvals in self._get_sales_approvals(found).items():
            missing = {
                finding.rule.id: finding
                for finding, _approver, step in approvals
                if not step or step.state != "approved"
            }
            if missing:
                gaps[record] = list(missing.values())
        return gaps

    def _pass_sales_door(self, door):
        """Documents go out to the customer, or are agreed.

        :param door: ``send``, ``print``, ``link``, ``pay``, ``sign``, ``confirm``
        :raise UserError: naming what needs approval, and why
        """
        if self.env["sales.approval.rule"]._is_used(self._name):
            self.filtered(lambda rec: rec._is_sales_approval_open())._refuse_gaps(
                keep=door in ("send", "confirm")
            )

    def _refuse_gaps(self, keep=True):
        """:param keep: whether what passes by own authority is put on file"""
        found = self._get_sales_findings()
        if not found:
            return
        if gaps := self._get_gaps(found):
            raise UserError(self._explain_gaps(gaps))
        if keep:
            self._keep_own_authority(found)

    def _explain_gaps(self, gaps):
        return "\n\n".join(
            self.env._(
                "%(document)s needs approval first:\n%(reasons)s",
                document=record.display_name,
                reasons="\n".join(map(record._describe_finding, findings)),
            )
            for record, findings in gaps.items()
        )

    def _keep_own_authority(self, found):
        """On file, once: what passed a rule by the rep's own authority."""
        # sudo: steps of anybody
        steps = self.env["sales.approval.step"].sudo()
        known = {
            (step.res_id, step.approver_id.id)
            for step in steps.search(
                [
                    ("res_model", "=", self._name),
                    ("res_id", "in", self.ids),
                    ("state", "=", "auto"),
                ]
            )
        }
        for record, findings in found.items():
            vals_list = [
                record._prepare_sales_step(finding, approver, auto=True)
                for finding in findings
                for approver in self._get_sales_rule(finding).approver_ids
                if record._decides_itself(approver, finding)
                and (record.id, approver.id) not in known
            ]
            if vals_list:
                record._create_sales_request(vals_list)

    # Changes

    @contextmanager
    def _watch_sales_approval(self):
        """Look at changes: void what they leave, refuse what they may not do.

        The outermost looks, when all is changed that belongs together.
        """
        watched = self.env.cr.precommit.data.setdefault(_WATCHED, set())
        keys = {(self._name, id_) for id_ in self.ids} - watched
        records = self.browse([id_ for _name, id_ in keys])
        if not records or not self.env["sales.approval.rule"]._is_used(self._name):
            yield
            return
        agreed = records.filtered(lambda record: record._is_sales_approval_agreed())
        # What was exempt is not made worse either, when it is so no longer.
        before = agreed._get_sales_findings(exempt=False)
        watched |= keys
        try:
            yield
        finally:
            watched -= keys
        records.filtered(lambda rec: rec._is_sales_approval_open())._void_left()
        agreed._check_agreed_change(before)

    def _check_agreed_change(self, before):
        """What is agreed is not made worse than it was, past the rules.

        :raise UserError: naming what would have needed approval
        """
        gaps = {}
        for record, approvals in self._get_sales_approvals().items():
            was = {found.rule.id: found for found in before.get(record, ())}
            missing = {
                finding.rule.id: finding
                for finding, _approver, step in approvals
                if not (step and step.state == "approved")
                and not (
                    finding.rule.id in was
                    and left(finding.snapshot, was[finding.rule.id].snapshot)
                    == ([], [])
                )
            }
            if missing:
                gaps[record] = list(missing.values())
        if gaps:
            raise UserError(
                self.env._(
                    "%(reasons)s\n\nIt is agreed already: make another quotation for "
                    "the change, or cancel it and set it to quotation.",
                    reasons=self._explain_gaps(gaps),
                )
            )

    def _void_left(self):
        """Void the steps whose terms the documents have left; the others stay."""
        if not self:
            return
        # sudo: whoever changes a document leaves what was approved
        steps = self.env["sales.approval.step"].sudo()
        steps = steps.search(
            [
                ("res_model", "=", self._name),
                ("res_id", "in", self.ids),
                ("state", "in", ("later", "waiting", "approved")),
            ]
        )
        if not steps:
            return
        found = {
            (record.id, finding.rule.id): finding
            for record, findings in self._get_sales_findings().items()
            for finding in findings
        }
        reasons = {}
        for step in steps:
            finding = found.get((step.res_id, step.rule_id.id))
            if not finding and step.state != "approved":
                text = self.env._("not needed any longer")
                reasons[text] = reasons.get(text, steps.browse()) | step
            elif finding and not step._covers(finding):
                text = self._describe_left(*left(finding.snapshot, step.snapshot))
                reasons[text] = reasons.get(text, steps.browse()) | step
        for text, voided in reasons.items():
            voided._void(text)

    def _describe_left(self, terms, lines):
        """Which terms and lines have left what was approved."""
        labels = {
            "partner": self.env._("customer"),
            "currency": self.env._("currency"),
            "term": self.env._("payment term"),
            "amount": self.env._("amount"),
        }
        parts = [
            labels.get(name) or self._fields[name]._description_string(self.env)
            for name in terms
        ]
        if lines:
            parts.append(
                self.env._(
                    "lines: %(lines)s", lines=listed(self.env, self._name_lines(lines))
                )
            )
        return listed(self.env, parts)

    def _name_lines(self, keys):
        """The names of lines by the keys that the facts gave them."""
        return keys

    def _void_all(self, reason):
        """The documents are gone or cancelled: nothing that was approved counts."""
        if not self.env["sales.approval.rule"]._is_used(self._name):
            return
        # sudo: whoever cancels a document
        self.env["sales.approval.step"].sudo().search(
            [
                ("res_model", "=", self._name),
                ("res_id", "in", self.ids),
                ("state", "in", ("later", "waiting", "approved")),
            ]
        )._void(reason, tell=False)
