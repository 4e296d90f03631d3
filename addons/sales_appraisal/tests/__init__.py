from . import (
    test_access,
    test_analysis,
    test_analysis_pure,
    test_demo,
    test_distribution,
    test_flow,
    test_periods,
    test_scorecard,
    test_scoring,
    test_screens,
)
