"""What a channel can do besides taking in and sending; each class is added by the channels that can.

In: calls of the core for one account. Out: the provider's answer as a neutral value, or a `SendError`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass

from router.messages import JsonObject, Receipt
from router.orders import ContextCard, ContextQuery
from router.threads import Action, Permission, Template


class Permits(ABC):
    """The provider itself says whether a thread may be written to; asked before the composer opens."""

    @abstractmethod
    async def permissions(self, thread: str) -> Permission:
        """Ask; raises a SendError class when the provider cannot be asked."""


class Acts(ABC):
    """The channel can do what `Capabilities.actions` names."""

    @abstractmethod
    async def act(self, action: Action) -> Receipt:
        """Do it; raises a SendError class, NotAllowedNow when it is too late."""


class ListsTemplates(ABC):
    """The channel sends approved texts (`OutboundAttempt.template`)."""

    @abstractmethod
    async def list_templates(self, thread: str) -> Sequence[Template]:
        """Give those that may be used in this thread now."""


class Accompanies(ListsTemplates):
    """The channel sends approved texts about orders of other accounts' customers; for it a thread is an order."""

    @abstractmethod
    def accompanied(self) -> Collection[str]:
        """Name the accounts in whose conversations its texts are offered. Pure; asked before `open` too."""


class RenewsAccess(ABC):
    """The channel's access token runs out; the core calls this once, under a lock, and retries once."""

    @abstractmethod
    async def renew_access(self) -> None:
        """Get and keep a new token; raises AuthInvalid when an admin has to act."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFile:
    """A file on its way to a provider."""

    name: str
    content_type: str
    size_bytes: int


class Uploads(ABC):
    """Files go to the provider before the message that carries them."""

    @abstractmethod
    async def upload(self, file: MediaFile, chunks: AsyncIterator[bytes]) -> JsonObject:
        """Send a file up; give the fields a block needs to name it."""


class Downloads(ABC):
    """Files of customers lie at the provider and are fetched when somebody opens them."""

    @abstractmethod
    def download(self, fields: JsonObject) -> AsyncIterator[bytes]:
        """Fetch the file a block names; raises RecipientGone when the provider has dropped it."""


class GivesContext(ABC):
    """The channel's provider also knows orders, as `Capabilities.context_kinds` says."""

    @abstractmethod
    async def look_up(self, query: ContextQuery) -> Sequence[ContextCard]:
        """Answer one question; empty when it knows nothing."""
