"""Odoo's own tests pass with our addons wherever they pass without.

They run on a database with our addons. What fails there runs again on one without: only
what then passes is our fault, so a green run costs no baseline. It must fail with our
addons a second time, because browser tours of Odoo depend on the machine's pace.
"""

import os
import pathlib
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest

from .test_lint import ADDONS

NAMES = [path.name for path in ADDONS]
# What the ledger listens to, and what a company works with every day.
# The longest first: see tests/plugin.py.
SUITES = {
    "sale": ["sale"],
    "account": [
        "account/tests/test_account_move_entry.py",
        "account/tests/test_account_move_in_invoice.py",
        "account/tests/test_account_move_out_invoice.py",
        "account/tests/test_account_move_out_refund.py",
        "account/tests/test_account_move_payments_widget.py",
        "account/tests/test_account_move_reconcile.py",
        "account/tests/test_account_payment.py",
        "account/tests/test_account_payment_register.py",
        "account/tests/test_early_payment_discount.py",
        "account/tests/test_payment_term.py",
    ],
    "stock": ["stock"],
    "crm": ["crm"],
    "purchase_stock": ["purchase_stock"],
    "survey": ["survey"],
    "sale_stock": ["sale_stock"],
    "repair": ["repair"],
    "sales_team": ["sales_team"],
}
# In CI those that are over within minutes; the others with ./sales test --all.
SHORT = ("sales_team", "repair", "crm", "sale_stock", "sale")


def odoo_addons():
    import odoo.addons.sale

    return pathlib.Path(odoo.addons.sale.__file__).parent.parent


def paths(suite):
    for entry in SUITES[suite]:
        path = odoo_addons() / entry
        if path.suffix == ".py":
            assert path.exists(), f"Odoo has no {entry}"
            yield path
        else:
            yield from sorted(path.glob("tests/test_*.py"))


def run(database, tests, tmp_path):
    """Run tests of Odoo; the failed ones as pytest's names, and how many there were."""
    report = tmp_path / f"{database}.xml"
    command = [sys.executable, "-m", "pytest", "-c", os.devnull, "-q", "--tb=short"]
    command += ["--rootdir", odoo_addons(), "-p", "no:cacheprovider", "-W", "ignore"]
    command += ["--odoo-database", database, "--odoo-http"]
    command += [f"--junitxml={report}", "-o", "junit_family=xunit1", *tests]
    result = subprocess.run(
        [str(part) for part in command],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert report.exists(), result.stdout[-5000:]
    failed, count = {}, 0
    for case in ElementTree.parse(report).iter("testcase"):
        count += 1
        for outcome in ("failure", "error"):
            found = case.find(outcome)
            if found is not None:
                failed[node(case)] = (found.text or found.get("message", ""))[-3000:]
    return failed, count


def node(case):
    """Pytest's name of a test: file::class::test."""
    class_name = case.get("classname").rsplit(".", 1)[-1]
    return f"{odoo_addons() / case.get('file')}::{class_name}::{case.get('name')}"


@pytest.mark.parametrize(
    "suite",
    [
        pytest.param(name, marks=() if name in SHORT else pytest.mark.long)
        for name in SUITES
    ],
)
def test_core_suite(databases, fresh, suite, tmp_path):
    def run_on(source, database, tests):
        with fresh(database) as name:
            databases.clone(source, name)
            return run(name, tests, tmp_path)

    ours, bare = os.environ["SALES_TEST_DB"], databases.template(demo=False)
    failed, count = run_on(ours, "core", paths(suite))
    assert count > 10, "hardly any test was found"
    if failed:
        without, _count = run_on(bare, "bare", failed)
        failed = {test: text for test, text in failed.items() if test not in without}
    if failed:
        failed, _count = run_on(ours, "again", failed)
    assert not failed, "\n\n".join(f"{test}\n{text}" for test, text in failed.items())
