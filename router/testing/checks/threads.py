"""Part of contract check 22: what samples say of their threads; in: events, out: the first that cannot be true."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from router.capabilities import Ordering
from router.messages import EventKind, EvidenceKind, InboundEvent, RawInbound
from router.testing.memory import Accepted
from router.testing.simulators import ThreadKindSimulator

_NAMES_A_MESSAGE = frozenset({EventKind.EDIT, EventKind.RECALL, EventKind.REACTION})
_WORD = re.compile(rb"[^\W\d_]{3,}")
_FEWEST_IN_ORDER = 2


def look_at_order(events: Sequence[InboundEvent], ordering: Ordering) -> bool:
    """Say whether the messages show the declared order; raises what contradicts it."""
    threads: defaultdict[str, list[InboundEvent]] = defaultdict(list)
    for event in events:
        if event.kind is EventKind.MESSAGE:
            threads[thread_of(event)].append(event)
    for messages in threads.values():
        for message in messages:
            assert message.sort_key, f"the message {message.external_id} has no sort_key"
        for one, two in zip(messages, messages[1:], strict=False):
            _in_order(one, two, ordering)
    fewest = _FEWEST_IN_ORDER if ordering is Ordering.DENSE else 1
    return any(len(messages) >= fewest for messages in threads.values())


def _in_order(one: InboundEvent, two: InboundEvent, ordering: Ordering) -> None:
    what = f"the messages {one.external_id} and {two.external_id} of one thread have the sort_keys"
    keys = f"{one.sort_key!r} and {two.sort_key!r}"
    assert one.sort_key <= two.sort_key, f"{what} {keys}, the later one sorts first"
    if ordering is Ordering.DENSE:
        numbers = [key for key in (one.sort_key, two.sort_key) if key.isdecimal()]
        assert len(numbers) == _FEWEST_IN_ORDER, f"{what} {keys}; dense keys are whole numbers"
        gap = int(two.sort_key) - int(one.sort_key)
        assert gap == 1, f"{what} {keys}; dense keys count up by one, without gaps"


def look_at_targets(items: Sequence[Accepted]) -> None:
    """Hold each event about a message against the messages there are; one from before our time stands in its bytes."""
    every = [(item.raw.raw, event) for item in items for event in item.events]
    there = {(thread_of(event), event.external_id) for _, event in every if event.kind is EventKind.MESSAGE}
    for raw, event in every:
        if event.kind in _NAMES_A_MESSAGE:
            what = f"the {event.kind} {event.external_id}".rstrip()
            assert event.target, f"{what} names no message in `target`"
            known = (thread_of(event), event.target) in there or event.target.encode() in raw
            assert known, f"{what} is about {event.target!r}, which is no sample and not in its bytes"


def sample_of_thread(simulator: ThreadKindSimulator, kind: str) -> RawInbound:
    """Give the sample of a thread of this kind; a kind the simulator has never heard of is a finding."""
    try:
        return simulator.sample_in(kind)
    except (LookupError, ValueError) as error:
        raise AssertionError(f"its simulator knows no thread of the declared kind {kind}") from error


def tell_threads_apart(
    one: tuple[str, RawInbound, InboundEvent], two: tuple[str, RawInbound, InboundEvent]
) -> None:
    """Hold the samples of two kinds against each other: other threads, told apart by the provider's words."""
    kinds = f"of the declared thread kinds {one[0]} and {two[0]}"
    assert thread_of(one[2]) != thread_of(two[2]), f"the samples {kinds} stand in one thread"
    assert _words(*one[1:]) != _words(*two[1:]), f"nothing the provider says tells the samples {kinds} apart"


def thread_of(event: InboundEvent) -> str:
    """Give the provider's thread an event stands in; empty without."""
    return next((one.value for one in event.evidence if one.kind is EvidenceKind.THREAD), "")


def _words(raw: RawInbound, event: InboundEvent) -> set[bytes]:
    """Give the provider's words of an item, without those its customer wrote."""
    wire = raw.raw + str(raw.envelope).encode("utf-8", "replace")
    for text in [block.text for block in event.blocks] + [event.author.display, thread_of(event)]:
        wire = wire.replace(text.encode("utf-8", "replace"), b"") if text else wire
    return set(_WORD.findall(wire))
