"""The test kit for plugin authors: a core in memory, faulty providers, and the contract every channel passes.

A name is imported when it is first asked for: a plugin's simulator needs the fakes when its channel is
listed, and that must not cost the import of pytest and of the whole contract.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from router.testing.certificate import Certificate
    from router.testing.certifying import certify
    from router.testing.contract import ChannelContract
    from router.testing.factories import make_attempt, make_event, make_raw, make_report
    from router.testing.fake_clock import FakeClock
    from router.testing.fake_provider import StatefulFake
    from router.testing.fake_records import FakeMessage, FakePage, FakeThread, FakeUser
    from router.testing.faults import (
        Fault,
        cut_after_commit,
        cut_before_commit,
        garbage,
        late,
        rate_limited,
        refused,
        server_error,
        slow_body,
        token_expired,
    )
    from router.testing.faulty_http import ANY, Call, FaultyHttp, Responder, json_answer
    from router.testing.hook_door import HookDoor
    from router.testing.memory import MemoryContext, MemoryStore
    from router.testing.player import Player
    from router.testing.pusher import Push, Pushed, Pusher
    from router.testing.traffic import Recorded, read_traffic
    from router.testing.whole_router import channels_open, rows, rows_once

_HOMES = {
    "certificate": ("Certificate",),
    "certifying": ("certify",),
    "contract": ("ChannelContract",),
    "factories": ("make_attempt", "make_event", "make_raw", "make_report"),
    "fake_clock": ("FakeClock",),
    "fake_provider": ("StatefulFake",),
    "fake_records": ("FakeMessage", "FakePage", "FakeThread", "FakeUser"),
    "faults": (
        "Fault",
        "cut_after_commit",
        "cut_before_commit",
        "garbage",
        "late",
        "rate_limited",
        "refused",
        "server_error",
        "slow_body",
        "token_expired",
    ),
    "faulty_http": ("ANY", "Call", "FaultyHttp", "Responder", "json_answer"),
    "hook_door": ("HookDoor",),
    "memory": ("MemoryContext", "MemoryStore"),
    "player": ("Player",),
    "pusher": ("Push", "Pushed", "Pusher"),
    "traffic": ("Recorded", "read_traffic"),
    "whole_router": ("channels_open", "rows", "rows_once"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "ANY",
    "Call",
    "Certificate",
    "ChannelContract",
    "FakeClock",
    "FakeMessage",
    "FakePage",
    "FakeThread",
    "FakeUser",
    "Fault",
    "FaultyHttp",
    "HookDoor",
    "MemoryContext",
    "MemoryStore",
    "Player",
    "Push",
    "Pushed",
    "Pusher",
    "Recorded",
    "Responder",
    "StatefulFake",
    "certify",
    "channels_open",
    "cut_after_commit",
    "cut_before_commit",
    "garbage",
    "json_answer",
    "late",
    "make_attempt",
    "make_event",
    "make_raw",
    "make_report",
    "rate_limited",
    "read_traffic",
    "refused",
    "rows",
    "rows_once",
    "server_error",
    "slow_body",
    "token_expired",
]


def __getattr__(name: str) -> Any:
    """Import the module a name lives in."""
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{home}"), name)
