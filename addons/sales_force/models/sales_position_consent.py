from odoo import api, fields, models
from odoo.exceptions import UserError

# Who sees positions and photos, and for how many days they are kept.
_TERMS = ("sales_position_access", "sales_position_days", "sales_photo_days")


class SalesPositionConsent(models.Model):
    """What a user answered when asked whether positions may be kept: never changed.

    The last answer counts, as long as the company asks on the same terms: for others it
    asks again.
    """

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
    terms = fields.Json(
        "Terms Asked About",
        readonly=True,
        help="The settings that were asked about, by their names.",
    )

    @api.model
    def action_answer(self, company_id, given):
        """Record the answer of the current user; a later one replaces it.

        Who refuses has the own positions deleted, as article 47 of the PIPL asks for;
        what was found by them stays with the visits.

        :param bool given: whether positions may be kept at check-in and check-out
        :raise UserError: when the user is no rep of the company
        """
        company = self.env["res.company"].browse(int(company_id))
        if company not in self._get_companies():
            raise UserError(self.env._("You are no rep of this company."))
        # sudo: nobody else writes here, and only about oneself
        self.sudo().create(
            {
                "user_id": self.env.uid,
                "company_id": company.id,
                "given": bool(given),
                "notice": self._get_notice(company),
                "terms": self._get_terms(company),
            }
        )
        if not given:
            for model in self._get_position_models():
                # sudo: the own positions, whatever the rules
                self.env[model].sudo().search(
                    [("user_id", "=", self.env.uid), ("company_id", "=", company.id)]
                ).unlink()
        return True

    @api.model
    def _get_companies(self):
        """Those that may ask the current user."""
        # sudo: only where there is an own rep
        return self.env.user.sudo().sales_rep_ids.company_id

    @api.model
    def _get_position_models(self):
        """Where positions are kept, with ``user_id`` and ``company_id``."""
        return ["sales.visit.position"]

    def _get_check(self, company):
        """What a device needs to know before it says where it is."""
        return {
            "company_id": company.id,
            # sudo: only the company's settings
            "ask": company.sudo().sales_position_use,
            "consent": self._get_answer(company),
            "notice": self._get_notice(company),
        }

    def _get_answer(self, company):
        """Whether the current user agreed; None when not asked yet on these terms."""
        # sudo: the own answer
        answer = self.sudo().search(
            [("user_id", "=", self.env.uid), ("company_id", "=", company.id)], limit=1
        )
        return answer.given if answer.terms == self._get_terms(company) else None

    def _get_terms(self, company):
        """The settings that a user agrees to."""
        company = company.sudo()  # sudo: only settings of the own company
        return {name: company[name] for name in _TERMS}

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
            self.env._("Who may see it, and your photos: %(who)s.", who=seen_by),
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
            self.env._(
                "You can refuse and still check in, and change your mind later in your "
                "preferences: then your positions are deleted."
            )
        )
        return "\n".join(lines)


class ResUsers(models.Model):
    _inherit = "res.users"

    sales_position_answer = fields.Selection(
        [("given", "Agreed"), ("refused", "Refused"), ("open", "Not asked yet")],
        "Positions at Visits",
        compute="_compute_sales_position_answer",
        help="Whether your position may be kept when you check in and out at customers "
        "of this company.",
    )

    @property
    def SELF_READABLE_FIELDS(self):
        return super().SELF_READABLE_FIELDS + ["sales_position_answer"]

    @api.depends_context("uid", "company")
    def _compute_sales_position_answer(self):
        """One's own answer, of reps in companies that ask; nobody else's."""
        self.sales_position_answer = False
        company = self.env.company
        consent = self.env["sales.position.consent"]
        # sudo: only a setting
        if company.sudo().sales_position_use and company in consent._get_companies():
            answer = consent._get_answer(company)
            (self & self.env.user).sales_position_answer = {
                True: "given",
                False: "refused",
                None: "open",
            }[answer]

    def action_sales_position_answer(self):
        """Ask again whether positions may be kept, in the current company."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Positions at Visits"),
            "res_model": "sales.position.answer",
            "views": [(False, "form")],
            "target": "new",
        }
