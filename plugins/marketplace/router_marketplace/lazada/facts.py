"""Lazada's numbers and codes, from `facts/lazada.toml`."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from router_marketplace.facts import Facts, load_facts


class ChatRules(BaseModel):
    """What may be taken back and begun, and how refusals are said."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    recall_s: float
    open_order_s: float
    ahead_s: float
    held_reason: str
    too_old: str
    not_recalled: str


class LazadaFacts(Facts):
    """Everything Lazada decides; `templates` are the kinds of message by number."""

    auth_url: str = Field(pattern="^https://")
    rules: ChatRules
    templates: Mapping[str, str]


FACTS = load_facts("lazada", LazadaFacts)
