from odoo import api, models
from odoo.exceptions import UserError


class SalesStampedMixin(models.AbstractModel):
    """A document with fields that only its own actions write, with ``sudo``.

    Every public method and field is reachable over RPC; who checked in when, who
    decided and what state that led to must not be.
    """

    _name = "sales.stamped.mixin"
    _description = "Document Stamped by Its Actions"

    # Names of the fields.
    _sales_stamped = frozenset()

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._refuse_stamped(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._refuse_stamped(vals)
        return super().write(vals)

    def _refuse_stamped(self, vals):
        """:raise UserError: naming the fields that are not written by hand"""
        names = self._sales_stamped & vals.keys()
        if names and not self.env.su:
            fields = self.fields_get(names, ["string"])
            raise UserError(
                self.env._(
                    "%(document)s: “%(fields)s” is set by the document's own buttons.",
                    document=self.env["ir.model"]._get(self._name).sudo().name,
                    fields=", ".join(fields[name]["string"] for name in sorted(fields)),
                )
            )
