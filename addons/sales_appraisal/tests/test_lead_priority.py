"""The best leads go by a leaderboard, where the team's rule says so."""

from freezegun import freeze_time

from odoo.tests import tagged

from .test_leaderboard import LeaderboardCase


@tagged("post_install", "-at_install")
@freeze_time("2031-05-20")
class TestLeadPriority(LeaderboardCase):
    def test_by_the_board(self):
        """By discipline G is before H; by what was ordered it is the other way."""
        team = self.teams[1]
        members = self.env["crm.team.member"].create(
            [
                {
                    "crm_team_id": team.id,
                    "user_id": self.users[name].id,
                    "assignment_max": 30,
                }
                for name in "gh"
            ]
        )
        self._credit("ORDERED", self.sellers["h"], 900, "2031-05-10")
        for name, done in (("g", 9), ("h", 2)):
            self._credit("PLANNED", self.sellers[name], 10, "2031-05-10")
            self._credit("PLANNED_DONE", self.sellers[name], done, "2031-05-10")
        team.sales_assignment = "ranked"

        def places():
            found = team._get_member_places(list(members))
            return [found[member] for member in members]

        self.assertEqual(places(), [2, 1])
        board = self._board(metric="PLAN_DISCIPLINE")
        team.sales_assignment_board_id = board
        self.assertEqual(places(), [1, 2])
        leads = self.env["crm.lead"].create(
            [
                {
                    "name": f"Lead {revenue}",
                    "type": "lead",
                    "team_id": team.id,
                    "user_id": False,
                    "expected_revenue": revenue,
                }
                for revenue in (10, 5000)
            ]
        )
        leads.write({"user_id": False})
        members.assignment_max = 30
        team._assign_by_rules(1)
        self.assertEqual(leads[1].user_id, self.users["g"])
        # Who has no place comes last.
        board.minimum = 5
        self.assertEqual(places(), [1, 1])
