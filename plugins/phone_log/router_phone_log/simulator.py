"""A phone system for the contract suite: a file that grows, signed posts, an agent with a form, and a line."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel

from router.channel import AnyChannel, HttpRequest
from router.messages import OutboundAttempt, RawInbound
from router.threads import Action, ActionKind
from router_phone_log import manual
from router_phone_log.channel import PhoneChannel
from router_phone_log.files import importer
from router_phone_log.files.places import Places
from router_phone_log.lines import asterisk_events
from router_phone_log.lines.calls import LineCall
from router_phone_log.lines.channel import PhoneLineChannel
from router_phone_log.lines.simulated_asterisk import SECRET, USER, SimulatedAsterisk
from router_phone_log.posts import twilio
from router_phone_log.posts.bodies import form_of
from router_phone_log.posts.proofs import twilio_signature
from router_phone_log.settings import (
    AsteriskSettings,
    FileSettings,
    PhoneLineSettings,
    PhoneLogSettings,
    WebhookSettings,
)

ZONE = "Asia/Shanghai"
POST_TOKEN = "twilio-token-41c9"
POST_VARIABLE, LINE_VARIABLE = "PHONE_SIMULATOR_POSTS", "PHONE_SIMULATOR_LINE"
BEGAN_AT = datetime(2025, 3, 3, 4, 30, tzinfo=UTC)
STORED = "stored"
_LOOK_AGAIN_S = 0.005


class PhoneLogSimulator:
    """Implements `router.channel.Simulator` for records of calls."""

    page_size = importer.BATCH_ROWS
    variables: Mapping[str, str] = {POST_VARIABLE: POST_TOKEN}

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._set: list[str] = []
        self._crowded = 0

    @property
    def file(self) -> Path:
        """Name the file of records."""
        if self._folder is None:
            raise RuntimeError("start the simulator first")
        return self._folder / "Master.csv"

    def settings(self) -> BaseModel:
        """Give settings with every source of records."""
        return PhoneLogSettings(**self._records())

    def _records(self) -> dict[str, Any]:
        return {
            "region": "CN",
            "zone": ZONE,
            "files": (FileSettings(path=str(self.file)),) if self._folder is not None else (),
            "webhook": WebhookSettings(format="twilio", secret_env=POST_VARIABLE),
        }

    def samples(self) -> Sequence[RawInbound]:
        """Give a missed call from the file, an answered one from a post, and one entered by hand."""
        return (_row(1), _post("completed", "2"), _form(), self.fresh(2))

    def fresh(self, number: int) -> RawInbound:
        """Give the record of another call."""
        return _row(number + 1000)

    def unknown_kind(self) -> RawInbound:
        """Give a post about a state nobody has heard of."""
        return _post("teleported", "3")

    def crowd(self, count: int) -> Sequence[str]:
        """Write the records of calls that all began in the same second."""
        rows = [_row(5000 + self._crowded + number) for number in range(count)]
        self._crowded += count
        with self.file.open("ab") as file:
            file.write(b"".join(row.raw + b"\n" for row in rows))
        return [f"+86139{5000 + self._crowded - count + number:08}" for number in range(count)]

    async def start(self) -> None:
        """Make the folder, and set the secrets an account reads from the environment."""
        self._folder = Path(tempfile.mkdtemp(prefix="phone-"))
        self.file.touch()
        for name, value in self.variables.items():
            if name not in os.environ:
                os.environ[name] = value
                self._set.append(name)

    async def stop(self) -> None:
        """Remove what `start` made."""
        while self._set:
            os.environ.pop(self._set.pop(), None)
        if self._folder is not None:
            shutil.rmtree(self._folder)
            self._folder = None

    async def deliver(self, channel: AnyChannel, raw: RawInbound) -> str:
        """Bring one sample in as its source does; give what the source sees."""
        if not isinstance(channel, PhoneChannel):
            raise TypeError(f"{type(channel).__name__} is no phone channel")
        source = raw.envelope["source"]
        if source == importer.SOURCE:
            return await self._append(channel, raw)
        if source == manual.SOURCE:
            await channel.submit(json.loads(raw.raw))
            return STORED
        reply = await channel.handle_http(self.signed(raw))
        return STORED if reply.status == 204 else str(reply.status)

    def signed(self, raw: RawInbound) -> HttpRequest:
        """Give a sample as the post Twilio would make."""
        target = "/hooks/account-1/calls"
        url = f"http://127.0.0.1:8080{target}"
        pairs = sorted(dict(_fields(raw.raw)).items())
        signature = twilio_signature(POST_TOKEN, url + "".join(name + value for name, value in pairs))
        headers = {
            "X-Twilio-Signature": signature,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return HttpRequest(
            method="POST", path="/calls", query={}, headers=headers, body=raw.raw, remote="", target=target
        )

    def stale(self, raw: RawInbound) -> HttpRequest | None:
        """Give nothing: the signature has no time."""
        return None

    async def _append(self, channel: AnyChannel, raw: RawInbound) -> str:
        """Write a row and wait until the place behind it is committed."""
        with self.file.open("ab") as file:
            file.write(raw.raw + b"\n")
            size = file.tell()
        while True:
            places = Places.of_json(await channel.ctx.cursor())
            if any(place.offset >= size for place in places.files.values()):
                return STORED
            await asyncio.sleep(_LOOK_AGAIN_S)

    def sent(self) -> Sequence[bytes]:
        """Give nothing: no text leaves by a phone."""
        return ()

    def fail_next(self, error: str) -> None:
        """Refuse: what is never sent cannot fail."""
        raise ValueError(f"nothing is sent by a phone, so nothing fails as {error}")

    def errors(self) -> Sequence[str]:
        """Name no error class."""
        return ()


class PhoneLineSimulator(PhoneLogSimulator):
    """The same with a live line: an Asterisk server over a real socket."""

    variables: Mapping[str, str] = {POST_VARIABLE: POST_TOKEN, LINE_VARIABLE: SECRET}

    def __init__(self) -> None:
        super().__init__()
        self.server: SimulatedAsterisk | None = None

    def settings(self) -> BaseModel:
        """Give settings that reach the simulated server."""
        port = self.server.port if self.server is not None else 5038
        asterisk = AsteriskSettings(
            port=port, user=USER, secret_env=LINE_VARIABLE, timeout_s=5, originate=True
        )
        return PhoneLineSettings(**self._records(), asterisk=asterisk)

    def samples(self) -> Sequence[RawInbound]:
        """Give a call as the line tells of it, and one from each source of records."""
        return (*_line_events(), *super().samples())

    async def start(self) -> None:
        """Start the server."""
        await super().start()
        self.server = SimulatedAsterisk()
        await self.server.start()

    async def stop(self) -> None:
        """Stop the server."""
        server, self.server = self.server, None
        if server is not None:
            await server.stop()
        await super().stop()

    async def deliver(self, channel: AnyChannel, raw: RawInbound) -> str:
        """Send an event down the line; it has no acknowledgement, so that it was dealt with counts."""
        if raw.envelope["source"] != asterisk_events.SOURCE:
            return await super().deliver(channel, raw)
        if not isinstance(channel, PhoneLineChannel) or channel.line is None or self.server is None:
            raise TypeError(f"{type(channel).__name__} has no open line")
        await channel.line.is_up.wait()
        count = channel.line.taken
        await self.server.send(raw.raw.decode())
        await channel.line.until_taken(count + 1)
        return STORED

    def action(self, kind: ActionKind, attempt: OutboundAttempt) -> Action:
        """Give a call back to the customer of the samples."""
        return Action(kind=kind, ref=attempt.attempt_id, recipient="+8613900139000", agent="4001")


def _fields(body: bytes) -> list[tuple[str, str]]:
    return [(name, value) for name, value in form_of(body).items()]


def _raw(content: bytes, key: str, **envelope: Any) -> RawInbound:
    return RawInbound(dedupe_key=key, raw=content, received_at=BEGAN_AT, envelope={"zone": ZONE, **envelope})


def _row(number: int) -> RawInbound:
    caller, began = f"139{number:08}", "2025-03-03 12:30:00"
    cells = (
        "", caller, "4001", "from-trunk", f'""{caller}"" <{caller}>', "PJSIP/trunk-00000003",
        "PJSIP/4001-00000004", "Queue", "aftersale,t,,,60", began, "", "2025-03-03 12:30:41", "41", "0",
        "NO ANSWER", "DOCUMENTATION", f"1740976200.{number}", "",
    )  # fmt: skip
    row = ",".join(f'"{cell}"' for cell in cells).encode()
    envelope = {"map": "asterisk-master", "file": "Master.csv", "line": number, "delimiter": ","}
    return _raw(row, f"row {number}", source=importer.SOURCE, **envelope)


def _post(status: str, number: str) -> RawInbound:
    fields = {
        "CallSid": "CA00000000000000000000000000000001", "From": "+8613900139000", "To": "+8610400100",
        "Direction": "inbound", "CallStatus": status, "SequenceNumber": number, "CallDuration": "210",
        "Timestamp": "Mon, 03 Mar 2025 04:34:00 +0000",
    }  # fmt: skip
    return _raw(urlencode(fields).encode(), f"post {number}", source=twilio.SOURCE)


def _form() -> RawInbound:
    form = {
        "direction": "inbound", "number": "13700137000", "outcome": "answered", "duration": "2:30",
        "started_at": "2025-03-03 14:00", "reason": "Where is the parcel?", "entry_id": "sample-1",
    }  # fmt: skip
    content = json.dumps(form, ensure_ascii=False, sort_keys=True).encode()
    return _raw(content, "form", source=manual.SOURCE, entry_id="sample-1")


def _line_events() -> tuple[RawInbound, ...]:
    key, at_s = "1740976200.3", BEGAN_AT.timestamp()
    begun = LineCall(
        key=key, version=1, caller="13900139000", callee="4001", started_at=BEGAN_AT + timedelta(seconds=1)
    )
    ids = f"Uniqueid: {key}\r\nLinkedid: {key}\r\n"
    rings = f"Event: Newchannel\r\nCallerIDNum: 13900139000\r\nExten: 4001\r\n{ids}Timestamp: {at_s + 1}\r\n"
    ends = f"Event: Hangup\r\nCause: 16\r\n{ids}Timestamp: {at_s + 20}\r\n"
    return (
        _raw(rings.encode(), "line 1", source=asterisk_events.SOURCE),
        _raw(ends.encode(), "line 2", source=asterisk_events.SOURCE, known=begun.to_json()),
    )
