"""What visits add to customers, reps and documents."""

from datetime import timedelta
from urllib.parse import quote_plus

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..ledger.crediting import local_date
from ..visits.days import days_between
from .sales_customer_page import TimelineKind
from .sales_handover import Kind

# So many addresses are looked up at a time, and those not found again after days.
_LOCATED = 50
_LOCATE_AGAIN = 30
# By the code of the setting: with coordinates, and with the words of an address.
_MAPS = {
    "amap": (
        "https://uri.amap.com/navigation?to={lng},{lat},{name}&mode=car&coordinate=wgs84",
        "https://uri.amap.com/search?keyword={address}",
    ),
    "baidu": (
        "https://api.map.baidu.com/direction?destination=latlng:{lat},{lng}|name:{name}"
        "&mode=driving&coord_type=wgs84&output=html&region=%20",
        "https://api.map.baidu.com/geocoder?address={address}&output=html",
    ),
    "google": (
        "https://www.google.com/maps/dir/?api=1&destination={lat},{lng}",
        "https://www.google.com/maps/dir/?api=1&destination={address}",
    ),
    "osm": (
        "https://www.openstreetmap.org/directions?to={lat},{lng}",
        "https://www.openstreetmap.org/search?query={address}",
    ),
}


class ResPartner(models.Model):
    _inherit = "res.partner"

    sales_located_on = fields.Date(
        "Looked Up On", readonly=True, copy=False, export_string_translation=False
    )

    def _get_sales_point(self):
        """``(latitude, longitude)`` where known, else None; never zero for unknown."""
        if self.partner_latitude or self.partner_longitude:
            return self.partner_latitude, self.partner_longitude
        return None

    def _get_sales_way(self, company):
        """What leads to a customer, who may be none.

        :return: the address in one line, and a link to the way there on the map that
            the company uses; the link is empty where nothing is known
        """
        address = self._get_sales_address()
        point = self._get_sales_point()
        known, unknown = _MAPS[company._get_sales_map()]
        url = (point or address) and (known if point else unknown).format(
            lat=point and point[0],
            lng=point and point[1],
            name=quote_plus(self.display_name or ""),
            address=quote_plus(address),
        )
        return address, url

    def _get_sales_address(self):
        """The address in one line; empty without a customer."""
        address = self._display_address(without_company=True) if self else ""
        parts = address.replace("\n", ",").split(",")
        return ", ".join(filter(None, map(str.strip, parts)))

    def _locate_for_sales(self):
        """Look up the coordinates of addresses, where Odoo's geocoder is installed."""
        if "base.geocoder" not in self.env:
            return
        missing = self.filtered(
            lambda partner: not partner._get_sales_point()
            and (partner.street or partner.city)
        )
        for partner in missing[:_LOCATED]:
            try:
                partner.geo_localize()
            except UserError:
                return  # the service is not set up or does not answer
            partner.sales_located_on = fields.Date.today()

    @api.model
    def _cron_locate_for_sales(self):
        """Customers who will be visited, or are on a route."""
        planned = self.env["sales.visit"].search(
            [("state", "=", "planned"), ("date", ">=", fields.Date.today())]
        )
        stops = self.env["sales.route.stop"].search([("route_id.active", "=", True)])
        again = fields.Date.today() - timedelta(days=_LOCATE_AGAIN)
        self.search(
            [
                ("id", "in", (planned.partner_id + stops.partner_id).ids),
                ("partner_latitude", "=", 0),
                ("partner_longitude", "=", 0),
                "|",
                ("sales_located_on", "=", False),
                ("sales_located_on", "<", again),
            ],
            limit=_LOCATED,
        )._locate_for_sales()


class SalesRep(models.Model):
    _inherit = "sales.rep"

    start_partner_id = fields.Many2one(
        "res.partner",
        "Starts From",
        help="The address where the days begin and end: the home or an office. Empty: "
        "the company's.",
    )

    def _get_days(self, first, last):
        """All days between dates of where the reps work: ``{rep: {date: Day}}``."""
        working = self.env["sales.working.time"]
        return {
            rep: days_between(schedule, first, last)
            for rep, schedule in working._schedules_of_dates(self, first, last).items()
        }

    def _get_visit_days(self, first, last):
        """The same, working days only."""
        return {
            rep: {date: day for date, day in days.items() if day.hours}
            for rep, days in self._get_days(first, last).items()
        }

    def _get_visit_point(self):
        """Where the days of a rep begin, None where that is not known."""
        # sudo: only where the address is
        rep = self.sudo()
        partner = rep.start_partner_id or rep.company_id.partner_id
        return partner._get_sales_point()


class SalesCustomer(models.Model):
    _inherit = "sales.customer"

    last_visit = fields.Date(compute="_compute_visits", help="The last effective one.")
    next_visit = fields.Date(compute="_compute_visits", help="The next planned one.")
    visit_overdue = fields.Boolean(
        compute="_compute_visits",
        search="_search_visit_overdue",
        help="Longer not visited than the class asks for, and no visit is planned.",
    )
    visit_count = fields.Integer("Visits", compute="_compute_visits")

    @api.depends("class_id")
    def _compute_visits(self):
        """With one query for all: who may read a customer may know of its visits."""
        today = self.env.company._get_sales_today()
        self.env["sales.visit"].flush_model()
        found = {
            (partner, company): visits
            for partner, company, *visits in self.env.execute_query(
                SQL(
                    """SELECT commercial_partner_id, company_id, count(*),
                        max(date) FILTER (WHERE effective > 0),
                        min(date) FILTER (WHERE state = 'planned' AND date >= %s)
                    FROM sales_visit WHERE commercial_partner_id = ANY(%s)
                    GROUP BY 1, 2""",
                    today,
                    self.partner_id.ids,
                )
            )
        }
        for customer in self:
            count, last, following = found.get(
                (customer.partner_id.id, customer.company_id.id), (0, None, None)
            )
            customer.visit_count = count
            customer.last_visit = last
            customer.next_visit = following
            every = customer.class_id.visit_days
            customer.visit_overdue = (
                bool(every)
                and not following
                and (not last or last + timedelta(days=every) < today)
            )

    @api.model
    def _search_visit_overdue(self, operator, value):
        if operator != "in":
            return NotImplemented
        today = self.env.company._get_sales_today()

        def to_sql(model, alias, query):
            return SQL(
                """EXISTS (
                    SELECT FROM sales_customer_class k
                    WHERE k.id = %(class_)s AND k.visit_days > 0 AND NOT EXISTS (
                        SELECT FROM sales_visit v
                        WHERE v.commercial_partner_id = %(partner)s
                        AND v.company_id = %(company)s AND (
                            v.state = 'planned' AND v.date >= %(today)s
                            OR v.effective > 0 AND v.date >= %(today)s - k.visit_days
                        )
                    )
                )""",
                class_=model._field_to_sql(alias, "class_id", query),
                partner=model._field_to_sql(alias, "partner_id", query),
                company=model._field_to_sql(alias, "company_id", query),
                today=today,
            )

        self.env["sales.visit"].flush_model()
        domain = Domain.custom(to_sql=to_sql)
        return domain if True in value else ~domain

    @api.model
    def _get_timeline_kinds(self):
        return [
            *super()._get_timeline_kinds(),
            TimelineKind(
                code="visit",
                name=self.env._("Visit"),
                model="sales.visit",
                phase="before",
                icon="fa-map-marker",
                date="date_planned",
                domain=(("state", "in", ("started", "done", "closed")),),
                title="result_id",
                status="state",
            ),
        ]

    def action_visit_now(self):
        """The visit that lasts or is planned for today, else a new one."""
        self.ensure_one()
        self.check_access("read")
        company = self.company_id
        visits = self.env["sales.visit"].with_company(company)
        rep = visits._default_rep_id()
        if not rep:
            raise UserError(self.env._("You are no rep of this company."))
        visit = visits.search(
            [
                ("rep_id", "=", rep.id),
                ("commercial_partner_id", "=", self.partner_id.id),
                "|",
                ("state", "=", "started"),
                "&",
                ("state", "=", "planned"),
                ("date", "=", company._get_sales_today()),
            ],
            limit=1,
        ) or visits.create({"partner_id": self.partner_id.id})
        return {
            "type": "ir.actions.act_window",
            "res_model": "sales.visit",
            "res_id": visit.id,
            "views": [(False, "form")],
        }

    def action_open_visits(self):
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "sales_force.sales_visit_action"
        )
        return {
            **action,
            "domain": [("commercial_partner_id", "=", self.partner_id.id)],
            "context": {"default_partner_id": self.partner_id.id},
        }


class SalesCompetitorSighting(models.Model):
    _inherit = "sales.competitor.sighting"

    visit_id = fields.Many2one("sales.visit", index="btree_not_null", readonly=True)

    @api.model_create_multi
    def create(self, vals_list):
        """What is seen at a visit is seen for the visit's company, in its currency."""
        visits = self.env["sales.visit"]
        for vals in vals_list:
            company = visits.browse(vals.get("visit_id")).company_id
            if company:
                vals.setdefault("currency_id", company.currency_id.id)
                vals["company_id"] = company.id
        return super().create(vals_list)


class CrmLead(models.Model):
    _inherit = "crm.lead"

    sales_visit_id = fields.Many2one(
        "sales.visit", "From Visit", copy=False, index="btree_not_null"
    )


class SaleOrder(models.Model):
    _inherit = "sale.order"

    sales_visit_id = fields.Many2one(
        "sales.visit", "From Visit", copy=False, index="btree_not_null"
    )


class SalesFollowupRule(models.Model):
    _inherit = "sales.followup.rule"

    @api.model
    def _get_contacts(self, tz):
        return SQL(
            "%s UNION ALL SELECT partner_id, %s FROM sales_visit WHERE effective > 0",
            super()._get_contacts(tz),
            local_date("check_out", SQL("%s", tz)),
        )


class SalesHandover(models.Model):
    _inherit = "sales.handover"

    @api.model
    def _get_kinds(self, rep):
        # What was missed before stays with who missed it.
        today = (rep.company_id or self.env.company)._get_sales_today()
        first = max(self.date or today, today)
        return {
            **super()._get_kinds(rep),
            "visit": Kind(
                self.env._("Planned visit"),
                "sales.visit",
                Domain("rep_id", "=", rep.id)
                & Domain("state", "=", "planned")
                & Domain("date", ">=", first),
                partner="partner_id",
            ),
            "route": Kind(
                self.env._("Visit route"),
                "sales.route",
                Domain("rep_id", "=", rep.id),
            ),
        }


class SalesHandoverLine(models.Model):
    _inherit = "sales.handover.line"

    def _hand_over_visit(self, heir):
        self._get_records().rep_id = heir

    _hand_over_route = _hand_over_visit

    def _give_back_visit(self, heir):
        records = (
            self._get_records()
            .exists()
            .filtered(
                lambda record: record.rep_id == heir
                and ("state" not in record or record.state == "planned")
            )
        )
        records.rep_id = self.handover_id.rep_id
        return self.filtered(lambda line: line.res_id in records._ids)

    _give_back_route = _give_back_visit
