"""Contract checks 17 and 21: kinds nobody knows are kept, and what came in is kept as it came, without secrets."""

from __future__ import annotations

import json
import os

from router.messages import Block, BlockKind, JsonValue, RawInbound
from router.testing.checks.inbound import need_inbound, samples_of
from router.testing.checks.strange import take_strange
from router.testing.log_lines import LogLines, secret_variables
from router.testing.simulators import UnknownKindSimulator
from router.testing.stage import NotDeclared, Scene, Stage

_SECRET_NAMES = frozenset(
    {"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "api-key", "password"}
)
_REMOVED = ("", "[redacted]", "***")


async def check_unknown_kind(stage: Stage) -> None:
    """An item of an unknown kind is stored whole, shown as unsupported, and can be read again later."""
    need_inbound(stage)
    async with stage.scene() as scene:
        if not isinstance(scene.simulator, UnknownKindSimulator):
            raise NotDeclared("its simulator knows no unknown kind (`unknown_kind`)")
        raw = scene.simulator.unknown_kind()
        before = len(scene.context.accepted)
        await scene.deliver(raw)
        came = [item for item in scene.context.accepted[before:] if _unsupported(scene, item.raw)]
        assert came, "an item of an unknown kind was not kept as one with an UNSUPPORTED block"
        (block, *_) = _unsupported(scene, came[0].raw)
        kind = str(block.fields.get("platform_kind", ""))
        assert kind, "the UNSUPPORTED block does not name the provider's kind in fields['platform_kind']"
        # Everything a later version needs to read it has to be in the item itself.
        assert kind.encode() in came[0].raw.raw, "the stored bytes do not hold what the provider sent"


def _unsupported(scene: Scene, raw: RawInbound) -> list[Block]:
    events = scene.channel.decode(raw)
    return [block for event in events for block in event.blocks if block.kind is BlockKind.UNSUPPORTED]


async def check_raw_kept(stage: Stage) -> None:
    """The stored bytes are the delivered ones; no credential stands beside them or in the log."""
    need_inbound(stage)
    with LogLines() as lines:
        async with stage.scene() as scene:
            samples = samples_of(scene.simulator)
            for raw in samples:
                await scene.deliver(raw)
            secrets = {os.environ.get(name, "") for name in secret_variables(scene.channel.settings)} - {""}
            accepted = list(scene.context.accepted)
    assert len(accepted) >= len(samples), "not every sample was stored"
    for item, raw in zip(accepted, samples, strict=False):
        told = [event.blocks for event in scene.channel.decode(item.raw)]
        assert told == [event.blocks for event in scene.channel.decode(raw)], (
            "the stored bytes say other things"
        )
        _no_secret_in(json.loads(json.dumps(item.raw.envelope)), secrets)
        for secret in secrets:
            assert secret.encode() not in item.raw.raw, "a secret of ours stands in a stored item"
    for text in (block.text for item in accepted for event in item.events for block in event.blocks):
        told_on = [line for line in lines.seen if len(text) > 12 and text in line]
        assert not told_on, f"the log tells what a customer wrote: {told_on[:1]}"
    await take_strange(stage)


def _no_secret_in(value: JsonValue, secrets: set[str], name: str = "") -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            _no_secret_in(inner, secrets, str(key))
    elif isinstance(value, list):
        for inner in value:
            _no_secret_in(inner, secrets, name)
    elif isinstance(value, str):
        bare = name.lower() not in _SECRET_NAMES or value in _REMOVED
        assert bare, f"the envelope keeps the header {name}; leave it out or write [redacted]"
        assert not any(secret in value for secret in secrets), (
            f"a secret stands in the envelope under {name!r}"
        )
