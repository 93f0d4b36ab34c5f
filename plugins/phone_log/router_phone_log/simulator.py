"""A phone system for the contract suite: a file that grows, signed posts, and an agent with a form."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from router.channel import AnyChannel, HttpRequest
from router.messages import RawInbound
from router_phone_log import manual
from router_phone_log.channel import PhoneChannel
from router_phone_log.decoding import LOG_SOURCES, Decoder
from router_phone_log.files import importer
from router_phone_log.files.places import Places
from router_phone_log.posts import twilio
from router_phone_log.posts.bodies import form_of
from router_phone_log.posts.proofs import twilio_signature
from router_phone_log.samples import ZONE, form_item, post_item, row_item
from router_phone_log.settings import (
    FileSettings,
    PhoneLogSettings,
    WebhookSettings,
)

POST_TOKEN = "twilio-token-41c9"
POST_VARIABLE = "PHONE_SIMULATOR_POSTS"
STORED = "stored"
_PUBLIC_URL, _TARGET = "http://127.0.0.1:8080", "/hooks/hotline/calls"
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
        return PhoneLogSettings(**self.records())

    def records(self) -> dict[str, Any]:
        """Give the settings of every source of records."""
        return {
            "region": "CN",
            "zone": ZONE,
            "files": (FileSettings(path=str(self.file)),) if self._folder is not None else (),
            "webhook": WebhookSettings(format="twilio", secret_env=POST_VARIABLE),
        }

    def samples(self) -> Sequence[RawInbound]:
        """Give a missed call from the file, an answered one from a post, and one entered by hand."""
        return (row_item(1), post_item("completed", "2"), form_item(), row_item(2))

    def fresh(self, number: int) -> RawInbound:
        """Give a post about another call."""
        return post_item("completed", "2", call=number)

    def forget(self) -> None:
        """Begin the file anew."""
        self.file.write_bytes(b"")

    def unknown_kind(self) -> RawInbound:
        """Give a post about a state nobody has heard of."""
        return post_item("teleported", "3")

    def crowd(self, count: int) -> Sequence[str]:
        """Write the records of calls that all began in the same second; give what is said of them."""
        rows = [row_item(5000 + self._crowded + number) for number in range(count)]
        self._crowded += count
        with self.file.open("ab") as file:
            file.write(b"".join(row.raw + b"\n" for row in rows))
        decoder = Decoder(PhoneLogSettings(**self.records()), LOG_SOURCES)
        return [decoder.decode(row)[0].blocks[0].text for row in rows]

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
        return STORED if reply.status == 200 else str(reply.status)

    def signed(self, raw: RawInbound) -> HttpRequest:
        """Give a sample as the post Twilio would make: a form by its fields, anything else by its digest."""
        target, pairs, kind = _TARGET, "", "application/octet-stream"
        if raw.envelope["source"] == twilio.SOURCE:
            kind = "application/x-www-form-urlencoded"
            pairs = "".join(name + value for name, value in sorted(form_of(raw.raw).items()))
        else:
            target += f"?bodySHA256={hashlib.sha256(raw.raw).hexdigest()}"
        signature = twilio_signature(POST_TOKEN, _PUBLIC_URL + target + pairs)
        return HttpRequest(
            method="POST",
            path="/calls",
            query={},
            headers={"X-Twilio-Signature": signature, "Content-Type": kind},
            body=raw.raw,
            remote="",
            target=target,
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
