"""Read docs/writing-a-channel.md as somebody who follows it word for word; in: the page, out: steps."""

import re
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"(?P<before>(?:[^\n]+\n)*[^\n]*)\n\n?```(?P<word>\w*)\n(?P<block>.*?)^```$", re.M | re.S)
_FILE = re.compile(r"`([\w/.-]+\.(?:py|yaml|toml))`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One block of the page; `before` is the paragraph above it, `path` the file meant, named last."""

    word: str
    before: str
    block: str
    path: str

    @property
    def is_written(self) -> bool:
        return bool(re.search(r"Write `[^`]+`:$", self.before))

    @property
    def is_change(self) -> bool:
        return bool(re.search(r"^becomes?$", self.before))

    @property
    def commands(self) -> list[tuple[str, str]]:
        """Give each command with what the page says it prints."""
        parts = re.split(r"^\$ (.*)\n", self.block, flags=re.M)[1:]
        return list(zip(parts[::2], parts[1::2], strict=True))


def steps_of(page: Path) -> list[Step]:
    """Give the blocks of a page in order."""
    steps, path = [], ""
    for found in _FENCE.finditer(page.read_text(encoding="utf-8")):
        before = found["before"].strip()
        named = _FILE.findall(before.replace("\n", " "))
        path = named[-1] if named else path
        steps.append(Step(word=found["word"], before=before, block=found["block"], path=path))
    return steps


def prints(said: str, shown: str) -> bool:
    """Say whether what was printed is what the page shows; `…` stands for anything, alone for any lines."""
    pattern = "".join(
        "(?:.*\n)*" if line == "…" else ".*".join(map(re.escape, line.split("…"))) + "\n"
        for line in shown.strip("\n").splitlines()
    )
    return re.fullmatch(pattern, said.strip("\n") + "\n" * bool(said.strip())) is not None
