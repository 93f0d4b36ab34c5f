"""All running channels as the rooms and the web side see them: one address for every account.

In: an account's name. Out: what its channel answers. Built before the supervisor runs, because rooms and
channels need each other; `attach` closes the circle.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from router.abilities import MediaFile
from router.accounts.refusals import Refusals
from router.accounts.running import RunningChannel
from router.capabilities import Health, HealthState
from router.channel import AnyChannel, ChannelType, HttpReply, HttpRequest
from router.clock import Clock
from router.config import Account, AnyAccount
from router.decoding import Decoder
from router.errors import InboundRejected, PluginError
from router.messages import AcceptResult, Confirmation, JsonObject, OutboundAttempt, Receipt, ThreadEvent
from router.model.refusals import RefusedCalls
from router.orders import ContextCard, ContextKind, ContextQuery
from router.storage.inbound import raw_items, raw_of
from router.storage.schema import conversation, message, raw_inbound
from router.storage.store import Store
from router.supervisor import Supervisor
from router.task_opening import CALL_CLASS
from router.threads import Action, ActionKind, Permission, Template

_SENDING = (HealthState.OK, HealthState.DEGRADED)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountHealth:
    """How one configured account is doing, and which calls to it nobody could verify."""

    account: str
    channel: str
    title: str
    health: Health
    refused: Sequence[RefusedCalls] = ()


class Doors:
    """The channels by account."""

    def __init__(self, accounts: Sequence[AnyAccount], store: Store, decoder: Decoder, clock: Clock) -> None:
        self._accounts = {each.name: each for each in accounts}
        self._store = store
        self._decoder = decoder
        self._supervisor: Supervisor | None = None
        self._strays = Refusals("no account", clock)

    def attach(self, supervisor: Supervisor) -> None:
        """Name the supervisor that runs the channels."""
        self._supervisor = supervisor

    @property
    def names(self) -> Sequence[str]:
        """Name every account that can run."""
        return [name for name, each in self._accounts.items() if isinstance(each, Account)]

    def kind(self, account: str) -> ChannelType:
        """Give the kind of an account's channel; PluginError if it is not there any more."""
        found = self._accounts.get(account)
        if not isinstance(found, Account):
            raise PluginError(f"the account {account!r} is not running", plugin=account)
        return found.channel_type

    def language(self, account: str) -> str:
        """Give the language an account's customers are assumed to write, empty for none."""
        return self._decoder.default_language(account)

    def is_open(self, account: str) -> bool:
        """Say whether the account can send now."""
        return self._channel(account).health.state in _SENDING

    async def send(self, attempt: OutboundAttempt) -> Receipt:
        """Send through the account's channel; raises SendError classes only."""
        return await self._channel(attempt.account).send(attempt)

    async def confirm(self, attempt: OutboundAttempt) -> Confirmation:
        """Ask the provider about a doubtful attempt."""
        return await self._channel(attempt.account).confirm(attempt)

    async def upload(self, account: str, file: MediaFile, chunks: AsyncIterator[bytes]) -> JsonObject:
        """Bring a file to the account's provider; raises SendError classes only."""
        return await self._channel(account).upload(file, chunks)

    async def permissions(self, account: str, thread: str) -> Permission | None:
        """Ask the provider whether a thread may be written to; None where it cannot be asked."""
        return await self._channel(account).permissions(thread)

    async def list_templates(self, account: str, thread: str) -> Sequence[Template]:
        """Give the texts the provider allows in a thread now."""
        return await self._channel(account).list_templates(thread)

    async def act(self, account: str, action: Action) -> Receipt:
        """Let the account's channel do something; raises SendError classes only."""
        return await self._channel(account).act(action)

    def can(self, account: str, act: ActionKind) -> bool:
        """Say whether an account's channel does such a thing."""
        found = self._accounts.get(account)
        return isinstance(found, Account) and act in found.channel_type.capabilities.actions

    def callable_accounts(self) -> Sequence[str]:
        """Name the accounts of the class calls are work of, those that make calls themselves first."""
        calling = [name for name in self.names if self.kind(name).capabilities.channel_class == CALL_CLASS]
        return sorted(calling, key=lambda name: not self.can(name, ActionKind.ORIGINATE))

    def companions(self, account: str) -> Sequence[str]:
        """Name the accounts that send approved texts about an account's orders (`Accompanies`)."""
        return [name for name in self.names if account in self._channel(name).accompanied]

    def outgoing_ref(self, account: str, message_id: str) -> str:
        """Give the id a message will carry outside."""
        return self._channel(account).outgoing_ref(message_id)

    async def thread_changed(self, account: str, thread: str, event: ThreadEvent) -> None:
        """Wake a channel that shows a live thread."""
        if account in self.names:
            await self._channel(account).thread_changed(thread, event)

    async def show_typing(self, conversation_id: str, name: str) -> None:
        """Show the customer of a live thread that an agent is writing."""
        statement = select(conversation.c.account, conversation.c.thread)
        async with self._store.reading() as connection:
            found = await connection.execute(statement.where(conversation.c.id == conversation_id))
            row = found.one_or_none()
        if row is not None and row.thread and row.account in self.names:
            await self._channel(row.account).show_typing(row.thread, name)

    def context_kinds(self, account: str) -> frozenset[ContextKind]:
        """Say what the provider of an account knows of orders and customers."""
        if self._supervisor is None or account not in self.names:
            return frozenset()
        return self._channel(account).context_kinds

    async def look_up(self, query: ContextQuery) -> Sequence[ContextCard]:
        """Ask the provider of the query's account; raises SendError classes only."""
        return await self._channel(query.account).look_up(query)

    async def handle_http(self, account: str, request: HttpRequest) -> HttpReply:
        """Hand a provider's call to its account."""
        if account not in self._accounts:
            self._strays.refused(InboundRejected("the address names no account", code="unknown_account"))
        return await self._channel(account).handle_http(request)

    def restart(self, account: str) -> None:
        """Close an account and open it anew, also a failed or paused one."""
        self._running.restart(account)

    def pause(self, account: str) -> None:
        """Close an account until it is restarted."""
        self._running.pause(account)

    def form_schema(self, account: str) -> JsonObject:
        """Give the JSON Schema of the form for entries by hand."""
        return self._channel(account).form_schema()

    async def submit(self, account: str, form: JsonObject) -> AcceptResult:
        """Take one entry by hand."""
        return await self._channel(account).submit(form)

    def health(self) -> list[AccountHealth]:
        """Say how every account is doing, failed ones too."""
        states = self._running.health()
        return [
            AccountHealth(
                account=name,
                channel=each.channel_type.id if isinstance(each, Account) else "",
                title=each.channel_type.title if isinstance(each, Account) else "",
                health=states[name],
                refused=self._channel(name).refused if isinstance(each, Account) else (),
            )
            for name, each in self._accounts.items()
        ]

    def stray_calls(self) -> Sequence[RefusedCalls]:
        """Count the calls to addresses that name no account."""
        return self._strays.list()

    def channel_routes(self) -> list[tuple[ChannelType, Mapping[str, AnyChannel]]]:
        """Give each configured kind with the live mapping of its open channels."""
        kinds = {
            each.channel_type.id: each.channel_type
            for each in self._accounts.values()
            if isinstance(each, Account)
        }
        return [(kind, self._running.open_channels(kind.id)) for kind in kinds.values()]

    async def attachment(self, inbound_id: str, part: str) -> bytes:
        """Cut an attachment out of its raw item, or fetch it where it lies.

        Raises LookupError when it is not there, and a SendError when its provider does not give it.
        """
        async with self._store.reading() as connection:
            statement = raw_items().where(raw_inbound.c.id == inbound_id)
            row = (await connection.execute(statement)).one_or_none()
            blocks = select(message.c.blocks).where(message.c.inbound_id == inbound_id)
            found = (await connection.execute(blocks)).scalars().all()
        if row is None:
            raise LookupError(inbound_id)
        try:
            return self._decoder.attachment(row.account, raw_of(row), part)
        except LookupError:
            outside = (block["fields"] for blocks in found for block in blocks)
            fields = next((one for one in outside if one.get("attachment") == part), None)
            if fields is None or row.account not in self.names:
                raise
            return await self._channel(row.account).download(fields)

    @property
    def _running(self) -> Supervisor:
        if self._supervisor is None:
            raise RuntimeError("the channels are not running yet")
        return self._supervisor

    def _channel(self, account: str) -> RunningChannel:
        return self._running.channel(account)
