"""A walk through everything a channel declares; in: an open channel, out: `Stage.seen`, what was at work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from router.capabilities import Ordering
from router.channel import Confirms, FollowsThread, ShowsTyping
from router.errors import SendError
from router.messages import Confirmation, DeliveryState, EventKind, InboundEvent, RawInbound
from router.testing.checks.threads import (
    look_at_order,
    look_at_targets,
    sample_of_thread,
    tell_threads_apart,
)
from router.testing.checks.tour_abilities import (
    use_actions,
    use_context,
    use_downloads,
    use_permissions,
    use_templates,
)
from router.testing.checks.tour_sending import tour_of_sending
from router.testing.simulators import ReceiptSimulator, ThreadKindSimulator, TypingSimulator
from router.testing.stage import Scene, Stage

_KNOWN_REQUIREMENTS = frozenset({"public_url", "tls", "static_ip"})
_WORDS_OF = {
    "receipts": ("none", "delivered", "read"),
    "templates": ("none", "static", "remote"),
    "typing": ("none", "in", "out", "both"),
}
_STATES = {"delivered": DeliveryState.DELIVERED, "read": DeliveryState.READ}


async def tour(scene: Scene, stage: Stage) -> list[str]:
    """Take everything in, send, and use each ability; give what went wrong, one text a step."""
    wrong = []
    for step in _STEPS:
        try:
            await step(scene, stage)
        except AssertionError as error:
            wrong.append(str(error).partition("\n")[0])
        except SendError as error:
            wrong.append(f"{step.__name__.strip('_')}: {error!r}")
    return wrong


async def _samples(scene: Scene, stage: Stage) -> None:
    for raw in scene.simulator.samples():
        await scene.deliver(raw)
    _look_at_events(stage, _events(scene))


async def _words(scene: Scene, stage: Stage) -> None:
    can = stage.channel_type.capabilities
    named = can.channel_class.isidentifier() and can.channel_class.islower()
    assert named, f"the channel class {can.channel_class!r} is no lower-case word a roster can name"
    stage.seen.add("channel_class")
    for name, words in _WORDS_OF.items():
        said = getattr(can, name)
        assert said in words, f"{name} is {said!r}; there are {', '.join(words)}"
    unknown = sorted(can.requires - _KNOWN_REQUIREMENTS)
    assert not unknown, f"requires {unknown}; known are {sorted(_KNOWN_REQUIREMENTS)}"
    stage.seen.update(f"requires: {name}" for name in can.requires)


async def _sending(scene: Scene, stage: Stage) -> None:
    if stage.channel_type.capabilities.outbound:
        await tour_of_sending(scene, stage)


async def _live(scene: Scene, stage: Stage) -> None:
    entry = scene.context.store.thread_of(scene.channel.account)
    if isinstance(scene.channel, FollowsThread) and entry is not None:
        await scene.channel.thread_changed(*entry)
    if isinstance(scene.channel, ShowsTyping):
        await scene.channel.show_typing((await scene.attempt()).thread, "Mei")
        stage.seen.add("typing: out")
    samples = scene.simulator.samples()
    if samples and isinstance(scene.simulator, TypingSimulator):
        await scene.simulator.type(scene.channel, samples[0])
        stage.seen.update({"typing: in"} if scene.context.store.typing else ())


async def _confirming(scene: Scene, stage: Stage) -> None:
    if isinstance(scene.channel, Confirms):
        answer = await scene.channel.confirm(await scene.attempt("Nobody has ever sent these words."))
        assert answer is not Confirmation.FOUND, "confirm found a message that was never sent"


def _events(scene: Scene) -> list[InboundEvent]:
    return [event for item in scene.context.accepted for event in item.events]


def _look_at_events(stage: Stage, events: Sequence[InboundEvent]) -> None:
    stage.seen.update({"inbound"} if events else ())
    stage.seen.update(f"events: {event.kind}" for event in events)
    identities = [identity for event in events for identity in event.author.identities]
    stage.seen.update(f"identity_kinds: {identity.kind}" for identity in identities)
    stage.seen.update({"joins_open_episode"} if identities else ())


async def _order(scene: Scene, stage: Stage) -> None:
    ordering = stage.channel_type.capabilities.ordering
    if ordering is not Ordering.NONE and look_at_order(_events(scene), ordering):
        stage.seen.add(f"ordering: {ordering}")


async def _targets(scene: Scene, stage: Stage) -> None:
    look_at_targets(scene.context.accepted)


async def _thread_kinds(scene: Scene, stage: Stage) -> None:
    kinds = stage.channel_type.capabilities.thread_kinds
    if len(kinds) == 1 and scene.context.accepted:
        stage.seen.update(f"thread_kinds: {kind}" for kind in kinds)
    if not isinstance(scene.simulator, ThreadKindSimulator):
        return
    known: list[tuple[str, RawInbound, InboundEvent]] = []
    for kind in sorted(kinds):
        raw = sample_of_thread(scene.simulator, kind)
        await scene.deliver(raw)
        messages = [event for event in scene.channel.decode(raw) if event.kind is EventKind.MESSAGE]
        assert messages, f"the sample of a thread of kind {kind} is no message"
        stated = messages[0].context.get("thread_kind", "" if len(kinds) > 1 else kind)
        assert stated == kind, f"context['thread_kind'] is {stated!r} in a thread of the declared kind {kind}"
        for other, its_raw, its_message in known:
            tell_threads_apart((kind, raw, messages[0]), (other, its_raw, its_message))
        known.append((kind, raw, messages[0]))
        stage.seen.add(f"thread_kinds: {kind}")


async def _receipts(scene: Scene, stage: Stage) -> None:
    wanted = stage.channel_type.capabilities.receipts
    if wanted not in _STATES:
        return
    if isinstance(scene.simulator, ReceiptSimulator):
        attempt = await scene.attempt()
        await scene.channel.send(attempt)
        await scene.simulator.receipt(scene.channel, attempt, _STATES[wanted])
    told = {report.state for _, report in scene.context.store.reports}
    told |= {event.report.state for event in _events(scene) if event.report}
    if _STATES[wanted] in told:
        stage.seen.add(f"receipts: {wanted}")


_STEPS: Sequence[Callable[[Scene, Stage], Awaitable[None]]] = (
    _words,
    _samples,
    _order,
    _targets,
    _thread_kinds,
    _sending,
    _live,
    _confirming,
    use_permissions,
    use_templates,
    use_context,
    use_downloads,
    use_actions,
    _receipts,
)
