"""Compare what the outside world saw with what the store holds after a campaign.

In: the cases with what was accepted, the relay's copies, the store. Out: one `Row` of figures per kill point
and the sentences that say what is wrong.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from router.storage import schema as t
from router.storage.store import Store
from tests.crash.cases import Case

DOUBTFUL_POINTS = ("K15", "K16", "random")
OPEN_STATES = ("queued", "sending")


@dataclass(slots=True)
class Row:
    """The figures of one kill point."""

    point: str
    kills: int = 0
    sent: int = 0
    accepted: int = 0
    stored: int = 0
    duplicated: int = 0
    lost: int = 0
    double_conversations: int = 0
    replies: int = 0
    unknown: int = 0
    outbound_duplicates: int = 0
    worst_delay_s: float = 0.0
    findings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What the store holds: conversations by customer message, and outbound messages by conversation."""

    places: Mapping[str, Sequence[str]]
    replies: Mapping[str, Sequence[Reply]]
    unfinished: int

    def conversations(self, case: Case) -> set[str]:
        """Give the conversations a case ended in."""
        return {place for sent in case.messages for place in self.places.get(sent.external_id, ())}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One outbound message and what is recorded of its delivery; `doubted`: some attempt was unknown."""

    message_id: str
    account: str
    outgoing_ref: str
    state: str
    doubted: bool


async def read_store(store: Store) -> Stored:
    """Read everything the verdict needs."""
    async with store.reading() as connection:
        inbound = await connection.execute(
            select(t.message.c.external_id, t.message.c.conversation_id).where(
                t.message.c.direction == "inbound"
            )
        )
        places: dict[str, list[str]] = defaultdict(list)
        for row in inbound:
            places[row.external_id].append(row.conversation_id)
        doubted = set(
            (
                await connection.execute(
                    select(t.attempt.c.message_id).where(t.attempt.c.state == "unknown").distinct()
                )
            ).scalars()
        )
        outbound = await connection.execute(
            select(t.outbox, t.message.c.conversation_id).join_from(t.outbox, t.message)
        )
        replies: dict[str, list[Reply]] = defaultdict(list)
        for row in outbound:
            replies[row.conversation_id].append(
                Reply(
                    message_id=row.message_id,
                    account=row.account,
                    outgoing_ref=row.outgoing_ref,
                    state=row.state,
                    doubted=row.message_id in doubted,
                )
            )
        raw = await connection.execute(select(t.raw_inbound.c.id).where(t.raw_inbound.c.state != "filed"))
        work = await connection.execute(select(t.work_item.c.id).where(t.work_item.c.state != "done"))
        unsent = sum(reply.state in OPEN_STATES for group in replies.values() for reply in group)
        unfinished = len(raw.all()) + len(work.all()) + unsent
    return Stored(places=places, replies=replies, unfinished=unfinished)


def judge(cases: Sequence[Case], kills: Mapping[str, int], stored: Stored, copies: Counter[str]) -> list[Row]:
    """Give one row per kill point, in the order the points first came."""
    rows: dict[str, Row] = {}
    for case in cases:
        row = rows.setdefault(case.tag, Row(case.tag, kills=kills.get(case.tag, 0)))
        _judge_inbound(row, case, stored)
        for conversation in sorted(stored.conversations(case)):
            for reply in stored.replies.get(conversation, ()):
                _judge_reply(row, case, reply, copies)
    return list(rows.values())


def too_many_copies(rows: Sequence[Row]) -> list[str]:
    """Name more outbound duplicates than deaths that may cause one; a reply may die at a later point."""
    copies = sum(row.outbound_duplicates for row in rows)
    allowed = sum(row.kills for row in rows if row.point in DOUBTFUL_POINTS)
    return [f"{copies} outbound duplicates after {allowed} doubtful deaths"] if copies > allowed else []


def _judge_inbound(row: Row, case: Case, stored: Stored) -> None:
    for sent in case.messages:
        times = len(stored.places.get(sent.external_id, ()))
        row.sent += 1
        row.accepted += bool(sent.accepted_at)
        row.stored += bool(times)
        row.worst_delay_s = max(row.worst_delay_s, sent.delay_s)
        if times > 1:
            row.duplicated += times - 1
            row.findings.append(f"{sent.external_id} is stored {times} times")
        if sent.accepted_at and not times:
            row.lost += 1
            row.findings.append(f"{sent.external_id} was accepted and is lost")
    extra = len(stored.conversations(case)) - 1
    if extra > 0:
        row.double_conversations += extra
        row.findings.append(f"case {case.number} of {case.channel} has {extra + 1} conversations")


def _judge_reply(row: Row, case: Case, reply: Reply, copies: Counter[str]) -> None:
    arrived = copies[reply.outgoing_ref] if case.channel == "email" else 1
    if case.channel == "webchat" and reply.message_id not in case.replies_seen:
        arrived = 0
    row.replies += 1
    row.unknown += reply.state == "unknown"
    if arrived > 1:
        row.outbound_duplicates += arrived - 1
        if not reply.doubted:
            row.findings.append(f"{reply.outgoing_ref} went out {arrived} times and is not flagged")
    if case.channel == "webchat" and reply.doubted:
        row.findings.append(f"{reply.message_id} may be shown again at will and is flagged")
    if arrived == 0 and reply.state != "unknown":
        row.findings.append(f"{reply.outgoing_ref} is {reply.state} and never arrived")


def table(rows: Sequence[Row]) -> str:
    """Write the rows for people."""
    head = (
        "point  kills   sent  accepted  stored  duplicated  lost  double conv.  replies  unknown  out dup."
        "  worst delay"
    )
    lines = [
        f"{r.point:<6} {r.kills:>5}  {r.sent:>5}  {r.accepted:>8}  {r.stored:>6}  {r.duplicated:>10}  {r.lost:>4}"
        f"  {r.double_conversations:>12}  {r.replies:>7}  {r.unknown:>7}  {r.outbound_duplicates:>8}"
        f"  {r.worst_delay_s:>9.2f} s"
        for r in rows
    ]
    return "\n".join([head, *lines])
