from . import (
    test_access,
    test_demo,
    test_distribution,
    test_flow,
    test_pattern,
    test_periods,
    test_scorecard,
    test_scoring,
    test_screens,
)
