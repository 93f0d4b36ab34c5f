"""A shop to test in: agents, conversations, offers and files, put straight into a real store."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy import Connection, insert, select, update

from router.acts import Acts
from router.context import ContextRoom
from router.engine.rules import RuleSet, load_ruleset
from router.engine.rules.stage import RulesInForce
from router.engine_room import EngineRoom
from router.identities import Identities
from router.ids import new_id
from router.live import LiveEvent, LiveEvents
from router.order_notes import OrderNotes
from router.people import AgentProfile, apply_roster, create_token, hash_password, set_password
from router.rerouting import Reroutes
from router.rulebook import Rulebook
from router.sources import Sources
from router.steering import Steering
from router.storage import schema as t
from router.storage.store import Store
from router.tasks import Tasks
from router.web.services import Services
from tests.web.rooms import (
    START,
    ShopChannels,
    ShopClock,
    ShopComposing,
    ShopOffers,
    ShopQuarantine,
    ShopRemapping,
    ShopReplies,
    ShopRules,
    words,
)
from tests.web.shop_files import no_work, shop_files, untold

HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD = "correct horse battery"
RULES = """version: 1
skills: {refunds: {}}
sla_policies: {money: {first_response: 60s}}
queues: {after_sale: {}, refunds: {}}
rules:
  - name: refund
    when: message.text.contains("refund") && customer.tier == "vip"
    set: {queue: refunds, boost: 10m, sla: money, needs: [{require: refunds}]}
  - name: broken
    when: 1 / conversation.transfers > 0
    set: {boost: 1m}
  - name: everything else
    when: "true"
    set: {queue: after_sale}
"""


@cache
def ruleset() -> RuleSet:
    """Read the shop's rules, once for all shops."""
    return load_ruleset(RULES, source="rules.yaml", lists={})


@dataclass
class ShopNotices:
    """Tells of merges as the router does."""

    live: LiveEvents

    def merged(self, conversation_id: str) -> None:
        self.live.publish(LiveEvent(topic="conversation", data={"conversation_id": conversation_id}))

    def contact(self, contact_id: str) -> None:
        self.live.publish(LiveEvent(topic="contact", data={"contact_id": contact_id}))


@dataclass
class Shop:
    """Everything a test needs: the store, the server's address, agents by login."""

    store: Store
    clock: ShopClock
    live: LiveEvents
    channels: ShopChannels
    folder: Path = Path("unused")
    agents: dict[str, str] = field(default_factory=dict)
    composing: ShopComposing = field(default_factory=ShopComposing)
    remapping: ShopRemapping = field(default_factory=ShopRemapping)
    tasks_changed: list[str] = field(default_factory=list)
    services: Services = field(init=False)
    offers: ShopOffers = field(init=False)
    steering: Steering = field(init=False)
    rulebook: Rulebook = field(init=False)
    _numbers: count[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.offers = ShopOffers(self.store, self.clock)
        rules = ShopRules()
        room = EngineRoom(self.store, self.clock, rules, lambda decisions: None)
        self.steering = Steering(self.store, self.clock, room, rules)
        self.rulebook = Rulebook(self.store, RulesInForce(version=2, ruleset=ruleset()), (), lambda: None)
        self.services = Services(
            store=self.store,
            clock=self.clock,
            live=self.live,
            offers=self.offers,
            steering=self.steering,
            rulebook=self.rulebook,
            reroutes=Reroutes(self.store, self.clock, room, lambda: self.rulebook.rules),
            replies=ShopReplies(self.store, self.add_message),
            files=shop_files(self.store, self.clock, self.folder),
            acts=Acts(self.store, self.clock, self.channels, untold),
            context=ContextRoom(Sources(), self.clock, self.channels),
            order_notes=OrderNotes(self.store, self.clock, Sources(), lambda conversation_id: None),
            composing=self.composing,
            remapping=self.remapping,
            tasks=Tasks(
                self.store, self.clock, room, self.channels, no_work, untold, self.tasks_changed.append
            ),
            identities=Identities(self.store, self.clock, room, ShopNotices(self.live)),
            channels=self.channels,
            quarantine=ShopQuarantine(),
            words=words,
        )

    async def open(self) -> None:
        """Hire the agents."""
        profiles = [
            AgentProfile(login="mei", name="Mei", skills={"lang-zh": 5}, locale="zh-CN"),
            AgentProfile(login="tom", name="Tom"),
            AgentProfile(login="sue", name="Sue", role="supervisor"),
            AgentProfile(login="ada", name="Ada", role="admin"),
        ]
        await apply_roster(self.store, profiles, START)
        for profile in profiles:
            await self.store.write(set_password, profile.login, hash_password(PASSWORD, HASHER))
        async with self.store.reading() as conn:
            self.agents = {row.login: row.id for row in await conn.execute(select(t.agent))}

    async def token(self, login: str) -> dict[str, str]:
        """Give the headers of a program that acts as an agent."""
        secret = await create_token(self.store, self.agents[login], "test", self.clock.now())
        return {"Authorization": f"Bearer {secret.text}"}

    async def add_conversation(
        self,
        text: str = "Where is my parcel?",
        *,
        contact_id: str | None = None,
        account: str = "support",
        queue: str = "after_sale",
        **work: Any,
    ) -> str:
        """File one customer message into a conversation of its own, waiting."""
        number = next(self._numbers)
        at = START + timedelta(seconds=number)
        ids = {name: new_id() for name in ("contact", "point", "conversation", "episode", "work_item")}

        def file(conn: Connection) -> None:
            if contact_id is None:
                conn.execute(
                    insert(t.contact).values(
                        id=ids["contact"], display_name=f"Customer {number}", created_at=at, tier="vip"
                    )
                )
            conn.execute(
                insert(t.contact_point).values(
                    id=ids["point"],
                    contact_id=contact_id or ids["contact"],
                    own_contact_id=contact_id or ids["contact"],
                    account=account,
                    kind="email",
                    address=f"customer{number}@example.org",
                    display=f"Customer {number}",
                    proof="unverified",
                    created_at=at,
                )
            )
            conn.execute(
                insert(t.conversation).values(
                    id=ids["conversation"],
                    contact_id=contact_id or ids["contact"],
                    account=account,
                    contact_point_id=ids["point"],
                    subject=f"Order {1000 + number}",
                    subject_key=f"order {1000 + number}",
                    state="open",
                    episode_id=ids["episode"],
                    last_seq=0,
                    created_at=at,
                    last_message_at=at,
                )
            )
            conn.execute(
                insert(t.episode).values(
                    id=ids["episode"], conversation_id=ids["conversation"], number=1, opened_at=at
                )
            )
            item: dict[str, Any] = {
                "state": "waiting",
                "boost_s": 0,
                "due_at": None,
                "lead_s": 0,
                "max_advance_s": 14_400,
                "eligible_since": at,
                "triage": {"matched": ["everything else"]},
                **work,
            }
            conn.execute(
                insert(t.work_item).values(
                    id=ids["work_item"],
                    conversation_id=ids["conversation"],
                    episode_id=ids["episode"],
                    queue=queue,
                    channel_class="email",
                    needs=[{"require": "lang-zh"}],
                    sla=["chat"],
                    entered_queue_at=at,
                    entered_system_at=at,
                    token=0,
                    offers_made=0,
                    declined={},
                    ruleset_version=1,
                    **item,
                )
            )

        await self.store.write(file)
        await self.add_message(ids["conversation"], text)
        return ids["conversation"]

    async def add_message(
        self, conversation_id: str, text: str, *, direction: str = "inbound", agent_id: str | None = None
    ) -> str:
        """Add one message; an inbound one with its raw bytes, an outbound one in the outbox."""
        message_id, inbound_id, at = new_id(), new_id(), self.clock.now()

        def add(conn: Connection) -> None:
            row = conn.execute(select(t.conversation).where(t.conversation.c.id == conversation_id)).one()
            seq = None if direction == "note" else row.last_seq + 1
            if direction == "inbound":
                conn.execute(
                    insert(t.raw_inbound).values(
                        id=inbound_id,
                        account=row.account,
                        dedupe_digest=bytes.fromhex(inbound_id),
                        dedupe_key=inbound_id,
                        envelope={},
                        size_bytes=4 + len(text.encode()),
                        received_at=at,
                        state="filed",
                        redeliveries=1,
                    )
                )
                conn.execute(insert(t.raw_bytes).values(inbound_id=inbound_id, raw=b"raw " + text.encode()))
            conn.execute(
                insert(t.message).values(
                    id=message_id,
                    conversation_id=conversation_id,
                    strand_id=conversation_id,
                    home_id=conversation_id,
                    contact_point_id=row.contact_point_id,
                    episode_id=row.episode_id,
                    seq=seq,
                    direction=direction,
                    kind="message",
                    role="customer" if direction == "inbound" else "agent",
                    author_name="Customer",
                    agent_id=agent_id,
                    account=row.account,
                    external_id=message_id,
                    subject=row.subject,
                    blocks=[{"kind": "text", "text": text}],
                    preview=text[:200],
                    automatic="no",
                    guest=False,
                    warnings=[],
                    provider_data={},
                    inbound_id=inbound_id if direction == "inbound" else None,
                    created_at=at,
                )
            )
            if seq is not None:
                conn.execute(
                    update(t.conversation).where(t.conversation.c.id == conversation_id).values(last_seq=seq)
                )
            if direction == "outbound":
                conn.execute(
                    insert(t.outbox).values(
                        message_id=message_id,
                        account=row.account,
                        contact_point_id=row.contact_point_id,
                        state="queued",
                        outgoing_ref=f"<{message_id}@example.org>",
                        automatic=False,
                        attempts=0,
                        detail="",
                        created_at=at,
                    )
                )

        await self.store.write(add)
        return message_id

    async def add_attachment(self, message_id: str, name: str, content_type: str, body: bytes) -> str:
        """Attach a file to an inbound message."""
        attachment_id = new_id()

        def add(conn: Connection) -> str:
            inbound_id = conn.execute(
                select(t.message.c.inbound_id).where(t.message.c.id == message_id)
            ).scalar_one()
            conn.execute(
                insert(t.attachment).values(
                    id=attachment_id,
                    message_id=message_id,
                    inbound_id=inbound_id,
                    part="2",
                    name=name,
                    content_type=content_type,
                    size_bytes=len(body),
                    content_id="",
                    inline=False,
                )
            )
            return str(inbound_id)

        inbound_id = await self.store.write(add)
        self.channels.files[inbound_id, "2"] = body
        return attachment_id

    async def offer(self, conversation_id: str, login: str, lasts_s: float = 30) -> str:
        """Offer a waiting conversation to an agent."""
        offer_id = f"offer-{new_id()}"

        def add(conn: Connection) -> None:
            item_id = conn.execute(
                select(t.work_item.c.id).where(t.work_item.c.conversation_id == conversation_id)
            ).scalar_one()
            conn.execute(update(t.work_item).where(t.work_item.c.id == item_id).values(state="offered"))
            conn.execute(
                insert(t.offer).values(
                    id=offer_id,
                    work_item_id=item_id,
                    agent_id=self.agents[login],
                    state="pending",
                    offered_at=self.clock.now() + timedelta(minutes=1),
                    expires_at=self.clock.now() + timedelta(minutes=1, seconds=lasts_s),
                )
            )

        await self.store.write(add)
        return offer_id

    async def quarantine(self, raw: bytes) -> str:
        """Set an item aside."""
        inbound_id = new_id()

        def add(conn: Connection) -> None:
            conn.execute(
                insert(t.raw_inbound).values(
                    id=inbound_id,
                    account="support",
                    dedupe_digest=bytes.fromhex(inbound_id),
                    dedupe_key=inbound_id,
                    envelope={},
                    size_bytes=len(raw),
                    received_at=START,
                    state="quarantined",
                )
            )
            conn.execute(insert(t.raw_bytes).values(inbound_id=inbound_id, raw=raw))
            conn.execute(
                insert(t.quarantine).values(
                    inbound_id=inbound_id, code="too_deep", reason="nested too deeply", since=START
                )
            )

        await self.store.write(add)
        return inbound_id

    def publish(self, topic: str, audience: str | None = None, **content: Any) -> None:
        """Tell a live event, as a room would after its commit."""
        self.live.publish(LiveEvent(topic=topic, data=content, audience=audience))


async def opened_shop(store: Store, folder: Path = Path("unused")) -> Shop:
    """Open a shop on a store; the files its agents attach go to a folder."""
    live = LiveEvents("e1")
    shop = Shop(store=store, clock=ShopClock(), live=live, channels=ShopChannels(), folder=folder)
    await shop.open()
    return shop
