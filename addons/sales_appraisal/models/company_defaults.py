"""What each company begins with: records of its own, the same for all.

The first company has those of the data files. For another one the files are read
again, and what belongs to a company is created under names of its own, by which a
language that is activated later finds it. Only once: what a company deletes stays so.

Addons that appraisal does not know register files of their own: they are read for the
first company too, when the later one of both is installed.
"""

from lxml import etree

from odoo import SUPERUSER_ID, api, fields, models
from odoo.tools import clean_context, file_open
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


def _read(files=tuple((ADDON, path) for path in FILES)):
    """Elements of the records that belong to a company, in the order of the files.

    :param files: ``(addon, path)``
    """
    found = []
    for addon, path in files:
        with file_open(f"{addon}/{path}", "rb") as file:
            root = etree.parse(file, etree.XMLParser(remove_comments=True)).getroot()
        found += [node for node in root.iter("record") if node.get("model") in MODELS]
    return found


def _name(name, company):
    """What a record of the first company is called for a company."""
    first = company.env.ref("base.main_company", raise_if_not_found=False)
    return name if company == first else f"{name}_company_{company.id}"


class ResCompany(models.Model):
    _inherit = "res.company"

    sales_has_appraisal_defaults = fields.Boolean(
        "Appraisal Is Prepared",
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

    def unlink(self):
        """With what they began with, unless it is in use."""
        self.check_access("unlink")
        # sudo: it is nothing without the company, whoever deletes that
        env = self.sudo().with_context(active_test=False).env
        for model in reversed(MODELS):
            env[model].search([("company_id", "in", self.ids)]).unlink()
        return super().unlink()

    @api.model
    def _get_appraisal_files(self):
        own = [(ADDON, path) for path in FILES]
        return [*own, *super()._get_appraisal_files()]

    @api.model
    def _get_appraisal_addons(self):
        """Those with files, appraisal first."""
        return dict.fromkeys(addon for addon, _path in self._get_appraisal_files())

    @api.model
    def _create_missing_appraisal_defaults(self):
        """Of companies older than the app; the one of its data files has its own."""
        first = self.env.company
        if not first.sales_has_appraisal_defaults:
            first._create_appraisal_defaults(
                [one for one in self._get_appraisal_addons() if one != ADDON]
            )
        self.with_context(active_test=False).search(
            [("sales_has_appraisal_defaults", "=", False)]
        )._create_appraisal_defaults()

    @api.model
    def _make_appraisal_defaults(self, addon):
        """For the companies that have those of the addons that were there before."""
        super()._make_appraisal_defaults(addon)
        names = [node.get("id") for node in self._read_appraisal_files(addon)]
        self.with_context(active_test=False).search(
            [("sales_has_appraisal_defaults", "=", True)]
        ).filtered(
            lambda company: (
                not any(
                    self.env.ref(f"{addon}.{_name(name, company)}", False)
                    for name in names
                )
            )
        )._create_appraisal_defaults([addon])

    def _create_appraisal_defaults(self, addons=None):
        """:param addons: only what these have; by default all of them"""
        addons = self._get_appraisal_addons() if addons is None else addons
        for company in self:
            for addon in addons:
                company._load_appraisal_defaults(addon)
        self.sales_has_appraisal_defaults = True
        langs = [code for code, _label in self.env["res.lang"].get_installed()]
        self._translate_appraisal_defaults(addons, langs)

    def _read_appraisal_files(self, addon):
        return _read([one for one in self._get_appraisal_files() if one[0] == addon])

    def _load_appraisal_defaults(self, addon):
        """As the data files of an addon are loaded, for a company of its own."""
        nodes = self._read_appraisal_files(addon)
        names = {node.get("id") for node in nodes}
        root = etree.Element("odoo", noupdate="1")
        for node in nodes:
            node.set("id", _name(node.get("id"), self))
            for field in node.iter("field"):
                if field.get("ref") in names:
                    field.set("ref", _name(field.get("ref"), self))
            root.append(node)
        env = self.with_user(SUPERUSER_ID).with_company(self).env
        # Defaults are for the company that is created, and none of its records.
        env = env(context={**clean_context(env.context), **QUIET})
        xml_import(env, addon, {}, "init", noupdate=True).parse(root)

    def _translate_appraisal_defaults(self, addons, langs, overwrite=False):
        """With the translations of what the first company has.

        :param addons: whose records
        :param langs: codes of active languages
        """
        if not self:
            return
        importer = TranslationImporter(self.env.cr, verbose=False)
        for addon in addons:
            nodes = self._read_appraisal_files(addon)
            names = {f"{addon}.{node.get('id')}" for node in nodes}
            for lang in langs:
                for path in get_po_paths(addon, lang):
                    importer.load_file(path, lang, xmlids=names)
        for translated in importer.model_translations.values():
            for name, known in translated.items():
                translated[name] = {
                    _name(xml_id, company): values
                    for xml_id, values in known.items()
                    for company in self
                }
        importer.save(overwrite)


class IrModuleModule(models.Model):
    _inherit = "ir.module.module"

    @api.model
    def _load_module_terms(self, modules, langs, overwrite=False):
        result = super()._load_module_terms(modules, langs, overwrite=overwrite)
        # sudo: what each company begins with, whoever adds a language
        companies = self.env["res.company"].sudo().with_context(active_test=False)
        addons = [one for one in companies._get_appraisal_addons() if one in modules]
        if addons:
            companies.search([])._translate_appraisal_defaults(addons, langs, overwrite)
        return result
