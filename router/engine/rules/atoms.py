"""The smallest parts of conditions: comparisons of something with a constant, and anything else as a whole.

In: the tokens of a part without `&&` and `||`. Out: an `Atom`; and whether several can hold together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from router.engine.rules.expressions import constant_of
from router.engine.rules.facts import FactValue
from router.engine.rules.schema import FactType
from router.engine.rules.tokens import Token, joined, split_at
from router.messages import Automatic

_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_TURNED = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
_RANGES: Mapping[str, tuple[float, float]] = {
    "now.hour": (0, 23),
    "now.weekday": (1, 7),
    "conversation.transfers": (0, float("inf")),
    "conversation.age_s": (0, float("inf")),
}
_WORDS: Mapping[str, frozenset[str]] = {"message.automatic": frozenset(kind.value for kind in Automatic)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Atom:
    """`subject` compared with a constant, or with no `sign` a part that holds or does not."""

    subject: str
    sign: str = ""
    value: FactValue = True
    holds: bool = True

    @property
    def opposite(self) -> Atom:
        """Give what holds exactly when this does not."""
        if self.sign:
            return replace(self, sign=_OPPOSITE[self.sign])
        return replace(self, holds=not self.holds)

    def renamed(self, subject: str) -> Atom:
        """Give the same about another subject."""
        return replace(self, subject=subject)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparisons:
    """What is known of the things that are compared."""

    types: Mapping[str, FactType]


def read_atom(tokens: Sequence[Token], is_constant: Callable[[Sequence[Token]], bool]) -> Atom:
    """Read a part of a condition."""
    for sign in ("==", "!=", "<=", ">=", "<", ">"):
        sides = split_at(tokens, (sign,))
        if len(sides) == 2:
            return _comparison(sides[0], sign, sides[1], is_constant)
    return Atom(subject=joined(tokens))


def _comparison(
    left: Sequence[Token], sign: str, right: Sequence[Token], is_constant: Callable[[Sequence[Token]], bool]
) -> Atom:
    if is_constant(left):
        left, right, sign = right, left, _TURNED[sign]
    value = constant_of(joined(right)) if is_constant(right) else None
    if isinstance(value, bool) and sign in ("==", "!="):
        return Atom(subject=joined(left), holds=value is (sign == "=="))
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return Atom(subject=joined(left), sign=sign, value=value)
    first, second = joined(left), joined(right)
    if first > second:
        first, second, sign = second, first, _TURNED[sign]
    positive = sign in ("==", "<", "<=")
    return Atom(subject=f"{first} {sign if positive else _OPPOSITE[sign]} {second}", holds=positive)


def can_hold(atoms: Iterable[Atom], comparisons: Comparisons) -> bool:
    """Say whether all of these can hold together; False is proved."""
    by_subject: dict[str, list[Atom]] = {}
    for atom in atoms:
        by_subject.setdefault(atom.subject, []).append(atom)
    return all(_possible(subject, group, comparisons) for subject, group in by_subject.items())


def _possible(subject: str, atoms: Sequence[Atom], comparisons: Comparisons) -> bool:
    """Say whether one thing can be all that is asked of it."""
    if len({atom.holds for atom in atoms if not atom.sign}) > 1:
        return False
    compared = [atom for atom in atoms if atom.sign]
    equal = {atom.value for atom in compared if atom.sign == "=="}
    unequal = {atom.value for atom in compared if atom.sign == "!="}
    if len(equal) > 1 or equal & unequal:
        return False
    words = _WORDS.get(subject)
    if words is not None and (equal - words or not words - unequal):
        return False
    ordered = [atom for atom in compared if atom.sign in ("<", "<=", ">", ">=")]
    if any(isinstance(atom.value, str) for atom in compared):
        return not equal or all(_satisfies(value, atom) for value in equal for atom in ordered)
    return _in_range(subject, equal, unequal, ordered, comparisons)


def _in_range(
    subject: str,
    equal: set[FactValue],
    unequal: set[FactValue],
    ordered: Sequence[Atom],
    comparisons: Comparisons,
) -> bool:
    """Say whether a number is left between the bounds."""
    least, most = _RANGES.get(subject, (float("-inf"), float("inf")))
    is_whole = comparisons.types.get(subject) == "int"
    for atom in ordered:
        value = float(atom.value)
        if is_whole and atom.sign in ("<", ">"):
            value += -1 if atom.sign == "<" else 1
        least, most = (max(least, value), most) if ">" in atom.sign else (least, min(most, value))
    if equal:
        (only,) = equal
        return least <= float(only) <= most and all(_satisfies(only, atom) for atom in ordered)
    if least == most:
        return least not in unequal and all(_satisfies(least, atom) for atom in ordered)
    if is_whole and most - least < len(unequal):
        return any(value not in unequal for value in range(int(least), int(most) + 1))
    return least <= most


def _satisfies(value: FactValue, atom: Atom) -> bool:
    if isinstance(value, str) is not isinstance(atom.value, str):
        return True
    if atom.sign in ("<", "<="):
        return value < atom.value or (atom.sign == "<=" and value == atom.value)  # type: ignore[operator]
    return value > atom.value or (atom.sign == ">=" and value == atom.value)  # type: ignore[operator]
