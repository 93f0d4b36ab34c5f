"""Whatever is merged, parted, split and written in whatever order, the desk shows what a plain model says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, insert, select

from router.engine.rules.stage import RulesInForce
from router.errors import StaleVersion
from router.filing import FilingRoom
from router.ids import new_id
from router.messages import Author, Block, Evidence, EvidenceKind, Identity, InboundEvent, Role
from router.model.filing import Decoded
from router.model.identity import Verdict
from router.queues import Queues
from router.storage import schema as t
from router.storage.contacts import merge_contacts, part_contacts
from router.storage.merging import merge_conversations, part_conversations, split_conversation
from router.testing import FakeClock
from tests.integration.house import NOW
from tests.integration.test_intake import RULES, ruleset_of

CUSTOMERS = 4

acts = st.lists(
    st.tuples(
        st.sampled_from(["write", "write", "merge", "part", "split", "same_person", "two_persons"]),
        st.integers(0, CUSTOMERS - 1),
        st.integers(0, CUSTOMERS - 1),
    ),
    max_size=14,
)


@dataclass
class Model:
    """Forests of conversations and contacts, and where each message is at home."""

    merged: dict[str, str] = field(default_factory=dict)
    same: dict[str, str] = field(default_factory=dict)
    homes: dict[str, str] = field(default_factory=dict)
    strands: dict[str, str] = field(default_factory=dict)
    continues: dict[str, str] = field(default_factory=dict)
    customers: dict[str, str] = field(default_factory=dict)

    @staticmethod
    def root(forest: dict[str, str], one: str) -> str:
        while one in forest:
            one = forest[one]
        return one

    def write(self, message: str, strand: str) -> None:
        self.strands[message], self.homes[message] = strand, self.continues.get(strand, strand)

    def shown(self) -> dict[str, str]:
        return {message: self.root(self.merged, home) for message, home in self.homes.items()}

    def contacts(self) -> dict[str, str]:
        return {place: self.root(self.same, own) for place, own in self.customers.items()}


class Shop:
    """The store's own functions on one connection, as the one writer runs them."""

    def __init__(self, connection: Connection) -> None:
        self.connection, self.clock, self.model = connection, FakeClock(NOW), Model()
        rules = RulesInForce(version=1, ruleset=ruleset_of(RULES))
        queues = Queues(self.clock, lambda: rules, lambda account: "en")
        self.filing = FilingRoom(None, self.clock, queues.work_item, lambda filed: None)  # type: ignore[arg-type]
        self.agent = new_id()
        row = {"id": self.agent, "login": "mei", "display_name": "Mei", "password_hash": "", "role": "agent"}
        connection.execute(insert(t.agent).values(**row, locale="en", active=True))
        self.places = [self._write(customer) for customer in range(CUSTOMERS)]
        for place in self.places:
            self.model.customers[place] = self._contact(place)

    def _write(self, customer: int) -> str:
        self.clock.advance(1)
        inbound_id = new_id()
        event = InboundEvent(
            external_id=inbound_id,
            author=Author(role=Role.CUSTOMER, identities=[Identity(kind="buyer", value="42")]),
            blocks=[Block(text="hello")],
            evidence=[Evidence(kind=EvidenceKind.THREAD, value="thread")],
        )
        item = Decoded(
            inbound_id=inbound_id,
            account=f"account-{customer}",
            channel="notes",
            channel_class="chat",
            joins_open_episode=False,
            received_at=self.clock.now(),
            events=(event,),
        )
        (filed,) = self.filing._file_batch(self.connection, [item])
        ((row, _),) = filed.messages
        self.model.write(row["id"], row["strand_id"])
        return str(row["strand_id"])

    def _contact(self, place: str) -> str:
        query = select(t.conversation.c.contact_id).where(t.conversation.c.id == place)
        return str(self.connection.execute(query).scalar_one())

    def _verdict(self, subject: str, other: str = "") -> Verdict:
        return Verdict(
            subject_id=subject, other_id=other, agent_id=self.agent, reason="", at=self.clock.now()
        )

    def do(self, act: str, one: int, other: int) -> None:
        """Do one act; what is refused must change nothing."""
        first, second = self.places[one], self.places[other]
        before = self.shown()
        try:
            getattr(self, f"_{act}")(first, second, one)
        except StaleVersion:
            assert self.shown() == before

    def _merge(self, first: str, second: str, _: int) -> None:
        moved = merge_conversations(self.connection, self._verdict(first, second))
        self.model.merged[moved.gone_id] = moved.stays_id

    def _part(self, first: str, second: str, _: int) -> None:
        part_conversations(self.connection, self._verdict(first))
        del self.model.merged[first]

    def _split(self, first: str, second: str, _: int) -> None:
        newest = max(one for one, strand in self.model.strands.items() if strand == first)
        whole = self.model.root(self.model.merged, self.model.homes[newest])
        moved = split_conversation(self.connection, newest, self._verdict(whole))
        self.model.homes[newest] = moved.gone_id
        self.model.continues[first] = moved.gone_id

    def _same_person(self, first: str, second: str, _: int) -> None:
        mine, theirs = (self.model.customers[place] for place in (first, second))
        stays = merge_contacts(self.connection, self._verdict(mine, theirs))
        self.model.same[self.model.root(self.model.same, mine)] = stays

    def _two_persons(self, first: str, second: str, _: int) -> None:
        own = self.model.customers[first]
        part_contacts(self.connection, self._verdict(own))
        del self.model.same[own]

    # --- what is so -----------------------------------------------------------------------------

    def shown(self) -> dict[str, str]:
        said = select(t.message.c.id, t.message.c.conversation_id).where(t.message.c.direction == "inbound")
        return {row.id: row.conversation_id for row in self.connection.execute(said)}

    def check(self) -> None:
        assert self.shown() == self.model.shown()
        assert {place: self._contact(place) for place in self.places} == self.model.contacts()
        self._check_numbers()
        self._check_work()

    def _check_numbers(self) -> None:
        """A strand's own customer counts on, whatever was merged or split."""
        rows: dict[str, list[int]] = {}
        query = select(t.message.c.strand_id, t.message.c.seq).where(t.message.c.seq.is_not(None))
        for row in self.connection.execute(query.order_by(t.message.c.id)):
            rows.setdefault(row.strand_id, []).append(row.seq)
        assert all(seqs == list(range(1, len(seqs) + 1)) for seqs in rows.values())

    def _check_work(self) -> None:
        """What is open has one piece of work, what is merged into another has none."""
        live = select(t.work_item.c.conversation_id).where(t.work_item.c.state != "done")
        open_ = select(t.conversation.c.id).where(
            t.conversation.c.state == "open", t.conversation.c.merged_into.is_(None)
        )
        places: list[Any] = sorted(self.connection.execute(live).scalars())
        assert places == sorted(self.connection.execute(open_).scalars())
        assert set(self.shown().values()) <= set(places), "whoever wrote is waited for"


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(acts)
def test_the_desk_shows_what_a_plain_model_says(steps: list[tuple[str, int, int]]) -> None:
    engine = create_engine("sqlite://")
    try:
        t.metadata.create_all(engine)
        with engine.begin() as connection:
            shop = Shop(connection)
            for act, one, other in steps:
                if act == "write":
                    shop._write(one)
                else:
                    shop.do(act, one, other)
                shop.check()
    finally:
        engine.dispose()
