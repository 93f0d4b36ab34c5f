"""What happened and whether it was right: lines and verdicts in, a text for people out."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import shorten
from unicodedata import east_asian_width

SHOWN_CHARS = 100
WHO_COLUMNS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One thing that was checked; `wrong` says what was found instead."""

    name: str
    is_good: bool
    wrong: str


class Transcript:
    """Prints what happens as it happens, and the verdicts at the end."""

    def __init__(self) -> None:
        self.verdicts: list[Verdict] = []
        self.last_act = "nothing"

    def act(self, who: str, text: str) -> None:
        """Print what somebody does."""
        self.last_act = f"{who} {text}"
        print(f"{_padded(who, WHO_COLUMNS)} {text}", flush=True)

    def why(self, text: str) -> None:
        """Print a reason under what happened."""
        print(f"{'':<{WHO_COLUMNS}}   why: {text}", flush=True)

    def detail(self, text: str) -> None:
        """Print where something arrived, under what happened."""
        print(f"{'':<{WHO_COLUMNS}}   {text}", flush=True)

    def check(self, name: str, is_good: bool, wrong: object = "") -> None:
        """Note a verdict."""
        self.verdicts.append(Verdict(name=name, is_good=is_good, wrong=str(wrong)))

    def equal(self, name: str, found: object, expected: object) -> None:
        """Note whether something is what it should be."""
        self.check(name, found == expected, f"found {found!r:.200}, expected {expected!r:.200}")

    def print_verdicts(self) -> bool:
        """Print the table; say whether all is good."""
        print()
        width = max((_columns(verdict.name) for verdict in self.verdicts), default=0)
        for verdict in self.verdicts:
            found = "ok" if verdict.is_good else f"WRONG: {verdict.wrong}"
            print(f"  {_padded(verdict.name, width)}  {found}")
        wrong = sum(not verdict.is_good for verdict in self.verdicts)
        print()
        print(
            f"{wrong} of {len(self.verdicts)} are wrong." if wrong else f"All {len(self.verdicts)} are good."
        )
        return not wrong


def brief(text: str) -> str:
    """Give the first words of a text on one line."""
    return shorten(text, SHOWN_CHARS, placeholder=" …")


def _padded(text: str, columns: int) -> str:
    return text + " " * (columns - _columns(text))


def _columns(text: str) -> int:
    """Count the columns a terminal gives a text: Chinese characters take two."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)
