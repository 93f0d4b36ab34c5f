"""A shop for the web tests: a real store on a file, a real server on loopback, three agents, plain rooms.

The rooms are small but real: they change the same tables the router's own rooms change.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from argon2 import PasswordHasher
from sqlalchemy import Connection, insert, select, update

from router import Health, HealthState
from router.channel import AnyChannel, ChannelType, HttpReply, HttpRequest
from router.errors import InboundRejected, NotFound, OfferExpired, StaleVersion, StoreUnavailable
from router.ids import new_id
from router.live import LiveEvent, LiveEvents
from router.people import AgentProfile, apply_roster, create_token, hash_password, set_password
from router.storage import schema as t
from router.storage.store import Store
from router.storage.upgrade import upgrade_database
from router.web.app import create_app
from router.web.services import Services
from router.web.settings import WebSettings

HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD = "correct horse battery"
START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


class ShopClock:
    """Time that moves when a test says so."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return (self.at - START).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopAccount:
    account: str
    channel: str
    title: str
    health: Health


class ShopChannels:
    """Two accounts; the mail account's files are what `files` says."""

    def __init__(self) -> None:
        self.files: dict[tuple[str, str], bytes] = {}
        self.calls: list[HttpRequest] = []
        self.kinds: list[tuple[ChannelType, Mapping[str, AnyChannel]]] = []

    def health(self) -> Sequence[ShopAccount]:
        down = Health(state=HealthState.DOWN, cause="the mailbox refuses the password", since=START)
        return [
            ShopAccount(account="support", channel="email", title="E-mail", health=down),
            ShopAccount(account="shop", channel="webchat", title="Chat", health=Health(state=HealthState.OK)),
        ]

    def channel_routes(self) -> Sequence[tuple[ChannelType, Mapping[str, AnyChannel]]]:
        return self.kinds

    async def attachment(self, inbound_id: str, part: str) -> bytes:
        return self.files[inbound_id, part]

    async def handle_http(self, account: str, request: HttpRequest) -> HttpReply:
        if account != "shop":
            raise NotFound(f"no account {account} takes calls")
        if request.headers.get("X-Signature") == "forged":
            raise InboundRejected("the signature of secret-7731 does not match")
        if request.path == "/full":
            raise StoreUnavailable(retry_after_s=7)
        self.calls.append(request)
        return HttpReply(status=202, body=b"taken", headers={"X-Answer": "yes"})


class ShopOffers:
    """Offers and claims straight on the tables."""

    def __init__(self, store: Store, clock: ShopClock) -> None:
        self.store = store
        self.clock = clock
        self.declined: list[tuple[str, str, str]] = []

    async def accept(self, offer_id: str, agent_id: str) -> str:
        return await self.store.write(self._accept, offer_id, agent_id)

    def _accept(self, conn: Connection, offer_id: str, agent_id: str) -> str:
        row = conn.execute(
            select(t.offer, t.work_item.c.conversation_id)
            .join(t.work_item, t.work_item.c.id == t.offer.c.work_item_id)
            .where(t.offer.c.id == offer_id, t.offer.c.agent_id == agent_id)
        ).one()
        if row.state != "pending":
            raise OfferExpired
        conn.execute(update(t.offer).where(t.offer.c.id == offer_id).values(state="accepted"))
        self._take(conn, row.work_item_id, agent_id)
        return str(row.conversation_id)

    def _take(self, conn: Connection, item_id: str, agent_id: str) -> None:
        token = conn.execute(select(t.work_item.c.token).where(t.work_item.c.id == item_id)).scalar_one() + 1
        conn.execute(
            update(t.work_item).where(t.work_item.c.id == item_id).values(state="claimed", token=token)
        )
        conn.execute(
            insert(t.claim).values(
                id=new_id(),
                work_item_id=item_id,
                agent_id=agent_id,
                token=token,
                state="active",
                claimed_at=self.clock.now(),
            )
        )

    async def reject(self, offer_id: str, agent_id: str, reason: str) -> None:
        self.declined.append((offer_id, agent_id, reason))

    async def claim(self, conversation_id: str, agent_id: str) -> None:
        await self.store.write(self._claim, conversation_id, agent_id)

    def _claim(self, conn: Connection, conversation_id: str, agent_id: str) -> None:
        row = conn.execute(select(t.work_item).where(t.work_item.c.conversation_id == conversation_id)).one()
        if row.state == "claimed":
            raise StaleVersion("somebody else has it already")
        self._take(conn, row.id, agent_id)

    async def put_back(self, conversation_id: str, agent_id: str, token: int, note: str) -> None:
        await self.store.write(self._end, conversation_id, agent_id, token, "handed_back", "waiting", None)

    async def transfer(
        self,
        conversation_id: str,
        agent_id: str,
        token: int,
        *,
        queue: str | None,
        to_agent_id: str | None,
        note: str,
    ) -> None:
        await self.store.write(self._end, conversation_id, agent_id, token, "handed_back", "waiting", queue)

    async def resolve(self, conversation_id: str, agent_id: str, token: int, reason: str) -> None:
        await self.store.write(self._end, conversation_id, agent_id, token, "completed", "done", None)

    def _end(
        self,
        conn: Connection,
        conversation_id: str,
        agent_id: str,
        token: int,
        claim_state: str,
        item_state: str,
        queue: str | None,
    ) -> None:
        item = conn.execute(select(t.work_item).where(t.work_item.c.conversation_id == conversation_id)).one()
        ended = conn.execute(
            update(t.claim)
            .where(
                t.claim.c.work_item_id == item.id,
                t.claim.c.agent_id == agent_id,
                t.claim.c.token == token,
                t.claim.c.state == "active",
            )
            .values(state=claim_state)
        )
        if not ended.rowcount:
            raise StaleVersion
        conn.execute(
            update(t.work_item)
            .where(t.work_item.c.id == item.id)
            .values(state=item_state, queue=queue or item.queue)
        )
        if item_state == "done":
            conn.execute(
                update(t.conversation).where(t.conversation.c.id == conversation_id).values(state="resolved")
            )

    async def set_presence(
        self, agent_id: str, state: str, reason: str, classes: Sequence[str] | None
    ) -> None:
        def store(conn: Connection) -> None:
            conn.execute(
                update(t.presence)
                .where(t.presence.c.agent_id == agent_id)
                .values(state=state, reason=reason, classes=classes, since=self.clock.now())
            )

        await self.store.write(store)

    async def explain(self, conversation_id: str) -> Mapping[str, Any] | None:
        return {"act": "waiting", "place": 3}


class ShopReplies:
    """Replies straight on the tables."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    async def reply(
        self,
        conversation_id: str,
        agent_id: str,
        token: int,
        text: str,
        *,
        key: str | None,
        answers: str | None,
    ) -> str:
        def holds(conn: Connection) -> bool:
            claim = t.claim.join(t.work_item, t.work_item.c.id == t.claim.c.work_item_id)
            found = select(t.claim.c.id).select_from(claim)
            return (
                conn.execute(
                    found.where(
                        t.work_item.c.conversation_id == conversation_id,
                        t.claim.c.agent_id == agent_id,
                        t.claim.c.token == token,
                        t.claim.c.state == "active",
                    )
                ).first()
                is not None
            )

        if not await self.shop.store.write(holds):
            raise StaleVersion
        return await self.shop.add_message(conversation_id, text, direction="outbound", agent_id=agent_id)

    async def note(self, conversation_id: str, agent_id: str, text: str) -> str:
        return await self.shop.add_message(conversation_id, text, direction="note", agent_id=agent_id)

    async def resend(self, message_id: str, agent_id: str) -> None:
        def again(conn: Connection) -> int:
            failed = (t.outbox.c.message_id == message_id, t.outbox.c.state.in_(("unknown", "failed")))
            return conn.execute(update(t.outbox).where(*failed).values(state="queued")).rowcount

        if not await self.shop.store.write(again):
            raise StaleVersion("this message needs no second sending")


class ShopQuarantine:
    """Files nothing, and says so."""

    async def rerun(self, inbound_id: str) -> str:
        return "quarantined"


def words(record: Mapping[str, Any], lang: str, names: Mapping[str, str]) -> str:
    """Say a record in a way tests can recognise."""
    return f"{lang}: {record.get('act')} {names.get(str(record.get('agent_id')), '')}".strip()


@dataclass
class Shop:
    """Everything a test needs: the store, the server's address, agents by login."""

    store: Store
    clock: ShopClock
    live: LiveEvents
    channels: ShopChannels
    agents: dict[str, str] = field(default_factory=dict)
    services: Services = field(init=False)
    offers: ShopOffers = field(init=False)
    _numbers: count[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.offers = ShopOffers(self.store, self.clock)
        self.services = Services(
            store=self.store,
            clock=self.clock,
            live=self.live,
            offers=self.offers,
            replies=ShopReplies(self),
            channels=self.channels,
            quarantine=ShopQuarantine(),
            words=words,
        )

    async def open(self) -> None:
        """Hire the agents."""
        profiles = [
            AgentProfile(login="mei", name="Mei", skills={"lang-zh": 5}, locale="zh-CN"),
            AgentProfile(login="tom", name="Tom"),
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
                    sla_policy="chat",
                    entered_queue_at=at,
                    entered_system_at=at,
                    token=0,
                    offers_made=0,
                    declined={},
                    triage={"matched": ["everything else"]},
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
                        raw=b"raw " + text.encode(),
                        received_at=at,
                        state="filed",
                        redeliveries=1,
                    )
                )
            conn.execute(
                insert(t.message).values(
                    id=message_id,
                    conversation_id=conversation_id,
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
                    raw=raw,
                    received_at=START,
                    state="quarantined",
                )
            )
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


async def opened_shop(store: Store) -> Shop:
    """Open a shop on a store."""
    shop = Shop(store=store, clock=ShopClock(), live=LiveEvents("e1"), channels=ShopChannels())
    await shop.open()
    return shop


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an upgraded SQLite file to copy: the migrations run once."""
    path = tmp_path_factory.mktemp("empty") / "shop.db"
    asyncio.run(upgrade_database(f"sqlite:///{path}"))
    return path


@pytest.fixture
async def shop(tmp_path: Path, empty_database: Path) -> AsyncIterator[Shop]:
    """Give an open shop on a fresh SQLite file."""
    shutil.copy(empty_database, tmp_path / "shop.db")
    async with Store.open(f"sqlite:///{tmp_path}/shop.db", durable=False) as store:
        yield await opened_shop(store)


@pytest.fixture
async def shop_anywhere(store: Store) -> Shop:
    """Give an open shop on each database engine in turn."""
    return await opened_shop(store)


Start = Callable[..., Awaitable[TestClient[web.Request, web.Application]]]


@pytest.fixture
async def start(shop: Shop, tmp_path: Path) -> AsyncIterator[Start]:
    """Give a function that starts the shop's web server and a client for it."""
    clients: list[TestClient[web.Request, web.Application]] = []

    async def start_server(**settings: Any) -> TestClient[web.Request, web.Application]:
        chosen = {"password_hasher": HASHER, "static": tmp_path / "static", **settings}
        app = create_app(shop.services, WebSettings(**chosen))
        client = TestClient(TestServer(app))
        await client.start_server()
        clients.append(client)
        return client

    yield start_server
    for client in clients:
        await client.close()


@pytest.fixture
async def client(start: Start) -> TestClient[web.Request, web.Application]:
    """Give a client of the shop's web server."""
    return await start()
