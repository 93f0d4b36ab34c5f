"""What Amazon decides about messages on orders; in: a dated TOML file, out: a model."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from importlib.resources import files

from pydantic import BaseModel, ConfigDict, Field


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MessageFacts(_Part):
    """One kind of message that is words alone."""

    title: str
    max_chars: int = Field(gt=0)


class SolicitationFacts(_Part):
    """One request whose words are Amazon's own."""

    title: str
    body: str


class OrderFacts(_Part):
    """What Amazon says of orders: how often it may be asked, and what its words mean for a shop."""

    burst: int = Field(gt=0)
    per_s: float = Field(gt=0)
    number: str
    stages: Mapping[str, str]
    delivered: frozenset[str]


class AmazonFacts(_Part):
    """Everything that may change without us."""

    as_of: date
    sources: tuple[str, ...] = Field(min_length=1)
    auth_url: str = Field(pattern="^https://")
    burst: int = Field(gt=0)
    per_s: float = Field(gt=0)
    hosts: Mapping[str, str]
    messages: Mapping[str, MessageFacts]
    solicitations: Mapping[str, SolicitationFacts]
    orders: OrderFacts


def _load() -> AmazonFacts:
    text = files("router_marketplace.facts").joinpath("amazon.toml").read_text(encoding="utf-8")
    return AmazonFacts.model_validate(tomllib.loads(text))


FACTS = _load()
