"""The part of the tour that sends: marks, tokens, repeats, audiences, and threads the shop begins."""

from __future__ import annotations

from dataclasses import replace

from router.errors import SendError
from router.messages import OutboundAttempt
from router.testing.simulators import StartSimulator
from router.testing.stage import Scene, Stage
from router.threads import Audience


async def tour_of_sending(scene: Scene, stage: Stage) -> None:
    """Send in every declared way and look at what arrives."""
    can = stage.channel_type.capabilities
    attempt = await scene.attempt()
    sent = await send(scene, attempt, "a reply")
    stage.seen.add("outbound")
    if attempt.attempt_id in scene.context.store.marked:
        stage.seen.add("marks_sending")
    if any(attempt.reply_token.encode() in each for each in sent):
        stage.seen.add("reply_token")
    if can.idempotent_send:
        count = len(scene.simulator.sent())
        await scene.channel.send(attempt)
        assert len(scene.simulator.sent()) == count, "one attempt sent twice arrived twice"
        stage.seen.add("idempotent_send")
    for audience in sorted(can.audiences - {Audience.CUSTOMER}):
        readers = frozenset({Audience.CUSTOMER, audience})
        await send(scene, replace(await scene.attempt(), audience=readers), f"a message to the {audience}")
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
