"""Wait for what a whole router does: in go the running router and a question, out comes the answer once it holds.

A test asks the store or the channels; nothing is asked by the clock, only again after each live event.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Row, Select

from router.bootstrap import Router
from router.capabilities import HealthState

Rows = list[Row[Any]]


async def rows(router: Router, statement: Select[Any]) -> Rows:
    """Give what the store holds now."""
    async with router.store.reading() as connection:
        return list((await connection.execute(statement)).all())


async def rows_once(router: Router, statement: Select[Any], enough: Callable[[Rows], object] = bool) -> Rows:
    """Wait until the rows of the store are enough (by default: until there are any), and give them."""

    async def look() -> Rows:
        return await rows(router, statement)

    return await router.live.until(look, enough)


async def channels_open(router: Router) -> None:
    """Wait until every account is open: until then a push is answered "try again" and a send waits."""

    async def look() -> set[HealthState]:
        return {health.state for health in router.supervisor.health().values()}

    await router.live.until(look, lambda states: states <= {HealthState.OK})
