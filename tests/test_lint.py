"""Formatters and linters over the whole repository."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

from .plugin import ROOT, need

ROOT = pathlib.Path(ROOT)
ADDONS = sorted(path.parent for path in ROOT.glob("addons/*/__manifest__.py"))


def run(*command, **kwargs):
    result = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        **kwargs,
    )
    assert result.returncode == 0, f"{command[0]} found:\n{result.stdout[-8000:]}"


def ruff(*arguments):
    config = ROOT / "config/ruff.toml"
    run(
        sys.executable, "-m", "ruff", *arguments, "--config", config, "--no-cache", ROOT
    )


def test_ruff():
    ruff("check")


def test_ruff_format():
    ruff("format", "--check")


@pytest.mark.parametrize("addon", ADDONS, ids=lambda path: path.name)
def test_pylint_odoo(addon):
    run(sys.executable, "-m", "pylint", "--rcfile", ROOT / "config/pylint.rc", addon)


@pytest.mark.parametrize("addon", ADDONS, ids=lambda path: path.name)
def test_oca_module(addon):
    check = pathlib.Path(sys.executable).with_name("oca-checks-odoo-module")
    run(check, "--config", ROOT / "config/oca_hooks.cfg", addon)


def test_oca_po():
    files = [*ROOT.glob("addons/*/i18n/*.po"), *ROOT.glob("addons/*/i18n/*.pot")]
    if not files:
        pytest.skip("no translations yet")
    check = pathlib.Path(sys.executable).with_name("oca-checks-po")
    run(check, "--config", ROOT / "config/oca_hooks.cfg", *files)


def test_prettier():
    modules = os.environ.get("SALES_PRETTIER")
    need(modules and shutil.which("node"), "prettier needs Node, which is not here")
    files = [
        path
        for pattern in ("addons/**/*.xml", "addons/**/*.js", "addons/**/*.scss")
        for path in ROOT.glob(pattern)
        if "lib" not in path.parts
    ]
    prettier = pathlib.Path(modules)
    run(
        "node",
        prettier / "prettier/bin/prettier.cjs",
        "--config",
        ROOT / "config/prettier/prettier.json",
        "--plugin",
        prettier / "@prettier/plugin-xml/src/plugin.js",
        "--check",
        *files,
    )


def test_shell_parses():
    for path in [ROOT / "sales", ROOT / ".ci/run", *ROOT.glob("config/setup/*.sh")]:
        run("bash", "-n", path)


def test_nothing_left_open():
    """No marks of unfinished work, and nothing that belongs to one machine."""
    marks = re.compile(
        r"\b(TO"
        r"DO|FIX"
        r"ME|XX"
        r"X)\b|(?<![\w./])/(wo"
        r"rk|srv)/"
        r"|https?://(?!127\.)\S*(pypi|npm|debian)"
    )
    found = []
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    for name in filter(None, tracked):
        path = ROOT / name
        if path.suffix in (".png", ".xlsx", ".ico") or not path.is_file():
            continue
        if path == pathlib.Path(__file__):
            continue
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            if marks.search(line):
                found.append(f"{name}:{number}: {line.strip()[:100]}")
    assert not found, "\n".join(found)
