"""Offers and claims that were: how long people took, for reports and for trying other rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldSpan:
    """A claim that was; `ended_at` None while it lasts."""

    item_id: str
    agent_id: str
    state: str
    claimed_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedSpan:
    """An offer that was and how it ended."""

    item_id: str
    state: str
    offered_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """Somebody the store knows: what he is called and when he works."""

    agent_id: str
    login: str
    shifts: tuple[str, ...]
