"""The part of the tour that sends: marks, tokens, repeats, audiences, and threads the shop begins."""

from __future__ import annotations

from dataclasses import replace

from router.errors import SendError
from router.messages import EvidenceKind, OutboundAttempt
from router.testing.checks.telling import is_told_apart
from router.testing.simulators import StartSimulator
from router.testing.stage import Scene, Stage
from router.threads import Audience

_TWICE_S = 0.3


async def tour_of_sending(scene: Scene, stage: Stage) -> None:
    """Send in every declared way and look at what arrives."""
    can = stage.channel_type.capabilities
    attempt = await scene.attempt()
    sent = await send(scene, attempt, "a reply")
    _came_back_there(scene, attempt)
    stage.seen.add("outbound")
    if attempt.attempt_id in scene.context.store.marked:
        stage.seen.add("marks_sending")
    if any(attempt.reply_token.encode() in each for each in sent):
        stage.seen.add("reply_token")
    if can.idempotent_send:
        before = len(scene.simulator.sent())
        await scene.channel.send(attempt)
        sent_again = await scene.arrived_in_all(before, _TWICE_S)
        assert not sent_again, "one attempt sent twice arrived twice"
        stage.seen.add("idempotent_send")
    for audience in sorted(can.audiences - {Audience.CUSTOMER}):
        await _read_by(scene, audience)
        stage.seen.add(f"audiences: {audience}")
    for rule in can.start_rules:
        claim = f"start_rules: {rule.who} {rule.needs}".rstrip()
        if rule.who == "customer" and scene.context.accepted:
            stage.seen.add(claim)
        elif isinstance(scene.simulator, StartSimulator):
            first = scene.simulator.start_attempt(rule, await scene.attempt())
            await send(scene, first, f"the first message of a thread ({claim})")
            stage.seen.add(claim)
    # Also for the watch over a shared loop: the longest text holds it longest.
    await scene.channel.send(await scene.attempt("x" * can.text.max))


def _came_back_there(scene: Scene, attempt: OutboundAttempt) -> None:
    threads = {
        one.value for event in scene.came_back() for one in event.evidence if one.kind is EvidenceKind.THREAD
    }
    is_there = not attempt.thread or not threads or attempt.thread in threads
    assert is_there, f"a reply to the thread {attempt.thread} came back in {sorted(threads)}"


async def _read_by(scene: Scene, audience: Audience) -> None:
    """Send to the customer alone, twice, and to somebody else too: that is not the same message."""
    alone = "a message to the customer alone"
    one = b"".join(await send(scene, await scene.attempt(), alone))
    two = b"".join(await send(scene, await scene.attempt(), alone))
    shown_alone = {event.audience for event in scene.came_back()}
    readers = frozenset({Audience.CUSTOMER, audience})
    attempt = replace(await scene.attempt(), audience=readers)
    sent = b"".join(await send(scene, attempt, f"a message to the {audience}"))
    shown = {event.audience for event in scene.came_back()}
    is_other = shown != shown_alone or is_told_apart(sent, (one, two))
    assert is_other, f"a message to the {audience} arrived like one to the customer alone"


async def send(scene: Scene, attempt: OutboundAttempt, what: str) -> list[bytes]:
    """Send one message and give what arrived."""
    before = len(scene.simulator.sent())
    try:
        await scene.channel.send(attempt)
    except SendError as error:
        raise AssertionError(f"{what} was not sent: {error!r}") from error
    sent = await scene.arrived(before + 1)
    assert len(sent) > before, f"{what} did not arrive"
    return list(sent[before:])
