"""The same documents with OCA's sale-commission-oca instead, for comparison.

It is AGPL-3 and so no dependency: it is fetched into a folder of its own for this
benchmark and put on the addons path of the databases that need it.
"""

import os
import subprocess
import sys
from pathlib import Path

from odoo.fields import Command
from odoo.modules.module import initialize_sys_path
from odoo.tools import config

from . import bench_documents
from .common import database, prepare_process

ADDONS = ("commission_oca", "account_commission_oca", "sale_commission_oca")


def fetch(wanted=ADDONS, folder="bench-peers"):
    """The folder of the peers' addons."""
    folder = Path(os.environ.get("SALES_CACHE") or database.LOG) / folder
    addons = folder / "odoo" / "addons"
    if not all((addons / name).is_dir() for name in wanted):
        names = [f"odoo-addon-{name.replace('_', '-')}" for name in wanted]
        # Odoo is there already, and not from an index of packages.
        subprocess.run(
            [
                *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"),
                *("--no-input", "--disable-pip-version-check"),
                *("--target", str(folder), *names),
            ],
            check=True,
        )
    return addons


def prepare(*wanted):
    """This process finds the peers, too.

    :param wanted: of ``fetch``
    :return: the addons path
    """
    path = ",".join([*config["addons_path"], str(fetch(*wanted))])
    prepare_process(f"--addons-path={path}")
    initialize_sys_path()
    return path


def agents(env):
    """Every customer has an agent, who gets a commission on all draft orders."""
    commission = env["commission"].create(
        {"name": "Five percent", "commission_type": "fixed", "fix_qty": 5}
    )
    agent = env["res.partner"].create(
        {"name": "Agent", "agent": True, "commission_id": commission.id}
    )
    orders = env["sale.order"].search([("origin", "=like", "round %")])
    orders.partner_id.commission_agent_ids = [Command.link(agent.id)]
    orders.recompute_lines_agents()


def run(lab):
    path = prepare()
    return bench_documents.run(
        lab,
        ADDONS[-1],
        options=[f"--addons-path={path}"],
        after=agents,
        bar=False,
    )
