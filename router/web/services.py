"""The rooms the web side calls, as it sees them. `bootstrap` hands in the real ones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from router.capabilities import Health, MediaLimits
from router.channel import AnyChannel, ChannelType, HttpReply, HttpRequest
from router.clock import Clock
from router.context import ContextAnswer
from router.live import LiveEvents
from router.messages import AcceptResult, JsonObject
from router.model.order_views import NoteShop
from router.model.outgoing_files import OutgoingFile
from router.model.refusals import RefusedCalls
from router.model.tasks import NewTask
from router.orders import ContextKind, ContextQuery, NoteKind
from router.storage.store import Store
from router.threads import ActionKind, Audience, Permission, Template, TemplateUse
from router.web.services_of_work import Offers, Reroutes, Rulebook, Steering


class Replies(Protocol):
    """What agents write."""

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
        """Write to the customer; gives the message's id, the first one's for a repeated `key`."""
        ...

    async def note(self, conversation_id: str, agent_id: str, text: str) -> str:
        """Write a note; gives the message's id."""
        ...

    async def resend(self, message_id: str, agent_id: str) -> None:
        """Send a message again under its id. Raises StaleVersion if its state does not allow it."""
        ...

    async def take_as_arrived(self, message_id: str) -> None:
        """Settle a message in doubt that somebody has seen outside. Raises StaleVersion if it is in none."""
        ...


class Attachable(Protocol):
    """What may be attached, and what waits already."""

    @property
    def kinds(self) -> Mapping[str, MediaLimits]:
        """What each kind of block takes."""
        ...

    @property
    def waiting(self) -> Sequence[OutgoingFile]:
        """The agent's files that wait for a reply."""
        ...


class Files(Protocol):
    """What agents attach. `attachable` and `attach` raise NotFound where there is nothing to answer."""

    async def attachable(self, conversation_id: str, agent_id: str, answers: str | None) -> Attachable:
        """Say what may be attached to an answer."""
        ...

    async def attach(
        self,
        conversation_id: str,
        agent_id: str,
        name: str,
        chunks: AsyncIterator[bytes],
        answers: str | None,
    ) -> OutgoingFile:
        """Keep a file for the next reply. Raises ContentRejected, StoreUnavailable."""
        ...

    async def drop(self, file_id: str, agent_id: str) -> None:
        """Remove a file that was not sent. Raises NotFound."""
        ...

    async def content(self, file_id: str) -> bytes:
        """Read the bytes of a file; LookupError when they are not there."""
        ...


class Acts(Protocol):
    """What agents do at providers besides writing."""

    async def read(self, conversation_id: str, agent_id: str) -> None:
        """Let the customer see that its holder has read a conversation, where that is shown."""
        ...

    async def recall(self, message_id: str, agent_id: str) -> None:
        """Take a message back. Raises NotFound, StaleVersion, SendError."""
        ...


class Context(Protocol):
    """What shops' systems know beside conversations."""

    def kinds(self, account: str) -> frozenset[ContextKind]:
        """Say what can be asked for about customers of an account."""
        ...

    async def ask(self, query: ContextQuery) -> Sequence[ContextAnswer]:
        """Ask every source at once; each answers or says why it does not, within two seconds."""
        ...


class OrderNotes(Protocol):
    """Notes on orders."""

    def shop(self, account: str) -> NoteShop | None:
        """Say which shop takes the notes on an account's orders."""
        ...

    async def add(
        self,
        conversation_id: str,
        agent_id: str,
        *,
        account: str,
        order_id: str,
        kind: NoteKind,
        reason: str,
        author: str,
    ) -> str:
        """Keep a note and have it brought to the shop; give its id. Raises ContentRejected, NotFound."""
        ...

    async def retry(self, note_id: str) -> None:
        """Bring a note to its shop once more. Raises NotFound, StaleVersion."""
        ...


class Composing(Protocol):
    """What may be written. Both raise NotFound where there is nothing to answer."""

    async def permission(self, conversation_id: str, answers: str | None = None) -> Permission:
        """Say whether an answer to that message, or the newest, may be sent now."""
        ...

    async def templates(self, conversation_id: str, answers: str | None = None) -> Sequence[Template]:
        """Give the approved texts; raises a SendError when the provider cannot be asked."""
        ...


class Tasks(Protocol):
    """Calls back and follow-ups. All raise NotFound; StaleVersion for a task that is closed."""

    async def make(self, new: NewTask, agent_id: str) -> str:
        """Keep a task until it is due; gives its id. Raises RoutingError when it makes no sense."""
        ...

    async def close(self, task_id: str, agent_id: str, reason: str) -> None:
        """Close a task and, if nothing else needs it, its work."""
        ...

    async def tell_try(self, task_id: str, agent_id: str, *, reached: bool, detail: str) -> None:
        """Take an agent's word for a try to reach the customer."""
        ...

    async def call(self, task_id: str, agent_id: str, line: str) -> str:
        """Have the customer called; gives the attempt's id. Raises SendError classes."""
        ...


class Identities(Protocol):
    """Who is who and what belongs together. All raise NotFound, and StaleVersion for what is so already."""

    async def merge_contacts(
        self,
        contact_id: str,
        into: str,
        *,
        agent_id: str,
        reason: str,
        evidence: Sequence[Mapping[str, object]],
    ) -> str:
        """Show a contact as another; gives the one that stays."""
        ...

    async def part_contacts(self, contact_id: str, *, agent_id: str, reason: str) -> str:
        """Undo the merge of a contact; gives the one it was shown as."""
        ...

    async def keep_apart(
        self,
        contact_id: str,
        other: str,
        *,
        agent_id: str,
        reason: str,
        evidence: Sequence[Mapping[str, object]],
    ) -> None:
        """Remember that two contacts are two persons."""
        ...

    async def merge(self, conversation_id: str, other: str, *, agent_id: str, reason: str) -> str:
        """Show two conversations as one; gives the one that stays."""
        ...

    async def part(self, conversation_id: str, *, agent_id: str, reason: str) -> str:
        """Undo the merge of a conversation; gives the one it was part of."""
        ...

    async def split(self, conversation_id: str, message_id: str, *, agent_id: str, reason: str) -> str:
        """Give a message and what followed a conversation of its own; gives that one."""
        ...


class AccountHealth(Protocol):
    """How one configured account is doing."""

    @property
    def account(self) -> str:
        """Name of the account."""
        ...

    @property
    def channel(self) -> str:
        """Id of its channel type."""
        ...

    @property
    def title(self) -> str:
        """What people call the channel."""
        ...

    @property
    def health(self) -> Health:
        """Its state, with cause and times."""
        ...

    @property
    def refused(self) -> Sequence[RefusedCalls]:
        """The calls to it that nobody could verify."""
        ...


class Channels(Protocol):
    """The configured accounts and the doors of their plugins."""

    def can(self, account: str, act: ActionKind) -> bool:
        """Say whether an account's channel does such a thing."""
        ...

    def health(self) -> Sequence[AccountHealth]:
        """Give every configured account, failed ones too; from memory, so cheap."""
        ...

    def stray_calls(self) -> Sequence[RefusedCalls]:
        """Count the calls to addresses that name no account."""
        ...

    def channel_routes(self) -> Sequence[tuple[ChannelType, Mapping[str, AnyChannel]]]:
        """Give each channel type with the live mapping of its open channels by account."""
        ...

    def restart(self, account: str) -> None:
        """Close an account and open it anew. Raises NotFound."""
        ...

    def pause(self, account: str) -> None:
        """Close an account until it is restarted. Raises NotFound."""
        ...

    def form_schema(self, account: str) -> JsonObject:
        """Give the JSON Schema of the form for entries by hand. Raises NotFound."""
        ...

    async def submit(self, account: str, form: JsonObject) -> AcceptResult:
        """Take one entry by hand. Raises NotFound, MalformedMessage, StoreUnavailable."""
        ...

    async def show_typing(self, conversation_id: str, name: str) -> None:
        """Show the customer that an agent is writing, where the channel can."""
        ...

    async def attachment(self, inbound_id: str, part: str) -> bytes:
        """Cut an attachment out of its raw item, or fetch it from its provider.

        Raises LookupError when it is not there, and a SendError when the provider does not give it.
        """
        ...

    async def handle_http(self, account: str, request: HttpRequest) -> HttpReply:
        """Hand a provider's call to its account. Raises NotFound, InboundRejected, StoreUnavailable."""
        ...


class Remapping(Protocol):
    """Reading messages once more."""

    async def remap(self, message_id: str) -> bool:
        """Read one; false when its plugin knows no more of it. Raises NotFound, StaleVersion."""
        ...


class Quarantine(Protocol):
    """What was set aside."""

    async def rerun(self, inbound_id: str) -> str:
        """Try to file an item again; gives what became of it (`filed`, `quarantined`)."""
        ...


class Words(Protocol):
    """A decision record in words."""

    def __call__(self, record: JsonObject, lang: str, names: Mapping[str, str]) -> str:
        """Say the record in a language; `names` gives the display name of each agent's id."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """All the web side needs."""

    store: Store
    clock: Clock
    live: LiveEvents
    offers: Offers
    steering: Steering
    rulebook: Rulebook
    reroutes: Reroutes
    replies: Replies
    files: Files
    acts: Acts
    context: Context
    order_notes: OrderNotes
    composing: Composing
    remapping: Remapping
    tasks: Tasks
    identities: Identities
    channels: Channels
    quarantine: Quarantine
    words: Words
