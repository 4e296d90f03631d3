from odoo import api, models


class SalesServiceFormMixin(models.AbstractModel):
    """What has ``properties`` by the form of its category.

    It has a field ``form_version_id`` that is computed here.
    """

    _name = "sales.service.form.mixin"
    _description = "Asked by a Service Form"

    @api.depends("category_id")
    def _compute_form_version_id(self):
        of_category = self.category_id._origin._get_forms()
        for one in self:
            version = of_category.get(one.category_id._origin)
            own = one._origin.form_version_id
            # The same form, written again: another version of it is for new ones.
            is_own = version and own.category_id == version.category_id
            one.form_version_id = own if is_own else version

    def onchange(self, values, field_names, fields_spec):
        """With the questions of another form: Odoo tells values that differ only."""
        result = super().onchange(values, field_names, fields_spec)
        changed = result.get("value", {})
        if "form_version_id" in changed and "properties" in fields_spec:
            version = changed["form_version_id"]
            if isinstance(version, dict):
                version = version["id"]
            # sudo: who chooses a category is asked its questions
            versions = self.env["sales.service.form.version"].sudo()
            changed.setdefault("properties", versions.browse(version or []).definition)
        return result
