"""What is known, who writes and reads it, and what it saved."""

from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import ServiceCase
from .test_portal import PortalCase


def make_articles(case):
    """By name: published ones of the category, the product, words; and a draft."""
    kinds = {
        "category": {"name": "Hose", "category_ids": [Command.set(case.category.ids)]},
        "product": {
            "name": "Valve",
            "product_tmpl_ids": [Command.set(case.product.product_tmpl_id.ids)],
        },
        "words": {"name": "Tap drips", "keywords": "leaks"},
        # Has a part of a word in common, no word.
        "other": {"name": "Pumpkins"},
        "draft": {"name": "Pump leaks"},
    }
    articles = {
        kind: case.env["sales.service.article"].create(
            {"body": f"<p>How {kind}</p>", "is_portal": kind != "words", **vals}
        )
        for kind, vals in kinds.items()
    }
    for kind, article in articles.items():
        if kind != "draft":
            article.action_publish()
    return articles


@tagged("post_install", "-at_install")
class TestArticle(ServiceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["sales.service.article"].search(
            [("state", "=", "published")]
        ).action_outdate()
        cls.articles = make_articles(cls)
        cls.ticket = cls._ticket("agent", product_id=cls.product.id)

    def _kinds(self, found):
        return [
            next(kind for kind, one in self.articles.items() if one == article)
            for article in found
        ]

    def test_find(self):
        """The product before the category before words; nothing that is no help."""
        ticket = self._as("agent", self.ticket)
        self.assertEqual(
            self._kinds(ticket._find_articles()), ["product", "category", "words"]
        )
        self.assertEqual(ticket.article_count, 3)
        below = self.env["sales.service.category"].create(
            {"name": "Seal", "company_id": self.company.id}
        )
        below.parent_id = self.category
        ticket = self._ticket(
            "agent", category_id=below.id, team_id=self.team.id, name="?"
        )
        self.assertEqual(self._kinds(ticket._find_articles()), ["category"])
        self.articles["category"].action_outdate()
        self.assertFalse(ticket._find_articles())
        self.assertFalse(
            self._ticket("agent", name="", category_id=False)._find_articles()
        )

    def test_order_by_use(self):
        """Of equals what solved more comes first."""
        other = self.articles["category"].copy({"name": "Ring"})
        other.action_publish()
        self.articles["category"].action_solved(self.ticket.id)
        plain = self._ticket("agent", name="?")
        self.assertEqual(plain._find_articles(), self.articles["category"] + other)

    def test_solved_once(self):
        """A ticket counts once, whoever says so and how often."""
        article = self.articles["product"]
        for name in ("agent", "agent", "service_manager"):
            self._as(name, article).with_context(
                service_ticket_id=self.ticket.id
            ).action_solved()
        self.assertEqual(article.solved_count, 1)
        use = self.ticket.solved_article_ids
        self.assertEqual(
            (use.user_id, use.article_id, use.company_id),
            (self.users["agent"], article, self.company),
        )
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            use.copy()
        for ticket in (
            self._ticket("colleague"),
            self._ticket("stranger", team_id=self.other_team.id, category_id=False),
        ):
            with self.assertRaises(AccessError):
                self._as("agent", article).action_solved(ticket.id)
        with self.assertRaises(UserError):
            self._as("agent", article).action_solved()
        with self.assertRaises(UserError):
            self.articles["draft"].action_solved(self.ticket.id)

    def test_send(self):
        """The composer opens with the text and the customer; never with what is
        for agents only."""
        ticket, article = self._as("agent", self.ticket), self.articles["product"]
        action = self._as("agent", article).action_send(ticket.id)
        composer = (
            self.env["mail.compose.message"]
            .with_user(self.users["agent"])
            .with_context(action["context"])
            .create({})
        )
        self.assertIn("How product", composer.body)
        self.assertEqual(composer.partner_ids, self.partner)
        composer.action_send_mail()
        self.assertIn("How product", ticket.message_ids[0].body)
        self.assertTrue(ticket.responded_at)
        with self.assertRaises(UserError):
            self._as("agent", self.articles["words"]).action_send(ticket.id)

    def test_versions(self):
        """A published text stays; the next version takes its place and its count."""
        article = self.articles["product"]
        article.action_solved(self.ticket.id)
        with self.assertRaises(UserError):
            article.body = "<p>Other</p>"
        with self.assertRaises(UserError):
            article.unlink()
        article.category_ids = self.category
        action = article.action_new_version()
        second = self.env["sales.service.article"].browse(action["res_id"])
        self.assertEqual((second.number, second.state), (2, "draft"))
        self.assertEqual(article.state, "published")
        second.body = "<p>Better</p>"
        second.action_publish()
        self.assertEqual((article.state, second.state), ("outdated", "published"))
        self.assertEqual((second.solved_count, article.solved_count), (1, 1))
        self.assertIn(second, self.ticket._find_articles())
        third = self.env["sales.service.article"].browse(
            second.action_new_version()["res_id"]
        )
        self.assertEqual((third.number, third.origin_id), (3, article))
        self.assertEqual(
            self.env["sales.service.article"].search(
                third.action_open_versions()["domain"]
            ),
            article + second + third,
        )
        # Of one article one version holds, also where two are published at once.
        fourth = self.env["sales.service.article"].browse(
            second.action_new_version()["res_id"]
        )
        with self.assertRaises(UserError):
            (third + fourth).action_publish()
        third.body = "<p><br></p>"
        with self.assertRaises(UserError):
            third.action_publish()

    def test_no_scripts(self):
        """Neither agent nor customer runs what somebody wrote into an article."""
        article = (
            self.env["sales.service.article"]
            .with_user(self.users["agent"])
            .create(
                {
                    "name": "<script>alert(1)</script>",
                    "body": '<p onclick="x()">So</p><script>x()</script>'
                    '<a href="javascript:x()">y</a><form action="/x"></form>'
                    '<img src="x" onerror="x()"><iframe src="/x"></iframe>'
                    '<svg onload="x()"></svg>',
                }
            )
        )
        for word in ("script", "onclick", "onerror", "onload", "form", "iframe"):
            self.assertNotIn(word, article.body)
        self.assertIn("So", article.body)

    def test_rights(self):
        """Agents write drafts and read what is published; managers publish."""
        mine = (
            self.env["sales.service.article"]
            .with_user(self.users["agent"])
            .create({"name": "Mine", "body": "<p>So</p>"})
        )
        mine.keywords = "so"
        with self.assertRaises(AccessError):
            mine.action_publish()
        for vals in ({"state": "published"}, {"number": 7}, {"origin_id": mine.id}):
            with self.assertRaises(UserError):
                mine.write(vals)
            with self.assertRaises(UserError):
                mine.create({"name": "Forged", **vals})
        published, draft = self.articles["product"], self.articles["draft"]
        foreign = self.env["sales.service.article"].create(
            {"name": "B", "company_id": self.company_b.id}
        )
        everything = {"read", "write", "create", "unlink"}
        for role, allowed in {
            "agent": {"mine": everything, "published": {"read"}},
            "colleague": {"published": {"read"}},
            "dispatcher": {"published": {"read"}},
            "service_manager": dict.fromkeys(
                ("mine", "published", "draft"), everything
            ),
            "rep": {"published": {"read"}},
            "leader": {"published": {"read"}},
            "director": {"published": {"read"}},
            "operations": {"published": {"read"}},
            "finance": {},
        }.items():
            for kind, article in {
                "mine": mine,
                "published": published,
                "draft": draft,
                "foreign": foreign,
            }.items():
                for operation in everything:
                    with self.subTest(role=role, kind=kind, operation=operation):
                        self.assertEqual(
                            self._as(role, article).has_access(operation),
                            operation in allowed.get(kind, ()),
                        )
        self._as("service_manager", mine).action_publish()
        with self.assertRaises(AccessError):
            mine.is_portal = True

    def test_uses_are_stamped(self):
        """Nobody writes what solved what; service managers read it."""
        use = self.articles["product"]._use(self.company, self.ticket)
        for role in ("agent", "dispatcher", "service_manager", "rep", "operations"):
            one = self._as(role, use)
            self.assertEqual(one.has_access("read"), role == "service_manager", role)
            for operation in ("write", "create", "unlink"):
                self.assertFalse(one.has_access(operation), role)

    def test_queries(self):
        """As many for many articles as for few."""
        ticket = self._as("agent", self.ticket)

        def count():
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            ticket._find_articles()
            return self.cr.sql_log_count - before

        count()
        few = count()
        for number in range(40):
            self.articles["category"].copy({"name": f"Hose {number}"}).action_publish()
        self.assertLessEqual(count(), few)


@tagged("post_install", "-at_install")
class TestPortalArticle(PortalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["sales.service.article"].search(
            [("state", "=", "published")]
        ).action_outdate()
        cls.articles = make_articles(cls)
        cls.use = cls.env["sales.service.article.use"]

    def _read(self, **query):
        return self.url_open("/my/tickets/articles", params=query)

    def test_suggested(self):
        """What fits the category or the words, and is for customers."""
        self._login("alpha")
        self.assertIn("o_service_articles", self.url_open("/my/tickets/new").text)
        page = self._read(category_id=self.category.id).text
        self.assertIn("How category", page)
        self.assertNotIn("How product", page)
        page = self._read(subject="the tap drips, a leak").text
        self.assertNotIn("How words", page)
        self.articles["words"].is_portal = True
        page = self._read(subject="the tap drips, a leak").text
        self.assertIn("How words", page)
        self.category.is_portal = False
        for query in (
            {"category_id": self.category.id},
            {"category_id": "x", "subject": "pump"},
            {},
        ):
            page = self._read(**query).text
            self.assertNotIn("How", page, query)

    def test_helped(self):
        """Counts once a day for each customer, and only what customers see."""
        self._login("alpha")
        tickets = self.env["sales.service.ticket"].search_count([])
        article = self.articles["category"]
        for _time in range(2):
            answer = self._post(f"/my/articles/{article.id}/helped")
            self.assertIn("We are glad", answer.text)
        self.assertEqual(article.deflected_count, 1)
        self.assertEqual(article.solved_count, 0)
        self._login("beta")
        self._post(f"/my/articles/{article.id}/helped")
        article.invalidate_recordset()
        self.assertEqual(article.deflected_count, 2)
        self.assertEqual(self.env["sales.service.ticket"].search_count([]), tickets)
        foreign = article.copy({"company_id": self.company_b.id, "category_ids": []})
        foreign.action_publish()
        count = self.use.search_count([])
        for hidden in (self.articles["words"], self.articles["draft"], foreign):
            answer = self._post(f"/my/articles/{hidden.id}/helped")
            self.assertNotIn("We are glad", answer.text)
        self.assertEqual(self.use.search_count([]), count)

    def test_not_without(self):
        """Neither without a login nor without the form."""
        article = self.articles["category"]
        self._login(None)
        self.assertIn("/web/login", self._read(subject="hose").url)
        self._post(f"/my/articles/{article.id}/helped")
        self._login("alpha")
        with mute_logger("odoo.http"):
            answer = self.url_open(
                f"/my/articles/{article.id}/helped", data={"csrf_token": "forged"}
            )
        self.assertEqual(answer.status_code, 400)
        self.assertFalse(article.deflected_count)
