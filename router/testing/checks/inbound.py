"""Contract checks 5, 6, 8, 16 and 20: deliveries repeated, cut, forged, our own, and of two accounts."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

from router.channel import PushSource, Simulator
from router.errors import MalformedMessage
from router.messages import EventKind, RawInbound, Role
from router.testing.checks.forging import refuse_forged_calls
from router.testing.factories import make_raw
from router.testing.memory import MemoryStore
from router.testing.simulators import BatchSimulator, EchoSimulator, RepeatingSimulator
from router.testing.stage import NotDeclared, Scene, Stage

_REPEATS = 5
_DECODE_LIMIT_S = 2.0
_HUGE_BYTES = 1024 * 1024


def samples_of(simulator: Simulator) -> list[RawInbound]:
    """Give the samples; without any the check does not apply."""
    samples = list(simulator.samples())
    if not samples:
        raise NotDeclared("its simulator gives no samples")
    return samples


def need_inbound(stage: Stage) -> None:
    """Leave the check out for a channel that takes nothing in."""
    if not stage.channel_type.capabilities.inbound:
        raise NotDeclared("it takes nothing in")


async def check_repeated(stage: Stage) -> None:
    """Deliver every sample in order, then all of them again, shuffled: once each, in order.

    The same holds for several in one call, and for repetitions that are not byte for byte the same.
    """
    need_inbound(stage)
    async with stage.scene() as scene:
        samples = samples_of(scene.simulator)
        for raw in samples:
            await scene.deliver(raw)
        first = [item.raw for item in scene.context.accepted]
        again = samples * (_REPEATS - 1)
        random.Random(5).shuffle(again)
        if isinstance(scene.simulator, RepeatingSimulator):
            again += [scene.simulator.again(raw) for raw in samples]
        for raw in again:
            await scene.deliver(raw)
        accepted = scene.context.accepted
    stage.seen.add("push: repeats")
    assert len(first) == len(samples), f"{len(samples)} samples were accepted as {len(first)} items"
    assert [item.raw for item in accepted] == first, "a repeated delivery was accepted as a new item"
    for item, raw in zip(accepted, samples, strict=True):
        decoded = scene.channel.decode(item.raw)
        assert list(decoded) == list(item.events), "decoding twice gave two results"
        wanted = [event.blocks for event in scene.channel.decode(raw)]
        assert [event.blocks for event in decoded] == wanted, "items were accepted in another order"
    await _all_at_once(stage, [item.raw for item in accepted])


async def _all_at_once(stage: Stage, one_by_one: Sequence[RawInbound]) -> None:
    """Call with every sample at once, and again without the first: they are what they were one by one."""
    async with stage.scene() as scene:
        channel, simulator = scene.channel, scene.simulator
        if not (isinstance(simulator, BatchSimulator) and isinstance(channel, PushSource)):
            return
        samples = samples_of(simulator)
        for raws in (samples, samples[1:]):
            reply = await channel.handle_http(simulator.signed_together(raws))
            assert reply.status < 400, f"a call with {len(raws)} messages was answered {reply.status}"
        keys = [item.raw.dedupe_key for item in scene.context.accepted]
        wanted = [raw.dedupe_key for raw in one_by_one]
        assert keys == wanted, f"a call with {len(wanted)} messages became {len(keys)} items, or others"


async def check_crash(stage: Stage) -> None:
    """Fail before the commit, then right after it: nothing is acknowledged unstored, lost or doubled."""
    need_inbound(stage)
    async with stage.scene() as scene:
        samples = samples_of(scene.simulator)
        good = await scene.deliver(samples[0])
        if len(samples) < 2:
            raise NotDeclared("its simulator gives one sample only, two are needed")
        await _cut_short(scene, samples[1], good)


async def _cut_short(scene: Scene, raw: RawInbound, good: str) -> None:
    before = len(scene.context.accepted)
    scene.context.store.fail_accept_next()
    said = await _deliver_or_error(scene, raw)
    if len(scene.context.accepted) == before:
        assert said != good, f"the provider was told {said!r} though nothing had been stored"
    await scene.deliver(raw)
    _one_more(scene, before, "after a failed store the item was lost or doubled")
    scene.context.store.lose_answer_next()
    await _deliver_or_error(scene, raw)
    await scene.deliver(raw)
    _one_more(scene, before, "after a lost answer the item was doubled")


def _one_more(scene: Scene, before: int, otherwise: str) -> None:
    new = [item.raw.dedupe_key for item in scene.context.accepted][before:]
    assert len(new) == 1, f"{otherwise}: stored are {new}"


async def _deliver_or_error(scene: Scene, raw: RawInbound) -> str:
    try:
        return await scene.deliver(raw)
    except TimeoutError:
        raise
    except Exception as error:
        return f"error: {error!r}"


async def check_forged(stage: Stage) -> None:
    """Change, cut, blow up and nest samples: decoded or refused as malformed, and fast."""
    need_inbound(stage)
    async with stage.scene() as scene:
        samples = samples_of(scene.simulator)
        for raw in samples:
            for bad in _mutations(raw):
                _decode_fast(scene, bad)
        if isinstance(scene.channel, PushSource):
            await refuse_forged_calls(scene, stage, samples[0])


def _mutations(raw: RawInbound) -> list[RawInbound]:
    chance = random.Random(8)
    body = raw.raw
    places = [chance.randrange(len(body)) for _ in range(20)] if body else []
    changed = [body[:at] + bytes([body[at] ^ 0x55]) + body[at + 1 :] for at in places]
    cut = [body[:at] for at in places]
    bombs = [
        b"",
        b"\x00" * 64,
        b"\xff\xfe" * 64,
        bytes(chance.randrange(256) for _ in range(4096)),
        b"a" * _HUGE_BYTES,
        b"[" * 100_000,
        b'{"a":' * 100_000,
        body + b"\r\n" * 50_000,
    ]
    return [
        make_raw(each, key=f"forged-{number}", at=raw.received_at, envelope=raw.envelope)
        for number, each in enumerate(changed + cut + bombs)
    ]


def _decode_fast(scene: Scene, raw: RawInbound) -> None:
    began_s = time.process_time()
    try:
        list(scene.channel.decode(raw))
    except MalformedMessage:
        pass
    except Exception as error:
        raise AssertionError(f"decode raised {error!r} for {raw.raw[:60]!r}, not MalformedMessage") from error
    took_s = time.process_time() - began_s
    assert took_s < _DECODE_LIMIT_S, f"decode took {took_s:.1f} s for {len(raw.raw)} bytes {raw.raw[:40]!r}"


async def check_echo(stage: Stage) -> None:
    """Our own message coming back names the id it was sent under, or is not taken for the customer's."""
    async with stage.scene() as scene:
        if not isinstance(scene.simulator, EchoSimulator):
            raise NotDeclared("its provider never brings our own messages back")
        attempt = await scene.attempt()
        await scene.channel.send(attempt)
        for event in scene.channel.decode(scene.simulator.echo()):
            recognised = event.external_id == attempt.outgoing_ref or event.author.role is not Role.CUSTOMER
            assert event.kind is not EventKind.MESSAGE or recognised, (
                "our own message looks like the customer's"
            )


async def check_two_accounts(stage: Stage) -> None:
    """Two accounts with equal ids in one store: neither sees what is the other's."""
    store = MemoryStore()
    async with stage.scene("shop-1", store) as one, stage.scene("shop-2", store) as two:
        for raw in one.simulator.samples():
            await one.deliver(raw)
        assert two.context.accepted == [], "an item of one account arrived in the other"
        for raw in two.simulator.samples():
            await two.deliver(raw)
        held = await two.stored(len(one.context.accepted))
        assert held == len(one.context.accepted), "one account hid items of the other"
        assert store.duplicates == 0, "one account's item was taken for a duplicate of the other's"
        if stage.channel_type.capabilities.outbound:
            before = len(two.simulator.sent())
            mine = len(one.simulator.sent())
            await one.channel.send(await one.attempt())
            arrived = await one.arrived(mine + 1)
            assert len(arrived) == mine + 1, "the reply did not reach its own provider, or not once"
            assert len(two.simulator.sent()) == before, "a reply left by the other account"
