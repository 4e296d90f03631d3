from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain


class SalesHandoverLine(models.Model):
    """A record that is handed over to an heir.

    How a kind is done and undone say ``_hand_over_<kind>`` and ``_give_back_<kind>``,
    of lines with the same heir; kinds without get another owner, or an activity.
    """

    _name = "sales.handover.line"
    _description = "Handover Line"
    # Who has to look after something is kept in memory, see ``res.users``.
    _inherit = ["sales.stamped.mixin", "sales.cached.mixin"]
    _order = "handover_id, id"
    _log_access = False
    _check_company_auto = True

    handover_id = fields.Many2one(
        "sales.handover", required=True, ondelete="cascade", index=True, readonly=True
    )
    company_id = fields.Many2one(related="handover_id.company_id", store=True)
    kind = fields.Selection("_selection_kind", required=True, readonly=True)
    name = fields.Char("Record", readonly=True)
    res_model = fields.Char("Record Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        "Record ID", model_field="res_model", required=True, readonly=True
    )
    heir_id = fields.Many2one(
        "sales.rep",
        "Heir",
        index="btree_not_null",
        check_company=True,
        domain="[('company_id', '=', company_id), ('state', '!=', 'left')]",
    )
    by_hand = fields.Boolean(
        "Chosen by Hand", readonly=True, help="A new proposal keeps this heir."
    )
    added = fields.Boolean(
        readonly=True, help="The heir did not have it before the handover."
    )
    state = fields.Selection(
        [
            ("planned", "Planned"),
            ("done", "Handed over"),
            ("changed", "Changed meanwhile"),
            ("undone", "Undone"),
        ],
        "Status",
        default="planned",
        required=True,
        readonly=True,
    )
    activity_id = fields.Many2one(
        "mail.activity", readonly=True, index="btree_not_null", ondelete="set null"
    )

    @api.model
    def _selection_kind(self):
        kinds = self.env["sales.handover"]._get_kinds(self.env["sales.rep"])
        return [(code, kind.name) for code, kind in kinds.items()]

    def write(self, vals):
        if not self.env.su:
            if vals.keys() - {"heir_id"}:
                raise UserError(self.env._("Only the heir of a line can be chosen."))
            if any(
                line.state != "planned" or line.handover_id.state == "scheduled"
                for line in self
            ):
                raise UserError(
                    self.env._("What is scheduled or done cannot be changed: undo it.")
                )
            vals = {**vals, "by_hand": True}
        return super().write(vals)

    def _get_records(self):
        """The records of lines of one kind."""
        return self.env[self[0].res_model].browse(self.mapped("res_id"))

    def _find(self, kind):
        """The records of lines of one kind that still are of it."""
        records = self._get_records().with_context(active_test=kind.active_test)
        return records.search(Domain("id", "in", records.ids) & kind.domain)

    # Doing

    def _hand_over(self, code, kind):
        """Give what is still the rep's to the heirs."""
        still = self._find(kind)
        lines = self.filtered(lambda line: line.res_id in still._ids)
        (self - lines).state = "changed"
        for heir, mine in lines.grouped("heir_id").items():
            special = getattr(mine, f"_hand_over_{code}", None)
            if special:
                special(heir)
            elif kind.owner:
                mine._get_records().write({kind.owner: heir.user_id.id})
            else:
                mine._plan(heir)
        lines.state = "done"

    def _hand_over_report(self, heir):
        handover = self.handover_id
        for rep in self._get_records():
            # Who takes over is led by whoever led the rep.
            manager = heir if rep != heir else handover.rep_id.parent_id
            rep._change_assignment(handover.date, {"parent_id": manager.id})

    def _hand_over_territory(self, heir):
        handover = self.handover_id
        territories = self._get_records()
        new = territories - heir.territory_ids
        if new:
            heir._change_assignment(
                handover.date,
                {"territory_ids": [Command.link(id_) for id_ in new.ids]},
            )
        self.filtered(lambda line: line.res_id in new._ids).added = True
        if not handover.leaves:
            handover.rep_id._change_assignment(
                handover.date,
                {"territory_ids": [Command.unlink(id_) for id_ in territories.ids]},
            )

    def _plan(self, heir):
        """The heir looks after what stays credited to who sold it."""
        todo = self.env.ref("mail.mail_activity_data_todo")
        env = self.with_context(lang=heir.user_id.lang).env
        activities = self.env["mail.activity"].create(
            [
                {
                    "activity_type_id": todo.id,
                    "summary": env._(
                        "Take over from %(rep)s", rep=line.handover_id.rep_id.name
                    ),
                    "res_model_id": self.env["ir.model"]._get_id(line.res_model),
                    "res_id": line.res_id,
                    "user_id": heir.user_id.id,
                    "date_deadline": line.handover_id.date,
                }
                for line in self
            ]
        )
        for line, activity in zip(self, activities, strict=True):
            line.activity_id = activity

    # Undoing

    def _give_back(self, code):
        """Give back what the heirs still have, and could hand over themselves."""
        for heir, mine in self.grouped("heir_id").items():
            kind = self.handover_id._get_kinds(heir)[code]
            special = getattr(mine, f"_give_back_{code}", None)
            if special:
                back = special(heir)
            elif kind.owner:
                back = mine._give_back_owner(kind)
            else:
                mine.activity_id.filtered("active").unlink()
                back = mine
            back.state = "undone"
            (mine - back).state = "changed"

    def _give_back_owner(self, kind):
        """What was won, confirmed or ended meanwhile is the heir's.

        :param kind: of the heir
        """
        records = self._find(kind)
        records.write({kind.owner: self.handover_id.rep_id.user_id.id})
        return self.filtered(lambda line: line.res_id in records._ids)

    def _give_back_report(self, heir):
        handover = self.handover_id
        back = self.browse()
        for line in self:
            rep = line._get_records()
            manager = heir if rep != heir else handover.rep_id.parent_id
            assignment = rep._get_assignment(handover.date)
            if assignment.date_from == handover.date and (
                assignment.manager_id == manager
            ):
                assignment.manager_id = handover.rep_id
                back |= line
        return back

    def _give_back_territory(self, heir):
        """Given back is what the heir does not have any more, and the rep has again."""
        handover = self.handover_id
        rep = handover.rep_id
        territories = self._get_records().exists()
        added = territories.browse(self.filtered("added").mapped("res_id"))
        assignment = heir._get_assignment(handover.date)
        if assignment.date_from == handover.date:
            assignment.territory_ids -= added
        back = territories - (added & heir.territory_ids)
        if not handover.leaves:
            rep._get_assignment(handover.date).territory_ids += territories
            back &= rep.territory_ids
        return self.filtered(lambda line: line.res_id in back._ids)


class MailActivity(models.Model):
    _inherit = "mail.activity"

    def write(self, vals):
        """Who takes over the activity of an heir looks after what it is about."""
        result = super().write(vals)
        if "user_id" in vals:
            # sudo: of whichever handover
            lines = self.env["sales.handover.line"].sudo()
            if lines.search_count([("activity_id", "in", self.ids)], limit=1):
                lines._forget()
        return result


class ResUsers(models.Model):
    _inherit = "res.users"

    def _is_sales_heir(self):
        """Whether record rules have to look what the user looks after for another.

        Rules ask when Odoo computes them, for all requests until a handover is done or
        its activities change hands.
        """
        mine = Domain("user_id", "=", self.id)
        domain = (
            Domain("state", "=", "done")
            & Domain("kind", "in", ("order", "invoice"))
            & (
                Domain("heir_id", "any", mine)
                | Domain(
                    "activity_id", "any", mine & Domain("active", "in", (True, False))
                )
            )
        )
        # sudo: of what was handed over to the user only
        lines = self.env["sales.handover.line"].sudo()
        return bool(lines.search_count(domain, limit=1))


class SaleOrder(models.Model):
    _inherit = "sale.order"

    sales_heir_line_ids = fields.One2many(
        "sales.handover.line",
        "res_id",
        "Looked After By",
        domain=[
            ("res_model", "=", "sale.order"),
            ("kind", "=", "order"),
            ("state", "=", "done"),
        ],
        groups="sales_force.group_sales_manager,sales_force.group_sales_operations",
        help="Who looks after an order that stays credited to somebody who left it.",
    )


class AccountMove(models.Model):
    _inherit = "account.move"

    sales_heir_line_ids = fields.One2many(
        "sales.handover.line",
        "res_id",
        "Looked After By",
        domain=[
            ("res_model", "=", "account.move"),
            ("kind", "=", "invoice"),
            ("state", "=", "done"),
        ],
        groups="sales_force.group_sales_manager,sales_force.group_sales_operations",
        help="Who looks after an invoice that stays credited to somebody who left it.",
    )
