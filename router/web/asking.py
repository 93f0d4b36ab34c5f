"""What several groups of calls need: a read connection, the scope of who asks, and two ways of asking."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from router.storage.views.conversations import require_conversation
from router.storage.views.scope import Scope
from router.web.auth import Caller
from router.web.binder import Query
from router.web.services import Services


class WhetherPreview(Query):
    """With `preview=1` nothing is changed."""

    preview: Literal["0", "1"] = "0"


class WhichLanguage(Query):
    """The language decisions are told in."""

    lang: Literal["en", "zh", "zh-CN"] = "en"


def scope_of(services: Services, caller: Caller) -> Scope:
    """Give what the caller may see."""
    return Scope(
        agent_id=caller.agent_id,
        sees_all_tokens=caller.role == "admin",
        channel_of=channel_kinds(services),
    )


def channel_kinds(services: Services) -> dict[str, str]:
    """Give the channel kind of each configured account."""
    return {one.account: one.channel for one in services.channels.health()}


@asynccontextmanager
async def reading(services: Services, caller: Caller) -> AsyncIterator[tuple[AsyncConnection, Scope]]:
    """Open a read for the caller."""
    async with services.store.reading() as conn:
        yield conn, scope_of(services, caller)


async def require_visible(services: Services, caller: Caller, conversation_id: str) -> None:
    """Raise NotFound unless the caller may see the conversation; before any act on it."""
    async with reading(services, caller) as (conn, scope):
        await require_conversation(conn, scope, conversation_id)
