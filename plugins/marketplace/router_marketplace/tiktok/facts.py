"""TikTok Shop's numbers and codes, from `facts/tiktok-shop.toml`."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from router_marketplace.facts import Facts, load_facts


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class ImageFacts(_Part):
    """Which pictures can be uploaded."""

    max_bytes: int = Field(gt=0)
    types: frozenset[str]


class ChatRules(_Part):
    """When a chat is open, and when it closes by itself."""

    chat_s: float
    order_s: float
    buyer_silent_s: float
    shop_silent_s: float
    closed_reason: str


class LimitFacts(_Part):
    """How long codes that mean "too many" last."""

    until_next_day: frozenset[str]
    pauses_s: Mapping[str, float]


class TiktokFacts(Facts):
    """Everything TikTok Shop decides."""

    auth_url: str = Field(pattern="^https://")
    image: ImageFacts
    rules: ChatRules
    limits: LimitFacts


FACTS = load_facts("tiktok-shop", TiktokFacts)
