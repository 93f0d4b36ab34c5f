"""Being told to stop by a person and by a machine."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from router.serving import stop_asked


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_ctrl_c_and_the_machines_signal_ask_to_stop(number: signal.Signals) -> None:
    async with asyncio.timeout(60):
        asked = asyncio.create_task(stop_asked())
        await asyncio.sleep(0)
        os.kill(os.getpid(), number)
        await asked
