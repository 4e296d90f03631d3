from . import (
    test_access,
    test_agenda,
    test_changes,
    test_days,
    test_decompose,
    test_drivers,
    test_figures,
    test_plan,
    test_rounding,
    test_weights,
    test_work_plan,
)
