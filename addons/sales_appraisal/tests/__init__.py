from . import (
    test_access,
    test_demo,
    test_distribution,
    test_flow,
    test_leaderboard,
    test_periods,
    test_ranking,
    test_scorecard,
    test_scoring,
    test_screens,
)
