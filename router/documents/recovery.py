"""Read a document with faults in its syntax part by part, so that one fault does not hide the others.

In: the text of a document whose outermost values are mappings or lists. Out: the document without the parts
that cannot be read, every problem, and the text that was left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from router.documents.places import Located, Place
from router.documents.problems import Problem
from router.documents.reading import TABS, read_with_problems

_SECTION = re.compile(r"[^\s#]")
_INDENT = re.compile(r"( +)[^\s#]")
_NAME = re.compile(r"""\s*["']?([\w.-]+)["']?\s*:""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What could be read; `located` is None when that is nothing. `lost` is the text left out."""

    located: Located | None
    problems: Sequence[Problem]
    lost: str = ""


@dataclass(frozen=True, slots=True)
class _Part:
    """Some lines of the text, from `start` up to `end`, within the section of this name."""

    start: int
    end: int
    section: str


def read_in_parts(text: str, *, source: str, stand_ins: Mapping[str, str]) -> Recovered:
    """Read what can be read. `stand_ins` gives for a section the value an unreadable entry is replaced by."""
    whole = read_with_problems(text, source=source)
    if whole.is_whole:
        return Recovered(located=whole.located, problems=whole.problems)
    lines = text.splitlines()
    tabs = _expand_tabs(lines, source) if any(each.message == TABS[0] for each in whole.problems) else []
    if tabs:
        whole = read_with_problems("\n".join(lines) + "\n", source=source)
        whole.located.lines = text.splitlines()
    if whole.is_whole:
        return Recovered(located=whole.located, problems=[*tabs, *whole.problems])
    broken = [part for section in _sections(lines) for part in _broken(lines, section, source)]
    problems: list[Problem] = [*tabs]
    lost: list[str] = []
    for part in broken:
        problems += _faults(lines, part, source)
        lost += lines[part.start : part.end]
        _replace(lines, part, stand_ins)
    again = read_with_problems("\n".join(lines) + "\n", source=source)
    if not broken or not again.is_whole:
        return Recovered(located=None, problems=[*problems, *whole.problems] if not broken else problems)
    again.located.lines = text.splitlines()
    return Recovered(located=again.located, problems=[*problems, *again.problems], lost="\n".join(lost))


def _expand_tabs(lines: list[str], source: str) -> list[Problem]:
    """Put spaces where lines are indented with tabs, each as wide as the first indentation; say which lines."""
    widths = (len(found[1]) for line in lines if (found := _INDENT.match(line)))
    spaces = " " * next(widths, 2)
    problems = []
    for number, line in enumerate(lines):
        indent = line[: len(line) - len(line.lstrip(" \t"))]
        if "\t" in indent:
            place = Place(line=number + 1, column=indent.index("\t") + 1)
            problems.append(Located(source=source).problem((), *TABS, place=place))
            lines[number] = indent.replace("\t", spaces) + line[len(indent) :]
    return problems


def _sections(lines: Sequence[str]) -> Iterator[_Part]:
    """Cut before each line that begins at the margin."""
    starts = [number for number, line in enumerate(lines) if _SECTION.match(line)]
    for start, end in pairwise([*starts, len(lines)]):
        found = _NAME.match(lines[start])
        yield _Part(start, end, found[1] if found else "")


def _broken(lines: Sequence[str], part: _Part, source: str) -> Iterator[_Part]:
    """Give the smallest parts of a section that cannot be read by themselves."""
    if not _faults(lines, part, source):
        return
    entries = [each for each in _entries(lines, part) if _faults(lines, each, source)]
    yield from entries or [part]


def _entries(lines: Sequence[str], part: _Part) -> Iterator[_Part]:
    """Cut a section before each line that is indented like its first one."""
    inner = [
        (number, len(line) - len(line.lstrip(" ")))
        for number, line in enumerate(lines[part.start + 1 : part.end], part.start + 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    starts = [number for number, indent in inner if indent == inner[0][1]]
    for start, end in pairwise([*starts, part.end]):
        yield _Part(start, end, part.section)


def _faults(lines: Sequence[str], part: _Part, source: str) -> Sequence[Problem]:
    """Read a part where it stands; nothing when that is possible."""
    text = "\n" * part.start + "\n".join(lines[part.start : part.end]) + "\n"
    reading = read_with_problems(text, source=source)
    if reading.is_whole:
        return ()
    last = max(number for number in range(part.start, part.end) if lines[number].strip())
    return [_within(problem, last + 1, len(lines[last]) + 1) for problem in reading.problems[-1:]]


def _within(problem: Problem, line: int, column: int) -> Problem:
    """Say that something is missing at the end of a part, not at the beginning of the next."""
    message = problem.message.replace("'<stream end>'", "its end")
    if problem.line <= line:
        return replace(problem, message=message)
    return replace(problem, line=line, column=column, message=message)


def _replace(lines: list[str], part: _Part, stand_ins: Mapping[str, str]) -> None:
    """Leave a part out; its name stays known with a value of the section's kind."""
    first = lines[part.start]
    name = _NAME.match(first)
    for number in range(part.start, part.end):
        lines[number] = ""
    if name is not None and part.section in stand_ins and first[:1] == " ":
        lines[part.start] = f"{first[: name.end()]} {stand_ins[part.section]}"
