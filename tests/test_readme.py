"""Addons' pages are made from their readme fragments, and their pictures exist."""

import pathlib
import re
import subprocess
import sys

import pytest

from .test_lint import ADDONS

SCRIPT = pathlib.Path(__file__).parents[1] / "config" / "readme.py"


@pytest.mark.parametrize("addon", ADDONS, ids=lambda path: path.name)
def test_page(addon):
    done = subprocess.run([sys.executable, SCRIPT, "--check", addon])
    assert not done.returncode, f"python3 config/readme.py addons/{addon.name}"
    folder = addon / "static" / "description"
    pictures = re.findall(r'src="([^"]+)"', (folder / "index.html").read_text())
    assert not [name for name in pictures if not (folder / name).exists()]
