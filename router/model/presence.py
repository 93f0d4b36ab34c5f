"""Presence: whether a person takes work, the same word for the engine, the store and the desk."""

from __future__ import annotations

from enum import StrEnum


class PresenceState(StrEnum):
    """Whether a person takes work; only an available one is offered any."""

    AVAILABLE = "available"
    BUSY = "busy"
    AWAY = "away"
    OFFLINE = "offline"
