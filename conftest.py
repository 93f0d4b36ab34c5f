"""Options of the whole test run: slower tests that need programs from the system's packages."""

from __future__ import annotations

import pytest

OPTIONS = {
    "services": "real Dovecot from the system's packages",
    "browser": "a real Chromium from the system's packages",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add one switch for each kind."""
    for name, needs in OPTIONS.items():
        parser.addoption(f"--{name}", action="store_true", help=f"also run the tests that need {needs}")


def pytest_configure(config: pytest.Config) -> None:
    """Register one marker for each kind."""
    for name, needs in OPTIONS.items():
        config.addinivalue_line("markers", f"{name}: needs {needs}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what was not asked for, and say so."""
    for name, needs in OPTIONS.items():
        if config.getoption(f"--{name}"):
            continue
        skip = pytest.mark.skip(reason=f"needs {needs}: run pytest --{name}")
        for item in items:
            if item.get_closest_marker(name):
                item.add_marker(skip)
