import json
import secrets

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import NO_ACCESS
from odoo.tools import SQL
from odoo.tools.misc import get_lang

from .. import standing_facts as facts
from ..scoring import spans

# What can be read from five metres.
_ROWS = 8
# How old what is shown becomes before it is taken anew.
_SECONDS = 60


class SalesScreen(models.Model):
    """A big screen: boards and contests in turn, and what there is to celebrate."""

    _name = "sales.screen"
    _description = "Big Screen"
    _inherit = ["sales.stamped.mixin"]
    _order = "name, id"
    _check_company_auto = True
    _sales_stamped = frozenset(("token", "shown"))

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    board_ids = fields.Many2many(
        "sales.leaderboard",
        string="Leaderboards",
        check_company=True,
        domain="[('audience', '!=', 'managers')]",
    )
    with_contests = fields.Boolean("Running Contests", default=True)
    seconds = fields.Integer("Seconds per Board", default=15, required=True)
    order_from = fields.Monetary(
        "Celebrate Orders From", help="Untaxed, of today. 0: orders are not celebrated."
    )
    celebrate_targets = fields.Boolean(
        "Celebrate Reached Targets",
        default=True,
        help="Who reaches this month's target of the core goal today.",
    )
    sound = fields.Boolean(help="A short sound when there is something to celebrate.")
    token = fields.Char(
        readonly=True,
        copy=False,
        groups="sales_force.group_sales_director,sales_force.group_sales_operations",
    )
    link = fields.Char(
        "Link for a TV",
        compute="_compute_link",
        groups="sales_force.group_sales_director,sales_force.group_sales_operations",
        help="Shows this screen without login to whoever has it, and nothing else. "
        "Revoke it when it got into wrong hands.",
    )

    shown = fields.Json(
        readonly=True,
        copy=False,
        groups=NO_ACCESS,
        help="What is shown in each language, and when it was taken.",
    )

    _token_uniq = models.UniqueIndex("(token) WHERE token IS NOT NULL")
    _seconds_range = models.Constraint(
        "CHECK (seconds BETWEEN 5 AND 600)", "A board is shown 5 to 600 seconds."
    )

    @api.depends("token")
    def _compute_link(self):
        for screen in self:
            screen.link = (
                screen.token and f"{screen.get_base_url()}/sales/screen/{screen.token}"
            )

    @api.constrains("board_ids")
    def _check_boards(self):
        for screen in self:
            hidden = screen.board_ids.filtered(lambda b: b.audience == "managers")
            if hidden:
                raise ValidationError(
                    self.env._(
                        "%(boards)s: for managers only, not for everybody's eyes.",
                        boards=", ".join(hidden.mapped("name")),
                    )
                )

    def write(self, vals):
        result = super().write(vals)
        self._forget()
        return result

    # The link

    def action_make_link(self):
        """A link for a TV; a former one is no good any more.

        :raise AccessError: for who may not write the screen
        """
        self.check_access("write")
        for screen in self.sudo():  # sudo: stamped by the system; checked above
            screen.token = secrets.token_urlsafe(32)
        return True

    def action_revoke_link(self):
        """Nobody sees the screen without login any more.

        :raise AccessError: for who may not write the screen
        """
        self.check_access("write")
        self.sudo().token = False  # sudo: stamped by the system; checked above
        return True

    def action_open(self):
        """The screen in this browser."""
        self.ensure_one()
        return {
            "type": "ir.actions.client",
            "name": self.name,
            "tag": "sales_appraisal.screen",
            "target": "fullscreen",
            "params": {"screen_id": self.id},
        }

    @api.model
    def _by_token(self, token):
        """The screen that has this link, none for a wrong one."""
        # sudo: whoever has the link sees the screen
        return token and self.sudo().search([("token", "=", token)]) or self.browse()

    # What it shows

    def get_slides(self):
        """What the screen shows now, a minute old at most.

        :return: see ``_prepare_slides``
        :raise AccessError: for who may not read the screen
        :raise UserError: for a screen that is switched off
        """
        self.ensure_one()
        self.check_access("read")
        return self._get_shown()

    def _get_shown(self):
        """What was prepared for a look of the last minute, else what is prepared now.

        However many televisions ask, and whoever has the link, boards are ranked once
        a minute for all of them and all workers: meanwhile the others see the former
        places, and only where there are none yet they wait.

        :return: see ``_prepare_slides``
        :raise UserError: for a screen that is switched off
        """
        self.ensure_one()
        # sudo: what everybody may see of it, see ``_show``
        screen = self.sudo()
        if not screen.active or not screen.company_id.active:
            raise UserError(self.env._("This screen is switched off."))
        lang, now = get_lang(self.env).code, fields.Datetime.now()
        taken_on, slides = (screen.shown or {}).get(lang, (None, None))
        if slides:
            age = now - fields.Datetime.to_datetime(taken_on)
            if 0 <= age.total_seconds() < _SECONDS:
                return slides
        if not screen._lock_shown(is_waiting=not slides):
            return slides
        slides = screen.with_context(lang=lang)._prepare_slides()
        screen._keep_shown(lang, [fields.Datetime.to_string(now), slides])
        return slides

    def _lock_shown(self, is_waiting):
        """Whether this transaction prepares what is shown.

        Who waits is run again after the other, and finds what that one has kept.
        """
        return self.env.execute_query(
            SQL(
                "SELECT id FROM sales_screen WHERE id = %s FOR NO KEY UPDATE %s",
                self.id,
                SQL() if is_waiting else SQL("SKIP LOCKED"),
            )
        )

    def _keep_shown(self, lang, values):
        # A look at a screen is no change of it: who changed it last stays.
        self.env.cr.execute(
            SQL(
                "UPDATE sales_screen SET shown = %s WHERE id = %s",
                json.dumps({**(self.shown or {}), lang: values}),
                self.id,
            )
        )
        self.invalidate_recordset(["shown"], flush=False)

    def _forget(self):
        """The next look sees what is shown from now on."""
        self.env.cr.execute(
            SQL(
                "UPDATE sales_screen SET shown = NULL "
                "WHERE id = ANY(%s) AND shown IS NOT NULL",
                self.ids,
            )
        )
        self.invalidate_recordset(["shown"], flush=False)

    def _prepare_slides(self):
        """Texts only, in the language of the context, as everybody may see them.

        :return: ``name seconds sound slides events``; slides have ``key title subtitle
            rows``, events ``key title text``
        """
        self.ensure_one()
        screen = self.sudo()  # sudo: what everybody may see of it, see ``_show``
        slides, events = [], []
        for record in [*screen.board_ids, *screen._get_contests()]:
            for group in record._show_everybody(_ROWS):
                slides.append(group)
                events += screen._get_leaders(record, group)
        events += screen._get_orders() + screen._get_reached()
        return {
            "name": screen.name,
            "seconds": screen.seconds,
            "sound": screen.sound,
            "slides": slides,
            "events": events,
        }

    def _get_contests(self):
        if not self.with_contests:
            return self.env["sales.contest"]
        return self.env["sales.contest"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("state", "in", ("running", "ended")),
                ("audience", "!=", "managers"),
            ]
        )

    def _get_leaders(self, record, group):
        """Whoever leads with more than nothing."""
        return [
            {
                "key": f"lead/{group['key']}/{row['key']}",
                "title": self.env._("New leader: %(name)s", name=row["name"]),
                "text": group["title"],
            }
            for row in group["rows"]
            if row["place"] == 1 and row["part"] > 0
        ]

    def _get_orders(self):
        """Today's orders of that size, with those who are credited."""
        if not self.order_from:
            return []
        rows = self.env["sales.credit"]._read_group(
            [
                ("company_id", "=", self.company_id.id),
                ("metric_id.code", "=", "ORDERED"),
                ("date", "=", self.company_id._get_sales_today()),
                ("overlay", "=", False),
                ("rep_id", "!=", False),
            ],
            ["res_model", "scope_id"],
            ["value:sum", "rep_id:recordset"],
            having=[("value:sum", ">=", self.order_from)],
        )
        return [
            {
                "key": f"order/{model}/{scope}",
                "title": self.env._(
                    "Order won: %(amount)s",
                    amount=self.env["sales.leaderboard"]._tell_number(
                        value, "money", self.currency_id
                    ),
                ),
                "text": ", ".join(reps.mapped("name")),
            }
            for model, scope, value, reps in rows
        ]

    def _get_reached(self):
        """Who has this month's target today and had it not yesterday."""
        if not self.celebrate_targets:
            return []
        today = self.company_id._get_sales_today()
        month = spans.bounds("month", today)
        people = facts.read_people(
            self.env,
            self.company_id,
            spans.Span(month.start, today),
            {
                "sellers_only": True,
                "team_ids": [],
                "grade_ids": [],
                "territory_ids": [],
            },
        )
        found = facts.read_reached(
            self.env, self.company_id, list(people), month, today
        )
        return [
            {
                "key": f"target/{key}/{month.start}",
                "title": self.env._("Target reached!"),
                "text": people[key].name,
            }
            for key in found
        ]
