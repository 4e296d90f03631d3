import logging

from odoo.exceptions import UserError


class ReasonNeeded(UserError):
    """Opportunities leave their stage with required items open, and nobody said why.

    Over RPC and in an import it is refused with the sentence; the web client knows the
    class and asks for the reason instead.
    """

    # A question, not a failure.
    loglevel = logging.INFO

    def __init__(self, message, leads, stage):
        super().__init__(message)
        self.context = {"lead_ids": leads.ids, "stage_id": stage.id}
