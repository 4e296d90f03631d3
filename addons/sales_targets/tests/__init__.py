from . import (
    test_access,
    test_alerts,
    test_changes,
    test_days,
    test_decompose,
    test_deviation,
    test_drivers,
    test_figures,
    test_landing,
    test_plan,
    test_rounding,
    test_weights,
)
