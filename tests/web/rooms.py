"""Small rooms for the web tests: they change the same tables the router's own rooms change."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from router import Health, HealthState
from router.channel import AnyChannel, ChannelType, HttpReply, HttpRequest
from router.engine.config import EngineConfig, IncidentConfig, Overflow, QueueConfig
from router.engine.engine import Engine
from router.errors import (
    InboundRejected,
    MalformedMessage,
    NotFound,
    OfferExpired,
    Permanent,
    PluginError,
    Retryable,
    StaleVersion,
    StoreUnavailable,
)
from router.ids import new_id
from router.messages import AcceptOutcome, AcceptResult, JsonObject, Receipt, SendOutcome
from router.model.refusals import RefusedCalls
from router.orders import ContextCard, ContextKind, ContextQuery
from router.storage import schema as t
from router.storage.outgoing_files import Whose, take_along
from router.storage.resending import take_as_arrived
from router.storage.store import Store
from router.threads import Action, ActionKind, Audience, Permission, Template, TemplateUse, TemplateVariable

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
REFUSED = RefusedCalls(reason="signature", count=3, since=START, last_at=START, why="check S")

AddMessage = Callable[..., Awaitable[str]]


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
    refused: Sequence[RefusedCalls] = ()


class ShopChannels:
    """Two accounts; the mail account's files are what `files` says."""

    def __init__(self) -> None:
        self.files: dict[tuple[str, str], bytes] = {}
        self.calls: list[HttpRequest] = []
        self.acts: list[tuple[str, str]] = []
        self.typing: list[tuple[str, str]] = []
        self.actions: list[tuple[str, Action]] = []
        self.kinds: list[tuple[ChannelType, Mapping[str, AnyChannel]]] = []

    def context_kinds(self, account: str) -> frozenset[ContextKind]:
        return frozenset()

    async def look_up(self, query: ContextQuery) -> Sequence[ContextCard]:
        raise AssertionError("no channel here knows orders")

    def health(self) -> Sequence[ShopAccount]:
        down = Health(state=HealthState.DOWN, cause="the mailbox refuses the password", since=START)
        well = Health(state=HealthState.OK)
        return [
            ShopAccount(account="support", channel="email", title="E-mail", health=down),
            ShopAccount(account="shop", channel="webchat", title="Chat", health=well, refused=[REFUSED]),
        ]

    def stray_calls(self) -> Sequence[RefusedCalls]:
        return [RefusedCalls(reason="unknown_account", count=1, since=START, last_at=START)]

    def channel_routes(self) -> Sequence[tuple[ChannelType, Mapping[str, AnyChannel]]]:
        return self.kinds

    def restart(self, account: str) -> None:
        self.acts.append(("restart", self._known(account)))

    def pause(self, account: str) -> None:
        self.acts.append(("pause", self._known(account)))

    def form_schema(self, account: str) -> JsonObject:
        return {"type": "object", "title": self._known(account)}

    async def submit(self, account: str, form: JsonObject) -> AcceptResult:
        known = self._known(account)
        if "number" not in form:
            raise MalformedMessage("number: this field is required")
        return AcceptResult(outcome=AcceptOutcome.ACCEPTED, inbound_id=known)

    def can(self, account: str, act: ActionKind) -> bool:
        return account == "shop" and act is ActionKind.ORIGINATE

    def kind(self, account: str) -> ChannelType:
        raise PluginError(f"{self._known(account)} is not running", plugin=account)

    def callable_accounts(self) -> Sequence[str]:
        return ["shop"]

    async def act(self, account: str, action: Action) -> Receipt:
        self.actions.append((account, action))
        if action.agent == "engaged":
            raise Permanent("486 from 10.0.0.7", code="486", public_text="The line is engaged.")
        return Receipt(outcome=SendOutcome.ACCEPTED)

    def _known(self, account: str) -> str:
        if account not in ("support", "shop"):
            raise NotFound(f"there is no account {account!r}")
        return account

    async def show_typing(self, conversation_id: str, name: str) -> None:
        """Note who was shown as writing."""
        self.typing.append((conversation_id, name))

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

    async def set_up(self, offer_id: str, agent_id: str) -> None:
        def hold(conn: Connection) -> None:
            conn.execute(update(t.offer).where(t.offer.c.id == offer_id).values(state="accepting"))

        await self.store.write(hold)

    async def fail(self, offer_id: str, agent_id: str, reason: str) -> None:
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

    async def wrapped_up(self, conversation_id: str, agent_id: str) -> None:
        done = update(t.claim).where(t.claim.c.agent_id == agent_id, t.claim.c.state == "wrapping")
        if not await self.store.write(lambda conn: conn.execute(done.values(state="completed")).rowcount):
            raise NotFound("you have no after-call work on this conversation")

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


class ShopRules:
    """Rules with one incident."""

    engine_config = EngineConfig(
        queues={"after_sale": QueueConfig(overflow=Overflow(to="pre_sale", when_waiting=50, back_at=30))},
        incidents={
            "outage": IncidentConfig(
                overflow=frozenset({"after_sale"}), relax=frozenset({"lang-zh"}), reserve={"complaints": 20}
            )
        },
    )

    def new_engine(self) -> Engine:
        return Engine(self.engine_config, 1)

    def describe(self) -> JsonObject:
        return {"seed": 1, "ruleset_version": 1}


class ShopReplies:
    """Replies straight on the tables."""

    def __init__(self, store: Store, add_message: AddMessage) -> None:
        self.store = store
        self.add_message = add_message

    async def reply(
        self,
        conversation_id: str,
        agent_id: str,
        token: int,
        text: str,
        *,
        key: str | None,
        answers: str | None,
        audience: Collection[Audience] | None,
        template: TemplateUse | None,
        files: Sequence[str],
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

        if not await self.store.write(holds):
            raise StaleVersion
        message_id = await self.add_message(conversation_id, text, direction="outbound", agent_id=agent_id)
        whose = Whose(agent_id=agent_id, conversation_id=conversation_id)
        await self.store.write(take_along, files, message_id, whose)
        return message_id

    async def note(self, conversation_id: str, agent_id: str, text: str) -> str:
        return await self.add_message(conversation_id, text, direction="note", agent_id=agent_id)

    async def resend(self, message_id: str, agent_id: str) -> None:
        def again(conn: Connection) -> int:
            failed = (t.outbox.c.message_id == message_id, t.outbox.c.state.in_(("unknown", "failed")))
            return conn.execute(update(t.outbox).where(*failed).values(state="queued")).rowcount

        if not await self.store.write(again):
            raise StaleVersion("this message needs no second sending")

    async def take_as_arrived(self, message_id: str) -> None:
        await self.store.write(take_as_arrived, message_id, START)


class ShopComposing:
    """A provider that allows approved texts only, until noon."""

    def __init__(self) -> None:
        self.away = False

    async def permission(self, conversation_id: str, answers: str | None = None) -> Permission:
        noon = START.replace(hour=12)
        return Permission(allowed=True, why="the window is closed", until=noon, templates_only=True)

    async def templates(self, conversation_id: str, answers: str | None = None) -> Sequence[Template]:
        if self.away:
            raise Retryable("the provider is away")
        gap = TemplateVariable(name="order", title="Order", max_chars=20)
        return [
            Template(id="sent", title="Sent", body="Order {order} was sent.", language="en", variables=[gap]),
            Template(id="new", title="New", body="Hello", approved=False),
        ]


class ShopRemapping:
    """Knows as little the second time, and says whom it was asked about."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def remap(self, message_id: str) -> bool:
        self.asked.append(message_id)
        return False


class ShopQuarantine:
    """Files nothing, and says so."""

    async def rerun(self, inbound_id: str) -> str:
        return "quarantined"


def words(record: Mapping[str, Any], lang: str, names: Mapping[str, str]) -> str:
    """Say a record in a way tests can recognise."""
    return f"{lang}: {record.get('act')} {names.get(str(record.get('agent_id')), '')}".strip()
