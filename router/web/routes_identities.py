"""Calls about who is who and what belongs together: the card of a contact, merges, and taking them back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from router.model.contacts import ContactCard, Door
from router.model.desk import Conversation
from router.storage.contacts import root_of
from router.storage.views.contacts import find_lookalikes, list_doors, read_contact
from router.storage.views.conversations import read_conversation
from router.web.asking import reading, require_visible
from router.web.auth import Caller
from router.web.binder import Body, Call, Line, Name
from router.web.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorList:
    """The ways to answer, the one the customer used last at the head."""

    doors: Sequence[Door]


class Into(Body):
    """Which other one it is to be shown with, and why."""

    into: Name
    reason: Line = ""


class Other(Body):
    """Which contact is another person, and why."""

    other: Name
    reason: Line = ""


class Why(Body):
    """Why it is taken back."""

    reason: Line = ""


class SplitFrom(Body):
    """The first message that belongs elsewhere, and why."""

    message: Name
    reason: Line = ""


class IdentityCalls:
    """Calls about who is who and what belongs together."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._identities = services.identities

    def calls(self) -> list[Call]:
        """List the calls."""
        person, one = "/contacts/{contact_id}", "/conversations/{conversation_id}"
        stale = ("stale_version",)
        return [
            Call(method="GET", path=person, action=self.read_contact),
            Call(method="POST", path=f"{person}/merge", action=self.merge_contacts, raises=stale),
            Call(method="POST", path=f"{person}/part", action=self.part_contacts, raises=stale),
            Call(method="POST", path=f"{person}/apart", action=self.keep_apart, raises=stale),
            Call(method="GET", path=f"{one}/doors", action=self.list_doors),
            Call(method="POST", path=f"{one}/merge", action=self.merge, raises=stale),
            Call(method="POST", path=f"{one}/part", action=self.part, raises=stale),
            Call(method="POST", path=f"{one}/split", action=self.split, raises=stale),
        ]

    # --- contacts -------------------------------------------------------------------------------

    async def read_contact(self, caller: Caller, contact_id: str) -> ContactCard:
        """Read who a person is, and who may be the same."""
        async with reading(self._services, caller) as (conn, scope):
            return await read_contact(conn, scope, contact_id)

    async def merge_contacts(self, caller: Caller, contact_id: str, body: Into) -> ContactCard:
        """Say that two contacts are one person; the evidence there is now is kept with it."""
        stays = await self._identities.merge_contacts(
            contact_id,
            body.into,
            agent_id=caller.agent_id,
            reason=body.reason,
            evidence=await self._evidence(caller, contact_id, body.into),
        )
        return await self.read_contact(caller, stays)

    async def part_contacts(self, caller: Caller, contact_id: str, body: Why) -> ContactCard:
        """Undo the merge of a contact: what came with it is its own again."""
        await self._identities.part_contacts(contact_id, agent_id=caller.agent_id, reason=body.reason)
        return await self.read_contact(caller, contact_id)

    async def keep_apart(self, caller: Caller, contact_id: str, body: Other) -> ContactCard:
        """Say that two contacts are two persons: nobody is asked again, and no proof merges them."""
        await self._identities.keep_apart(
            contact_id,
            body.other,
            agent_id=caller.agent_id,
            reason=body.reason,
            evidence=await self._evidence(caller, contact_id, body.other),
        )
        return await self.read_contact(caller, contact_id)

    async def _evidence(self, caller: Caller, contact_id: str, other: str) -> list[dict[str, object]]:
        """Give the signs there are now that two contacts are one."""
        async with reading(self._services, caller) as (conn, _):
            root = await conn.run_sync(root_of, contact_id)
            signs = await conn.run_sync(find_lookalikes, root)
            return [asdict(sign) for sign in signs.get(await conn.run_sync(root_of, other), ())]

    # --- conversations --------------------------------------------------------------------------

    async def list_doors(self, caller: Caller, conversation_id: str) -> DoorList:
        """List the ways an answer can leave by."""
        await require_visible(self._services, caller, conversation_id)
        async with reading(self._services, caller) as (conn, scope):
            return DoorList(doors=await list_doors(conn, scope, conversation_id))

    async def merge(self, caller: Caller, conversation_id: str, body: Into) -> Conversation:
        """Show two conversations as one; gives the one that stays: the open one, else the newer."""
        for one in (conversation_id, body.into):
            await require_visible(self._services, caller, one)
        stays = await self._identities.merge(
            conversation_id, body.into, agent_id=caller.agent_id, reason=body.reason
        )
        return await self._read(caller, stays)

    async def part(self, caller: Caller, conversation_id: str, body: Why) -> Conversation:
        """Undo the merge of a conversation: its messages are its own again."""
        await require_visible(self._services, caller, conversation_id)
        await self._identities.part(conversation_id, agent_id=caller.agent_id, reason=body.reason)
        return await self._read(caller, conversation_id)

    async def split(self, caller: Caller, conversation_id: str, body: SplitFrom) -> Conversation:
        """Give a message, and what followed it through the same door, a conversation of its own."""
        await require_visible(self._services, caller, conversation_id)
        new = await self._identities.split(
            conversation_id, body.message, agent_id=caller.agent_id, reason=body.reason
        )
        return await self._read(caller, new)

    async def _read(self, caller: Caller, conversation_id: str) -> Conversation:
        async with reading(self._services, caller) as (conn, scope):
            return await read_conversation(conn, scope, conversation_id)
