"""Where the entries of a conversation stand: alone, or in the conversation it was merged into.

Each conversation stays a strand of its own for its channel, with its thread, its numbers and its address; merging
and splitting only change where its entries are shown. That is why a reply still leaves by the right door,
and why all of it can be undone.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, case, func, select

from router.storage.schema import conversation


def shown_in() -> ColumnElement[str]:
    """Give the id of the conversation a row of `conversation` is shown in: its own unless it is merged."""
    own = conversation.c.id
    return case(
        (conversation.c.merged_into.is_(None), own), else_=func.coalesce(conversation.c.leads_to, own)
    )


def find_shown(connection: Connection, conversation_id: str) -> str:
    """Find the conversation another one is shown in; itself when it is not merged or not there."""
    statement = select(shown_in()).where(conversation.c.id == conversation_id)
    found: str | None = connection.execute(statement).scalar()
    return found or conversation_id
