import logging
from collections import defaultdict

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL
from odoo.tools.misc import split_every

from ..ledger import crediting, few
from ..ledger.cash import CASH
from ..ledger.delivery import DELIVERY
from ..ledger.invoice import INVOICE
from ..ledger.lead import LEAD
from ..ledger.order import CUSTOMER, ORDER
from ..ledger.receipt import PAYMENT, RECEIPT
from ..ledger.visit import VISIT
from .sales_sourced_mixin import LINE_DOCUMENTS

_logger = logging.getLogger(__name__)

_PENDING = "sales_force.pending"
# What was processed before the commit.
_READ = "sales_force.read"
# A rebuild derives so many documents with one statement: large enough that sets pay,
# small enough that sorting stays in memory.
REBUILD_BATCH = 50_000
# Documents that changed in one transaction: the planner knows nothing of them yet, so
# that no more are derived at once than a bad plan can bear.
BATCH = 500
# The nightly check looks back so many days.
CHECKED_DAYS = 100
# Up to so many documents are derived in Python; see ``ledger.few``.
FEW = 20


class LedgerMany2one(fields.Many2one):
    """A many2one without foreign key: no check per row when millions are merged.

    The document behind a credit keeps what it names alive; where a document itself
    loses a reference, its credits are derived again.
    """

    def update_db_foreign_key(self, model, column):
        return


class SalesCredit(models.Model):
    """On this date this rep is credited with this much, because of this document line.

    Rows are written by the ledger's statements only, before the transaction that
    changed a document commits. See ``sales_force/ledger``.
    """

    _name = "sales.credit"
    _description = "Sales Credit"
    _inherit = ["sales.sourced.mixin"]
    _order = "date desc, id desc"
    _log_access = False
    _rec_name = "document_name"

    metric_id = LedgerMany2one("sales.metric", required=True, readonly=True)
    date = fields.Date(required=True, readonly=True)
    rep_id = LedgerMany2one(
        "sales.rep", "Rep", readonly=True, help="Empty: credited to nobody."
    )
    user_id = LedgerMany2one("res.users", "Salesperson", readonly=True)
    team_id = LedgerMany2one(
        "crm.team",
        "Sales Team",
        readonly=True,
        help="The rep's team on that date; without a rep, the document's.",
    )
    manager_id = LedgerMany2one(
        "sales.rep", "Manager", readonly=True, help="The rep's manager on that date."
    )
    rep_territory_id = LedgerMany2one(
        "sales.territory",
        "Rep's Territory",
        readonly=True,
        help="Of the rep's territories on that date the one that covers the customer, "
        "else the smallest that holds them all.",
    )
    territory_id = LedgerMany2one(
        "sales.territory", "Customer's Territory", readonly=True
    )
    partner_id = LedgerMany2one("res.partner", "Customer", readonly=True)
    product_id = LedgerMany2one("product.product", "Product", readonly=True)
    channel_id = LedgerMany2one("sales.channel", "Channel", readonly=True)
    company_id = LedgerMany2one("res.company", "Company", required=True, readonly=True)
    value = fields.Float(
        "Credited",
        digits=(16, 2),
        readonly=True,
        help="After the share: company currency at the document's rate, a count or a "
        "quantity in the product's unit, as the metric says.",
    )
    share = fields.Float("Share (%)", digits=(5, 2), readonly=True)
    overlay = fields.Boolean(
        readonly=True, help="Credited on top; excluded from company totals."
    )
    currency_id = LedgerMany2one("res.currency", "Document Currency", readonly=True)
    amount_currency = fields.Monetary(
        "Document Amount", readonly=True, help="After the share, in document currency."
    )
    source = fields.Char(required=True, readonly=True)
    scope_id = fields.Integer(
        required=True,
        readonly=True,
        help="The record by which the source is derived again.",
    )

    company_currency_id = fields.Many2one(related="company_id.currency_id")
    product_categ_id = fields.Many2one(
        related="product_id.categ_id", string="Product Category"
    )

    # The key also finds the rows of a document that is derived again.
    _key_uniq = models.UniqueIndex(
        "(scope_id, source, metric_id, res_model, res_id, part, "
        "COALESCE(user_id, 0), overlay)"
    )
    _metric_date_idx = models.Index("(metric_id, date)")
    _rep_idx = models.Index("(rep_id, metric_id, date)")
    _partner_idx = models.Index("(partner_id, metric_id)")

    # Reading: what is pending comes first

    @api.model
    def _search(self, domain, *args, **kwargs):
        self._process_pending()
        return super()._search(domain, *args, **kwargs)

    def fetch(self, field_names=None):
        self._process_pending()
        return super().fetch(field_names)

    # Writing: never through the ORM

    @api.model_create_multi
    def create(self, vals_list):  # pylint: disable=method-required-super
        raise AccessError(self._readonly_message())

    def write(self, vals):  # pylint: disable=method-required-super
        raise AccessError(self._readonly_message())

    def unlink(self):  # pylint: disable=method-required-super
        raise AccessError(self._readonly_message())  # pylint: disable=no-raise-unlink

    def _readonly_message(self):
        return self.env._(
            "Credits are derived from documents. Change the document, its split or the "
            "rep's assignment instead."
        )

    # Deriving

    @api.model
    def _get_sources(self):
        """The ledger's sources by code, in the order in which they are derived."""
        sources = (
            *(ORDER, CUSTOMER, DELIVERY, INVOICE, CASH),
            *(RECEIPT, PAYMENT, LEAD, VISIT),
        )
        return {source.code: source for source in sources}

    def _mark(self, source, ids, origin="id"):
        """Derive the credits of documents again before the transaction commits.

        :param str source: code of a source; or ``*`` and the name of a column of the
            ledger, for all that is credited with these ids there; or ``*owner`` for
            what depends on the owners of these customers
        :param ids: ids of the source's scope, or of what ``origin`` names
        """
        ids = [id_ for id_ in ids if id_]
        if not ids:
            return
        self._pending()[source][origin].update(ids)

    def _pending(self):
        cr = self.env.cr
        pending = cr.precommit.data.get(_PENDING)
        if pending is None:
            pending = cr.precommit.data[_PENDING] = defaultdict(
                lambda: defaultdict(set)
            )
            env = self.env(su=True)
            cr.precommit.add(env["sales.credit"]._process_at_commit)
        return pending

    def _mark_invoices(self, ids):
        """Derive all credits of invoices again, those of their cash as well."""
        self._mark("invoice", ids)
        self._mark("cash", ids)

    def _mark_partners(self, partner_ids):
        """Derive everything of these partners again: territory, channel, merge."""
        for code, source in self._get_sources().items():
            if "partner" in source.origins:
                self._mark(code, partner_ids, "partner")

    def _mark_reps(self, rep_ids, date_from=None, date_to=None):
        """Derive again what reps are credited with in a range of dates (inclusive).

        What the ledger holds names the documents: they keep the salesperson whether
        or not he is a rep.
        """
        self._process_pending()
        if not rep_ids:
            return
        # What is confirmed or posted at this moment does not see the change, and is
        # not seen by it.
        check = self.env.ref("sales_force.ir_cron_check_credits", False)
        if check:
            # sudo: whoever may assign reps starts the check
            check.sudo()._trigger(fields.Datetime.now() + relativedelta(minutes=5))
        for source, ids in self._get_scopes(
            SQL(
                """(c.rep_id IN %(reps)s OR (c.rep_id IS NULL AND EXISTS (
                    SELECT FROM sales_rep r WHERE r.id IN %(reps)s
                    AND r.user_id = c.user_id AND r.company_id = c.company_id)))
                AND (%(start)s::date IS NULL OR c.date >= %(start)s::date)
                AND (%(stop)s::date IS NULL OR c.date <= %(stop)s::date)""",
                reps=tuple(rep_ids),
                start=date_from or None,
                stop=date_to or None,
            )
        ):
            self._mark(source, ids)

    def _get_scopes(self, condition):
        """``[(source, scope ids)]`` of ledger rows ``c`` that meet a condition."""
        return self.env.execute_query(
            SQL(
                """SELECT c.source, array_agg(DISTINCT c.scope_id)
                FROM sales_credit c WHERE %s GROUP BY c.source""",
                condition,
            )
        )

    def _mark_all(self):
        """Derive the whole ledger again before the transaction commits."""
        self._pending()["*"]["id"].add(True)

    def _process_at_commit(self):
        # What was derived for who read credits meanwhile may have been rolled back
        # with a savepoint; what was not is found equal.
        for code, origins in self.env.cr.precommit.data.pop(_READ, {}).items():
            for origin, ids in origins.items():
                self._pending()[code][origin] |= ids
        targets = self.env.cr.precommit.data.pop("sales_force.splits", None)
        if targets:
            self.env["sales.split"]._check_sums(targets)
            self.env["sales.split"]._log_splits(targets)
        self._process_pending(at_commit=True)

    def _process_pending(self, at_commit=False):
        """Merge what is pending into the ledger."""
        # Documents are marked when they are flushed.
        self.env.flush_all()
        pending = self.env.cr.precommit.data.pop(_PENDING, None)
        if not pending:
            return
        if not at_commit:
            read = self.env.cr.precommit.data.setdefault(_READ, {})
            for code, origins in pending.items():
                for origin, ids in origins.items():
                    read.setdefault(code, {}).setdefault(origin, set()).update(ids)
        self = self.sudo()  # the ledger is the same for whoever changed a document
        if pending.pop("*", None):
            self._rebuild()
            return
        for column in [code for code in pending if code.startswith("*")]:
            ids = sorted(pending.pop(column)["id"])
            condition = SQL("c.source IN ('receipt', 'payment') AND c.partner_id")
            if column != "*owner":
                condition = SQL("c.%s", SQL.identifier(column[1:]))
            for code, scope_ids in self._get_scopes(
                SQL("%s = ANY(%s)", condition, ids)
            ):
                pending[code]["id"].update(scope_ids)
        few_scopes = []
        for code, source in self._get_sources().items():
            if code not in pending:
                continue
            scope = source.scope(pending[code])
            # A customer may lead to any number of documents.
            marked = sum(map(len, pending[code].values()))
            if marked <= FEW and "partner" not in pending[code]:
                few_scopes.append((source, scope))
                continue
            if pending[code].keys() == {"id"}:
                ids = sorted(pending[code]["id"])
            else:
                ids = [row[0] for row in self.env.execute_query(scope)]
            self._derive_batches(source, ids, BATCH)
        if few_scopes:
            few.merge(self.env, few_scopes, self._metrics())
        self.env["sales.credit"].invalidate_model(flush=False)

    def _metrics(self):
        """Metrics' ids by code; None for those that are switched off."""
        return defaultdict(lambda: None, self.env["sales.metric"]._ids_by_code())

    def _derive(self, source, scope):
        """Make the ledger equal to the documents of a scope.

        :return: how many rows were removed, changed and added
        """
        env = self.env
        if source.prepare:
            env.cr.execute(source.prepare(env, scope, env.cr.now()))
        merge = crediting.merge(source, env, scope, self._metrics())
        # Compiling such a statement takes longer than running it.
        env.cr.execute(SQL("SET LOCAL jit = off; %s", merge))
        return env.cr.fetchone()

    @api.model
    def rebuild(self, date_from=None, date_to=None):
        """Derive the ledger again from Odoo's documents; ids of credits are kept.

        :param date_from, date_to: only documents with facts on these dates (inclusive,
            in the timezone of the company's calendar); all when empty
        :return: ``{"removed": int, "changed": int, "added": int}``, all zero when the
            ledger was right
        :raise AccessError: for users who are not sales operations
        """
        if not self.env.su and not self.env.user.has_group(
            "sales_force.group_sales_operations"
        ):
            raise AccessError(
                self.env._("Only sales operations may rebuild the credit ledger.")
            )
        self._process_pending()
        # sudo: the ledger is one; who may rebuild it was checked above
        counts = self.sudo()._rebuild(
            fields.Date.to_date(date_from), fields.Date.to_date(date_to)
        )
        return dict(zip(("removed", "changed", "added"), counts, strict=True))

    def _rebuild(self, date_from=None, date_to=None):
        self.env.flush_all()
        self._analyze()
        totals = [0, 0, 0]
        for source in self._get_sources().values():
            ids = self._get_scope_ids(source, date_from, date_to)
            counts = self._derive_batches(source, ids, REBUILD_BATCH)
            totals = [total + n for total, n in zip(totals, counts, strict=True)]
        self.env["sales.credit"].invalidate_model(flush=False)
        return totals

    def _derive_batches(self, source, ids, size):
        totals = [0, 0, 0]
        for batch in split_every(size, ids, list):
            counts = self._derive(source, SQL("SELECT unnest(%s::integer[])", batch))
            totals = [total + n for total, n in zip(totals, counts, strict=True)]
        return totals

    def _analyze(self):
        """Count what was never counted: the planner expects hardly a row there.

        A database that was just restored or filled is of this kind.
        """
        models = ("res.partner", "sales.credit", "sales.kept.cost", *LINE_DOCUMENTS)
        documents = [model for model, _field in LINE_DOCUMENTS.values()]
        models = (*models, *documents, "account.partial.reconcile", "crm.lead")
        rows = self.env.execute_query(
            SQL(
                """SELECT relname FROM pg_class
                WHERE oid = ANY(%s::regclass[]) AND reltuples <= 0""",
                [self.env[model]._table for model in models],
            )
        )
        for (table,) in rows:
            self.env.cr.execute(SQL("ANALYZE %s", SQL.identifier(table)))

    def _get_scope_ids(self, source, date_from, date_to):
        """What may hold credits on these dates, by the documents and by the ledger."""
        rows = self.env.execute_query(
            SQL(
                """SELECT id FROM (%(documents)s) documents(id) WHERE id IS NOT NULL
                UNION
                SELECT scope_id FROM sales_credit
                WHERE source = %(source)s
                  AND (%(start)s::date IS NULL OR date >= %(start)s::date)
                  AND (%(stop)s::date IS NULL OR date <= %(stop)s::date)
                ORDER BY 1""",
                documents=source.dated(date_from, date_to),
                source=source.code,
                start=date_from,
                stop=date_to,
            )
        )
        return [row[0] for row in rows]

    @api.model
    def _cron_check(self):
        """Nightly proof that the recent ledger is what documents say, and repair."""
        start = fields.Date.context_today(self) - relativedelta(days=CHECKED_DAYS)
        counts = self._rebuild(start)
        if any(counts):
            _logger.error(
                "Credits differed from their documents since %s: %s were removed, %s "
                "changed and %s added.",
                start,
                *counts,
            )
