from odoo import api, fields, models
from odoo.exceptions import UserError


class SalesPositionConsent(models.Model):
    """What a user answered when asked whether positions may be kept: never changed."""

    _name = "sales.position.consent"
    _description = "Consent to Positions"
    _order = "id desc"
    _rec_name = "user_id"

    user_id = fields.Many2one(
        "res.users", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    given = fields.Boolean("Agreed", readonly=True)
    notice = fields.Text("What Was Asked", required=True, readonly=True)

    @api.model
    def action_answer(self, company_id, given):
        """Record the answer of the current user; a later one replaces it.

        :param bool given: whether positions may be kept at check-in and check-out
        :raise UserError: when the user is no rep of the company
        """
        company = self.env["res.company"].browse(int(company_id))
        # sudo: only whether there is an own rep there
        if company not in self.env.user.sudo().sales_rep_ids.company_id:
            raise UserError(self.env._("You are no rep of this company."))
        # sudo: nobody else writes here, and only about oneself
        self.sudo().create(
            {
                "user_id": self.env.uid,
                "company_id": company.id,
                "given": bool(given),
                "notice": self._get_notice(company),
            }
        )
        return True

    def _get_answer(self, company):
        """Whether the current user agreed; None when not asked yet."""
        # sudo: the own answer
        answers = self.sudo().search(
            [("user_id", "=", self.env.uid), ("company_id", "=", company.id)], limit=1
        )
        return answers.given if answers else None

    def _get_notice(self, company):
        """What the user agrees to, by the company's settings as they are."""
        company = company.sudo()  # sudo: only settings of the own company
        seen_by = dict(
            company._fields["sales_position_access"]._description_selection(self.env)
        )[company.sales_position_access]
        lines = [
            self.env._(
                "%(company)s would like to keep your position when you check in at a "
                "customer and when you check out, and at no other time, to confirm the "
                "visit.",
                company=company.name,
            ),
            self.env._("Who may see it: %(who)s.", who=seen_by),
        ]
        if company.sales_position_days:
            lines.append(
                self.env._(
                    "It is deleted after %(days)s days, photos after %(photos)s days.",
                    days=company.sales_position_days,
                    photos=company.sales_photo_days or "-",
                )
            )
        lines.append(
            self.env._("You can refuse and still check in, and change your mind later.")
        )
        return "\n".join(lines)
