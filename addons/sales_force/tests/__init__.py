from . import test_access, test_plain_users
