"""What the phone tests share: the account's settings, the recorded files, and a channel that is open."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from router_phone_log.channel import PhoneLogChannel
from router_phone_log.settings import PhoneLogSettings

from router.calls import Call
from router.messages import InboundEvent, RawInbound
from router.testing import MemoryContext

ROOT = Path(__file__).parents[3]
FIXTURES = Path(__file__).parent / "fixtures"
SHARED = Path(os.environ.get("OMNIROUTER_SHARED") or ROOT.parent / "shared")
NOW = datetime(2025, 3, 3, 15, 0, tzinfo=UTC)


def settings(**changes: object) -> PhoneLogSettings:
    return PhoneLogSettings(**{"region": "CN", "zone": "Asia/Shanghai", **changes})


def channel(**changes: object) -> PhoneLogChannel:
    return PhoneLogChannel("hotline", settings(**changes))


def item(raw: bytes | str, **envelope: object) -> RawInbound:
    content = raw.encode() if isinstance(raw, str) else raw
    return RawInbound(
        dedupe_key="key", raw=content, received_at=NOW, envelope={"zone": "Asia/Shanghai", **envelope}
    )


def call_of(event: InboundEvent) -> Call:
    assert event.call is not None
    return event.call


@pytest.fixture
def telephony() -> Path:
    """The recorded material; a checkout without it cannot run the tests that ask for it."""
    folder = SHARED / "specs" / "telephony"
    if not folder.is_dir():
        pytest.skip(f"no recorded material in {folder}; set OMNIROUTER_SHARED to the folder that has it")
    return folder


@pytest.fixture
def expected(telephony: Path) -> dict[str, list[dict[str, object]]]:
    return json.loads((telephony / "expected.json").read_text())["calls"]


@asynccontextmanager
async def opened(phone: PhoneLogChannel) -> AsyncIterator[MemoryContext]:
    context = MemoryContext(phone.account)
    context.store.know(phone)
    await phone.open(context)
    try:
        yield context
    finally:
        await phone.close()
