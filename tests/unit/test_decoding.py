"""What the decoder's channels, built but never opened, say of their accounts."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from router.capabilities import Capabilities
from router.channel import Channel, ChannelType
from router.config import Account
from router.decoding import decoder_of
from router.messages import InboundEvent, RawInbound


class Where(BaseModel):
    """In which country an account is."""

    country: str = ""


class Shop(Channel[Where]):
    """A channel whose customers write the language of its country."""

    @property
    def default_language(self) -> str:
        return {"cn": "zh"}.get(self.settings.country, "")

    def decode(self, raw: RawInbound) -> Sequence[InboundEvent]:
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
