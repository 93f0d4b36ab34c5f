"""A file an agent sends, and how it goes with the words of a reply: which messages carry it, as which block.

In: what was attached and what a channel takes. Out: the blocks of each message, or ContentRejected. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from router.capabilities import Capabilities, MediaLimits
from router.errors import ContentRejected
from router.messages import Block, BlockKind, JsonObject

MOST_FILES = 10
"""How many files one reply takes along."""
PART = "files"

_BY_TYPE = {"image": BlockKind.IMAGE, "audio": BlockKind.AUDIO, "video": BlockKind.VIDEO}


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingFile:
    """A file an agent sends; its bytes lie in the folder of outgoing files under its id."""

    id: str
    name: str
    content_type: str
    size_bytes: int


def file_kinds(can: Capabilities) -> dict[str, MediaLimits]:
    """Give the kinds of blocks that carry a file here, with what each takes."""
    return {kind: limits for kind, limits in can.media.items() if kind in can.blocks}


def largest_bytes(can: Capabilities) -> int:
    """Give the size no file may pass whatever it is; raises ContentRejected where no file goes."""
    kinds = file_kinds(can)
    if not kinds:
        raise ContentRejected("no files can be sent through this channel", code="no_files", part=PART)
    return max(limits.max_bytes for limits in kinds.values())


def block_of_file(file: OutgoingFile, can: Capabilities) -> Block:
    """Give the block that carries a file; raises ContentRejected for a type or size not taken here."""
    kind, limits = _fitting(file, file_kinds(can))
    if file.size_bytes > limits.max_bytes:
        raise ContentRejected(
            f"{file.name} has {file.size_bytes:,} bytes, this channel takes {limits.max_bytes:,}",
            code="too_large",
            part=PART,
        )
    fields: JsonObject = {
        "attachment": file.id,
        "name": file.name,
        "content_type": file.content_type,
        "size_bytes": file.size_bytes,
    }
    return Block(kind=BlockKind(kind), text=file.name, fields=fields)


def bodies(parts: Sequence[str], files: Sequence[OutgoingFile], can: Capabilities) -> list[list[Block]]:
    """Give the blocks of each message of a reply, in order.

    A file that has to go up first is a message of its own, after the words; the others go with the last words.
    """
    if len(files) > MOST_FILES:
        raise ContentRejected(f"a reply takes at most {MOST_FILES} files", code="too_many", part=PART)
    blocks = [block_of_file(file, can) for file in files]
    _check_total(files, blocks, can)
    own = [block for block in blocks if can.media[block.kind].via == "upload"]
    beside = [block for block in blocks if can.media[block.kind].via != "upload"]
    messages = [[Block(text=part)] for part in parts]
    if beside and not messages:
        messages.append([])
    if beside:
        messages[-1] += beside
    return messages + [[block] for block in own]


def _fitting(file: OutgoingFile, kinds: Mapping[str, MediaLimits]) -> tuple[str, MediaLimits]:
    """Choose what a file is sent as: what it is, else a plain file."""
    own = _BY_TYPE.get(file.content_type.partition("/")[0], BlockKind.FILE)
    for kind in (own, BlockKind.FILE):
        limits = kinds.get(kind)
        if limits is not None and (not limits.types or file.content_type in limits.types):
            return kind, limits
    taken = sorted({each for limits in kinds.values() for each in limits.types})
    raise ContentRejected(
        f"{file.name} is {file.content_type}; this channel takes {', '.join(taken) or 'no such file'}",
        code="type",
        part=PART,
    )


def _check_total(files: Sequence[OutgoingFile], blocks: Sequence[Block], can: Capabilities) -> None:
    """Refuse more in one message than it carries."""
    for kind in {block.kind for block in blocks}:
        most = can.media[kind].total_bytes
        sizes = [file.size_bytes for file, block in zip(files, blocks, strict=True) if block.kind is kind]
        if most is not None and sum(sizes) > most:
            raise ContentRejected(
                f"the files have {sum(sizes):,} bytes together, one message takes {most:,}",
                code="too_large",
                part=PART,
            )
