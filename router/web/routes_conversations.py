"""Calls that read conversations: lists, one, its messages, its relatives, its decisions; and drafts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, StringConstraints

from router.drafts import save_draft
from router.messages import JsonObject
from router.model.desk import Conversation, Decision, RelatedConversation
from router.storage.views.conversations import read_conversation, read_related
from router.storage.views.lists import ListRequest, Place, View, list_conversations
from router.storage.views.messages import MessagePage, list_messages
from router.storage.views.people import read_draft, read_names
from router.storage.views.routing import list_decisions
from router.web.asking import WhichLanguage, reading, require_visible
from router.web.auth import Caller
from router.web.binder import Body, Call, Line, Query, Unfinished
from router.web.services import Services

Limit = Annotated[int, Field(ge=1, le=200)]
# the sort key in microseconds and the id of the last conversation shown
Cursor = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,18}\.[0-9A-Za-z_-]{1,48}$")]


class WhichConversations(Query):
    """What to list; `before` is the `next` of the page before."""

    view: View = "open"
    queue: Line | None = None
    channel: Line | None = None
    q: Line | None = None
    before: Cursor | None = None
    limit: Limit = 50


class WhichMessages(Query):
    """Which page; `after` is the `next` of the page before."""

    after: Line = ""
    limit: Limit = 100


class Draft(Body):
    """An unfinished answer."""

    text: Unfinished


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationList:
    """A page of conversations; `next` is None at the end."""

    conversations: Sequence[Conversation]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedList:
    """Conversations that may matter for this one."""

    conversations: Sequence[RelatedConversation]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionList:
    """What was decided, newest first, and what would be decided now about a waiting item."""

    decisions: Sequence[Decision]
    now: Decision | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDraft:
    """One's own draft; empty if there is none."""

    text: str


class ConversationCalls:
    """Calls that read conversations."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def calls(self) -> list[Call]:
        """List the calls."""
        one = "/conversations/{conversation_id}"
        return [
            Call(method="GET", path="/conversations", action=self.list_conversations),
            Call(method="GET", path=one, action=self.read_conversation),
            Call(method="GET", path=f"{one}/messages", action=self.list_messages),
            Call(method="GET", path=f"{one}/related", action=self.list_related),
            Call(method="GET", path=f"{one}/decisions", action=self.list_decisions),
            Call(method="GET", path=f"{one}/draft", action=self.read_draft),
            Call(method="PUT", path=f"{one}/draft", action=self.save_draft, status=204),
            Call(method="POST", path=f"{one}/typing", action=self.show_typing, status=204),
        ]

    async def list_conversations(self, caller: Caller, query: WhichConversations) -> ConversationList:
        """List conversations: newest first, `waiting` in the order it is served."""
        async with reading(self._services, caller) as (conn, scope):
            accounts = None
            if query.channel is not None:
                accounts = [name for name, channel in scope.channel_of.items() if channel == query.channel]
            page = await list_conversations(
                conn,
                scope,
                ListRequest(
                    view=query.view,
                    limit=query.limit,
                    queue=query.queue,
                    accounts=accounts,
                    text=query.q,
                    after=_place(query.before),
                ),
            )
        following = f"{page.next.key}.{page.next.id}" if page.next else None
        return ConversationList(conversations=page.conversations, next=following)

    async def read_conversation(self, caller: Caller, conversation_id: str) -> Conversation:
        """Read a conversation."""
        async with reading(self._services, caller) as (conn, scope):
            return await read_conversation(conn, scope, conversation_id)

    async def list_messages(self, caller: Caller, conversation_id: str, query: WhichMessages) -> MessagePage:
        """List the messages of a conversation, oldest first."""
        async with reading(self._services, caller) as (conn, scope):
            return await list_messages(conn, scope, conversation_id, after=query.after, limit=query.limit)

    async def list_related(self, caller: Caller, conversation_id: str) -> RelatedList:
        """List linked conversations and the contact's others."""
        async with reading(self._services, caller) as (conn, scope):
            return RelatedList(conversations=await read_related(conn, scope, conversation_id))

    async def list_decisions(
        self, caller: Caller, conversation_id: str, query: WhichLanguage
    ) -> DecisionList:
        """Say why a conversation is where it is."""
        async with reading(self._services, caller) as (conn, scope):
            stored = await list_decisions(conn, scope, conversation_id)
            names = await read_names(conn)
        say = self._services.words
        decisions = [
            Decision(
                id=one.id,
                at=one.at,
                act=one.act,
                agent=one.agent,
                text=say(one.body, query.lang, names),
                body=one.body,
            )
            for one in stored
        ]
        record = await self._services.offers.explain(conversation_id)
        now = None
        if record is not None:
            now = self._computed_now(record, say(record, query.lang, names))
        return DecisionList(decisions=decisions, now=now)

    async def read_draft(self, caller: Caller, conversation_id: str) -> StoredDraft:
        """Read one's own draft."""
        await require_visible(self._services, caller, conversation_id)
        async with reading(self._services, caller) as (conn, scope):
            return StoredDraft(text=await read_draft(conn, scope, conversation_id))

    async def save_draft(self, caller: Caller, conversation_id: str, body: Draft) -> None:
        """Keep one's own draft; an empty one is forgotten."""
        await require_visible(self._services, caller, conversation_id)
        now = self._services.clock.now()
        await self._services.store.write(save_draft, conversation_id, caller.agent_id, body.text, now)

    async def show_typing(self, caller: Caller, conversation_id: str) -> None:
        """Show the customer for a few seconds that one is writing, where the channel can."""
        await require_visible(self._services, caller, conversation_id)
        async with reading(self._services, caller) as (conn, _):
            names = await read_names(conn)
        await self._services.channels.show_typing(conversation_id, names[caller.agent_id])

    def _computed_now(self, record: JsonObject, text: str) -> Decision:
        now = self._services.clock.now()
        return Decision(id="", at=now, act="waiting", agent=None, text=text, body=record)


def _place(cursor: str | None) -> Place | None:
    if cursor is None:
        return None
    key, _, id_ = cursor.partition(".")
    return Place(key=int(key), id=id_)
