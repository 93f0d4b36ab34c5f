"""What stands in the way of work taken or ended by hand. In: ids. Out: the item and its queue, and who may have it."""

from __future__ import annotations

from sqlalchemy import literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from router.errors import NotFound
from router.storage.schema import agent, claim, work_item

_OVERSEEING = ("supervisor", "admin")


async def require_live_item(connection: AsyncConnection, conversation_id: str) -> tuple[str, str]:
    """Give the id and the queue of a conversation's open work. Raises NotFound."""
    statement = select(work_item.c.id, work_item.c.queue).where(
        work_item.c.conversation_id == conversation_id, work_item.c.state != "done"
    )
    row = (await connection.execute(statement)).first()
    if row is None:
        raise NotFound("this conversation has no open work")
    return row.id, row.queue


async def may_serve(connection: AsyncConnection, agent_id: str, queue: str) -> bool:
    """Say whether a person may have work of a queue; supervisors may have all of it."""
    known = select(agent.c.role, agent.c.queues).where(agent.c.id == agent_id)
    row = (await connection.execute(known)).first()
    return row is not None and (row.role in _OVERSEEING or row.queues is None or queue in row.queues)


async def is_supervisor(connection: AsyncConnection, agent_id: str) -> bool:
    """Say whether a person may decide about the work of others."""
    role = (await connection.execute(select(agent.c.role).where(agent.c.id == agent_id))).scalar()
    return role in _OVERSEEING


async def find_wrap_up(connection: AsyncConnection, conversation_id: str, agent_id: str) -> str | None:
    """Find the item of a conversation a person has after-call work on."""
    statement = (
        select(claim.c.work_item_id)
        .join_from(claim, work_item, work_item.c.id == claim.c.work_item_id)
        .where(
            claim.c.state == literal_column("'wrapping'"),
            claim.c.agent_id == agent_id,
            work_item.c.conversation_id == conversation_id,
        )
    )
    item_id: str | None = (await connection.execute(statement)).scalar()
    return item_id
