"""What is done about a deviation: a task with an owner and a date."""

from odoo import models
from odoo.exceptions import AccessError, ValidationError
from odoo.tools import plaintext2html
from odoo.tools.misc import format_date, formatLang

from .. import asked

# Who gives tasks to others.
LEADERS = ("sales_force.group_sales_leader", "sales_force.group_sales_operations")


class SalesTarget(models.Model):
    _inherit = "sales.target"

    def action_take_measure(
        self, cause, user_id, date, note=None, date_from=None, date_to=None
    ):
        """Give somebody a task against a cause of this target's deviation.

        There is one open task for a cause in a period: taken again, it is changed.

        :param str cause: the key of a row of ``get_deviation``: a metric's code, or
            ``days``
        :param int user_id: who does it
        :param date: until when
        :param str note: what to do; what the driver suggests when empty
        :param date_from, date_to: the period, see ``get_deviation``
        :return: the id of the activity
        :raise AccessError: for targets that one may not read, and for who leads nobody
            and asks others
        :raise ValidationError: without owner or date, or for what is no cause
        :raise UserError: for what is no date, and as ``get_deviation``
        """
        asked.one(self)
        self.check_access("read")
        user, deadline = self._check_measure(user_id, date)
        # Two at once: the second is run again, and finds what the first left.
        self.plan_id._lock_plan()
        found = self.get_deviation(date_from, date_to)
        cause, note = asked.words(self.env, cause), asked.words(self.env, note)
        row = next(
            (
                row
                for row in found["rows"]
                if row["key"] == cause and row["kind"] == "effect"
            ),
            None,
        )
        if row is None:
            raise ValidationError(
                self.env._("“%(cause)s” is no cause of this deviation.", cause=cause)
            )
        kind = self.env.ref("sales_targets.mail_activity_type_measure")
        values = {
            "activity_type_id": kind.id,
            "user_id": user.id,
            "date_deadline": deadline,
            "summary": self.env._(
                "%(cause)s of %(target)s", cause=row["name"], target=self.name
            ),
            "note": self._describe_measure(row, found, note),
        }
        # sudo: leaders do not write reps and plans, but may give a task about them
        task = self.sudo()._find_task(cause, found["date_from"])
        if task:
            task.write(values)
            return task.id
        document = self.sudo().rep_id or self.sudo().plan_id
        task = self.env["mail.activity"].sudo()
        return task.create(
            {
                **values,
                "res_model_id": self.env["ir.model"]._get_id(document._name),
                "res_id": document.id,
                "sales_target_id": self.id,
                "sales_cause": cause,
                "sales_date_from": found["date_from"],
                "sales_date_to": found["date_to"],
            }
        ).id

    def _check_measure(self, user_id, date):
        user = self.env["res.users"].browse(asked.record_id(self.env, user_id)).exists()
        # sudo: who is somebody of the company is no secret
        known = user.sudo()
        if not user or known.share or self.company_id not in known.company_ids:
            raise ValidationError(
                self.env._("Say who does it: somebody of the company.")
            )
        deadline = asked.day(self.env, date)
        if not deadline:
            raise ValidationError(self.env._("Say until when it is done."))
        leads = self.env.su or any(self.env.user.has_group(group) for group in LEADERS)
        if not leads and user != self.env.user:
            raise AccessError(
                self.env._("Only who leads others gives them tasks: take it yourself.")
            )
        return user, deadline

    def _find_task(self, cause, start):
        return self.env["mail.activity"].search(
            [
                ("sales_target_id", "=", self.id),
                ("sales_cause", "=", cause),
                ("sales_date_from", "=", start),
            ],
            limit=1,
        )

    def _describe_measure(self, row, found, note):
        """What the task is about, in words and figures; the suggestion by default."""
        money = found["metric"]["unit"] == "money"

        def amount(value):
            return formatLang(
                self.env, value, currency_obj=self.currency_id if money else None
            )

        largest = found["largest"] or {}
        driver = self.env["sales.driver"].browse(row["driver_id"]).sudo()
        suggested = driver.measure or (
            largest.get("measure") if largest.get("key") == row["key"] else ""
        )
        about = self.env._(
            "%(cause)s: %(part)s of a gap of %(gap)s from %(start)s to %(stop)s.",
            cause=row["name"],
            part=amount(row["value"]),
            gap=amount(found["gap"]),
            start=format_date(self.env, found["date_from"]),
            stop=format_date(self.env, found["date_to"]),
        )
        what = note or suggested
        return plaintext2html("\n".join(filter(None, [about, what])))

    def _get_tasks(self):
        """Open measures against deviations of these targets."""
        # sudo: who sees the target sees what is done about it
        tasks = (
            self.env["mail.activity"]
            .sudo()
            .search([("sales_target_id", "in", self.ids)], order="date_deadline, id")
        )
        return [
            {
                "id": task.id,
                "key": task.sales_cause,
                "user": task.user_id.name,
                "date": task.date_deadline,
                "summary": task.summary,
            }
            for task in tasks
        ]
