"""Ports of this machine for a demo; in: the ports wished for, out: what was started, on ports that are its own.

Between looking for a free port and listening on it another program can take it, so what cannot start for
that reason starts again on the next free ones.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from typing import TypeVar

from router.errors import RouterError

T = TypeVar("T")

HOST = "127.0.0.1"

_PORTS_TRIED = 50
_STARTS = 5

_log = logging.getLogger(__name__)


async def start_on_free_ports(wanted: Sequence[int], start: Callable[[Sequence[int]], Awaitable[T]]) -> T:
    """Start something on the wanted ports or the next free ones; 0 stands for any.

    `start` raises RouterError when it could not, and leaves nothing open then.
    """
    for _ in range(_STARTS - 1):
        ports = [free_port(each) for each in wanted]
        try:
            return await start(ports)
        except RouterError as error:
            if all(_bound(port) is not None for port in ports):
                raise
            _log.info("started again on other ports: %s", error)
    return await start([free_port(each) for each in wanted])


def free_port(wanted: int) -> int:
    """Give the wanted port or the next free one; 0 gives any."""
    for port in [wanted] if wanted == 0 else range(wanted, wanted + _PORTS_TRIED):
        found = _bound(port)
        if found is not None:
            return found
    raise RouterError(f"the ports {wanted} to {wanted + _PORTS_TRIED - 1} are all taken; free one of them")


def _bound(port: int) -> int | None:
    """Bind a port for a moment; None if somebody listens on it."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return None
        found: int = probe.getsockname()[1]
        return found
