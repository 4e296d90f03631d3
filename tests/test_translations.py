"""Every term of every addon is translated into Chinese."""

import io
import os
import re

import polib
import pytest

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools.translate import trans_export

from .test_lint import ADDONS

LANGUAGE = "zh_CN"


@pytest.fixture(scope="module")
def env():
    with Registry(os.environ["SALES_RUN_DB"]).cursor() as cr:
        yield api.Environment(cr, SUPERUSER_ID, {})


def terms(env, addon):
    """What Odoo exports: all that a person may read."""
    buffer = io.BytesIO()
    trans_export(False, [addon], buffer, "po", env)
    return {entry.msgid for entry in polib.pofile(buffer.getvalue().decode())}


@pytest.mark.parametrize("addon", ADDONS, ids=lambda path: path.name)
def test_complete(env, addon):
    file = addon / "i18n" / f"{LANGUAGE}.po"
    entries = polib.pofile(str(file))
    done = {e.msgid for e in entries if e.msgstr and not e.fuzzy and not e.obsolete}
    wanted = terms(env, addon.name)
    lost = sorted(wanted - done)
    assert not lost, f"{len(lost)} terms without a translation:\n" + "\n".join(lost)
    gone = sorted(e.msgid for e in entries if not e.obsolete and e.msgid not in wanted)
    assert not gone, f"{len(gone)} terms that no longer exist:\n" + "\n".join(gone)


@pytest.mark.parametrize("addon", ADDONS, ids=lambda path: path.name)
def test_placeholders(addon):
    """A translation keeps the placeholders of its source."""
    file = addon / "i18n" / f"{LANGUAGE}.po"
    pattern = re.compile(r"%\(\w+\)[sdf]|%[sd]|\{\{.*?\}\}|\$\{.*?\}")
    for entry in polib.pofile(str(file)):
        if entry.msgstr:
            assert sorted(pattern.findall(entry.msgid)) == sorted(
                pattern.findall(entry.msgstr)
            ), entry.msgid
