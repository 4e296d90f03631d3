"""Figures whose reader decides what they are: who is appraised reads the judgement when
it is confirmed, not while managers still make up their minds.

The stored value is the true one, for the system and for who appraises. To the one who
is appraised it does not exist before: not in forms, exports and reports, which read
fields, nor in what is searched, sorted and grouped, which is SQL.
"""

from odoo import fields, models
from odoo.tools import SQL


class _Provisional:
    """Of a field: reads as the model's ``_get_shown`` says while it is withheld."""

    def __get__(self, record, owner=None):
        value = super().__get__(record, owner)
        if record is None or record.env.su or not record._withholds(self.name):
            return value
        shown = record._get_shown(self.name)
        return super().__get__(record.browse(), owner) if shown is None else shown

    def to_sql(self, model, alias):
        column = super().to_sql(model, alias)
        if model.env.su:
            return column
        return SQL(
            "CASE WHEN %s THEN %s ELSE %s END",
            model._withholds_sql(self.name, alias),
            model._get_shown_sql(self.name, alias),
            column,
        )


class ProvisionalBoolean(_Provisional, fields.Boolean):
    pass


class ProvisionalChar(_Provisional, fields.Char):
    pass


class ProvisionalFloat(_Provisional, fields.Float):
    pass


class ProvisionalJson(_Provisional, fields.Json):
    pass


class ProvisionalMany2one(_Provisional, fields.Many2one):
    def __get__(self, record, owner=None):
        if record is None or record.env.su or len(record) <= 1:
            return super().__get__(record, owner)
        values = (self.__get__(one) for one in record)
        return record.env[self.comodel_name].union(*values)


class ProvisionalSelection(_Provisional, fields.Selection):
    pass


class ProvisionalText(_Provisional, fields.Text):
    pass


class SalesProvisionalMixin(models.AbstractModel):
    """A document with provisional fields."""

    _name = "sales.provisional.mixin"
    _description = "Document with Provisional Figures"

    def _withholds(self, name):
        """Whether the reader does not see a provisional field of this record yet."""
        raise NotImplementedError

    def _withholds_sql(self, name, alias):
        """The same as a condition."""
        raise NotImplementedError

    def _get_shown(self, name):
        """What is read instead; None: the field reads as empty."""
        return None

    def _get_shown_sql(self, name, alias):
        return SQL("NULL")

    def _fetch_query(self, query, fields):
        # What is fetched is cached for every reader: the true values. Which records
        # the query finds, in which order, and what is behind them, is the reader's.
        columns = [field for field in fields if field.column_type]
        if self.env.su or not columns:
            return super()._fetch_query(query, fields)
        # sudo: the values of records that the query, made by the reader's rules, finds
        system = super(SalesProvisionalMixin, self.sudo())
        fetched = system._fetch_query(query, columns).with_env(self.env)
        for field in fields:
            if fetched and not field.column_type:
                field.read(fetched)
        return fetched
