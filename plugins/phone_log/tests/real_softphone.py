"""A real baresip and real sipp on loopback, each in a folder of its own."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from router.testing.loopback import free_ports

CONFIG = """sip_listen 127.0.0.1:{sip}
module_path {modules}
module g711.so
module aubridge.so
module_tmp uuid.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:{control}
audio_player aubridge,nil
audio_source aubridge,nil
audio_alert aubridge,nil
rtp_ports 20000-30000
"""
MODULES = (Path("/usr/lib/baresip/modules"), Path("/usr/local/lib/baresip/modules"))


def need(program: str, package: str) -> str:
    found = shutil.which(program)
    if found is None:
        pytest.fail(f"{program} is not installed: apt-get install {package}")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Softphone:
    control_port: int
    sip_port: int


@asynccontextmanager
async def baresip(folder: Path, *, answers: bool) -> AsyncIterator[Softphone]:
    """Run a softphone; ports may be taken between the look and the use, so it tries a few."""
    for attempt in range(5):
        phone = _configured(folder / str(attempt), answers=answers)
        process = await asyncio.create_subprocess_exec(
            need("baresip", "baresip-core"), "-f", str(folder / str(attempt)),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said = await _until_ready(process)
        if said is None:
            break
        await process.wait()
    else:
        pytest.fail(f"baresip did not start: {said}")
    assert process.stdout is not None
    reading = asyncio.create_task(process.stdout.read())
    try:
        yield phone
    finally:
        process.terminate()
        await process.wait()
        await reading


def _configured(folder: Path, *, answers: bool) -> Softphone:
    control_port, sip_port = free_ports(2)
    phone = Softphone(control_port=control_port, sip_port=sip_port)
    modules = next((one for one in MODULES if one.is_dir()), MODULES[0])
    folder.mkdir(parents=True)
    config = CONFIG.format(sip=phone.sip_port, control=phone.control_port, modules=modules)
    (folder / "config").write_text(config)
    mode = "auto" if answers else "manual"
    (folder / "accounts").write_text(f"<sip:agent@127.0.0.1:{phone.sip_port}>;regint=0;answermode={mode}\n")
    return phone


async def _until_ready(process: asyncio.subprocess.Process) -> str | None:
    """Wait until it is ready; give what it said instead when it ended."""
    assert process.stdout is not None
    said = b""
    async with asyncio.timeout(60):
        while line := await process.stdout.readline():
            if b"baresip is ready" in line:
                return None
            said += line
    return said.decode(errors="replace")


async def listening(port: int) -> None:
    """Wait until somebody listens for calls on a port; a program from outside rings no bell when it does."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return
        await asyncio.sleep(0.02)


async def sipp(folder: Path, *arguments: str) -> asyncio.subprocess.Process:
    """Start a sipp; it ends by itself after one call."""
    return await asyncio.create_subprocess_exec(
        need("sipp", "sip-tester"), *arguments, "-m", "1", "-i", "127.0.0.1", "-nostdin", "-timeout", "20",
        cwd=folder, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
