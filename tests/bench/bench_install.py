"""Installation on a database with a history."""

import os
import subprocess
import sys
import time

from .bench_rebuild import multiply, posted
from .common import Row, database, seconds

LINES = 100_000


def run(lab):
    name = lab.clone(posted(lab), "install")
    lines = min(LINES, lab.options.lines)
    multiply(lab, name, lines)
    start = time.perf_counter()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "odoo", "-d", name, "-i", "sales_force"),
            *("--stop-after-init", "--no-http", "--max-cron-threads=0"),
            "--log-level=error",
        ]
    )
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    took = time.perf_counter() - start
    if process.returncode:
        raise RuntimeError("The installation failed.")
    # Linux counts in kilobytes, macOS in bytes.
    memory = usage.ru_maxrss / (1024 if sys.platform == "linux" else 1024**2)
    credits = database.query("SELECT count(*) FROM sales_credit", name=name)[0][0]
    return [
        Row(
            f"installation with {lines:,} invoice lines ({credits:,} credits)",
            "< 1 GiB",
            {
                "took": seconds(took),
                "minutes": f"{took / 60:.1f}",
                "peak memory": f"{memory:.0f} MiB",
            },
        )
    ]
