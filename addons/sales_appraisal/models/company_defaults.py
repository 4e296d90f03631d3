"""What each company begins with: records of its own, the same for all.

The first company has those of the data files. For another one the files are read
again, and what belongs to a company is created under names of its own, by which a
language that is activated later finds it. Only once: what a company deletes stays so.
"""

from lxml import etree

from odoo import SUPERUSER_ID, api, fields, models
from odoo.tools import file_open
from odoo.tools.convert import xml_import
from odoo.tools.translate import TranslationImporter, get_po_paths

from .sales_scorecard_opening import QUIET

ADDON = "sales_appraisal"
FILES = (
    "data/sales_scorecard_data.xml",
    "data/sales_consequence_data.xml",
    "data/sales_leaderboard_data.xml",
    "data/sales_badge_data.xml",
)
# Of these files, what belongs to a company.
MODELS = (
    "sales.scorecard.template",
    "sales.scorecard.template.line",
    "sales.consequence.rule",
    "sales.leaderboard",
    "sales.badge.rule",
)


def _read():
    """Elements of the records that belong to a company, in the order of the files."""
    found = []
    for path in FILES:
        with file_open(f"{ADDON}/{path}", "rb") as file:
            root = etree.parse(file, etree.XMLParser(remove_comments=True)).getroot()
        found += [node for node in root.iter("record") if node.get("model") in MODELS]
    return found


def _name(name, company):
    """What a record of the first company is called for another one."""
    return f"{name}_company_{company.id}"


class ResCompany(models.Model):
    _inherit = "res.company"

    sales_has_appraisal_defaults = fields.Boolean(
        readonly=True,
        copy=False,
        help="The templates, boards and rules that a company begins with were created.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        # sudo: what each company begins with, whoever creates it
        companies.sudo()._create_appraisal_defaults()
        return companies

    @api.model
    def _create_missing_appraisal_defaults(self):
        """Of companies older than the app; the one of its data files has them."""
        self.env.company.sales_has_appraisal_defaults = True
        self.with_context(active_test=False).search(
            [("sales_has_appraisal_defaults", "=", False)]
        )._create_appraisal_defaults()

    def _create_appraisal_defaults(self):
        for company in self:
            company._load_appraisal_defaults()
        self.sales_has_appraisal_defaults = True
        langs = [code for code, _label in self.env["res.lang"].get_installed()]
        self._translate_appraisal_defaults(langs)

    def _load_appraisal_defaults(self):
        """As the data files of the app are loaded, for a company of its own."""
        nodes = _read()
        names = {node.get("id") for node in nodes}
        root = etree.Element("odoo", noupdate="1")
        for node in nodes:
            node.set("id", _name(node.get("id"), self))
            for field in node.iter("field"):
                if field.get("ref") in names:
                    field.set("ref", _name(field.get("ref"), self))
            root.append(node)
        env = self.with_user(SUPERUSER_ID).with_company(self).env
        env = env(context={**env.context, **QUIET})
        xml_import(env, ADDON, {}, "init", noupdate=True).parse(root)

    def _translate_appraisal_defaults(self, langs, overwrite=False):
        """With the translations of what the first company has.

        :param langs: codes of active languages
        """
        names = {f"{ADDON}.{node.get('id')}" for node in _read()}
        importer = TranslationImporter(self.env.cr, verbose=False)
        for lang in langs:
            for path in get_po_paths(ADDON, lang):
                importer.load_file(path, lang, xmlids=names)
        for translated in importer.model_translations.values():
            for name, known in translated.items():
                translated[name] = {
                    _name(xml_id, company): values
                    for xml_id, values in known.items()
                    for company in self
                }
        if self:
            importer.save(overwrite)


class IrModuleModule(models.Model):
    _inherit = "ir.module.module"

    @api.model
    def _load_module_terms(self, modules, langs, overwrite=False):
        result = super()._load_module_terms(modules, langs, overwrite=overwrite)
        if ADDON in modules:
            # sudo: what each company begins with, whoever adds a language
            companies = self.env["res.company"].sudo().with_context(active_test=False)
            companies.search([])._translate_appraisal_defaults(langs, overwrite)
        return result
