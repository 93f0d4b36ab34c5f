"""Unfinished answers, kept on the server: one per agent and conversation."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert

from router.storage.schema import draft


def save_draft(conn: Connection, conversation_id: str, agent_id: str, text: str, now: datetime) -> None:
    """Keep the newest text of a draft; an empty one is forgotten. Runs inside `Store.write`."""
    conn.execute(
        delete(draft).where(draft.c.conversation_id == conversation_id, draft.c.agent_id == agent_id)
    )
    if text:
        conn.execute(
            insert(draft).values(
                conversation_id=conversation_id, agent_id=agent_id, text=text, updated_at=now
            )
        )
