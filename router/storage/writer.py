"""The one writer: units of work from everywhere share synced commits, in the order they came.

In: plain functions over a SQLAlchemy connection. Out: their results, each after the commit that holds it.
While one commit runs the next group builds up, so there is no linger. A unit of work that raises is
rolled back alone; the others in its group are committed. A unit of work may be run more than once before
its commit, so it must do nothing but talk to its connection.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from router.crash import crash_point
from router.errors import StoreUnavailable

log = logging.getLogger(__name__)

GROUP_LIMIT = 256

T = TypeVar("T")
ItemT = TypeVar("ItemT")

RunGroup = Callable[[Callable[[Connection], None]], Awaitable[None]]


@dataclass(slots=True, eq=False)
class _Unit:
    """One unit of work waiting for its commit; `many` units of one function are run as one call."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    many: bool
    done: asyncio.Future[Any]
    result: Any = None
    error: Exception | None = None


class Writer:
    """Takes units of work and commits them in groups through `run_group`.

    `run_group(function)` runs `function(connection)` inside one transaction and returns after its synced
    commit; it raises when nothing was committed.
    """

    def __init__(self, run_group: RunGroup) -> None:
        self._run_group = run_group
        self._queue: deque[_Unit] = deque()
        self._filled = asyncio.Event()
        self._closing = False

    async def write(self, function: Callable[..., T], *arguments: Any) -> T:
        """Run `function(connection, *arguments)` and give its result after the commit."""
        result: T = await self._put(_Unit(function, arguments, False, _future()))
        return result

    async def write_each(
        self, function: Callable[[Connection, Sequence[ItemT]], Sequence[T]], item: ItemT
    ) -> T:
        """Run `function(connection, items)` for all items that wait for it, and give this item's result."""
        result: T = await self._put(_Unit(function, (item,), True, _future()))
        return result

    async def _put(self, unit: _Unit) -> Any:
        if self._closing:
            raise StoreUnavailable("the router is stopping")
        self._queue.append(unit)
        self._filled.set()
        return await unit.done

    async def run(self) -> None:
        """Commit group after group until `close`; what was put before is still committed."""
        while True:
            await self._filled.wait()
            self._filled.clear()
            while self._queue:
                group = [self._queue.popleft() for _ in range(min(len(self._queue), GROUP_LIMIT))]
                await self._commit(group)
            if self._closing:
                return

    def close(self) -> None:
        """Refuse new units and let `run` end after the waiting ones."""
        self._closing = True
        self._filled.set()

    async def _commit(self, group: list[_Unit]) -> None:
        try:
            try:
                await self._run_group(lambda connection: _run_together(connection, group))
            except (OperationalError, InterfaceError, OSError):
                raise
            except Exception:
                # Somebody's unit raised and took the transaction with it: once more, each on its own.
                await self._run_group(lambda connection: _run_apart(connection, group))
        except (DBAPIError, OSError) as error:
            log.warning("store cannot commit", extra={"cause": str(error), "units": len(group)})
            for unit in group:
                unit.error = StoreUnavailable(f"the store cannot commit: {_cause(error)}")
        for unit in group:
            if unit.done.cancelled():
                continue
            if unit.error is not None:
                unit.done.set_exception(unit.error)
            else:
                unit.done.set_result(unit.result)


def _future() -> asyncio.Future[Any]:
    return asyncio.get_running_loop().create_future()


def _run_together(connection: Connection, group: list[_Unit]) -> None:
    """Run all units in one transaction without safety nets; the usual case."""
    start = 0
    while start < len(group):
        first = group[start]
        end = start + 1
        if first.many:
            while end < len(group) and group[end].many and group[end].function == first.function:
                end += 1
            results = first.function(connection, [unit.arguments[0] for unit in group[start:end]])
            for unit, result in zip(group[start:end], results, strict=True):
                unit.result = result
        else:
            first.result = first.function(connection, *first.arguments)
        start = end
    crash_point("K2")


def _run_apart(connection: Connection, group: list[_Unit]) -> None:
    """Run each unit behind its own savepoint, so that one failure is only its own."""
    for unit in group:
        unit.error = None
        savepoint = connection.begin_nested()
        try:
            if unit.many:
                (unit.result,) = unit.function(connection, [unit.arguments[0]])
            else:
                unit.result = unit.function(connection, *unit.arguments)
            savepoint.commit()
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # handed to whoever put the unit
            savepoint.rollback()
            unit.error = error


def _cause(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error)
