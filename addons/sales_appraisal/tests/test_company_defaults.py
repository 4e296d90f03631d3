"""Each company begins with templates, boards and rules of its own, in its languages."""

from unittest.mock import patch

from lxml import etree

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.modules import module
from odoo.modules.module import Manifest
from odoo.tests import new_test_user, tagged
from odoo.tools import file_open
from odoo.tools.convert import convert_file

from odoo.addons.sales_force.tests.common import SalesForceCase

from ..models.company_defaults import ADDON, FILES, MODELS, _name, _read

# What only the system reads, or what is a mark and no word.
NO_WORDS = {
    ("ir.cron", "code"),
    ("mail.activity.type", "icon"),
    ("mail.activity.type", "res_model"),
    ("hr.skill.level", "name"),
    ("ir.sequence", "name"),
    ("ir.sequence", "code"),
    ("ir.sequence", "prefix"),
}


@tagged("post_install", "-at_install")
class TestCompanyDefaults(SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.nodes = _read()
        cls.new = cls.env["res.company"].create({"name": "New"})

    def _of(self, name, company=None):
        """:return: the record of a company; nothing where it was deleted"""
        company = company or self.new
        name = name if company == self.env.company else _name(name, company)
        return self.env.ref(f"{ADDON}.{name}", raise_if_not_found=False)

    def _count(self, company):
        return {
            model: self.env[model]
            .with_context(active_test=False)
            .search_count([("company_id", "=", company.id)])
            for model in MODELS
        }

    def test_as_the_first(self):
        """Field by field as the first company's; what they point to is the own one."""
        names = {node.get("id") for node in self.nodes}
        self.assertGreater(len(names), 15)
        for node in self.nodes:
            first = self._of(node.get("id"), self.env.company)
            other = self._of(node.get("id"))
            self.assertEqual(other.company_id, self.new, other)
            self.assertEqual(first.company_id, self.env.company, first)
            for field in node.iter("field"):
                name, ref = field.get("name"), field.get("ref")
                if name == "point_ids":
                    points = [record.point_ids.mapped("x") for record in (first, other)]
                    self.assertEqual(*points)
                    self.assertTrue(points[0])
                elif ref in names:
                    self.assertEqual(other[name], self._of(ref))
                else:
                    self.assertEqual(first[name], other[name], (node.get("id"), name))
        self.assertTrue(all(self._count(self.new).values()))

    def test_they_work(self):
        """A director of the new company publishes them and reads a board."""
        director = new_test_user(
            self.env,
            "new_director",
            "sales_force.group_sales_director",
            company_id=self.new.id,
            company_ids=[Command.set(self.new.ids)],
        )
        self._of("sales_scorecard_template_monthly").with_user(
            director
        ).action_publish()
        for node in self.nodes:
            if node.get("model") == "sales.consequence.rule":
                self._of(node.get("id")).with_user(director).action_publish()
            if node.get("model") == "sales.leaderboard":
                board = self._of(node.get("id")).with_user(director)
                self.assertEqual(board.get_standings()["groups"], [])
        self.env["sales.badge.rule"]._cron_award()

    def test_whoever_creates_it(self):
        """Who may create a company needs no role of ours."""
        user = new_test_user(
            self.env, "erp", "base.group_erp_manager,base.group_partner_manager"
        )
        company = self.env["res.company"].with_user(user).create({"name": "By Erp"})
        self.assertEqual(self._count(company), self._count(self.new))

    def test_whatever_the_context(self):
        """Defaults of a form in which a company is created are not for its records."""
        companies = self.env["res.company"].with_context(default_role="leader")
        company = companies.create({"name": "In a Form"})
        template = self._of("sales_scorecard_template_monthly", company)
        self.assertEqual(template.role, "all")

    def test_what_is_shared_was_deleted(self):
        """A company is created all the same; what needs it is left out."""
        badge = self.env.ref("sales_appraisal.badge_first")
        self.env["sales.badge.rule"].search([("badge_id", "=", badge.id)]).unlink()
        badge.unlink()
        with self.assertLogs("odoo.tools.convert", "WARNING"):
            company = self.env["res.company"].create({"name": "Without"})
        expected = self._count(self.env.company)
        self.assertEqual(self._count(company), expected)
        self.assertGreater(expected["sales.badge.rule"], 0)

    def test_company_is_deleted(self):
        """One made by mistake goes, with all that it began with."""
        user = new_test_user(
            self.env, "erp", "base.group_erp_manager,base.group_partner_manager"
        )
        # In tests Odoo gives a company a warehouse, which would keep it.
        with patch.object(module, "current_test", None):
            company = self.env["res.company"].create({"name": "Mistake"})
        self._of("sales_leaderboard_discipline", company).active = False
        id_ = company.id
        company.with_user(user).unlink()
        self.assertFalse(company.exists())
        self.assertFalse(
            self.env["ir.model.data"].search([("name", "=like", f"%_company_{id_}")])
        )

    def test_company_in_use_stays(self):
        self._of("sales_scorecard_template_monthly").action_publish()
        with self.assertRaises(UserError):
            self.new.unlink()

    def test_once(self):
        before = self._count(self.new)
        self._of("sales_leaderboard_discipline").unlink()
        self._of("sales_leaderboard_attainment").active = False
        self._of("sales_consequence_rule_salary").name = "Ours"
        create = self.env["res.company"]._create_missing_appraisal_defaults
        create()
        before["sales.leaderboard"] -= 1
        self.assertEqual(self._count(self.new), before)
        self.assertFalse(self._of("sales_leaderboard_attainment").active)
        self.assertEqual(self._of("sales_consequence_rule_salary").name, "Ours")

    def test_older_than_the_app(self):
        """A company that is there when the app is installed, or in the archive."""
        expected = self._count(self.new)
        for model in reversed(MODELS):
            # The boards of badge rules come after them.
            self.env[model].search([("company_id", "=", self.new.id)]).unlink()
        self.new.write({"sales_has_appraisal_defaults": False, "active": False})
        self.assertFalse(any(self._count(self.new).values()))
        first = self._count(self.env.company)
        self.env["res.company"]._create_missing_appraisal_defaults()
        self.assertEqual(self._count(self.new), expected)
        self.assertEqual(self._count(self.env.company), first)

    def test_upgrade_of_the_first(self):
        """What the first company deleted or changed stays so with an upgrade."""
        self._of("sales_leaderboard_discipline", self.env.company).unlink()
        self._of("sales_scorecard_template_line_training", self.env.company).unlink()
        self.env.ref("sales_appraisal.sales_observation_item_close").unlink()
        self.env.ref("sales_appraisal.sales_feedback_question_change").unlink()
        board = self._of("sales_leaderboard_attainment", self.env.company)
        board.write({"name": "Ours", "active": False})
        before = self._count(self.env.company)
        for path in Manifest.for_addon(ADDON)["data"]:
            if path.startswith("data/sales_"):
                convert_file(self.env, ADDON, path, {}, mode="update", noupdate=True)
        self.assertEqual(self._count(self.env.company), before)
        self.assertEqual((board.name, board.active), ("Ours", False))
        for name in ("observation_item_close", "feedback_question_change"):
            self.assertFalse(
                self.env.ref(f"sales_appraisal.sales_{name}", raise_if_not_found=False)
            )

    def _data(self):
        """``(path, record's element)`` of all data of the app."""
        for path in Manifest.for_addon(ADDON)["data"]:
            if path.startswith("data/"):
                with file_open(f"{ADDON}/{path}", "rb") as file:
                    for node in etree.parse(file).iter("record"):
                        yield path, node

    def test_all_are_covered(self):
        """Whatever has to belong to a company is created for each, with its parts."""
        names = {node.get("id") for node in self.nodes}
        for path, node in self._data():
            company = self.env[node.get("model")]._fields.get("company_id")
            refs = {field.get("ref") for field in node.iter("field")}
            if (company and company.required) or refs & names:
                self.assertIn(node.get("model"), MODELS)
                self.assertIn(path, FILES)

    def test_words_are_translated(self):
        """Whatever people read of the data is translatable."""
        for _path, node in self._data():
            model = self.env[node.get("model")]
            for element in node.findall("field"):
                field = model._fields[element.get("name")]
                if field.type not in ("char", "text", "html") or element.get("eval"):
                    continue
                if field.inherited or (model._name, field.name) in NO_WORDS:
                    continue
                self.assertTrue(field.translate, (model._name, field.name))

    def test_language_comes_later(self):
        """Chinese is activated when the companies exist already, or before."""
        self.env["res.lang"]._activate_lang("zh_CN")
        self.env["ir.module.module"]._load_module_terms([ADDON], ["zh_CN"])
        after = self.env["res.company"].create({"name": "After"})
        words = 0
        for node in self.nodes:
            first = self._of(node.get("id"), self.env.company)
            for element in node.iter("field"):
                name = element.get("name")
                if not first._fields[name].translate:
                    continue
                chinese = first.with_context(lang="zh_CN")[name]
                self.assertNotEqual(chinese, first.with_context(lang="en_US")[name])
                words += 1
                for company in (self.new, after):
                    other = self._of(node.get("id"), company)
                    self.assertEqual(other.with_context(lang="zh_CN")[name], chinese)
                    self.assertEqual(
                        other.with_context(lang="en_US")[name],
                        first.with_context(lang="en_US")[name],
                    )
        self.assertGreater(words, 15)
        # What belongs to all companies, too.
        for name in (
            "sales_coaching_rule_target",
            "sales_conduct_category_results",
            "sales_observation_item_needs",
            "badge_first",
        ):
            record = self.env.ref(f"{ADDON}.{name}")
            self.assertNotEqual(
                record.with_context(lang="zh_CN").name,
                record.with_context(lang="en_US").name,
            )

    def test_own_words_stay(self):
        """A company's own words are not written over by a language's."""
        self.env["res.lang"]._activate_lang("zh_CN")
        board = self._of("sales_leaderboard_collected").with_context(lang="zh_CN")
        board.name = "我们的榜"
        self.env["ir.module.module"]._load_module_terms([ADDON], ["zh_CN"])
        self.assertEqual(board.name, "我们的榜")
