"""What can be proved about conditions without running them.

In: the text of a CEL condition and the types of its variables. Out: a `Formula`, which can be asked whether
it never or always holds, and whether one implies or excludes another. "No" may mean "cannot tell"; "yes" is
proved: a condition is a sum of products of comparisons, and every question is whether a product can hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

from router.engine.rules.atoms import Atom, Comparisons, can_hold, read_atom
from router.engine.rules.expressions import constant_of
from router.engine.rules.schema import FactType
from router.engine.rules.tokens import Token, closing, joined, split_at, tokens_of

Product: TypeAlias = frozenset[Atom]
Sum: TypeAlias = frozenset[Product]

MAX_PRODUCTS = 64

_TRUE: Sum = frozenset({frozenset()})
_FALSE: Sum = frozenset()


class _TooLarge(Exception):
    """The condition has too many cases to look at each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """A condition and its opposite, each as the cases in which it holds."""

    cases: Sum
    opposite: Sum
    may_fail: bool
    comparisons: Comparisons

    @property
    def never(self) -> bool:
        """Say whether no message can make it hold."""
        return all(not can_hold(case, self.comparisons) for case in self.cases)

    @property
    def always(self) -> bool:
        """Say whether every message makes it hold."""
        return not self.may_fail and all(not can_hold(case, self.comparisons) for case in self.opposite)

    def implies(self, other: Formula) -> bool:
        """Say whether the other holds whenever this one does."""
        if other.always:
            return True
        return all(
            any(self._includes(case, wider) for wider in other.cases)
            for case in self.cases
            if can_hold(case, self.comparisons)
        )

    def excludes(self, other: Formula) -> bool:
        """Say whether the two can never hold together."""
        return not any(can_hold(one | two, self.comparisons) for one, two in product(self.cases, other.cases))

    def _includes(self, case: Product, wider: Product) -> bool:
        """Say whether everything the wider case asks follows from this one."""
        return all(not can_hold(case | {atom.opposite}, self.comparisons) for atom in wider)


def read_formula(text: str, types: Mapping[str, FactType], *, clock_of: str = "") -> Formula:
    """Read a condition that compiles; `clock_of` keeps apart conditions that see `now` in other zones."""
    reader = _Reader(types, clock_of)
    tokens = tokens_of(text)
    comparisons = Comparisons(types=types)
    may_fail = any(token.text in ("/", "%", "[") for token in tokens)
    try:
        cases, opposite = reader.read(tokens, True), reader.read(tokens, False)
    except _TooLarge:
        whole = Atom(subject=joined(tokens) + clock_of)
        cases, opposite = frozenset({frozenset({whole})}), frozenset({frozenset({whole.opposite})})
    return Formula(cases=cases, opposite=opposite, may_fail=may_fail, comparisons=comparisons)


class _Reader:
    """Turns tokens into cases, pushing each `!` down to the comparisons."""

    def __init__(self, types: Mapping[str, FactType], clock_of: str) -> None:
        self._types = types
        self._clock_of = clock_of

    def read(self, tokens: Sequence[Token], wanted: bool) -> Sum:
        """Give the cases in which the tokens are `wanted`."""
        if len(tokens) > 1 and tokens[0].text == "(" and closing(tokens, 0) == len(tokens) - 1:
            return self.read(tokens[1:-1], wanted)
        if len(split_at(tokens, ("?",))) > 1:
            return self._choice(tokens, wanted)
        for sign, adds_up in (("||", wanted), ("&&", not wanted)):
            parts = split_at(tokens, (sign,))
            if len(parts) > 1:
                sums = [self.read(part, wanted) for part in parts]
                return _added(sums) if adds_up else _multiplied(sums)
        if tokens and tokens[0].text == "!" and len(split_at(tokens, _RELATIONS)) == 1:
            return self.read(tokens[1:], not wanted)
        return self._atom(tokens, wanted)

    def _choice(self, tokens: Sequence[Token], wanted: bool) -> Sum:
        """Read `one ? two : three`; several in each other are taken as a whole."""
        condition, *rest = split_at(tokens, ("?",))
        ways = split_at(rest[0], (":",))
        if len(rest) > 1 or len(ways) != 2:
            return self._atom(tokens, wanted)
        held = _multiplied([self.read(condition, True), self.read(ways[0], wanted)])
        return _added([held, _multiplied([self.read(condition, False), self.read(ways[1], wanted)])])

    def _atom(self, tokens: Sequence[Token], wanted: bool) -> Sum:
        known = constant_of(joined(tokens)) if self._is_constant(tokens) else None
        if isinstance(known, bool):
            return _TRUE if known is wanted else _FALSE
        atom = read_atom(tokens, self._is_constant)
        if self._clock_of and "now." in atom.subject:
            atom = atom.renamed(atom.subject + self._clock_of)
        return frozenset({frozenset({atom if wanted else atom.opposite})})

    def _is_constant(self, tokens: Sequence[Token]) -> bool:
        """Say whether nothing of a message is looked at."""
        roots = {name.partition(".")[0] for name in self._types} | {
            "mentions_any",
            "matches_list",
            "business_open",
        }
        return not any(token.is_word and token.text in roots for token in tokens)


_RELATIONS = ("==", "!=", "<", "<=", ">", ">=", "in")


def _added(sums: Sequence[Sum]) -> Sum:
    cases = frozenset(case for each in sums for case in each)
    if len(cases) > MAX_PRODUCTS:
        raise _TooLarge
    return cases


def _multiplied(sums: Sequence[Sum]) -> Sum:
    result = _TRUE
    for each in sums:
        if len(result) * len(each) > MAX_PRODUCTS:
            raise _TooLarge
        result = frozenset(one | two for one, two in product(result, each))
    return result
