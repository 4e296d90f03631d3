from odoo import api, fields, models
from odoo.fields import Domain

REPS_PER_PAGE = 50
SHOWN = (
    "rep_id",
    "company_id",
    "partner_id",
    "purpose",
    "state",
    "date",
    "date_planned",
    "date_end",
    "check_in",
    "check_out",
    "due",
    "effective",
)


class SalesVisit(models.Model):
    """The board of visits: reps as rows, their visits along the time."""

    _inherit = "sales.visit"

    _board_planned_idx = models.Index("(rep_id, date_planned)")
    _board_begun_idx = models.Index("(rep_id, check_in) WHERE check_in IS NOT NULL")

    @api.model
    @api.readonly
    def get_board(self, date_from, date_to, rep_id=None, offset=0):
        """Reps and their visits that are planned or begin in a span of time.

        Reps are those whose figures the user follows, in the order of the tree, by
        pages of 50; who has left is there while there are visits. Visits are those
        that the user may read.

        :param date_from: first moment, in UTC
        :param date_to: the moment after the last one, in UTC
        :param int rep_id: only this rep and everybody below
        :param int offset: how many reps to leave out: those of the pages before
        :return: ``reps``: ``id name user_id``, ``depth`` in the tree that is shown,
            and of the visits planned in the span how many are ``due`` and ``done``
            (effective); ``visits``: ``id rep_id customer purpose``, ``kind`` (see
            ``_get_board_kind``), ``date_planned date_end check_in check_out`` (UTC)
            and ``signals`` (texts); ``total``: the number of reps on all pages;
            ``may_plan``: whether the user may change visits at all
        :raise AccessError: for users who may not read visits
        """
        start = fields.Datetime.to_datetime(date_from)
        stop = fields.Datetime.to_datetime(date_to)
        planned = Domain("date_planned", ">=", start) & Domain(
            "date_planned", "<", stop
        )
        begun = Domain("check_in", ">=", start) & Domain("check_in", "<", stop)
        shown = planned | begun
        rows = self._get_board_reps(shown, rep_id)
        page = rows[offset : offset + REPS_PER_PAGE]
        visits = self.search_fetch(
            Domain("rep_id", "in", [rep.id for rep, _depth in page]) & shown, SHOWN
        )
        counted = visits.filtered_domain(planned).grouped("rep_id")
        return {
            "reps": [
                {
                    "id": rep.id,
                    "name": rep.name,
                    "user_id": rep.user_id.id,
                    "depth": depth,
                    "due": sum(counted.get(rep, self).mapped("due")),
                    "done": sum(counted.get(rep, self).mapped("effective")),
                }
                for rep, depth in page
            ],
            "visits": visits._prepare_board(),
            "total": len(rows),
            "may_plan": self.has_access("write"),
        }

    def _get_board_reps(self, shown, rep_id):
        """The rows of the board: ``[(rep, depth)]`` in the order of the tree.

        :param Domain shown: of the visits on the board
        :param rep_id: whose part of the tree; None: all that the user follows
        """
        domain = Domain("is_followed", "=", True) & (
            Domain("active", "=", True) & Domain("state", "!=", "left")
            | Domain("id", "in", self._search(shown).subselect("sales_visit.rep_id"))
        )
        if rep_id:
            domain &= Domain("id", "child_of", rep_id)
        reps = self.env["sales.rep"].with_context(active_test=False)
        reps = reps.search_fetch(domain, ["name", "user_id", "parent_path"])
        places = {str(rep.id): place for place, rep in enumerate(reps)}
        # Managers who are not shown are passed over.
        paths = {
            rep: [places[id_] for id_ in rep.parent_path.split("/") if id_ in places]
            for rep in reps
        }
        return [(rep, len(paths[rep]) - 1) for rep in sorted(reps, key=paths.get)]

    def _prepare_board(self):
        return [
            {
                "id": visit.id,
                "rep_id": visit.rep_id.id,
                # sudo: as any list names customers, also those one may not open
                "customer": visit.partner_id.sudo().display_name,
                "purpose": visit.purpose or "",
                "kind": visit._get_board_kind(),
                "date_planned": visit.date_planned,
                "date_end": visit.date_end,
                "check_in": visit.check_in,
                "check_out": visit.check_out,
                "signals": visit.signal_ids.mapped("display_name"),
            }
            for visit in self
        ]

    def _get_board_kind(self):
        """What became of a visit: ``planned``, ``missed`` (its day is over),
        ``started``, ``effective``, ``short`` (too short to count), ``closed`` or
        ``cancelled``.
        """
        if self.state == "planned" and self.date < self.company_id._get_sales_today():
            return "missed"
        if self.state == "done":
            return "effective" if self.effective else "short"
        return self.state
