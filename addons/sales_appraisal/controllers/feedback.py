from odoo.addons.survey.controllers.main import Survey


class FeedbackSurvey(Survey):
    """Feedback is given by whoever has its link, logged in or not."""

    def _check_validity(
        self,
        survey_sudo,
        answer_sudo,
        answer_token,
        ensure_token=True,
        check_partner=True,
    ):
        # Answers name nobody, so there is nobody to compare the visitor with.
        if answer_sudo.sales_participant_id:
            check_partner = False
        return super()._check_validity(
            survey_sudo, answer_sudo, answer_token, ensure_token, check_partner
        )
