"""Contract check 24: all traffic with the provider is held against its published OpenAPI description.

`prism proxy` stands between the channel and the simulated provider; with `--errors` whatever either side
says that the description does not allow becomes an error, so neither can drift from it.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from router.testing.checks.inbound import samples_of
from router.testing.simulators import SpecSimulator
from router.testing.stage import NotDeclared, NotRun, Stage

_START_S = 120.0
_LISTENING = re.compile(rb"listening on (http://[^\s\x1b]+)")
_VIOLATION = re.compile(rb"(?i)violation|not valid|invalid")


async def check_conformance(stage: Stage) -> None:
    """Take samples in and send through the proxy: no message breaks the description."""
    async with stage.provider() as simulator:
        if not isinstance(simulator, SpecSimulator):
            raise NotDeclared("its simulator names no published description (`spec`)")
        spec, prism = simulator.spec(), shutil.which("prism")
        if not spec.is_file():
            raise NotRun(f"the provider's description {spec.name} was not installed with the plugin")
        if prism is None:
            raise NotRun("no `prism` on the path; npm install -g @stoplight/prism-cli")
        async with (
            _proxy(prism, spec, simulator.url) as (url, said),
            stage.opened(simulator, settings=simulator.settings_behind(url)) as scene,
        ):
            for raw in samples_of(simulator):
                await scene.deliver(raw)
            if stage.channel_type.capabilities.outbound:
                before = len(simulator.sent())
                await scene.channel.send(await scene.attempt())
                assert len(simulator.sent()) > before, "the reply did not come through the proxy"
        broken = [line for line in said if _VIOLATION.search(line)]
        assert not broken, f"breaks {spec.name}: {broken[0].decode('utf-8', 'replace')}"


@asynccontextmanager
async def _proxy(prism: str, spec: Path, upstream: str) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Run the proxy on a free port; give its address and the lines it says."""
    command = [prism, "proxy", str(spec), upstream, "--errors", "--port", "0", "--host", "127.0.0.1"]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said: list[bytes] = []
    reading: asyncio.Task[None] | None = None
    try:
        assert process.stdout is not None
        async with asyncio.timeout(_START_S):
            url = await _address(process.stdout, said)
        reading = asyncio.ensure_future(_listen(process.stdout, said))
        yield url, said
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        if reading is not None:
            await reading


async def _address(lines: asyncio.StreamReader, said: list[bytes]) -> str:
    while line := await lines.readline():
        said.append(line)
        found = _LISTENING.search(line)
        if found:
            said.clear()
            return found[1].decode()
    raise AssertionError(f"prism did not start: {b''.join(said)[-300:].decode('utf-8', 'replace')}")


async def _listen(lines: asyncio.StreamReader, said: list[bytes]) -> None:
    while line := await lines.readline():
        said.append(line)
