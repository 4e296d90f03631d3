from odoo import api, fields, models


class SalesServiceJobPosition(models.Model):
    """Where an agent's device said that it was at a check-in or check-out of a job.

    As with visits: with the agent's consent only, seen by whom the company says, and
    deleted in time. Degrees in WGS 84, accuracy in metres, moments in UTC.
    """

    _name = "sales.service.job.position"
    _description = "Position at a Job"
    _inherit = ["sales.trace.mixin"]
    _order = "moment desc, id desc"
    _rec_name = "job_id"
    _sales_left_by = "job_id"
    _sales_days = "sales_position_days"

    job_id = fields.Many2one(
        "sales.service.job", required=True, readonly=True, ondelete="cascade"
    )
    user_id = fields.Many2one(related="job_id.user_id", store=True, index=True)
    company_id = fields.Many2one(related="job_id.company_id", store=True)
    kind = fields.Selection(
        [("in", "Check-in"), ("out", "Check-out")], "At", required=True, readonly=True
    )
    latitude = fields.Float(digits=(10, 7), required=True, readonly=True)
    longitude = fields.Float(digits=(10, 7), required=True, readonly=True)
    accuracy = fields.Float("Accuracy (m)", readonly=True, aggregator=None)

    _job_kind_uniq = models.UniqueIndex("(job_id, kind)")

    @api.autovacuum
    def _gc_positions(self):
        self._delete_old()


class SalesPositionConsent(models.Model):
    _inherit = "sales.position.consent"

    @api.model
    def _get_companies(self):
        # sudo: only where there is an own profile
        agents = self.env["sales.service.agent"].sudo()
        profiles = agents.search([("user_id", "=", self.env.uid)])
        return super()._get_companies() | profiles.company_id

    @api.model
    def _get_position_models(self):
        return [*super()._get_position_models(), "sales.service.job.position"]


def _ask(record, method):
    """Have the device asked where it is, then the method called with the answer."""
    record.ensure_one()
    record.check_access("read")
    check = record.env["sales.position.consent"]._get_check(record.company_id)
    if not check["ask"]:
        return getattr(record, method)()
    return {
        "type": "ir.actions.client",
        "tag": "sales_service_check",
        "params": {
            "model": record._name,
            "id": record.id,
            "method": method,
            "check": check,
        },
    }


class SalesServiceTicket(models.Model):
    """The buttons of the day, which ask for the position where the company does."""

    _inherit = "sales.service.ticket"

    def action_ask_check_in(self):
        return _ask(self, "action_check_in")

    def action_ask_check_out(self):
        return _ask(self, "action_check_out")


class SalesServiceJob(models.Model):
    _inherit = "sales.service.job"

    position_state = fields.Selection(
        [
            ("given", "Position given"),
            ("refused", "Position refused"),
            ("unavailable", "No position available"),
            ("off", "Positions are not asked for"),
        ],
        "Position on Site",
        readonly=True,
        copy=False,
    )
    position_ids = fields.One2many(
        "sales.service.job.position", "job_id", "Positions", readonly=True
    )

    def action_ask_check_out(self):
        return _ask(self, "action_check_out")

    def action_ask_resolve(self):
        return _ask(self, "action_resolve")

    def _keep_position(self, kind, position):
        """Keep where the device is, if the agent has consented to that; once."""
        # sudo: positions are kept by checking in and out only
        job = self.sudo()
        position = position or {}
        consent = self.env["sales.position.consent"]
        if not job.company_id.sales_position_use:
            state = "off"
        elif position.get("refused") or not consent._get_answer(self.company_id):
            state = "refused"
        elif "latitude" not in position:
            state = "unavailable"
        else:
            state = "given"
            if kind not in job.position_ids.mapped("kind"):
                job.position_ids.create(
                    {
                        "job_id": job.id,
                        "kind": kind,
                        **self.env["sales.visit"]._read_position(position),
                    }
                )
        if kind == "in" or state != "given":
            job.position_state = state
