"""Options of the whole test run: tests that need programs from the system's packages, and the long forms."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.statements import share_compiled_statements

OPTIONS = {
    "services": "needs real Dovecot, baresip and sipp from the system's packages, or Prism from npm",
    "browser": "needs a real Chromium from the system's packages",
    "long": "is the long form of a test that always runs",
    "soak": "brings ten thousand events through a channel, which takes minutes for each kind",
}
# Dozens of tests start the router as a program. Without compiled files, which the environment may forbid, each
# start compiles all of it anew: a quarter of the run.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# The stores sync each commit, and a disk shared with others makes that most of the run.
_MEMORY, _ROOM_BYTES = Path("/dev/shm"), 4 * 2**30
if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM_BYTES:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))

EXAMPLES, LONG_EXAMPLES = 20, 300
"""How many examples a generated test tries that names no number of its own."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add one switch for each kind."""
    for name, why in OPTIONS.items():
        parser.addoption(f"--{name}", action="store_true", help=f"also run what {why}")


def pytest_configure(config: pytest.Config) -> None:
    """Register one marker for each kind, and how hard generated tests try."""
    for name, why in OPTIONS.items():
        config.addinivalue_line("markers", f"{name}: {why}")
    # The same examples on every run, unless a seed asks for others: what fails here must fail everywhere. No
    # limit by the clock, no store of examples shared by runs at once.
    sought = config.getoption("--hypothesis-seed", None) is not None
    settings.register_profile(
        "project",
        max_examples=LONG_EXAMPLES if config.getoption("--long") else EXAMPLES,
        deadline=None,
        derandomize=not sought,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("project")
    share_compiled_statements()


def pytest_collection_finish() -> None:
    """Spare the collector what is there before the first test: a tenth of the run goes into looking at it."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what was not asked for, and say so."""
    for name, why in OPTIONS.items():
        if config.getoption(f"--{name}"):
            continue
        skip = pytest.mark.skip(reason=f"{why}: run pytest --{name}")
        for item in items:
            if item.get_closest_marker(name):
                item.add_marker(skip)
