from odoo import api, models
from odoo.exceptions import UserError


class SalesStampedMixin(models.AbstractModel):
    """A document with fields that only its own actions write, with ``sudo``.

    Every public method and field is reachable over RPC; who checked in when, who
    decided and what state that led to must not be. Neither must what is derived and
    stored, which Odoo itself lets anybody write who may write the record: rules and
    figures hang on whose record it is.
    """

    _name = "sales.stamped.mixin"
    _description = "Document Stamped by Its Actions"

    # Names of the fields; those that are derived and read-only are stamped anyway.
    _sales_stamped = frozenset()

    @api.model
    def default_get(self, fields):
        """What is stamped begins as the model says, whatever default is asked for."""
        stamped = set(filter(self._is_stamped, fields))
        defaults = super().default_get([name for name in fields if name not in stamped])
        for name in stamped:
            field = self._fields[name]
            if field.default:
                defaults[name] = field.convert_to_write(field.default(self), self)
        return defaults

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._refuse_stamped(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._refuse_stamped(vals)
        return super().write(vals)

    def _is_stamped(self, name):
        field = self._fields.get(name)
        return name in self._sales_stamped or bool(
            field and field.store and field.compute and field.readonly
        )

    def _refuse_stamped(self, vals):
        """:raise UserError: naming the fields that are not written by hand"""
        if self.env.su:
            return
        names = list(filter(self._is_stamped, vals))
        if names:
            fields = self.fields_get(names, ["string"])
            raise UserError(
                self.env._(
                    "%(document)s: “%(fields)s” is set by the system, not by hand.",
                    document=self.env["ir.model"]._get(self._name).sudo().name,
                    fields=", ".join(fields[name]["string"] for name in sorted(fields)),
                )
            )
