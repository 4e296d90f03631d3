"""Each addon comes alone, with demo data, in Chinese, and goes without a trace."""

import pytest

from .test_lint import ADDONS

NAMES = [path.name for path in ADDONS]
# What an addon leaves in a database, as "kind name".
TRACES = """
    SELECT 'table ' || table_name FROM information_schema.tables
    WHERE table_schema = 'public'
    UNION ALL
    SELECT 'column ' || table_name || '.' || column_name
    FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL
    SELECT 'index ' || indexname FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL
    SELECT 'cron ' || s.name::text FROM ir_act_server s
    WHERE s.usage = 'ir_cron'
    UNION ALL
    SELECT 'parameter ' || key FROM ir_config_parameter
    UNION ALL
    SELECT 'group ' || name::text FROM res_groups
    UNION ALL
    SELECT 'rule ' || name FROM ir_rule
    UNION ALL
    SELECT 'view ' || name FROM ir_ui_view
    UNION ALL
    SELECT 'data ' || module || '.' || name FROM ir_model_data
    WHERE module <> '__export__'
      -- Odoo lists each addon that it finds, also in a database made before.
      AND NOT (module = 'base' AND starts_with(name, 'module_'))
"""


def traces(databases, name):
    return {row[0] for row in databases.query(TRACES, name=name)}


@pytest.mark.parametrize("addon", NAMES)
def test_alone_and_gone(databases, fresh, addon):
    """Installed on a database with its dependencies, then uninstalled."""
    with fresh("alone") as name:
        ours = set(NAMES)
        needs = [n for n in databases.manifest(addon)["depends"] if n in ours]
        databases.clone(databases.template(demo=False), name)
        if needs:
            databases.odoo(name, "-i", ",".join(needs), strict=True)
        before = traces(databases, name)
        trouble = databases.odoo(name, "-i", addon, strict=True)
        assert not trouble
        trouble = databases.uninstall(name, addon)
        assert not trouble, "\n".join(trouble)
        left = traces(databases, name) - before
        assert not left, f"{addon} leaves behind:\n" + "\n".join(sorted(left))


def test_demo_in_chinese(databases, fresh):
    """All addons with demo data and the Chinese language, without a warning."""
    with fresh("demo") as name:
        databases.clone(databases.template(demo=True), name)
        addons = ",".join(NAMES)
        trouble = databases.odoo(
            name, "-i", addons, "--with-demo", "--load-language", "zh_CN"
        )
        assert not trouble, "\n".join(trouble)
        # Sources that have not changed update without a warning, too.
        assert not databases.odoo(name, "-u", addons)
        databases.script(
            name,
            """
import re
counts = env["sales.credit"].rebuild()
assert not any(counts.values()), counts
# What the demo copies from rules and plans is in Chinese, too.
texts = env["sales.approval.step"].search([]).mapped("reason")
texts += env["sales.dunning"].search([]).mapped("name")
assert texts and all(map(re.compile("[\u4e00-\u9fff]").search, texts)), texts""",
        )
