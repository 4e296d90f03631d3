from . import (
    sales_driver,
    sales_driver_rates,
    sales_target_plan,
    sales_target_decomposition,
    sales_target,
    sales_target_pace,
    sales_target_answer,
    sales_target_board,
    sales_target_day,
    sales_target_version,
    sales_rep,
    res_partner,
)
