"""Contract checks 14 and 15: every declared block, words for the others, and texts at the exact limit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from router.abilities import MediaFile, Uploads
from router.capabilities import TextUnit
from router.errors import ContentRejected, SendError
from router.fallbacks import carried
from router.messages import Block, BlockKind, FileContent, JsonObject
from router.splitting import length, split
from router.testing.checks.outbound import need_outbound
from router.testing.checks.telling import is_told_apart
from router.testing.simulators import BlockSimulator, EchoSimulator
from router.testing.stage import Scene, Stage

_FAMILY = "\N{WOMAN}\u200d\N{WOMAN}\u200d\N{GIRL}\u200d\N{BOY}"
_PATTERNS = {"letters": "x", "astral": "😟", "joined": _FAMILY, "lines": "ab\r\n"}
# A text of a million characters proves in every alphabet what it proves in one, only slower.
_LONG_TEXT = 20_000
_WORDS = "in other words"
_FILE = b"\x89PNG\r\n\x1a\n" + b"0" * 64


async def check_blocks(stage: Stage) -> None:
    """Send each declared kind of block, and each other one in words: all arrive."""
    need_outbound(stage)
    declared = stage.channel_type.capabilities.blocks
    async with stage.scene() as scene:
        for kind in sorted(declared):
            block = await _block(scene, stage, kind)
            sent = await _send(scene, [block], f"a block of the declared kind {kind}")
            await _is_more_than_words(scene, block, sent)
            stage.seen.add(f"blocks: {kind}")
        for kind in sorted(set(BlockKind) - set(declared) - {BlockKind.TEXT}):
            blocks = carried([Block(kind=kind, text=_WORDS)], declared)
            sent = await _send(scene, blocks, f"the words for a block of kind {kind}")
            assert _WORDS.encode() in sent, f"the words for a {kind} did not arrive: {sent[:80]!r}"


async def _block(scene: Scene, stage: Stage, kind: str) -> Block:
    fields = {"url": "https://shop.example/a.png", "name": "a.png", "title": "A title", "order_id": "1001"}
    block = Block(kind=BlockKind(kind), text="A text.", fields={} if kind == BlockKind.TEXT else fields)
    if isinstance(scene.simulator, BlockSimulator):
        block = scene.simulator.block(kind)
    limits = stage.channel_type.capabilities.media.get(kind)
    if limits is None:
        return block
    content_type = min(limits.types) if limits.types else "image/png"
    if limits.via == "upload":
        assert isinstance(scene.channel, Uploads), f"{kind} goes up first, but the channel is no Uploads"
        file = MediaFile(name="a.png", content_type=content_type, size_bytes=len(_FILE))
        await _refuses_too_large(scene.channel, replace(file, size_bytes=limits.max_bytes + 1))
        taken: list[bytes] = []
        block = replace(block, fields={**block.fields, **await scene.channel.upload(file, _chunks(taken))})
        assert taken, f"it took a file of kind {kind} without reading it"
    else:
        content = FileContent(name="a.png", content_type=content_type, content=_FILE)
        scene.context.store.files[kind] = content
        own: JsonObject = {"attachment": kind, "content_type": content_type, "size_bytes": len(_FILE)}
        block = replace(block, fields={**block.fields, **own})
    stage.seen.add(f"media: {kind}")
    return block


async def _refuses_too_large(channel: Uploads, file: MediaFile) -> None:
    try:
        await channel.upload(file, _chunks([]))
    except ContentRejected:
        return
    raise AssertionError(f"a file of {file.size_bytes} bytes, one over the declared limit, was taken")


async def _chunks(taken: list[bytes]) -> AsyncIterator[bytes]:
    taken.append(_FILE)
    yield _FILE


async def _send(scene: Scene, blocks: Sequence[Block], what: str) -> bytes:
    before = len(scene.simulator.sent())
    try:
        await scene.channel.send(await scene.attempt(blocks=blocks))
    except SendError as error:
        raise AssertionError(f"{what} was not sent: {error!r}") from error
    sent = await scene.arrived(before + 1)
    assert len(sent) > before, f"{what} did not arrive"
    return b"".join(sent[before:])


async def _is_more_than_words(scene: Scene, block: Block, sent: bytes) -> None:
    """See by what comes back, else by what arrived, that a block went out as what it is."""
    if events := scene.came_back():
        kinds = {each.kind.value for event in events for each in event.blocks}
        assert block.kind in kinds, f"a {block.kind} came back as {sorted(kinds)}"
    elif block.kind is not BlockKind.TEXT and not isinstance(scene.simulator, EchoSimulator):
        words = [Block(text=block.text)]
        plain = [await _send(scene, words, f"the words of a {block.kind}") for _ in range(2)]
        is_more = is_told_apart(sent, (plain[0], plain[1]))
        assert is_more, f"a block of the declared kind {block.kind} arrived as its words alone"


async def check_text_limit(stage: Stage) -> None:
    """A text at the limit in the declared unit goes out whole, one more letter makes it two parts."""
    need_outbound(stage)
    limits = stage.channel_type.capabilities.text
    patterns = dict(list(_PATTERNS.items())[: None if limits.max <= _LONG_TEXT else 1])
    async with stage.scene() as scene:
        for name, pattern in patterns.items():
            text = _filled(pattern, limits.max, limits.unit)
            assert split(text, limits) == [text]
            before = len(scene.simulator.sent())
            await _send(scene, [Block(text=text)], f"a text of exactly {limits.max} ({name})")
            if name == "letters":
                # However letters are encoded, they are not fewer bytes; line ends may be written differently.
                size = await _arrived_bytes(scene, before, len(text))
                assert size >= len(text), f"of a text of {len(text)} characters arrived {size} bytes"
        parts = split(_filled("x", limits.max, limits.unit) + "x", limits)
        assert len(parts) > 1
        for part in parts:
            await _send(scene, [Block(text=part)], "a part of a text over the limit")
    stage.seen.add("text")


async def _arrived_bytes(scene: Scene, before: int, wanted: int) -> int:
    """Count what has arrived, and if that is not enough, what is still under way."""
    size = sum(map(len, scene.simulator.sent()[before:]))
    return size if size >= wanted else sum(map(len, await scene.arrived_in_all(before)))


def _filled(pattern: str, most: int, unit: TextUnit) -> str:
    """Fill a text up to exactly the limit: with the pattern, then with letters."""
    text = pattern * (most // length(pattern, unit))
    return text + "x" * (most - length(text, unit))
