from . import (
    test_access,
    test_concurrency,
    test_demo,
    test_distribution,
    test_flow,
    test_periods,
    test_scorecard,
    test_scoring,
    test_screens,
    test_team,
    test_withheld,
)
