"""What asks for an answer opens work; all else is kept and opens nothing. On both databases."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from router.calls import Call, CallDirection, CallOutcome, CallState
from router.demand import asks_for_answer, customer_of
from router.messages import Author, EventKind, Evidence, EvidenceKind, Identity, InboundEvent, Role
from router.storage import schema as t
from router.storage.store import Store
from router.storage.views.conversations import read_conversation
from router.storage.views.scope import Scope
from tests.integration.notes_channel import item
from tests.integration.test_intake import Front, resolve, running

NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
THREAD = [["thread", "t1"]]
EVERYBODY = Scope(agent_id="", sees_all_tokens=False, channel_of={})
NO_DEMAND: list[dict[str, object]] = [
    {"visible": False},
    {"role": "bot", "text": "We are closed."},
    {"role": "system", "text": "The parcel was sent."},
    {"role": "operator", "text": "Please answer."},
    {"role": "mediator", "text": "A dispute began."},
    {"role": "agent", "text": "written elsewhere"},
    {"kind": "recall"},
    {"kind": "edit"},
    {"kind": "reaction"},
    {"kind": "thread_state"},
    {"kind": "assignment"},
    {"kind": "note"},
    {"kind": "system"},
]


@pytest.fixture
async def front(store: Store) -> AsyncIterator[Front]:
    async with running(store) as opened:
        yield opened


async def test_what_asks_for_nothing_and_comes_first_is_kept_in_a_quiet_conversation(front: Front) -> None:
    for n, fields in enumerate(NO_DEMAND):
        quiet = item("x", at=NOW, id=f"m{n}", evidence=[["thread", f"t{n}"]], **fields)
        assert (await front.take(quiet))[0], fields
    conversations = await front.rows(t.conversation)
    assert len(conversations) == len(NO_DEMAND)
    assert {(row.state, row.resolved_at) for row in conversations} == {("resolved", NOW)}
    assert {row.number for row in await front.rows(t.episode)} == {0}
    assert await front.rows(t.work_item) == []
    assert {row.filed_as for row in await front.rows(t.raw_inbound)} == {"kept"}


async def test_what_asks_for_nothing_neither_reopens_nor_opens_work_nor_changes_who_is_waited_for(
    front: Front,
) -> None:
    (first,) = await front.take(item(at=NOW, id="a", evidence=THREAD))
    await resolve(front, first, NOW)
    later = NOW + timedelta(hours=1)
    for n, fields in enumerate(NO_DEMAND):
        if fields.get("role") != "agent":
            again = item("x", at=later, id=f"m{n}", evidence=THREAD, **fields)
            assert await front.take(again) == [first], fields
    assert len(await front.rows(t.work_item)) == 1
    async with front.store.reading() as connection:
        shown = await read_conversation(connection, EVERYBODY, first)
    assert (shown.state, shown.awaiting) == ("resolved", "agent")


async def test_customer_who_writes_into_a_quiet_conversation_makes_it_his_first_episode(front: Front) -> None:
    (quiet,) = await front.take(item("shop", at=NOW, id="1", role="system", text="Sent", evidence=THREAD))
    (asked,) = await front.take(
        item("ann@shop.example", at=NOW + timedelta(days=50), id="2", text="Where is it?", evidence=THREAD)
    )
    assert asked == quiet
    (row,) = await front.rows(t.conversation)
    (point,) = await front.rows(t.contact_point, address="ann@shop.example")
    assert (row.contact_id, row.contact_point_id, row.state) == (point.contact_id, point.id, "open")
    assert row.subject == "Where is it?"
    (work,) = await front.rows(t.work_item)
    assert work.triage["facts"]["conversation.reopened"] is False
    assert [each.number for each in await front.rows(t.episode)] == [0, 1]


async def test_message_without_any_sender_in_a_known_thread_is_demand_of_its_customer(front: Front) -> None:
    (first,) = await front.take(item("", at=NOW, id="1", text="hello", evidence=THREAD))
    assert first
    assert len(await front.rows(t.work_item)) == 1
    (again,) = await front.take(item("", at=NOW, id="2", text="anybody?", evidence=THREAD))
    assert again == first


async def test_echo_without_a_thread_is_filed_nowhere(front: Front) -> None:
    assert await front.take(item("mei", at=NOW, id="1", role="agent", text="hello")) == [""]
    (raw,) = await front.rows(t.raw_inbound)
    assert raw.filed_as == "ignored"


def call(**facts: object) -> InboundEvent:
    known: dict[str, object] = {"key": "1", "source": "pbx", "direction": CallDirection.INBOUND} | facts
    return InboundEvent(
        kind=EventKind.CALL,
        author=Author(role=Role.CUSTOMER, identities=[Identity(kind="phone", value="+4930123")]),
        call=Call(**known),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("facts", "asks"),
    [
        ({"outcome": CallOutcome.MISSED}, True),
        ({"outcome": CallOutcome.ABANDONED}, True),
        ({"outcome": CallOutcome.VOICEMAIL}, True),
        ({"outcome": CallOutcome.ANSWERED}, False),
        ({"answered_at": NOW}, False),
        ({"state": CallState.RINGING}, False),
        ({"direction": CallDirection.OUTBOUND, "outcome": CallOutcome.MISSED}, False),
    ],
)
def test_only_a_call_of_a_customer_that_nobody_answered_asks_for_something(
    facts: dict[str, object], asks: bool
) -> None:
    assert asks_for_answer(call(**facts)) is asks


def test_customer_of_an_event_by_somebody_else_is_who_its_thread_belongs_to() -> None:
    someone = [Identity(kind="agent", value="mei")]
    thread = [Evidence(kind=EvidenceKind.THREAD, value="t1")]
    ours = InboundEvent(author=Author(role=Role.AGENT, identities=someone), evidence=thread)
    assert customer_of(ours) == Identity(kind="thread", value="t1")
    assert customer_of(InboundEvent(author=Author(role=Role.AGENT, identities=someone))) is None
