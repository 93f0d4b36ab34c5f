"""A whole shop on this machine: temporary folder, ports, configuration, the customers' mailbox, the router.

In: nothing but wishes about ports. Out: a running world; everything it wrote is removed at the end.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from argon2 import PasswordHasher

from router.accounts.judgement import Limits
from router.bootstrap import Router, running_router
from router.capabilities import HealthState
from router.clock import SystemClock
from router.demo.files import (
    Ports,
    read_roster_file,
    write_config,
    write_rules,
)
from router.demo.mailbox import Mailbox
from router.demo.marketplace import Marketplace
from router.demo.note_shops import NoteShops
from router.demo.outside import running_outside
from router.demo.phone import Phone
from router.demo.ports import HOST, start_on_free_ports
from router.demo.scenes import Script
from router.demo.shop_system import ShopSystem, shop_source
from router.errors import RouterError
from router.people import hash_password, set_password
from router.sources import Patience
from router.web.settings import WebSettings

PASSWORD = "demo"
HTTP_PORT = 8080
SMTP_PORT = 2525
STARTED_WITHIN_S = 120.0
UNHURRIED_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The running shop; `config_file` is good for `omnirouter … -c` while it runs."""

    router: Router
    mailbox: Mailbox
    marketplace: Marketplace
    phone: Phone
    system: ShopSystem
    notes: NoteShops
    config_file: Path
    smtp_port: int
    logins: tuple[str, ...]

    @property
    def url(self) -> str:
        """Where the router answers."""
        return self.router.url


@asynccontextmanager
async def running_world(
    script: Script, *, fixed_ports: bool, one_at_a_time: bool = False
) -> AsyncIterator[World]:
    """Start a shop; `one_at_a_time` gives everybody room for one conversation, and little time to be silent."""
    async with AsyncExitStack() as stack:

        async def start(ports: Sequence[int]) -> World:
            return await stack.enter_async_context(_world(script, *ports, one_at_a_time=one_at_a_time))

        yield await start_on_free_ports((HTTP_PORT, SMTP_PORT) if fixed_ports else (0, 0), start)


@asynccontextmanager
async def _world(
    script: Script, http_port: int, smtp_port: int, *, one_at_a_time: bool
) -> AsyncIterator[World]:
    clock = SystemClock()
    url = f"http://{HOST}:{http_port}"
    async with AsyncExitStack() as stack:
        name = tempfile.TemporaryDirectory(prefix="omnirouter-demo-", ignore_cleanup_errors=True)
        folder = Path(stack.enter_context(name))
        outside = await stack.enter_async_context(running_outside(folder, clock, url, smtp_port))
        ports = Ports(http=http_port, smtp=smtp_port, relay=outside.relay_port)
        roster = read_roster_file(one_at_a_time)
        write_rules(folder, is_hasty=one_at_a_time)
        config = write_config(folder, roster, ports, outside.sections())
        # Everybody may know these passwords; costly hashes would only slow the start down.
        cheap = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
        router = await stack.enter_async_context(
            running_router(
                config,
                context=[shop_source(url)],
                clock=clock,
                web_settings=WebSettings(password_hasher=cheap),
                # The check judges what the shop knows, not how busy the machine is.
                limits=Limits(look_up_s=UNHURRIED_S) if one_at_a_time else None,
                patience=Patience(answer_s=UNHURRIED_S, facts_s=UNHURRIED_S) if one_at_a_time else None,
                extra_routes=outside.routes(script, clock, url),
            )
        )
        logins = tuple(roster["agents"])
        await _open_doors(router, logins, cheap)
        yield World(
            router=router,
            mailbox=outside.mailbox,
            marketplace=outside.marketplace,
            phone=outside.phone,
            system=outside.system,
            notes=outside.notes,
            config_file=folder / "omnirouter.yaml",
            smtp_port=smtp_port,
            logins=logins,
        )


async def _open_doors(router: Router, logins: tuple[str, ...], hasher: PasswordHasher) -> None:
    """Give everybody the password and wait until mail and chat are taken in."""

    async def look() -> set[HealthState]:
        return {health.state for health in router.supervisor.health().values()}

    for login in logins:
        hashed = await asyncio.to_thread(hash_password, PASSWORD, hasher)
        await router.store.write(set_password, login, hashed)
    try:
        async with asyncio.timeout(STARTED_WITHIN_S):
            states = await router.live.until(look, _decided)
    except TimeoutError:
        states = await look()
    if states == {HealthState.OK}:
        return
    healths = router.supervisor.health()
    found = ", ".join(f"{name} is {health.state} ({health.cause})" for name, health in healths.items())
    raise RouterError(f"the channels did not open: {found}")


def _decided(states: set[HealthState]) -> bool:
    # On this machine alone no trouble passes by itself: a port is taken.
    return states == {HealthState.OK} or bool(states & {HealthState.DOWN, HealthState.FAILED})
