"""What the decoder's channels, built but never opened, say of their accounts."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from pydantic import BaseModel

from router.capabilities import Capabilities
from router.channel import Channel, ChannelType
from router.config import Account
from router.decoding import decoder_of
from router.errors import MalformedMessage
from router.messages import InboundEvent, RawInbound
from router.testing import make_raw


class Where(BaseModel):
    """In which country an account is."""

    country: str = ""


class Shop(Channel[Where]):
    """A channel whose customers write the language of its country."""

    @property
    def default_language(self) -> str:
        return {"cn": "zh"}.get(self.settings.country, "")

    def decode(self, raw: RawInbound) -> Sequence[InboundEvent]:
        while raw.raw == b"a bomb":
            pass
        return []


SHOP = ChannelType(
    id="shop", title="Shop", settings=Where, capabilities=Capabilities(channel_class="chat"), factory=Shop
)


def test_language_of_customers_is_what_the_accounts_channel_says() -> None:
    accounts = [
        Account(name="beijing", channel_type=SHOP, settings=Where(country="cn")),
        Account(name="web", channel_type=SHOP, settings=Where()),
    ]
    decoder = decoder_of(accounts)
    told = {name: decoder.default_language(name) for name in ("beijing", "web", "removed")}
    assert told == {"beijing": "zh", "web": "", "removed": ""}


async def test_item_that_takes_too_much_of_the_processor_is_refused_and_the_next_one_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decoder = decoder_of([Account(name="web", channel_type=SHOP, settings=Where())])
    monkeypatch.setattr("router.decoding.TIME_LIMIT_S", 0.2)
    try:
        with pytest.raises(MalformedMessage, match=r"over 0\.2 s of the processor") as refused:
            await decoder.decode_apart("web", make_raw(b"a bomb"))
        assert refused.value.code == "too_slow"
        assert await decoder.decode_apart("web", make_raw(b"hello")) == ()
    finally:
        await decoder.close()
