from . import test_access, test_credit_example, test_plain_users
