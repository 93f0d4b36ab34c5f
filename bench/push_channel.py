"""A channel for measurements: a provider that posts small JSON messages, one customer's at a time."""

from __future__ import annotations

import msgspec
from pydantic import BaseModel

from router import Capabilities
from router.channel import Channel, ChannelType, HttpReply, HttpRequest, PushSource
from router.config import Account
from router.errors import MalformedMessage
from router.messages import Author, Block, Identity, InboundEvent, RawInbound, Role


class PushMessage(msgspec.Struct, frozen=True):
    """What the provider posts."""

    id: str
    user: str
    text: str


_DECODER = msgspec.json.Decoder(PushMessage)


class PushSettings(BaseModel):
    """Nothing to set."""


class PushChannel(Channel[PushSettings], PushSource):
    """Takes posts; sends nothing."""

    async def handle_http(self, request: HttpRequest) -> HttpReply:
        """Store the post, then answer 202."""
        message = self._read(request.body)
        await self.ctx.accept([push_item(message.id, request.body, self)])
        return HttpReply(status=202)

    def decode(self, raw: RawInbound) -> list[InboundEvent]:
        """Read one post."""
        message = self._read(raw.raw)
        return [
            InboundEvent(
                external_id=message.id,
                author=Author(role=Role.CUSTOMER, identities=(Identity(kind="user", value=message.user),)),
                blocks=(Block(text=message.text),),
            )
        ]

    def _read(self, body: bytes) -> PushMessage:
        try:
            return _DECODER.decode(body)
        except msgspec.MsgspecError as error:
            raise MalformedMessage(str(error), code="bad_json") from None


def push_item(key: str, body: bytes, channel: PushChannel) -> RawInbound:
    """Wrap a post for `accept`."""
    return RawInbound(dedupe_key=key, raw=body, received_at=channel.ctx.clock.now())


def push_account(name: str = "push") -> Account:
    """Give an account of this channel."""
    kind = ChannelType(
        id="push",
        title="Push",
        settings=PushSettings,
        capabilities=Capabilities(channel_class="chat", outbound=False),
        factory=PushChannel,
        shares_loop=True,
    )
    return Account(name=name, channel_type=kind, settings=PushSettings())
