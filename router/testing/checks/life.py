"""Contract checks 1 to 4: listing, secrets, opening and closing, cancelling."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import math
import os
import subprocess
import sys
import threading
from collections.abc import Coroutine, Generator
from pathlib import Path
from typing import Any

from router.testing.log_lines import LogLines, secret_variables
from router.testing.stage import STEP_S, NotRun, Scene, Stage

_LISTING_LIMIT_S = 0.2
_LISTING_TRIES = 6
_ROUNDS = 50
_MOST_AWAITS = 60
# Three seconds at most: on a busy machine the peer is late to hang up. Where to begin is known sooner: counted
# while something still closes, it could hide no more than that from fifty rounds. Tasks alone need no peer.
_SETTLING_LOOKS, _STILL_TASKS_LOOKS, _STILL_LOOKS = 300, 100, 10

# The child counts its own processor time, so that a busy machine is not taken for a slow plugin.
_LIST = """
import importlib, json, sys, time
import router.channel
opened = []
watched = ("socket.connect", "socket.bind", "subprocess.Popen", "os.system")
sys.addaudithook(lambda event, _: opened.append(event) if event in watched else None)
began = time.process_time()
module = importlib.import_module(sys.argv[1])
getattr(module, "router_channel_types", list)()
print(json.dumps({"took_s": time.process_time() - began, "opened": opened}))
"""


async def check_listing(stage: Stage) -> None:
    """Import the plugin and list its channel types in a fresh interpreter."""
    package = getattr(stage.channel_type.factory, "__module__", "").partition(".")[0]
    spec = importlib.util.find_spec(package) if package else None
    if package == "router" or spec is None or spec.origin is None:
        raise NotRun("its package cannot be imported by name")
    best_s = math.inf
    # Caches are cold at first, and on a busy machine even processor time grows: the best of several counts.
    for _ in range(_LISTING_TRIES):
        best_s = min(best_s, await asyncio.to_thread(_list_once, package))
        if best_s < _LISTING_LIMIT_S:
            break
    assert best_s < _LISTING_LIMIT_S, f"importing and listing took {best_s * 1000:.0f} ms, limit 200 ms"


def _list_once(package: str) -> float:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", _LIST, package]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)
    assert ended.returncode == 0, f"importing {package} failed: {ended.stderr[-500:]}"
    told = json.loads(ended.stdout.splitlines()[-1])
    assert told["opened"] == [], f"importing and listing opened something: {told['opened']}"
    return float(told["took_s"])


async def check_settings(stage: Stage) -> None:
    """Settings are frozen, refuse unknown keys, and no secret they name shows anywhere."""
    model = stage.channel_type.settings
    assert model.model_config.get("frozen") is True, f"{model.__name__} is not frozen"
    assert model.model_config.get("extra") == "forbid", f"{model.__name__} accepts unknown keys"
    telling = [name for name in model.model_fields if _is_secret(name)]
    assert not telling, f"{telling} hold a secret; name an environment variable in `…_env` instead"
    with LogLines() as lines:
        async with stage.scene() as scene:
            secrets = {os.environ.get(name, "") for name in secret_variables(scene.channel.settings)} - {""}
            shown = [repr(scene.channel.settings), repr(scene.channel)]
            if scene.simulator.samples():
                await scene.deliver(scene.simulator.samples()[0])
            if stage.channel_type.capabilities.outbound:
                for error in ("", *scene.simulator.errors()):
                    shown.append(await _send_failing_as(scene, error))
    for secret in secrets:
        assert not any(secret in text for text in shown), "a secret shows in a repr or an error"
        assert not any(secret in line for line in lines.seen), "a secret shows in the log"


async def _send_failing_as(scene: Scene, error: str) -> str:
    attempt = await scene.attempt()
    if error:
        scene.simulator.fail_next(error)
    try:
        return repr(await scene.channel.send(attempt))
    except Exception as raised:
        return f"{raised!r} {raised}"


def _is_secret(name: str) -> bool:
    words = name.split("_")
    return words[-1] != "env" and bool({"password", "secret", "token", "passphrase"} & set(words))


async def check_open_close(stage: Stage) -> None:
    """Open and close 50 times: no task, thread or file is left."""
    async with stage.provider() as simulator:
        for _ in range(2):
            async with stage.opened(simulator):
                await asyncio.sleep(0)
        before = await _settled(None)
        for _ in range(_ROUNDS):
            async with stage.opened(simulator):
                await asyncio.sleep(0)
        after = await _settled(before)
    assert after == before, f"(tasks, threads, files) grew from {before} to {after} in {_ROUNDS} rounds"


async def _settled(target: tuple[int, int, int] | None) -> tuple[int, int, int]:
    """Count what is open; sockets the peer closes and executors' threads end a little later."""
    counts, still = _open_things(), 0
    for _ in range(_SETTLING_LOOKS):
        if target is None:
            if still == _STILL_LOOKS:
                break
        elif _is_within(counts, target):
            return target
        elif still == _STILL_TASKS_LOOKS and _is_within(counts[1:], target[1:]):
            break
        await asyncio.sleep(0.01)
        before, counts = counts, _open_things()
        still = still + 1 if counts == before else 0
    return counts


def _is_within(counts: tuple[int, ...], target: tuple[int, ...]) -> bool:
    return all(now <= then for now, then in zip(counts, target, strict=True))


def _open_things() -> tuple[int, int, int]:
    return len(asyncio.all_tasks()), threading.active_count(), _files()


def _files() -> int:
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.is_dir() else 0


class _CancelAt:
    """Awaits a coroutine and cancels the task at its n-th suspension, as a real cancellation would."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], at: int) -> None:
        self._coroutine = coroutine
        self._at = at

    def __await__(self) -> Generator[Any, Any, Any]:
        inner = self._coroutine.__await__()
        step, argument, count = inner.send, None, 0
        while True:
            try:
                waiting_for = step(argument)
            except StopIteration as ended:
                return ended.value
            count += 1
            task = asyncio.current_task()
            if count == self._at and task is not None:
                task.cancel()
            try:
                argument, step = (yield waiting_for), inner.send
            except BaseException as error:
                argument, step = error, inner.throw


async def _cancelled(coroutine: Coroutine[Any, Any, Any], at: int) -> bool:
    """Tell whether the coroutine was cancelled at its n-th await; False: it ended before."""

    async def run() -> Any:
        return await _CancelAt(coroutine, at)

    task = asyncio.ensure_future(run())
    done, _ = await asyncio.wait({task}, timeout=STEP_S)
    assert done, f"cancelled at its await {at} it did not end within {STEP_S:.0f} s"
    if task.cancelled():
        return True
    error = task.exception()
    if error is not None:
        raise error
    return False


async def check_cancel(stage: Stage) -> None:
    """Cancel `open`, then `send`, at every await: closing and going on still work."""
    async with stage.provider() as simulator:
        for at in range(1, _MOST_AWAITS):
            scene = stage.built(simulator, "account-1")
            cancelled = await _cancelled(scene.channel.open(scene.context), at)
            async with asyncio.timeout(STEP_S):
                await scene.channel.close()
            await scene.context.close_http()
            if not cancelled:
                break
        if not stage.channel_type.capabilities.outbound:
            return
        async with stage.opened(simulator) as scene:
            for at in range(1, _MOST_AWAITS):
                if not await _cancelled(scene.channel.send(await scene.attempt()), at):
                    break
            await scene.channel.send(await scene.attempt())
