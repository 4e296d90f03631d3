from . import (
    sales_calendar_import,
    sales_credit_rebuild,
    sales_rep_change,
    sales_split_change,
)
