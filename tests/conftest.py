"""Databases for tests of the whole system."""

import contextlib
import importlib
import os
import pathlib
import sys

import pytest

from .plugin import ROOT


@pytest.fixture(scope="session")
def databases():
    """What ``./sales`` makes databases with: see ``config/setup/database.py``."""
    if "SALES_ROOT" not in os.environ:
        pytest.skip("needs ./sales test")
    sys.path.insert(0, os.path.join(ROOT, "config", "setup"))
    return importlib.import_module("database")


@pytest.fixture
def fresh(databases):
    """``with fresh("x"): ...`` leaves no database behind, however it ends.

    Each of several processes has its own by that name.
    """

    @contextlib.contextmanager
    def make(suffix):
        name = f"{os.environ['SALES_RUN_DB']}_{suffix}"
        databases.drop(name)
        try:
            yield name
        finally:
            databases.drop(name)

    return make


@pytest.fixture
def root():
    return pathlib.Path(ROOT)
