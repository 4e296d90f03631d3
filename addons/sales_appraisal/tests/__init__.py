from . import (
    test_access,
    test_contest,
    test_demo,
    test_distribution,
    test_flow,
    test_lead_priority,
    test_leaderboard,
    test_periods,
    test_ranking,
    test_scorecard,
    test_scoring,
    test_screens,
)
