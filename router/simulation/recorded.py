"""Recorded traffic, read from the store. In: a span of time. Out: a `Recording` in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from router.engine.event_json import from_json
from router.engine.events import Event
from router.engine.roster import Roster
from router.engine.rules import Facts
from router.engine.rules.facts import MAX_TEXT_CHARS, VARIABLES
from router.engine.rules.stage import stage_from_json
from router.engine.times import from_iso
from router.errors import NotFound
from router.messages import JsonObject
from router.routing_setup import stored_rules
from router.simulation.recording import Customs, Recording, Started
from router.storage.views.recorded import (
    STARTED,
    read_claims,
    read_colleagues,
    read_offers,
    read_start,
    stream_decisions,
    stream_first_messages,
    stream_log,
)
from router.strategy import Strategy
from router.triage import WRITTEN

_ATTRIBUTES = {variable.name: variable.attribute for variable in VARIABLES if variable.attribute}


async def load_recording(
    connection: AsyncConnection, since: datetime, until: datetime, strategies: Sequence[Strategy] = ()
) -> Recording:
    """Read what the engine was told; raises NotFound when nothing was recorded then."""
    seq = await read_start(connection, since)
    told: list[Started | Event] = []
    if seq is not None:
        async for body in stream_log(connection, seq, until):
            told.append(_entry(body))
    if not told:
        raise NotFound(
            f"nothing was recorded between {since.isoformat()} and {until.isoformat()}; see --from and --to"
        )
    starts = [entry for entry in told if isinstance(entry, Started)]
    used = {entry.ruleset_version for entry in starts} | {entry.staged_version for entry in starts}
    versions = sorted(version for version in used if version is not None)
    rules = {version: await stored_rules(connection, version) for version in versions}
    return Recording(since=since, until=until, told=told, rules=rules, strategies=strategies)


async def load_decisions(connection: AsyncConnection, recording: Recording) -> list[JsonObject]:
    """Read what was decided from the start of the recording on."""
    span = (recording.start.at, recording.until)
    return [body async for body in stream_decisions(connection, *span)]


async def load_customs(connection: AsyncConnection, recording: Recording) -> Customs:
    """Read how long people took."""
    span = (recording.start.at, recording.until)
    return Customs(
        claims=await read_claims(connection, *span),
        offers=await read_offers(connection, *span),
        people=await read_colleagues(connection),
    )


async def load_facts(connection: AsyncConnection, since: datetime, until: datetime) -> dict[str, Facts]:
    """Read what the rules saw of each item, with the customer's words, to triage it anew."""
    facts = {}
    async for item_id, triage, subject, blocks in stream_first_messages(connection, since, until):
        known = triage.get("facts", {})
        attributes = {_ATTRIBUTES[name]: value for name, value in known.items() if name in _ATTRIBUTES}
        classified = {name[6:]: value for name, value in known.items() if name.startswith("facts.")}
        text = "\n".join(str(block.get("text") or "") for block in blocks if _is_written(block))
        facts[item_id] = Facts(
            **{**attributes, "at": since, "text": text[:MAX_TEXT_CHARS], "subject": subject},
            classified=classified,
        )
    return facts


def _is_written(block: Mapping[str, object]) -> bool:
    return bool(block.get("text")) and block.get("kind") in {kind.value for kind in WRITTEN}


def _entry(body: JsonObject) -> Started | Event:
    if body.get("type") != STARTED:
        return from_json(body)
    staged, stage = body.get("staged_version"), body.get("stage")
    return Started(
        at=from_iso(str(body["at"])),
        seed=int(str(body["seed"])),
        ruleset_version=int(str(body["ruleset_version"])),
        staged_version=None if staged is None else int(str(staged)),
        stage=stage_from_json(stage) if isinstance(stage, Mapping) else None,
        roster=None if body.get("roster") is None else msgspec.convert(body["roster"], Roster),
    )
