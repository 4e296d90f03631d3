from . import (
    test_access,
    test_assignment,
    test_credit_example,
    test_digest,
    test_periods,
    test_plain_users,
    test_sales_credit_reading,
    test_sales_performance,
    test_sales_ranking,
    test_split_documents,
    test_territory,
    test_working_time,
)
