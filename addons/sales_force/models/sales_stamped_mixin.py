from odoo import api, models
from odoo.exceptions import UserError

from ..wording import listed

# How the fields begin that Odoo's own tools write on a document.
TOOLS = ("message_", "activity_", "website_message_ids", "rating_ids", "my_activity_")
# What is said of many documents names so many of them.
NAMED = 10


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
            # sudo: the name of the model, for the message
            model = self.env["ir.model"]._get(self._name).sudo()
            raise UserError(
                self.env._(
                    "%(document)s: “%(fields)s” is set by the system, not by hand.",
                    document=model.name,
                    fields=listed(
                        self.env, (fields[name]["string"] for name in sorted(fields))
                    ),
                )
            )

    def _check_state(self, *states):
        """Of documents with a ``state``.

        :raise UserError: naming those in another state
        """
        self._refuse(
            [one._describe_state(*states) for one in self if one.state not in states]
        )

    def _describe_state(self, *states):
        """That a document is not in one of these states."""
        labels = dict(self._fields["state"]._description_selection(self.env))
        return self.env._(
            "%(document)s is “%(state)s”: this is for “%(states)s”.",
            document=self.display_name,
            state=labels[self.state],
            states=listed(self.env, (labels[state] for state in states)),
        )

    def _refuse(self, reasons, error=UserError):
        """Nothing is done where it cannot be done for all of the documents.

        :param list reasons: a line for each document in the way, naming it
        """
        if reasons:
            raise error(self._join_reasons(reasons))

    def _join_reasons(self, reasons):
        """A line for each document, of many of the first."""
        more = len(reasons) - NAMED
        shown = reasons[:NAMED]
        if more > 0:
            shown.append(self.env._("… and %(count)s more.", count=more))
        return "\n".join(shown)
