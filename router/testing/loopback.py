"""A web server on a free port of the loopback; in: an aiohttp application, out: its address while it runs."""

from __future__ import annotations

from aiohttp import web


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
