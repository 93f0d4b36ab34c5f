"""Ports a demo starts on, with real listeners in the way."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import ExitStack, closing

import pytest

from router.demo.ports import HOST, free_port, start_on_free_ports
from router.errors import RouterError
from router.testing.loopback import free_ports


def test_taken_port_moves_to_the_next_free_one() -> None:
    with closing(socket.create_server((HOST, 0))) as taken:
        port = taken.getsockname()[1]
        assert port < free_port(port) <= port + 10


async def test_port_taken_between_looking_and_listening_moves_on() -> None:
    [wanted], tried = free_ports(1), []
    with ExitStack() as others:

        async def start(ports: Sequence[int]) -> socket.socket:
            tried.append(ports[0])
            if len(tried) == 1:
                others.enter_context(closing(socket.create_server((HOST, ports[0]))))
            try:
                return socket.create_server((HOST, ports[0]))
            except OSError as error:
                raise RouterError(str(error)) from None

        with closing(await start_on_free_ports([wanted], start)) as listening:
            assert tried[0] == wanted
            assert listening.getsockname()[1] == tried[1] > wanted


async def test_what_fails_on_ports_of_its_own_is_not_tried_again() -> None:
    tried = []

    async def start(ports: Sequence[int]) -> None:
        tried.append(ports)
        raise RouterError("the rules are wrong")

    with pytest.raises(RouterError, match="the rules are wrong"):
        await start_on_free_ports([0, 0], start)
    assert len(tried) == 1
