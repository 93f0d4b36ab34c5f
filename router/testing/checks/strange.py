"""Part of contract check 21: characters no text may hold, and nesting no parser likes, are kept like anything else.

Half characters and NUL can stand in any provider's JSON. What they become at the desk is the router's business;
here it only counts that the item is stored with its bytes, read without a crash, and holds up nothing behind it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from router.channel import PushSource
from router.errors import InboundError, MalformedMessage
from router.messages import JsonValue, RawInbound
from router.testing.factories import make_raw
from router.testing.simulators import SayingSimulator, SignedSimulator
from router.testing.stage import Scene, Stage

# Each with a word that shows the bytes are still there.
_TEXTS = {
    "half a character": "kept-half \ud83d here",
    "NUL": "kept-nul \0 here",
    "writing direction marks": "kept-bidi \u202egnp.exe\u202c here",
}
_DEEP = b"[" * 50_000 + b"]" * 50_000
_MOST_SAMPLES, _MOST_PLACES = 12, 40


def read_strange(scene: Scene, raw: RawInbound) -> None:
    """Put each strange text into each place of a sample that is JSON: it is read, or refused as malformed."""
    try:
        said = json.loads(raw.raw)
    except (ValueError, RecursionError):
        return
    for what, text in _TEXTS.items():
        for number, changed in zip(range(_MOST_PLACES), _changed(said, text), strict=False):
            _read(scene, make_raw(json.dumps(changed).encode(), key=f"{number}", envelope=raw.envelope), what)


def _read(scene: Scene, raw: RawInbound, what: str) -> None:
    try:
        list(scene.channel.decode(raw))
    except MalformedMessage:
        pass
    except Exception as error:
        raise AssertionError(f"decode raised {error!r} for {what} in {raw.raw[:200]!r}") from error


def _changed(said: JsonValue, text: str) -> Iterator[JsonValue]:
    """Give the document once for each text in it, with that one changed."""
    if isinstance(said, str):
        yield text
    elif isinstance(said, dict):
        for key, inner in said.items():
            yield from ({**said, key: changed} for changed in _changed(inner, text))
    elif isinstance(said, list):
        for at, inner in enumerate(said):
            yield from ([*said[:at], changed, *said[at + 1 :]] for changed in _changed(inner, text))


async def take_strange(stage: Stage) -> None:
    """Let a customer write each strange text, and a call bring deep nesting: stored, and the next one comes."""
    async with stage.scene() as scene:
        samples = list(scene.simulator.samples())
        for raw in samples[:_MOST_SAMPLES]:
            read_strange(scene, raw)
        if isinstance(scene.simulator, SayingSimulator):
            for what, text in _TEXTS.items():
                await _kept(scene, scene.simulator.saying(text), text.split()[0].encode(), what)
        await _nested(scene, samples[0])
        before = len(scene.context.accepted)
        await scene.deliver(samples[0])
        came = await scene.stored(before + 1) > before
        assert came, "after strange texts an ordinary message did not come in"


async def _kept(scene: Scene, raw: RawInbound, word: bytes, what: str) -> None:
    try:
        await scene.deliver(raw)
    except Exception as error:
        raise AssertionError(f"a message with {what} in it did not come in: {error!r}") from error
    kept = [item.raw.raw for item in scene.context.accepted]
    kept += [item.raw for item in scene.context.store.quarantined]
    assert any(word in each for each in kept), f"a message with {what} in it was not stored with its bytes"


async def _nested(scene: Scene, sample: RawInbound) -> None:
    """Call with deep nesting, rightly signed: stored or refused, never a crash the provider repeats for ever."""
    if not (isinstance(scene.channel, PushSource) and isinstance(scene.simulator, SignedSimulator)):
        return
    try:
        call = scene.simulator.signed(make_raw(_DEEP, key="deep", at=sample.received_at))
    except (ValueError, RecursionError, LookupError, TypeError):
        # A simulator that has to read what it signs cannot send this; test 8 has it unsigned.
        return
    try:
        await scene.channel.handle_http(call)
    except InboundError:
        pass
    except Exception as error:
        raise AssertionError(f"a signed call of deep nesting ended with {type(error).__name__}") from error
