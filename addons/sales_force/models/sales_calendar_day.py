from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date


class SalesCalendarDay(models.Model):
    """A day that differs from the working calendar: made up, or free in addition.

    Odoo's calendars repeat weekly and its leaves only take away. A make-up working day
    works as that weekday's hours say, or, where the calendar has none on it, as the
    first working day of the calendar's week does; public leaves do not free it, a
    rep's own leave does.
    """

    _name = "sales.calendar.day"
    _description = "Calendar Exception"
    _order = "date desc, id desc"
    _rec_name = "name"
    _check_company_auto = True

    name = fields.Char(required=True, help="For instance the name of the holiday.")
    date = fields.Date(required=True, index=True)
    kind = fields.Selection(
        [("workday", "Make-up Working Day"), ("holiday", "Extra Holiday")],
        required=True,
        default="holiday",
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    calendar_id = fields.Many2one(
        "resource.calendar",
        "Working Hours",
        check_company=True,
        ondelete="cascade",
        help="Empty: all calendars of the company. A day of one calendar goes before.",
    )
    hour_from = fields.Float(
        "From", help="Of a make-up day; empty: the hours of an ordinary working day."
    )
    hour_to = fields.Float("To")

    _date_uniq = models.UniqueIndex(
        "(company_id, COALESCE(calendar_id, 0), date)",
        "This day is listed already.",
    )

    @api.constrains("kind", "hour_from", "hour_to")
    def _check_hours(self):
        for day in self:
            if not (day.hour_from or day.hour_to):
                continue
            if day.kind == "holiday":
                raise ValidationError(
                    self.env._(
                        "%(day)s is a holiday: it has no hours.",
                        day=format_date(self.env, day.date),
                    )
                )
            if not 0 <= day.hour_from < day.hour_to <= 24:
                raise ValidationError(
                    self.env._(
                        "The hours of %(day)s must lie between 0:00 and 24:00, the "
                        "first before the second.",
                        day=format_date(self.env, day.date),
                    )
                )
