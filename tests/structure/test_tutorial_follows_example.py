"""The code in docs/writing-a-channel.md is the code of examples/router-telnet, to the letter."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(
    r"^```(?:python|toml)\n(.*?)^```", (ROOT / "docs/writing-a-channel.md").read_text(), re.M | re.S
)
EXAMPLE = [
    path.read_text()
    for path in (ROOT / "examples/router-telnet").rglob("*.*")
    if path.suffix in (".py", ".toml")
]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.strip().partition("\n")[0][:40])
def test_block_of_the_tutorial_stands_in_the_example(block: str):
    assert any(block in text for text in EXAMPLE)


def test_tutorial_shows_every_step():
    assert len(BLOCKS) >= 7
