from . import (
    test_access,
    test_board,
    test_board_screen,
    test_changes,
    test_days,
    test_decompose,
    test_figures,
    test_plan,
    test_rounding,
    test_weights,
)
