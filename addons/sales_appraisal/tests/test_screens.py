from freezegun import freeze_time

from odoo.tests import HttpCase, tagged

from .common import AppraisalCase


@tagged("post_install", "-at_install")
class TestScreens(HttpCase, AppraisalCase):
    def setUp(self):
        super().setUp()
        self._sell("rep", 920)
        self._open()
        self.card = self._card()

    def test_mine(self):
        self.card._start()
        self.start_tour(
            "/odoo/my-scorecards",
            "sales_appraisal_mine",
            login=self.users["rep"].login,
        )
        self.assertEqual(self.card.state, "manager")

    def test_calibration(self):
        self._judge(self.card)
        self.start_tour(
            "/odoo/calibration",
            "sales_appraisal_calibration",
            login=self.users["director"].login,
        )
        self.assertEqual(
            self.card.move_ids.sorted("id").mapped("reason"),
            ["A new territory", "Not after all"],
        )

    def test_template(self):
        self.start_tour(
            f"/odoo/sales.scorecard.template/{self.template.id}",
            "sales_appraisal_template",
            login=self.users["operations"].login,
        )

    def test_pdf(self):
        """The card as a page: each line in words, and who confirmed it."""
        self._judge(self.card)
        with freeze_time("2031-02-03 12:00:00"):
            self.card.with_user(self.users["director"]).action_confirm()
        html, kind = self.env["ir.actions.report"]._render_qweb_html(
            "sales_appraisal.report_scorecard", self.card.ids
        )
        self.assertEqual(kind, "html")
        for words in (b"87.20", b"Invoiced", b"Director"):
            self.assertIn(words, html)
