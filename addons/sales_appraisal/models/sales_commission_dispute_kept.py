from collections import defaultdict
from fractions import Fraction
from typing import NamedTuple

from odoo import models

from ..commission import lost, refunded, unpaid
from ..commission.disputed import Part
from .sales_commission_dispute import line_of


class Piece(NamedTuple):
    """A line of an invoice, or a line of a credit note on it."""

    rule: models.Model  # that has paid for it, or takes it back
    scope: int
    line: int
    before: Fraction = Fraction(0)
    upto: Fraction = Fraction(1)


class SalesCommissionDispute(models.Model):
    """What was decided is taken back as what it is about is: for credit notes, until
    bills are paid, and while customers are lost."""

    _inherit = "sales.commission.dispute"

    def _read_parts(self, until):
        """What there is of the lines that decisions are about, see ``disputed.kept``.

        :param until: the last day of what is settled
        :return: ``{dispute: [Part]}``; none where customers are lost
        """
        pieces = {
            one: [Piece(one.rule_id, one.scope_id, line_of(one))]
            for one in self
            if one.scope_id
        }
        documents = self.browse(one.id for one in pieces)
        rules = self.plan_id._get_live_versions().rule_ids
        for rule in rules.filtered(lambda one: one.refund == "paid"):
            documents._add_credited(rule, until, pieces)
        collected = self._read_collected(pieces, until)
        parts = {
            one: [
                Part(piece.before, piece.upto, collected.get(piece, Fraction(1)))
                for piece in pieces.get(one, [Piece(one.rule_id, 0, 0)])
            ]
            for one in self
        }
        for rule in rules.filtered("lost_months"):
            for one in documents._get_of_lost(rule, until, pieces):
                parts[one] = []
        return parts

    def _add_credited(self, rule, until, pieces):
        """Add lines of credit notes that a rule takes back."""
        continued = rule._get_continued()
        by_line = self.filtered(lambda one: one.rule_id in continued).grouped(
            lambda one: (one.scope_id, line_of(one))
        )
        if not by_line:
            return
        scopes = {scope for scope, _line in by_line}
        query = refunded.shares(scopes, rule.metric_id.id, rule._get_source())
        for scope, of, invoiced_on, *row, value, spread in self.env.execute_query(
            query
        ):
            note, line, day, before, upto = row
            start, _stop = rule.plan_id._get_bounds(day)
            if (
                invoiced_on < start
                and day <= until
                and rule.plan_id._pays(start)
                and (rule._spreads_refunds() or not spread)
            ):
                shares = [Fraction(x) / Fraction(value) for x in (before, upto)]
                for one in by_line.get((scope, of), ()):
                    pieces[one].append(Piece(rule, note, line, *shares))

    def _read_collected(self, pieces, until):
        """Of what is taken back until it is paid, how much is: ``{piece: share}``."""
        due = {
            piece
            for found in pieces.values()
            for piece in found
            if piece.rule.unpaid == "back"
        }
        if not due:
            return {}
        by_line = defaultdict(list)
        for piece in due:
            by_line[piece.line].append(piece)
        metrics = map(self.rule_id._get_metric, ("COLLECTED", "BILLED", "DUE"))
        query = unpaid.shares({piece.scope for piece in due}, until, *metrics)
        return {
            piece: Fraction(collected) / Fraction(billed)
            for line, day, collected, billed in self.env.execute_query(query)
            for piece in by_line[line]
            if (until - day).days >= piece.rule.unpaid_days
        }

    def _get_of_lost(self, rule, until, pieces):
        """Those whose documents a rule pays nothing for: their customers are lost."""
        family = rule._get_family()
        mine = self.filtered(lambda one: one.rule_id in family)
        if not mine:
            return mine
        found = set(
            self.env.execute_query(
                lost.documents(until, mine.partner_id.ids, **rule._get_lost_terms())
            )
        )
        return mine.filtered(
            lambda one: any(
                (one.rep_id.id, piece.scope) in found for piece in pieces[one]
            )
        )
