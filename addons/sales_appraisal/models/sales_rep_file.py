from odoo import api, fields, models
from odoo.tools import SQL

from .sales_consequence_rule import EFFECTS

KINDS = [
    *EFFECTS,
    ("grade", "Career grade"),
    ("commendation", "Commendation"),
    ("violation", "Violation"),
]


class SalesRepFile(models.Model):
    """The file of a rep: career grades, what followed from scores, commendations and
    violations, by date. Derived from decided documents, which nobody changes."""

    _name = "sales.rep.file"
    _description = "File of a Rep"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "kind"

    date = fields.Date(readonly=True)
    rep_id = fields.Many2one("sales.rep", readonly=True)
    user_id = fields.Many2one("res.users", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    kind = fields.Selection(KINDS, readonly=True)
    decided_by_id = fields.Many2one("res.users", "Decided By", readonly=True)
    points = fields.Integer(readonly=True, help="Of conduct; 0 after a granted appeal.")
    res_model = fields.Char("Model", readonly=True)
    res_id = fields.Many2oneReference(
        "Document", model_field="res_model", readonly=True
    )
    title = fields.Char(compute="_compute_words")
    status = fields.Char(compute="_compute_words")
    reason = fields.Text(compute="_compute_words")

    @property
    def _table_query(self):
        """Promotions and cases that were made of a proposal are told by the proposal.

        Ids are those of the documents, three by three.
        """
        return SQL(
            """
            SELECT s.id * 3 AS id, s.decided_on AS date, s.rep_id, s.user_id,
                s.company_id, s.kind, s.decided_by_id, COALESCE(k.score, 0) AS points,
                'sales.consequence' AS res_model, s.id AS res_id
            FROM sales_consequence s
            LEFT JOIN sales_conduct k
                ON k.id = s.result_id AND s.result_model = 'sales.conduct'
            WHERE s.state = 'approved'
            UNION ALL
            SELECT p.id * 3 + 1, p.date, p.rep_id, p.user_id, p.company_id, 'grade',
                p.decided_by_id, 0, 'sales.promotion', p.id
            FROM sales_promotion p
            WHERE p.state = 'done' AND NOT EXISTS (
                SELECT FROM sales_consequence s
                WHERE s.result_model = 'sales.promotion' AND s.result_id = p.id
            )
            UNION ALL
            SELECT k.id * 3 + 2, k.date, k.rep_id, k.user_id, k.company_id, k.kind,
                k.decided_by_id, k.score, 'sales.conduct', k.id
            FROM sales_conduct k
            WHERE k.state NOT IN ('reported', 'dismissed') AND NOT EXISTS (
                SELECT FROM sales_consequence s
                WHERE s.result_model = 'sales.conduct' AND s.result_id = k.id
            )
            """
        )

    def _search(self, *args, **kwargs):
        for model in ("sales.consequence", "sales.promotion", "sales.conduct"):
            self.env[model].flush_model()
        return super()._search(*args, **kwargs)

    @api.depends_context("lang")
    @api.depends("res_model", "res_id")
    def _compute_words(self):
        """What the document says; who reads the row reads its words."""
        for model, rows in self.grouped("res_model").items():
            # sudo: the rows are those that the user may read, of these fields
            documents = self.env[model].sudo().browse(rows.mapped("res_id"))
            describe = getattr(self, f"_describe_{documents._table}")
            for row, words in zip(rows, describe(documents), strict=True):
                row.title, row.status, row.reason = words

    @api.depends("title")
    def _compute_display_name(self):
        for row in self:
            row.display_name = row.title or ""

    def _describe_sales_consequence(self, proposals):
        """The status is that of what was made of it: a warning may be appealed."""
        results = {}
        for model, some in proposals.grouped("result_model").items():
            if model:
                # sudo: only the status; the row is one that the user may read
                made = self.env[model].sudo().browse(some.mapped("result_id"))
                known = {record.id: record for record in made.exists()}
                results |= {one: known.get(one.result_id, one) for one in some}
        for proposal in proposals:
            title = proposal.rule_id.name
            if proposal.to_grade_id:
                title = f"{title}: {proposal.to_grade_id.name}"
            status = self._label(results.get(proposal, proposal))
            yield title, status, proposal.reason

    def _describe_sales_promotion(self, promotions):
        for promotion in promotions:
            yield promotion.grade_id.name, self._label(promotion), promotion.reason

    def _describe_sales_conduct(self, cases):
        for case in cases:
            yield case.category_id.name, self._label(case), case.description

    @staticmethod
    def _label(document):
        """Of its status."""
        labels = document._fields["state"]._description_selection(document.env)
        return dict(labels)[document.state]

    def action_open(self):
        """The document; who reads it is said by its own rules."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "views": [(False, "form")],
        }


class SalesRep(models.Model):
    _inherit = "sales.rep"

    file_ids = fields.One2many("sales.rep.file", "rep_id", "File")
    file_count = fields.Integer(compute="_compute_file_count")

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_file_count(self):
        counts = dict(
            self.env["sales.rep.file"]._read_group(
                [("rep_id", "in", self.ids)], ["rep_id"], ["__count"]
            )
        )
        for rep in self:
            rep.file_count = counts.get(rep._origin, 0)

    def action_open_file(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "sales_appraisal.sales_rep_file_action"
        )
        return {**action, "domain": [("rep_id", "in", self.ids)], "context": {}}
