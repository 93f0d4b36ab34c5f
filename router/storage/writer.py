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
from itertools import islice
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
    """One unit of work waiting for its commit; units of one function over items are run as one call.

    `items` is None for a function that takes `arguments`. The result of a unit with items is a list with a
    result for each, or the error of an item that could not be written.
    """

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    items: Sequence[Any] | None
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
        result: T = await self._put(_Unit(function, arguments, None, _future()))
        return result

    async def write_each(
        self, function: Callable[[Connection, Sequence[ItemT]], Sequence[T]], item: ItemT
    ) -> T:
        """Run `function(connection, items)` for all items that wait for it, and give this item's result."""
        (result,) = await self.write_all(function, [item])
        if isinstance(result, Exception):
            raise result
        return result

    async def write_all(
        self, function: Callable[[Connection, Sequence[ItemT]], Sequence[T]], items: Sequence[ItemT]
    ) -> list[T | Exception]:
        """Run `function(connection, items)`, others' items that wait for it included.

        Give the result of each of these items, or what it raised: the others are committed without it.
        """
        if not items:
            return []
        results: list[T | Exception] = await self._put(_Unit(function, (), items, _future()))
        return results

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
        if first.items is not None:
            while end < len(group) and group[end].items is not None and group[end].function == first.function:
                end += 1
            _run_items(connection, group[start:end])
        else:
            first.result = first.function(connection, *first.arguments)
        start = end
    crash_point("K2")


def _run_items(connection: Connection, units: Sequence[_Unit]) -> None:
    """Run one function over the items of several units, and give each unit its part of the results."""
    items = [item for unit in units for item in unit.items or ()]
    results = units[0].function(connection, items)
    if len(results) != len(items):
        raise RuntimeError(f"{len(results)} results for {len(items)} items")
    remaining = iter(results)
    for unit in units:
        unit.result = list(islice(remaining, len(unit.items or ())))


def _run_apart(connection: Connection, group: list[_Unit]) -> None:
    """Run each unit, and each item, behind its own savepoint, so that one failure is only its own."""
    for unit in group:
        unit.error = None
        if unit.items is None:
            unit.result, unit.error = _attempt(connection, unit.function, unit.arguments)
            continue
        unit.result = []
        for item in unit.items:
            result, error = _attempt(connection, unit.function, ([item],))
            unit.result.append(error or result[0])


def _attempt(
    connection: Connection, function: Callable[..., Any], arguments: tuple[Any, ...]
) -> tuple[Any, Exception | None]:
    """Run a function behind a savepoint; give its result, or its error for whoever asked for it."""
    savepoint = connection.begin_nested()
    try:
        result = function(connection, *arguments)
        savepoint.commit()
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        savepoint.rollback()
        return None, error
    return result, None


def _cause(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error)
