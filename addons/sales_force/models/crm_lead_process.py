"""Opportunities follow the playbook of their team from stage to stage."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..customers.followups import Kind
from ..deals import process
from ..exceptions import ReasonNeeded
from ..wording import listed

# The context's key with the reason why items were left open.
REASON = "sales_leave_reason"


class CrmLead(models.Model):
    _inherit = "crm.lead"

    sales_playbook = fields.Json(
        "Playbook",
        compute="_compute_sales_playbook",
        help="What the present stage asks for before the next.",
    )
    sales_days_over = fields.Integer(
        "Days Overdue in Stage",
        compute="_compute_sales_days_over",
        search="_search_sales_days_over",
        aggregator=None,
        help="Calendar days beyond those that the playbook allows for the stage.",
    )

    @api.depends("stage_id", "team_id", "won_status")
    @api.depends_context("lang")
    def _compute_sales_playbook(self):
        self.sales_playbook = False
        parts = self._find_sales_parts()
        ticks = self._read_sales_ticks(parts)
        for lead, part in parts.items():
            lead.sales_playbook = {
                "items": [
                    lead._describe_sales_item(item, ticks.get((lead._origin, item)))
                    for item in part.item_ids
                ],
                "documents": [
                    {"id": file.id, "name": file.name} for file in part._get_documents()
                ],
                "allowed": part.days,
                "spent": lead._get_sales_days(),
            }

    @api.depends("stage_id", "team_id", "won_status", "date_last_stage_update")
    def _compute_sales_days_over(self):
        self.sales_days_over = 0
        for lead, part in self._find_sales_parts().items():
            if part.days:
                lead.sales_days_over = max(0, lead._get_sales_days() - part.days)

    def _search_sales_days_over(self, operator, value):
        """Only whether there are any: ``> 0``, or ``= 0``."""
        if (operator, value) == (">", 0):
            among = SQL("IN")
        elif operator == "in" and set(value) == {0}:
            among = SQL("NOT IN")
        else:
            return NotImplemented
        for model in ("crm.lead", "crm.team", "sales.playbook", "sales.playbook.stage"):
            self.env[model].flush_model()
        overdue = process.overdue_leads(fields.Datetime.now())

        def to_sql(_model, alias, _query):
            return SQL("%s %s (%s)", SQL.identifier(alias, "id"), among, overdue)

        return Domain.custom(to_sql=to_sql)

    def write(self, vals):
        """Who leaves a stage forward with required items open says why.

        :raise ReasonNeeded: naming the items, where no reason is given
        """
        left = self._get_sales_left(vals)
        result = super().write(vals)
        if left:
            self._check_sales_left(left, self.env["crm.stage"].browse(vals["stage_id"]))
        return result

    def action_sales_tick(self, item_id, done):
        """Tick an item of the present stage's checklist, or take the tick back.

        :raise UserError: for an item of another stage, or one that is no tick
        """
        self.ensure_one()
        self.check_access("write")
        item = self.env["sales.playbook.item"].browse(item_id)
        part = self._find_sales_parts().get(self)
        if not part or item not in part.item_ids or item.field_name:
            raise UserError(
                self.env._("This is not an item to tick in the present stage.")
            )
        ticks = self.env["sales.playbook.tick"].sudo()  # sudo: stamped by the system
        tick = ticks.search([("lead_id", "=", self.id), ("item_id", "=", item.id)])
        if done and not tick:
            ticks.create(
                {
                    "lead_id": self.id,
                    "item_id": item.id,
                    "user_id": self.env.uid,
                    "moment": fields.Datetime.now(),
                }
            )
        elif not done:
            tick.unlink()

    def action_sales_leave_stage(self, stage_id, reason):
        """Move on with required items open; the reason is kept.

        :raise UserError: without a reason
        """
        if not (reason or "").strip():
            raise UserError(self.env._("Say why the stage is left unfinished."))
        self.with_context(**{REASON: reason}).write({"stage_id": stage_id})

    # The playbook

    def _find_sales_parts(self):
        """``{lead: sales.playbook.stage}`` of the open opportunities of self."""
        # sudo: how to work is no secret
        return self.env["sales.playbook"]._find_parts(
            self.filtered(
                lambda lead: lead.type == "opportunity" and lead.won_status == "pending"
            )
        )

    @api.model
    def _read_sales_ticks(self, parts):
        """``{(lead, item): tick}``"""
        if not parts:
            return {}
        leads = self.browse([lead._origin.id for lead in parts if lead._origin])
        # sudo: who may read the opportunity may read its checklist
        ticks = self.env["sales.playbook.tick"].sudo()
        return {
            (self.browse(tick.lead_id.id), tick.item_id): tick
            for tick in ticks.search([("lead_id", "in", leads.ids)])
        }

    def _describe_sales_item(self, item, tick):
        filled = item.field_name and item._is_filled(self)
        return {
            "id": item.id,
            "name": item.display_name,
            "help": item.help or "",
            "required": item.is_required,
            "by_hand": not item.field_name,
            "done": bool(filled or tick),
            "user": tick.user_id.name if tick else "",
            "moment": fields.Datetime.to_string(tick.moment) if tick else "",
        }

    def _get_sales_days(self):
        """Calendar days since the opportunity is in its stage."""
        company = (
            self.company_id
            or self.team_id.company_id
            # sudo: of the salesperson only where he works
            or self.user_id.sudo().company_id
            or self.env.company
        )
        entered = self.date_last_stage_update or self.create_date
        if not entered:
            return 0
        return (company._get_sales_today() - company._get_sales_date(entered)).days

    # Leaving a stage

    def _get_sales_left(self, vals):
        """``{lead: (stage, part of the playbook)}`` of what these values move forward.

        The system moves as it has to. Nothing is looked up unless a stage is left.
        """
        stage = self.env["crm.stage"].browse(vals.get("stage_id"))
        if not stage or self.env.su:
            return {}
        moved = self.filtered(lambda lead: lead.stage_id and lead.stage_id != stage)
        return {
            lead: (lead.stage_id, part)
            for lead, part in moved._find_sales_parts().items()
            if stage.is_won or (lead.stage_id + stage).sorted()[1] == stage
        }

    def _check_sales_left(self, left, stage):
        """Keep why stages were left unfinished; as written, so that fields that came
        with the new stage count.

        :param dict left: see ``_get_sales_left``
        """
        ticks = self._read_sales_ticks(left)
        missing = {}
        for lead, (_stage, part) in left.items():
            missing[lead] = part.item_ids.filtered(
                lambda item, lead=lead: (
                    item.is_required
                    and not (
                        item._is_filled(lead)
                        if item.field_name
                        else (lead, item) in ticks
                    )
                )
            )
        missing = {lead: items for lead, items in missing.items() if items}
        if not missing:
            return
        reason = (self.env.context.get(REASON) or "").strip()
        if not reason:
            raise ReasonNeeded(self._describe_sales_missing(missing), self, stage)
        self._keep_sales_skips(left, missing, stage, reason)

    @api.model
    def _describe_sales_missing(self, missing):
        lines = [
            self.env._(
                "%(opportunity)s is not finished with its stage: %(items)s.",
                opportunity=lead.name,
                items=listed(self.env, items.mapped("display_name")),
            )
            for lead, items in missing.items()
        ]
        lines.append(self.env._("Finish this first, or give a reason."))
        return "\n".join(lines)

    def _keep_sales_skips(self, left, missing, stage, reason):
        names = {
            lead: listed(self.env, items.mapped("display_name"))
            for lead, items in missing.items()
        }
        # sudo: stamped by the system
        self.env["sales.stage.skip"].sudo().create(
            [
                {
                    "lead_id": lead.id,
                    "user_id": lead.user_id.id,
                    "team_id": lead.team_id.id,
                    "company_id": (lead.company_id or lead.team_id.company_id).id
                    or self.env.company.id,
                    "by_id": self.env.uid,
                    "moment": fields.Datetime.now(),
                    "stage_id": left[lead][0].id,
                    "to_stage_id": stage.id,
                    "missing": names[lead],
                    "missing_count": len(items),
                    "reason": reason,
                }
                for lead, items in missing.items()
            ]
        )
        leads = self.browse([lead.id for lead in missing])
        leads._message_log_batch(
            bodies={
                lead.id: self.env._(
                    "“%(stage)s” was left unfinished (%(items)s): %(reason)s",
                    stage=left[lead][0].name,
                    items=names[lead],
                    reason=reason,
                )
                for lead in leads
            }
        )

    def _merge_dependences(self, opportunities):
        """What was done, and left open, in the others stays known."""
        super()._merge_dependences(opportunities)
        others = [("lead_id", "in", opportunities.ids)]
        env = self.sudo().env  # sudo: stamped by the system
        env["sales.stage.skip"].search(others).lead_id = self.id
        ticks = env["sales.playbook.tick"]
        done = ticks.search([("lead_id", "=", self.id)]).item_id
        found = ticks.search(others, order="moment, id").grouped("item_id")
        for item, same in found.items():
            if item not in done:
                same[0].lead_id = self.id


class SalesFollowupRule(models.Model):
    _inherit = "sales.followup.rule"

    @api.model
    def _get_kinds(self):
        return {
            **super()._get_kinds(),
            "stage_overdue": Kind(
                self.env._("An opportunity is too long in its stage, for days"),
                "crm.lead",
                process.overdue,
            ),
        }
