"""What the e-mail tests share: a context that stores in memory, a clock that stands, factories."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from router_email.channel import EmailChannel
from router_email.identity import dedupe_key
from router_email.settings import EmailSettings
from router_email.simulator import EmailSimulator

from router import Health
from router.errors import StoreUnavailable
from router.messages import (
    AcceptOutcome,
    AcceptResult,
    AnsweredMessage,
    Block,
    DeliveryReport,
    FileContent,
    FiledMessage,
    InboundEvent,
    JsonValue,
    OutboundAttempt,
    RawInbound,
    ThreadEvent,
)

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
ADDRESS = "support@shop.example"
TOKEN = "Tf4kq0c2Zt5mB7yXh1wP9g"


@dataclass
class StandingClock:
    """A clock that stands still."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return 0.0


@dataclass
class MemoryContext:
    """A store in memory that commits, refuses or hangs as it is told."""

    account: str = "support"
    public_url: str = "http://127.0.0.1"
    clock: StandingClock = field(default_factory=StandingClock)
    log: logging.Logger = field(default_factory=lambda: logging.getLogger("email.test"))
    items: list[RawInbound] = field(default_factory=list)
    position: JsonValue = None
    marked: list[str] = field(default_factory=list)
    healths: list[Health] = field(default_factory=list)
    files: dict[str, FileContent] = field(default_factory=dict)
    is_away: bool = False
    gate: asyncio.Event | None = None
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def accept(self, items: Sequence[RawInbound], cursor: JsonValue = None) -> list[AcceptResult]:
        self.asked.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.is_away:
            raise StoreUnavailable
        results = []
        for item in items:
            seen = [stored.dedupe_key for stored in self.items]
            outcome = AcceptOutcome.DUPLICATE if item.dedupe_key in seen else AcceptOutcome.ACCEPTED
            if outcome is AcceptOutcome.ACCEPTED:
                self.items.append(item)
            results.append(AcceptResult(outcome=outcome, inbound_id=f"in-{len(self.items)}"))
        if cursor is not None:
            self.position = cursor
        async with self.changed:
            self.changed.notify_all()
        return results

    async def wait_for(self, condition: Callable[[], bool], within_s: float = 60.0) -> None:
        async with asyncio.timeout(within_s), self.changed:
            await self.changed.wait_for(condition)

    async def filed(self, inbound_id: str) -> Sequence[FiledMessage]:
        return ()

    async def cursor(self) -> JsonValue:
        return self.position

    async def report(self, report: DeliveryReport) -> None:
        raise AssertionError("the e-mail channel reports through decode")

    async def sending(self, attempt_id: str) -> None:
        self.marked.append(attempt_id)

    async def thread_events(self, thread: str, after_seq: int = 0, limit: int = 200) -> list[ThreadEvent]:
        return []

    async def file(self, id: str, thread: str = "") -> FileContent:
        return self.files[id]

    async def get(self, key: str) -> JsonValue:
        return None

    async def put(self, key: str, value: JsonValue) -> None:
        raise AssertionError("the e-mail channel keeps nothing")

    def set_health(self, health: Health) -> None:
        self.healths.append(health)


def settings_with(**changes: object) -> EmailSettings:
    return EmailSettings.model_validate(
        {"address": ADDRESS, "name": "Shop", "smtp_in": {"port": 0}, **changes}
    )


def raw_of(content: bytes | str, **envelope: JsonValue) -> RawInbound:
    raw = content.encode() if isinstance(content, str) else content
    return RawInbound(dedupe_key=dedupe_key(raw), raw=raw, received_at=NOW, envelope=envelope)


def decode(
    content: bytes | str, settings: EmailSettings | None = None, **envelope: JsonValue
) -> InboundEvent:
    """Decode one mail that means one event."""
    (event,) = EmailChannel("support", settings or settings_with()).decode(raw_of(content, **envelope))
    return event


def mail(body: str = "Hello.", **fields: str) -> bytes:
    """Write a mail; `in_reply_to="<x>"` becomes the field In-Reply-To."""
    header = {
        "From": "Ana Example <ana@example.org>",
        "To": ADDRESS,
        "Subject": "Parcel",
        "Message-ID": "<one@example.org>",
        **{name.replace("_", "-").title(): value for name, value in fields.items()},
    }
    lines = [f"{name}: {value}" for name, value in header.items() if value]
    return ("\r\n".join(lines) + "\r\n\r\n" + body.replace("\n", "\r\n") + "\r\n").encode(
        "utf-8", "surrogateescape"
    )


def attempt_with(**changes: object) -> OutboundAttempt:
    values: dict[str, object] = {
        "attempt_id": "attempt-1",
        "number": 1,
        "account": "support",
        "conversation_id": "conversation-1",
        "message_id": "message-1",
        "outgoing_ref": "<message-1@shop.example>",
        "seq": 2,
        "recipient": "ana@example.org",
        "blocks": (Block(text="It is on its way."),),
        "created_at": NOW,
        **changes,
    }
    return OutboundAttempt(**values)  # type: ignore[arg-type]


def answering(event: InboundEvent) -> AnsweredMessage:
    return AnsweredMessage(external_id=event.external_id, provider_data=event.provider_data)


@pytest.fixture
def ctx() -> MemoryContext:
    return MemoryContext()


@pytest.fixture
async def simulator() -> AsyncIterator[EmailSimulator]:
    simulated = EmailSimulator()
    await simulated.start()
    yield simulated
    await simulated.stop()


@pytest.fixture
async def channel(simulator: EmailSimulator, ctx: MemoryContext) -> AsyncIterator[EmailChannel]:
    """An open channel with both listeners and the simulated relay."""
    settings = simulator.settings()
    assert isinstance(settings, EmailSettings)
    opened = EmailChannel("support", settings)
    await opened.open(ctx)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Give the folder of real mails, or skip."""
    root = Path(__file__).resolve().parents[3]
    places = [Path(os.environ["OMNIROUTER_SHARED"])] if "OMNIROUTER_SHARED" in os.environ else []
    for place in (*places, root.parent / "shared"):
        if (place / "corpus").is_dir():
            return place / "corpus"
    pytest.skip("no ../shared/corpus folder here; set OMNIROUTER_SHARED to run the corpus gates")
