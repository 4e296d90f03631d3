"""What needs manufacturing, which none of our addons depends on, holds where it is."""

import os
import subprocess
import sys

# Its tests are skipped in a database without.
FILES = ["addons/sales_force/tests/test_promise.py"]


def test_with_manufacturing(databases, fresh, root):
    with fresh("mrp") as name:
        databases.clone(os.environ["SALES_TEST_DB"], name)
        databases.odoo(name, "-i", "mrp", strict=True)
        command = [sys.executable, "-m", "pytest", "-c", "config/pytest.ini"]
        command += ["--rootdir", root, "-p", "no:cacheprovider", "-q", "-k", "kit"]
        result = subprocess.run(
            [*command, "--odoo-database", name, *FILES],
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    assert result.returncode == 0, result.stdout[-5000:]
    assert " passed" in result.stdout and " skipped" not in result.stdout, result.stdout
