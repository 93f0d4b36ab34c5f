"""What a desk is shown of a person: addresses with their proof, what was merged, and who may be the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from router.model.desk import Conversation, Person
from router.model.identity import Likeness

ProofWord: TypeAlias = Literal["unverified", "channel", "verified"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPoint:
    """An address of a contact within one account; `came_with` is the contact it had before any merge."""

    id: str
    account: str
    channel: str
    kind: str
    address: str
    proof: ProofWord
    is_gone: bool
    came_with: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownClaim:
    """An address a contact, or his platform, stated and that he has not written from."""

    kind: str
    address: str
    proof: ProofWord
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMerge:
    """A contact that is shown as another one: by whom (None: by proof), why and on which evidence."""

    contact_id: str
    name: str
    at: datetime
    by: Person | None
    reason: str
    evidence: Sequence[Mapping[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookalike:
    """Another contact who may be the same person, and why; `conversations` are his newest."""

    contact_id: str
    name: str
    evidence: Sequence[Likeness]
    conversations: Sequence[Conversation]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactCard:
    """All that is known of who a person is; `id` is the contact that stays where several were merged."""

    id: str
    name: str
    tier: str
    language: str
    points: Sequence[ShownPoint]
    claims: Sequence[ShownClaim]
    merges: Sequence[ShownMerge]
    lookalikes: Sequence[Lookalike]


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A way to answer: the newest message that came through it, and where an answer to that goes."""

    message_id: str
    account: str
    channel: str
    address: str
    contact: str
    proof: ProofWord
    at: datetime
