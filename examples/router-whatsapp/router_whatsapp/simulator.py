"""A number at a simulated Cloud API, for the contract suite; in: samples, out: what arrived at the provider."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from router import Action, ActionKind, HttpRequest
from router.channel import AnyChannel
from router.messages import Block, BlockKind, DeliveryState, JsonObject, OutboundAttempt, RawInbound
from router.testing import Fault, cut_after_commit, refused, server_error
from router_whatsapp.channel import WhatsAppChannel
from router_whatsapp.fake_cloud import (
    APP_SECRET,
    BUSINESS,
    MESSAGES,
    NUMBER,
    VERIFY_TOKEN,
    FakeCloud,
    refused_with,
    signature_of,
)
from router_whatsapp.samples import ANN, PICTURE, VOICE, contact_of, message, samples, stored
from router_whatsapp.settings import WhatsAppSettings

_TOKEN, _SECRET, _VERIFY = (
    "OMNIROUTER_SIMULATED_WHATSAPP_TOKEN",
    "OMNIROUTER_SIMULATED_WHATSAPP_SECRET",
    "OMNIROUTER_SIMULATED_WHATSAPP_VERIFY",
)
_LIST_OF = {"message": "messages", "status": "statuses", "echo": "message_echoes"}
_FIELDS: Mapping[str, JsonObject] = {
    "file": {"name": "bill.pdf"},
    "location": {"latitude": "55.7558", "longitude": "37.6173", "name": "Our shop"},
    "contact": {"name": "The courier", "phone": "+16505557777"},
    "choice": {"options": [{"id": "yes", "title": "Yes"}, {"id": "no", "title": "No"}]},
}


def _refused(status: int, code: int) -> Callable[[], Fault]:
    return lambda: refused(status, json.dumps(refused_with(code, "refused")).encode())


_REFUSALS: Mapping[str, Callable[[], Fault]] = {
    "Retryable": lambda: server_error(503),
    "RateLimited": _refused(400, 130429),
    "AuthInvalid": _refused(401, 190),
    "NotAllowedNow": _refused(400, 131047),
    "ContentRejected": _refused(400, 131009),
    "RecipientGone": _refused(400, 131026),
    "Permanent": _refused(400, 100),
    "UnknownOutcome": cut_after_commit,
}


class WhatsAppSimulator:
    """One number with two customers."""

    def __init__(self) -> None:
        self.fake = FakeCloud()
        self._said = 0
        self.fake.keep_file(PICTURE, b"\xff\xd8\xff picture", "image/jpeg")
        self.fake.keep_file(VOICE, b"OggS voice", "audio/ogg")

    @property
    def url(self) -> str:
        """Where the simulated provider listens."""
        return self.fake.url

    def settings(self) -> WhatsAppSettings:
        """Give settings of the number."""
        return self.settings_behind(self.fake.url)

    def settings_behind(self, url: str) -> WhatsAppSettings:
        """Give settings that reach the provider through this address."""
        os.environ.update({_TOKEN: self.fake.token, _SECRET: APP_SECRET, _VERIFY: VERIFY_TOKEN})
        return WhatsAppSettings(
            phone_number_id=NUMBER,
            business_account_id=BUSINESS,
            access_token_env=_TOKEN,
            app_secret_env=_SECRET,
            verify_token_env=_VERIFY,
            api_url=url,
        )

    def spec(self) -> Path:
        """Name the provider's description; only a checkout has it."""
        folder = Path(__file__).resolve().parents[1] / "tests" / "fixtures" / "whatsapp-cloud"
        return folder / "messages-media-templates.openapi.json"

    def samples(self) -> Sequence[RawInbound]:
        """Give messages of every kind, and a status."""
        return samples()

    def fresh(self, number: int) -> RawInbound:
        """Give one more message."""
        return stored(message(f"F{number}", "text", {"body": f"fresh {number}"}))

    def saying(self, text: str) -> RawInbound:
        """Give a message with these words."""
        self._said += 1
        return stored(message(f"S{self._said}", "text", {"body": text}))

    def unknown_kind(self) -> RawInbound:
        """Give a message of a type nobody has heard of."""
        return stored(message("U1", "telepathy", {"thought": "Where is it?"}))

    def echo(self) -> RawInbound:
        """Give what was sent last as the Business app's messages come back."""
        return stored(self.fake.echo_of(self.fake.sent_by_shop()[-1]), "echo")

    def forget(self) -> None:
        """Drop what the provider has kept."""
        self.fake.forget()

    async def start(self) -> None:
        """Open the provider."""
        await self.fake.start()

    async def stop(self) -> None:
        """Close it."""
        await self.fake.stop()

    def signed(self, raw: RawInbound) -> HttpRequest:
        """Give a sample as the signed webhook that brings it."""
        one, what = json.loads(raw.raw), str(raw.envelope["what"])
        if what == "message":
            self.fake.heard[one.get("from") or one["from_user_id"]] = self.fake.clock.now()
        value: dict[str, Any] = {_LIST_OF[what]: [one]}
        if what == "message":
            value["contacts"] = [contact_of(one)]
        field = "smb_message_echoes" if what == "echo" else "messages"
        return hook_call(self.fake.webhook(value, field=field))

    def signed_together(self, raws: Sequence[RawInbound]) -> HttpRequest:
        """Give samples as one signed webhook, the way it comes after a pause."""
        told = [json.loads(self.signed(raw).body) for raw in raws]
        entries = [entry for one in told for entry in one["entry"]]
        return hook_call(json.dumps(told[0] | {"entry": entries}).encode())

    def stale(self, raw: RawInbound) -> HttpRequest | None:
        """Give none: a webhook is signed without its time, and comes again for days."""
        return None

    async def deliver(self, channel: AnyChannel, raw: RawInbound) -> str:
        """Call the webhook; give the status it answered with."""
        return str((await _number(channel).handle_http(self.signed(raw))).status)

    async def receipt(self, channel: AnyChannel, attempt: OutboundAttempt, state: DeliveryState) -> None:
        """Tell that the message sent last was delivered or read."""
        status = self.fake.status_of(self.fake.sent_by_shop()[-1], state.value)
        await _number(channel).handle_http(hook_call(self.fake.webhook({"statuses": [status]})))

    def action(self, kind: ActionKind, attempt: OutboundAttempt) -> Action:
        """Mark the first message as read, or react to it."""
        emoji = "👍" if kind is ActionKind.REACT else ""
        return Action(kind=kind, thread=ANN, recipient=ANN, target="wamid.C1", text=emoji)

    def acted(self) -> Sequence[bytes]:
        """Give what it was asked to mark as read and to react with; one path takes all."""
        asked = self.fake.http.asked("/messages")
        return [each for each in asked if b'"status"' in each or b'"reaction"' in each]

    def block(self, kind: str) -> Block:
        """Give a block the provider takes; files get their id from the upload."""
        return Block(kind=BlockKind(kind), text="It leaves today.", fields=_FIELDS.get(kind, {}))

    def sent(self) -> Sequence[bytes]:
        """Give the messages that arrived."""
        return [one.text.encode() for one in self.fake.sent_by_shop()]

    def fail_next(self, error: str) -> None:
        """Let the next message fail as a class of `router.errors`."""
        self.fake.fail_with(_REFUSALS[error](), MESSAGES)

    def errors(self) -> Sequence[str]:
        """Name those classes."""
        return tuple(_REFUSALS)


def hook_call(body: bytes, *, signature: str | None = None) -> HttpRequest:
    """Give a webhook as the door hands it on."""
    headers = {"X-Hub-Signature-256": signature_of(body) if signature is None else signature}
    return HttpRequest(method="POST", path="/", query={}, headers=headers, body=body, remote="127.0.0.1")


def _number(channel: AnyChannel) -> WhatsAppChannel:
    if not isinstance(channel, WhatsAppChannel):
        raise TypeError(f"{type(channel).__name__} is no WhatsApp channel")
    return channel
