"""What holds for all tests: how several processes share them, no warning in Odoo's log,
no silent skip in CI."""

import logging
import os
import re

import pytest
from xdist.scheduler import LoadFileScheduling

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
IN_CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")

# Odoo's words, and ours, for a program that is not installed.
MISSING = re.compile(r"Chrome executable not found|wkhtmltopdf|needs Node")

# Few tests that take minutes each: handed out one by one, and first, or one process
# would work on when all others are done.
LONG = (
    "tests/test_addons.py::",
    "tests/test_core_suites.py::",
    "tests/test_manufacturing.py::",
)


class Schedule(LoadFileScheduling):
    """The long tests, then whole files, those with most tests first."""

    def _split_scope(self, nodeid):
        return nodeid if nodeid.startswith(LONG) else super()._split_scope(nodeid)

    def _assign_work_unit(self, node):
        first = min(self.workqueue, key=lambda scope: not scope.startswith(LONG))
        self.workqueue.move_to_end(first, last=False)
        super()._assign_work_unit(node)


class Recorder(logging.Handler):
    """Keeps what is logged as a warning or worse."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.records = []

    def emit(self, record):
        if record.name.startswith("odoo") and not self._is_expected(record):
            self.records.append(record)

    @staticmethod
    def _is_expected(record):
        # Odoo tells once per process that it runs as root, in containers as well.
        return "Running as user 'root'" in record.getMessage()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_cmdline_main(config):
    """Each of several processes tests on a database of its own.

    ``./sales test`` made it. pytest-odoo, which would make another, and what tests
    start are not told that they are in one of several processes.
    """
    worker = os.environ.pop("PYTEST_XDIST_WORKER", None)
    if worker:
        os.environ["SALES_RUN_DB"] += f"_{worker}"
        config.option.odoo_database = os.environ["SALES_RUN_DB"]
    return (yield)


def pytest_xdist_make_scheduler(config, log):
    return Schedule(config, log)


def pytest_collection_modifyitems(config, items):
    if os.environ.get("SALES_TEST_ALL"):
        return
    long = pytest.mark.skip(reason="long: ./sales test --all runs it")
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(long)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    recorder = Recorder()
    logging.getLogger().addHandler(recorder)
    try:
        result = yield
    finally:
        logging.getLogger().removeHandler(recorder)
    if recorder.records:
        lines = [f"{r.levelname} {r.name}: {r.getMessage()}" for r in recorder.records]
        pytest.fail("Odoo's log has warnings:\n" + "\n".join(lines), pytrace=False)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """In CI a test that was skipped for want of a program has failed."""
    report = yield
    if IN_CI and report.skipped and MISSING.search(str(report.longrepr)):
        report.outcome = "failed"
    return report


def need(condition, reason):
    """Skip with a visible reason; in CI, where all can be installed, fail."""
    if not condition:
        (pytest.fail if IN_CI else pytest.skip)(reason)
