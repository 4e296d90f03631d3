from . import (
    test_access,
    test_demo,
    test_distribution,
    test_feedback,
    test_feedback_access,
    test_feedback_scoring,
    test_flow,
    test_periods,
    test_scorecard,
    test_scoring,
    test_screens,
)
