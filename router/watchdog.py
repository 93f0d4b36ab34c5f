"""Find what holds an event loop; in: loops to watch, out: one log line and a call for each long hold.

A thread posts a ping to every loop and, when one stays unanswered, reads the stack of that loop's thread
to name the plugin. Code that holds the interpreter lock itself holds this thread too and goes unseen.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import FrameType, TracebackType

_log = logging.getLogger(__name__)
_STACK_DEPTH = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A loop is held (`over` False) or free again; `owner` names who was found on the stack, or is empty."""

    loop: str
    owner: str
    lasted_s: float
    over: bool = False
    stack: str = ""


@dataclass(slots=True)
class _Watched:
    loop: asyncio.AbstractEventLoop
    thread_id: int
    pinged_at_s: float | None = None
    held_by: str | None = None


class Watchdog:
    """A daemon thread; use it as a context manager.

    `owners` maps channel classes, module names and package names to what to call their owner. `on_hold`
    is called in the watchdog's thread.
    """

    def __init__(
        self,
        on_hold: Callable[[Hold], None],
        owners: Mapping[object, str],
        *,
        period_s: float = 0.1,
        limit_s: float = 0.25,
    ) -> None:
        self._on_hold = on_hold
        self._owners = owners
        self._period_s = period_s
        self._limit_s = limit_s
        self._watched: dict[str, _Watched] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="loop-watchdog", daemon=True)

    def __enter__(self) -> Watchdog:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()

    def watch(self, name: str, loop: asyncio.AbstractEventLoop, thread_id: int) -> None:
        """Begin to watch a loop."""
        with self._lock:
            self._watched[name] = _Watched(loop, thread_id)

    def unwatch(self, name: str) -> None:
        """Stop watching a loop."""
        with self._lock:
            self._watched.pop(name, None)

    def _run(self) -> None:
        while not self._stop.wait(self._period_s):
            with self._lock:
                watched = list(self._watched.items())
            for name, each in watched:
                self._look_at(name, each)

    def _look_at(self, name: str, each: _Watched) -> None:
        pinged_at_s = each.pinged_at_s
        if pinged_at_s is None:
            each.pinged_at_s = time.monotonic()
            # A loop that has just closed is about to be unwatched.
            with contextlib.suppress(RuntimeError):
                each.loop.call_soon_threadsafe(self._answer, name, each)
            return
        lasted_s = time.monotonic() - pinged_at_s
        if lasted_s > self._limit_s and each.held_by is None:
            self._report(name, each, lasted_s)

    def _report(self, name: str, each: _Watched, lasted_s: float) -> None:
        frame = sys._current_frames().get(each.thread_id)
        owner = self._owner_of(frame)
        each.held_by = owner
        stack = "".join(traceback.format_stack(frame, _STACK_DEPTH)) if frame else ""
        _log.warning(
            "loop %s held for %.0f ms by %s\n%s",
            name,
            lasted_s * 1000,
            owner or "the router itself",
            stack,
            extra={"loop": name, "plugin": owner},
        )
        self._on_hold(Hold(loop=name, owner=owner, lasted_s=lasted_s, stack=stack))

    def _answer(self, name: str, each: _Watched) -> None:
        """Run by the loop itself: it is free again."""
        lasted_s = time.monotonic() - (each.pinged_at_s or time.monotonic())
        each.pinged_at_s = None
        if each.held_by is not None:
            owner, each.held_by = each.held_by, None
            _log.info(
                "loop %s free again after %.1f s", name, lasted_s, extra={"loop": name, "plugin": owner}
            )
            self._on_hold(Hold(loop=name, owner=owner, lasted_s=lasted_s, over=True))

    def _owner_of(self, frame: FrameType | None) -> str:
        while frame is not None:
            module = str(frame.f_globals.get("__name__", ""))
            for clue in (type(frame.f_locals.get("self")), module, module.partition(".")[0]):
                if clue in self._owners:
                    return self._owners[clue]
            frame = frame.f_back
        return ""
