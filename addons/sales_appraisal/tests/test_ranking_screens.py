from odoo.tests import HttpCase, tagged

from .test_contest import ContestCase


@tagged("post_install", "-at_install")
class TestRankingScreens(HttpCase, ContestCase):
    def setUp(self):
        super().setUp()
        for number, seller in enumerate(self.sellers.values()):
            self._credit("INVOICED", seller, 800 - 100 * number, 0)

    def test_leaderboard(self):
        self._board(name="Zz Board")
        self.start_tour(
            "/odoo/leaderboards",
            "sales_appraisal_leaderboard",
            login=self.users["f"].login,
        )

    def test_contest(self):
        today = self.company._get_sales_today()
        contest = self._contest(name="Zz Contest", date_from=today, date_to=today)
        self.start_tour(
            "/odoo/contests",
            "sales_appraisal_contest",
            login=self.users["director"].login,
        )
        self.assertEqual(contest.version, 2)
        self.assertEqual(contest.version_ids.reason, "The campaign moves")
