"""A web server on a free port of the loopback; in: an aiohttp application, out: its address while it runs."""

from __future__ import annotations

import socket
from random import SystemRandom

from aiohttp import web

_PORTS = range(10_000, 20_000)
"""Below those a machine gives to connections and to whoever asks for any port: nobody takes one by chance."""


def free_ports(count: int) -> list[int]:
    """Give ports that are free for TCP and UDP, for a program that must be told where to listen.

    Between this look and the use nothing that asks for any port is given one of them.
    """
    found: list[int] = []
    for port in SystemRandom().sample(_PORTS, k=len(_PORTS)):
        if len(found) == count:
            return found
        if _is_free(port, socket.SOCK_STREAM) and _is_free(port, socket.SOCK_DGRAM):
            found.append(port)
    raise OSError(f"{count} ports are not free between {_PORTS.start} and {_PORTS.stop}")


def _is_free(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class LoopbackServer:
    """An application that is served between `start` and `stop`."""

    def __init__(self, request_bytes: int) -> None:
        self._app = web.Application(client_max_size=request_bytes)
        self._runner: web.AppRunner | None = None

    async def start(self, port: int = 0) -> None:
        """Serve on this port, or on a free one."""
        # A provider's own log would show secrets that some take in the address; that is no leak of ours.
        runner = web.AppRunner(self._app, shutdown_timeout=0.1, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        self._runner = runner

    async def stop(self) -> None:
        """Hang up on everybody and free the port."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    @property
    def url(self) -> str:
        """Where it listens, without a final slash."""
        if self._runner is None:
            raise RuntimeError("start the server first")
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"
