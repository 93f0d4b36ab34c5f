"""Blocks a channel cannot show are said in words, the same on every attempt."""

import pytest

from router.fallbacks import carried
from router.messages import Block, BlockKind

TEXT_ONLY = frozenset({"text"})


def test_declared_blocks_pass_as_they_are():
    blocks = (Block(text="hello"), Block(kind=BlockKind.IMAGE, fields={"url": "https://shop.example/a.png"}))
    assert carried(blocks, {"text", "image"}) == blocks


@pytest.mark.parametrize(
    ("block", "words"),
    [
        (
            Block(kind=BlockKind.IMAGE, fields={"url": "https://shop.example/a.png"}),
            "https://shop.example/a.png",
        ),
        (Block(kind=BlockKind.ORDER_CARD, text="Your order", fields={"order_id": 7}), "Your order\n7"),
        (Block(kind=BlockKind.FILE, text="See bill.pdf", fields={"name": "bill.pdf"}), "See bill.pdf"),
        (
            Block(kind=BlockKind.CHOICE, text="Which one?", fields={"options": [{"title": "Red"}, "Blue"]}),
            "Which one?\n1. Red\n2. Blue",
        ),
    ],
    ids=["link", "card", "said already", "choice"],
)
def test_undeclared_block_is_said_in_words(block: Block, words: str):
    assert carried([block], TEXT_ONLY) == (Block(text=words),)


def test_block_that_says_nothing_is_left_out():
    assert carried([Block(text="a"), Block(kind=BlockKind.VIDEO)], TEXT_ONLY) == (Block(text="a"),)
