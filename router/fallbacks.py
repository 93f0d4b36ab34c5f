"""Say in words what a channel cannot show; in: a message's blocks and what is declared, out: blocks it takes.

Pure, so every attempt of one message says the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from router.messages import Block, BlockKind

# What of a block's fields a reader can use, in this order.
_TELLING = ("title", "name", "order_id", "product_id", "code", "address", "phone", "url")


def carried(blocks: Sequence[Block], kinds: Collection[str]) -> tuple[Block, ...]:
    """Give the blocks with every kind that is not declared turned into text; what is empty is left out."""
    if all(block.kind in kinds for block in blocks):
        return tuple(blocks)
    fitting = (block if block.kind in kinds else _in_words(block) for block in blocks)
    return tuple(block for block in fitting if block.kind is not BlockKind.TEXT or block.text)


def _in_words(block: Block) -> Block:
    told = [str(block.fields[name]) for name in _TELLING if block.fields.get(name)]
    lines = [block.text, *(value for value in told if value not in block.text), *_choices(block)]
    return Block(text="\n".join(line for line in lines if line))


def _choices(block: Block) -> list[str]:
    """List what a reader could have pressed."""
    options = block.fields.get("options")
    if not isinstance(options, Sequence) or isinstance(options, str):
        return []
    titles = [option.get("title", "") if isinstance(option, Mapping) else option for option in options]
    return [f"{number}. {title}" for number, title in enumerate(titles, 1) if title]
