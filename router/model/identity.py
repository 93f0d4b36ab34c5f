"""Who is who: what one address proves about another, and what people decided about it.

An address of a kind in `SHARED_KINDS` means the same person wherever it is used. Every other id (a buyer's,
a visitor's) means something within its own account only, so equal ones elsewhere are nothing to go by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from router.messages import Proof

SHARED_KINDS = frozenset({"email", "phone"})
FOLDED_KINDS = frozenset({"email"})
"""The kinds whose addresses are the same in upper and lower case. Ids of providers are not: `Ub1` is not `uB1`."""

_STRENGTH = {Proof.UNVERIFIED: 0, Proof.CHANNEL: 1, Proof.VERIFIED: 2}


def stronger(one: Proof, other: Proof) -> Proof:
    """Give the stronger of two proofs: what was proven once stays proven."""
    return max(one, other, key=_STRENGTH.__getitem__)


def weaker(one: Proof, other: Proof) -> Proof:
    """Give the weaker of two proofs."""
    return min(one, other, key=_STRENGTH.__getitem__)


def is_proven(proof: Proof) -> bool:
    """Say whether a proof is good enough to act on without asking anybody."""
    return proof is not Proof.UNVERIFIED


class IdentityAct(StrEnum):
    """What was done about who is who, or what belongs together."""

    CONTACTS_MERGED = "contacts_merged"
    CONTACTS_PARTED = "contacts_parted"
    KEPT_APART = "kept_apart"
    CONVERSATIONS_MERGED = "conversations_merged"
    CONVERSATIONS_PARTED = "conversations_parted"
    SPLIT = "split"


class Sign(StrEnum):
    """Why two contacts may be one person, strongest first."""

    SAME_ORDER = "same_order"
    SAME_ADDRESS = "same_address"
    STATED_ADDRESS = "stated_address"


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """One sign that two contacts are one person; `kind` is that of the address, or `order`.

    `is_proven`: on both sides it is known to be theirs, not only said.
    """

    sign: Sign
    kind: str
    value: str
    is_proven: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What somebody decides about two contacts or conversations; `agent_id` None is filing by proof.

    `subject_id` is what goes into, or out of, the other.
    """

    subject_id: str
    other_id: str = ""
    agent_id: str | None
    reason: str
    evidence: Sequence[Mapping[str, object]] = field(default=())
    at: datetime
