def pre_init_hook(env):
    """Prepare big tables before the ORM adds our columns to them."""


def post_init_hook(env):
    """Give history its owners, keep what Odoo does not, derive all credits."""
