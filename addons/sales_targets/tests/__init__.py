from . import (
    test_access,
    test_changes,
    test_cockpit,
    test_days,
    test_decompose,
    test_figures,
    test_meeting,
    test_plan,
    test_rounding,
    test_screens,
    test_weights,
)
