from . import test_access, test_assignment, test_credit_example, test_plain_users, test_territory, test_working_time
