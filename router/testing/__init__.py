"""The test kit for plugin authors: a core in memory, factories, and the contract every channel passes."""

import importlib.util

# A failing contract would show a bare AssertionError otherwise; it has to be asked for before the import.
if importlib.util.find_spec("pytest") is not None:
    import pytest

    pytest.register_assert_rewrite(
        "router.testing.checks_claims",
        "router.testing.checks_inbound",
        "router.testing.checks_life",
        "router.testing.checks_outbound",
        "router.testing.stage",
    )

from router.testing.certificate import Certificate, certify
from router.testing.contract import ChannelContract
from router.testing.factories import make_attempt, make_event, make_raw, make_report
from router.testing.fake_clock import FakeClock
from router.testing.memory import MemoryContext, MemoryStore

__all__ = [
    "Certificate",
    "ChannelContract",
    "FakeClock",
    "MemoryContext",
    "MemoryStore",
    "certify",
    "make_attempt",
    "make_event",
    "make_raw",
    "make_report",
]
