"""How the business account stands with the provider; in: news of the account, out: health for operators."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from router import Health, HealthState
from router_whatsapp.parsing import object_of, objects, text_of, time_of

_BANS = {"DISABLE": HealthState.DOWN, "SCHEDULE_FOR_DISABLE": HealthState.DEGRADED}


def standing_of(field: str, value: Mapping[str, Any], now: datetime) -> Health | None:
    """Read news of the account; None for what says nothing about how it stands."""
    event = text_of(value.get("event")).upper()
    if field == "phone_number_quality_update":
        return _quality(event, value, now)
    if field != "account_update":
        return None
    if event == "DISABLED_UPDATE":
        return _ban(object_of(value.get("ban_info")), now)
    if event == "ACCOUNT_RESTRICTION":
        limits = objects(value.get("restriction_info"))
        kinds = ", ".join(text_of(one.get("restriction_type")).lower() for one in limits)
        ends = [at for one in limits if (at := time_of(one.get("expiration"))) is not None]
        until = f" until {max(ends):%Y-%m-%d %H:%M} UTC" if ends else ""
        return _worse(f"WhatsApp restricts the business account{until}: {kinds or 'no reason given'}", now)
    if event == "ACCOUNT_VIOLATION":
        kind = text_of(object_of(value.get("violation_info")).get("violation_type")).lower()
        return _worse(f"WhatsApp found a violation of its rules: {kind or 'no reason given'}", now)
    return None


def _ban(ban: Mapping[str, Any], now: datetime) -> Health:
    word = text_of(ban.get("waba_ban_state")).upper()
    if word == "REINSTATE":
        return Health(state=HealthState.OK, cause="WhatsApp has opened the business account again", since=now)
    when = text_of(ban.get("waba_ban_date"))
    state = _BANS.get(word, HealthState.DEGRADED)
    cause = f"WhatsApp says {word.lower() or 'ban'} of the business account {when}".rstrip()
    return Health(state=state, cause=cause[:300], since=now)


def _quality(event: str, value: Mapping[str, Any], now: datetime) -> Health | None:
    number, limit = text_of(value.get("display_phone_number")), text_of(value.get("current_limit")).lower()
    told = f"the number {number} (limit {limit or 'not told'})"
    if event in ("FLAGGED", "DOWNGRADE"):
        return _worse(f"WhatsApp rates the quality of {told} as low", now)
    if event in ("UNFLAGGED", "UPGRADE"):
        return Health(state=HealthState.OK, cause=f"WhatsApp rates {told} well again", since=now)
    return None


def _worse(cause: str, now: datetime) -> Health:
    return Health(state=HealthState.DEGRADED, cause=cause[:300], since=now)
