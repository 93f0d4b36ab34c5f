"""What must be true when a condition holds, and what when it does not.

In: the text of a CEL condition. Out: a `Condition`, and with `assume` what is known after it held or failed.
Comparisons of a variable with written-out values are understood, and so are `&&`, `||`, `!` and `in`. Anything
else stands for itself: the same words hold or fail together, and different words are independent. So two
conditions are called exclusive only if they are; some that exclude each other may not be seen to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from router.engine.rules.references import words_of

Known = Mapping[str, tuple[bool, frozenset[str]]]
"""Variable to whether it is one of the values, or none of them."""

_MOST_EXCLUDED = 8
"""Values a variable is known not to be; more are forgotten, which only makes more seem possible."""

_TRUE = "true"
_CONSTANTS = {"true": True, "false": False}
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A condition taken apart: parts joined by `&&` or `||`, or one comparison."""

    variable: str = ""
    values: frozenset[str] = frozenset()
    parts: tuple[Condition, ...] = ()
    needs_all: bool = True
    is_negated: bool = False

    def variables(self) -> Iterator[str]:
        """Name everything it looks at."""
        if not self.parts and self.variable:
            yield self.variable
        for part in self.parts:
            yield from part.variables()


ALWAYS = Condition()
"""No parts that could fail."""


def read_condition(text: str) -> Condition:
    """Take a condition apart; one that is not understood is a single comparison of its own text."""
    return _read(words_of(text))


def assume(condition: Condition, holds: bool, known: Known) -> Known | None:
    """Give what is known if a condition holds (or fails) as well, None if it cannot."""
    holds = holds != condition.is_negated
    if not condition.parts:
        if not condition.variable:
            return known if holds else None
        return _narrow(known, condition.variable, holds, condition.values)
    if holds == condition.needs_all:
        every: Known | None = known
        for part in condition.parts:
            every = None if every is None else assume(part, holds, every)
        return every
    ways = [way for part in condition.parts if (way := assume(part, holds, known)) is not None]
    return _either(known, ways)


def _either(known: Known, ways: Sequence[Known]) -> Known | None:
    """Give what several ways have in common: None if there is none, one variable's values added up."""
    if len(ways) < 2:
        return ways[0] if ways else None
    changed = {name for way in ways for name in way if way[name] != known.get(name)}
    if len(changed) != 1:
        return known
    name = changed.pop()
    found = [way.get(name) for way in ways]
    if any(one is None or not one[0] for one in found):
        return known
    return {**known, name: (True, frozenset().union(*(one[1] for one in found if one is not None)))}


def _narrow(known: Known, name: str, is_one: bool, values: frozenset[str]) -> Known | None:
    before = known.get(name)
    if before is None:
        narrowed = (is_one, values)
    elif before[0]:
        narrowed = (True, before[1] & values if is_one else before[1] - values)
    else:
        narrowed = (True, values - before[1]) if is_one else (False, before[1] | values)
        if len(narrowed[1]) > _MOST_EXCLUDED:
            return known
    return None if narrowed[0] and not narrowed[1] else {**known, name: narrowed}


def _read(words: Sequence[str]) -> Condition:
    words = _bare(words)
    for mark in ("|", "&"):
        parts = _split(words, mark)
        if len(parts) > 1:
            return Condition(parts=tuple(map(_read, parts)), needs_all=mark == "&")
    if len(words) == 1 and words[0] in _CONSTANTS:
        return Condition(is_negated=not _CONSTANTS[words[0]])
    if words and words[0] == "!" and words[1:2] != ["="]:
        inner = _read(words[1:])
        return Condition(
            variable=inner.variable,
            values=inner.values,
            parts=inner.parts,
            needs_all=inner.needs_all,
            is_negated=not inner.is_negated,
        )
    return _comparison(words)


def _comparison(words: Sequence[str]) -> Condition:
    for place in range(1, len(words) - 1):
        two = "".join(words[place : place + 2])
        left, right = words[:place], words[place + 2 :]
        if two in ("==", "!=") and right:
            name, value = (left, right) if _is_name(left) else (right, left)
            if _is_name(name) and len(value) == 1 and _is_value(value[0]):
                values = frozenset((_plain(value[0]),))
                return Condition(variable="".join(name), values=values, is_negated=two == "!=")
        if words[place] == "in" and _is_name(left) and words[place + 1] == "[":
            listed = words[place + 2 : -1]
            if all(_is_value(word) for word in listed[::2]) and set(listed[1::2]) <= {","}:
                return Condition(variable="".join(left), values=frozenset(map(_plain, listed[::2])))
    return Condition(variable=" ".join(words) if not _is_name(words) else "".join(words), values=_YES)


_YES = frozenset((_TRUE,))


def _bare(words: Sequence[str]) -> Sequence[str]:
    """Take off brackets around the whole."""
    while len(words) > 2 and words[0] == "(" and _closes(words) == len(words) - 1:
        words = words[1:-1]
    return words


def _closes(words: Sequence[str]) -> int:
    depth = 0
    for place, word in enumerate(words):
        depth += (word in _OPENING) - (word in _CLOSING)
        if depth == 0:
            return place
    return -1


def _split(words: Sequence[str], mark: str) -> list[Sequence[str]]:
    """Cut at a doubled mark that stands in no brackets."""
    parts, start, depth = [], 0, 0
    for place, word in enumerate(words):
        depth += (word in _OPENING) - (word in _CLOSING)
        # a ternary binds more loosely than either, so that nothing may be cut out of it
        if depth == 0 and word == "?":
            return [words]
        if depth == 0 and place > start and word == mark and words[place - 1] == mark:
            parts.append(words[start : place - 1])
            start = place + 1
    return [*parts, words[start:]]


def _is_name(words: Sequence[str]) -> bool:
    return bool(words) and all(
        word.isidentifier() if place % 2 == 0 else word == "." for place, word in enumerate(words)
    ) and len(words) % 2 == 1 and words[0] not in _CONSTANTS  # fmt: skip


def _is_value(word: str) -> bool:
    return word[0] in "\"'" and "\\" not in word or word.isdecimal() or word in _CONSTANTS


def _plain(word: str) -> str:
    return word[1:-1] if word[0] in "\"'" else word
