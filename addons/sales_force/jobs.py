"""Work on many, where what is wrong with one must not keep the others waiting."""

import logging
from contextlib import contextmanager

_logger = logging.getLogger(__name__)


@contextmanager
def go_on(env, what):
    """An error inside is logged, what was done inside is undone, and work goes on.

    :param str what: names it in the log
    """
    try:
        with env.cr.savepoint():
            yield
    except Exception:
        # Nor is kept in memory what is undone.
        env.registry.clear_cache()
        _logger.exception("%s", what)
