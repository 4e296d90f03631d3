from . import (
    test_access,
    test_distribution,
    test_flow,
    test_scorecard,
    test_scoring,
)
