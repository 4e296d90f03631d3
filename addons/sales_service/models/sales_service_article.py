"""What is known about problems, and how often it solved one."""

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import is_html_empty

from odoo.addons.sales_force.locking import write_lock

from ..tickets.similar import shared, words

# What is published stays as it was read and sent.
_FIXED = frozenset(("name", "keywords", "body"))
# So many are compared, and listed.
_LOOKED_AT = 200
_LISTED = 10


class SalesServiceArticle(models.Model):
    """How a problem is solved: written by agents, published by service managers.

    A published text does not change; what is to change is a new version, and the
    version before is outdated when that is published.
    """

    _name = "sales.service.article"
    _description = "Knowledge Article"
    _inherit = ["sales.stamped.mixin", "mail.thread"]
    _order = "name, number desc, id"
    _rec_names_search = ["name", "keywords"]
    _check_company_auto = True
    _sales_stamped = frozenset(
        ("state", "number", "origin_id", "published_at", "outdated_at")
    )

    name = fields.Char("Problem", required=True, tracking=True, index="trigram")
    keywords = fields.Char(
        "Also Called",
        index="trigram",
        help="Other words by which customers and agents look for it.",
    )
    body = fields.Html("Solution", sanitize=True)
    state = fields.Selection(
        [("draft", "Draft"), ("published", "Published"), ("outdated", "Outdated")],
        "Status",
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )
    company_id = fields.Many2one(
        "res.company",
        index="btree_not_null",
        default=lambda self: self.env.company,
        help="Empty: for all companies.",
    )
    category_ids = fields.Many2many(
        "sales.service.category",
        "sales_service_article_category_rel",
        "article_id",
        "category_id",
        "Categories",
        check_company=True,
        help="With those that are part of them.",
    )
    product_tmpl_ids = fields.Many2many(
        "product.template",
        "sales_service_article_product_rel",
        "article_id",
        "product_tmpl_id",
        "Products",
        check_company=True,
    )
    is_portal = fields.Boolean(
        "For Customers",
        tracking=True,
        help="Customers are shown it before they open a ticket, and agents may send "
        "it. Otherwise it is for agents only.",
    )
    number = fields.Integer("Version", default=1, readonly=True, copy=False)
    origin_id = fields.Many2one(
        "sales.service.article",
        "First Version",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    published_at = fields.Datetime("Published", readonly=True, copy=False)
    outdated_at = fields.Datetime("Outdated", readonly=True, copy=False)
    solved_count = fields.Integer(
        "Solved",
        compute="_compute_counts",
        help="Tickets that it solved, in all of its versions.",
    )
    deflected_count = fields.Integer(
        "Saved Tickets",
        compute="_compute_counts",
        help="How often a customer needed no ticket after reading it, in all of its "
        "versions.",
    )

    def _compute_counts(self):
        # sudo: a number says nothing about whose tickets they were
        used = self.env["sales.service.article.use"].sudo()
        roots = {one: (one.origin_id or one)._origin for one in self}
        counts = {
            (origin, bool(ticket)): count
            for origin, ticket, count in used._read_group(
                [("origin_id", "in", [root.id for root in roots.values()])],
                ["origin_id", "is_solved"],
                ["__count"],
            )
        }
        for article, root in roots.items():
            root = root.with_env(used.env)
            article.solved_count = counts.get((root, True), 0)
            article.deflected_count = counts.get((root, False), 0)

    @api.depends("name", "number")
    def _compute_display_name(self):
        for article in self:
            article.display_name = (
                article.name
                if article.number == 1
                else self.env._(
                    "%(article)s, version %(number)s",
                    article=article.name,
                    number=article.number,
                )
            )

    def write(self, vals):
        if _FIXED & vals.keys():
            self._check_state("draft")
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_published(self):
        self._check_state("draft")

    # Versions

    def action_publish(self):
        """From now on agents and, where it is for them, customers find it.

        :raise UserError: for an empty one, or one that is no draft
        """
        self.check_access("write")
        self._check_may_publish()
        # Of two versions at once the second makes the first outdated.
        write_lock(self | self.origin_id)
        self._check_state("draft")
        roots = [one.origin_id or one for one in self]
        self._refuse(
            [
                self.env._(
                    "%(article)s: publish one version of it.",
                    article=article.display_name,
                )
                for article, root in zip(self, roots, strict=True)
                if roots.count(root) > 1
            ]
        )
        self._refuse(
            [
                self.env._(
                    "%(article)s: write down the solution first.",
                    article=article.display_name,
                )
                for article in self
                if is_html_empty(article.body)
            ]
        )
        # sudo: the status is stamped; who may publish was checked
        articles = self.sudo()
        articles._get_versions().filtered(
            lambda one: one.state == "published"
        )._make_outdated()
        articles.write(
            {
                "state": "published",
                "published_at": self.env["sales.service.ticket"]._get_now(),
            }
        )

    def action_outdate(self):
        """It holds no longer: nobody is shown it any more."""
        self.check_access("write")
        self._check_may_publish()
        self._check_state("published")
        self.sudo()._make_outdated()  # sudo: stamped; who may was checked

    def action_new_version(self):
        """A draft with the text of this one, to change; opened."""
        self.ensure_one()
        self.check_access("read")
        self._check_state("published", "outdated")
        # Two at once are two versions.
        write_lock(self.origin_id or self)
        # sudo: versions that the user does not see are counted as well
        last = max(self.sudo()._get_versions().mapped("number"))
        version = self.copy()
        # sudo: the number is stamped
        version.sudo().write(
            {"number": last + 1, "origin_id": (self.origin_id or self).id}
        )
        return version.get_formview_action()

    def _make_outdated(self):
        now = self.env["sales.service.ticket"]._get_now()
        self.write({"state": "outdated", "outdated_at": now})

    def _get_versions(self):
        """All versions of the articles."""
        roots = self.mapped(lambda one: one.origin_id or one)
        return roots | self.search([("origin_id", "in", roots.ids)])

    def _check_may_publish(self):
        if not self.env.su and not self.env.user.has_group(
            "sales_service.group_service_manager"
        ):
            raise AccessError(
                self.env._("Service managers publish what agents have written.")
            )

    def action_open_versions(self):
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "sales_service.sales_service_article_action"
        )
        root = self.origin_id or self
        return {
            **action,
            "domain": ["|", ("id", "=", root.id), ("origin_id", "=", root.id)],
            "context": {},
        }

    # Finding

    @api.model
    def _find(self, domain, category, product_tmpl, subject):
        """What of a domain fits best, of those that the user may read.

        The product counts more than the category, and that more than words; of equals
        what solved more comes first.

        :param str subject: in the customer's words
        """
        # Of the category, and of what the category is part of.
        categories = [int(id_) for id_ in (category.parent_path or "").split("/")[:-1]]
        asked = words(subject)
        fits = Domain.OR(
            [
                Domain("category_ids", "in", categories),
                Domain("product_tmpl_ids", "in", product_tmpl.ids),
                *(
                    Domain(name, "ilike", word)
                    for name in ("name", "keywords")
                    for word in sorted(asked)
                    if len(word) > 1
                ),
            ]
        )
        found = self.search(
            Domain(domain) & Domain("state", "=", "published") & fits,
            order="id desc",
            limit=_LOOKED_AT,
        )

        def worth(article):
            return (
                bool(product_tmpl and product_tmpl in article.product_tmpl_ids),
                not set(categories).isdisjoint(article.category_ids.ids),
                shared(f"{article.name} {article.keywords or ''}", subject),
                article.solved_count,
                article.id,
            )

        # Part of a longer word is no word in common.
        fitting = found.filtered(lambda one: any(worth(one)[:3]))
        return fitting.sorted(worth, reverse=True)[:_LISTED]

    @api.model
    def _find_for_portal(self, company, category, subject):
        """What may help a customer of a company before a ticket is opened.

        :param category: one of ``_get_for_portal``, or none
        """
        # sudo: customers read what is published for them, nothing else
        return self.sudo()._find(
            self._get_portal_domain(company),
            category,
            self.env["product.template"],
            subject,
        )

    @api.model
    def _get_portal_domain(self, company):
        return [
            ("state", "=", "published"),
            ("is_portal", "=", True),
            ("company_id", "in", (company.id, False)),
        ]

    # Using

    def action_solved(self, ticket_id=None):
        """Count that the article solved a ticket; said twice, it counts once.

        :param int ticket_id: by default that from which the list was opened
        :raise AccessError: for somebody else's ticket
        """
        self.ensure_one()
        self.check_access("read")
        ticket = self._get_ticket(ticket_id)
        ticket.check_access("write")
        self._check_state("published")
        self._use(ticket.company_id, ticket)
        return self._say(
            self.env._(
                "Thank you: %(article)s counts as what solved %(ticket)s.",
                article=self.name,
                ticket=ticket.number,
            )
        )

    def action_send(self, ticket_id=None):
        """The composer with the article as an answer to the ticket's customer.

        :raise UserError: for what is for agents only
        """
        self.ensure_one()
        self.check_access("read")
        ticket = self._get_ticket(ticket_id)
        ticket.check_access("write")
        self._check_state("published")
        if not self.is_portal:
            raise UserError(
                self.env._(
                    "%(article)s is for agents only. A service manager may open it to "
                    "customers.",
                    article=self.name,
                )
            )
        return ticket._get_composer(self.body)

    def _get_ticket(self, ticket_id):
        ticket = self.env["sales.service.ticket"].browse(
            ticket_id or self.env.context.get("service_ticket_id") or []
        )
        if not ticket:
            raise UserError(self.env._("Open the article from a ticket."))
        return ticket

    def _use(self, company, ticket=None):
        """Write down once that an article helped, of two at once as well.

        :param ticket: that it solved; none: a customer needed no ticket today
        """
        write_lock(self)
        vals = {
            "article_id": self.id,
            "ticket_id": ticket.id if ticket else False,
            "user_id": self.env.uid,
            "date": self.env["sales.service.ticket"]._get_now().date(),
        }
        same = ("article_id", "ticket_id") if ticket else tuple(vals)
        # sudo: what helped is written by the system; whoever calls has checked
        Use = self.env["sales.service.article.use"].sudo()
        known = Use.search([(name, "=", vals[name]) for name in same], limit=1)
        return known or Use.create({**vals, "company_id": company.id})

    def _say(self, message):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": message,
                "type": "success",
                "next": {"type": "ir.actions.act_window_close"},
            },
        }


class SalesServiceArticleUse(models.Model):
    """That an article solved a ticket, or saved one: written by the system only."""

    _name = "sales.service.article.use"
    _description = "Use of an Article"
    _order = "id desc"
    _rec_name = "article_id"

    article_id = fields.Many2one(
        "sales.service.article",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    origin_id = fields.Many2one(
        "sales.service.article",
        "First Version",
        compute="_compute_origin_id",
        store=True,
        index=True,
    )
    company_id = fields.Many2one(
        "res.company",
        readonly=True,
        index=True,
        required=True,
        default=lambda self: self.env.company,
    )
    ticket_id = fields.Many2one(
        "sales.service.ticket", readonly=True, index="btree_not_null"
    )
    is_solved = fields.Boolean(
        "Solved a Ticket",
        compute="_compute_is_solved",
        store=True,
        help="Otherwise a customer read it and needed no ticket.",
    )
    user_id = fields.Many2one("res.users", "By", required=True, readonly=True)
    date = fields.Date(required=True, readonly=True, help="In UTC.")

    _ticket_uniq = models.UniqueIndex(
        "(article_id, ticket_id) WHERE ticket_id IS NOT NULL"
    )
    _customer_uniq = models.UniqueIndex(
        "(article_id, user_id, date) WHERE ticket_id IS NULL"
    )

    @api.depends("article_id")
    def _compute_origin_id(self):
        for use in self:
            use.origin_id = use.article_id.origin_id or use.article_id

    @api.depends("ticket_id")
    def _compute_is_solved(self):
        for use in self:
            use.is_solved = bool(use.ticket_id)


class SalesServiceTicket(models.Model):
    _inherit = "sales.service.ticket"

    article_count = fields.Integer("Articles", compute="_compute_article_count")
    solved_article_ids = fields.One2many(
        "sales.service.article.use", "ticket_id", "Solved By", readonly=True
    )

    @api.depends("category_id", "product_id", "name", "company_id")
    def _compute_article_count(self):
        """Of one ticket that is looked at."""
        for ticket in self:
            ticket.article_count = len(ticket._find_articles())

    def _find_articles(self):
        self.ensure_one()
        return self.env["sales.service.article"]._find(
            [("company_id", "in", (self.company_id.id, False))],
            self.category_id,
            self.product_id.product_tmpl_id,
            self.name,
        )

    def action_open_articles(self):
        """What may help, to read, to send, and to say that it did."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "sales_service.sales_service_article_ticket_action"
        )
        return {
            **action,
            "domain": [("id", "in", self._find_articles().ids)],
            "context": {
                "service_ticket_id": self.id,
                "default_name": self.name,
                "default_body": self.resolution,
                "default_company_id": self.company_id.id,
                "default_category_ids": self.category_id.ids,
                "default_product_tmpl_ids": self.product_id.product_tmpl_id.ids,
            },
        }

    def _get_composer(self, body):
        """Odoo's own composer, with a text, to the customer."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "mail.compose.message",
            "name": self.env._("Answer"),
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_model": self._name,
                "default_res_ids": self.ids,
                "default_composition_mode": "comment",
                "default_partner_ids": self.partner_id.ids,
                "default_body": body,
                "clicked_on_full_composer": True,
            },
        }
