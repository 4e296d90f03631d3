from collections import defaultdict

from odoo import fields, models


class SalesCommissionRule(models.Model):
    _inherit = "sales.commission.rule"

    def _get_notes(self, start, stop, rep_ids):
        """What reps should know about a period: ``{rep's id: [sentence]}``."""
        notes = defaultdict(list)
        if self.table == "attainment" and rep_ids:
            members = [(rep, start, stop) for rep in rep_ids]
            goals = self._read_goals(start, stop, members)
            for rep in rep_ids:
                if not goals.get(rep):
                    notes[rep].append(
                        self.env._(
                            "%(rule)s: there is no target of %(metric)s in the period, "
                            "so nothing is paid by its attainment.",
                            rule=self.name,
                            metric=self._get_attained().name,
                        )
                    )
        return notes


class SalesCommissionStatement(models.Model):
    """What a statement waits for, or cannot pay, in sentences."""

    _inherit = "sales.commission.statement"

    rule_notes = fields.Text("Good to Know", compute="_compute_rule_notes")

    def _compute_rule_notes(self):
        self.rule_notes = False
        for (plan, start, stop), statements in self.grouped(
            lambda one: (one.plan_id, one.date_from, one.date_to)
        ).items():
            # sudo: whoever reads the statement may know what its rules wait for; who
            # reads it is said no figure of targets or cards
            rules = plan.sudo().rule_ids
            sentences = defaultdict(list)
            for rule in rules:
                notes = rule._get_notes(start, stop, statements.rep_id.ids)
                for rep, found in notes.items():
                    sentences[rep] += found
            for statement in statements:
                statement.rule_notes = "\n".join(sentences[statement.rep_id.id])
