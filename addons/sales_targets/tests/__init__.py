from . import (
    test_access,
    test_changes,
    test_days,
    test_decompose,
    test_demo,
    test_figures,
    test_plan,
    test_ratio,
    test_rebalance,
    test_rounding,
    test_transfer,
    test_weights,
)
