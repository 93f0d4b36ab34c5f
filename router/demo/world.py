"""A whole shop on this machine: temporary folder, ports, configuration, the customers' mailbox, the router.

In: nothing but wishes about ports. Out: a running world; everything it wrote is removed at the end.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher

from router.bootstrap import Router, running_router
from router.capabilities import HealthState
from router.clock import SystemClock
from router.config import Config, load_config
from router.demo.mailbox import Mailbox
from router.demo.pages import DemoPages
from router.demo.ports import HOST, start_on_free_ports
from router.demo.scenes import Script
from router.documents.reading import read_document
from router.errors import RouterError
from router.people import hash_password, set_password
from router.web.settings import WebSettings

SHOP_ADDRESS = "support@shop.example"
SITE_KEY = "demo-shop"
PASSWORD = "demo"
HTTP_PORT = 8080
SMTP_PORT = 2525
STARTED_WITHIN_S = 20.0

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The running shop; `config_file` is good for `omnirouter … -c` while it runs."""

    router: Router
    mailbox: Mailbox
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
    with tempfile.TemporaryDirectory(prefix="omnirouter-demo-", ignore_cleanup_errors=True) as name:
        mailbox = Mailbox(clock, smtp_port)
        relay_port = await mailbox.open()
        try:
            roster = _roster(one_at_a_time)
            _write_rules(Path(name), is_hasty=one_at_a_time)
            config = _write_config(Path(name), roster, http_port, smtp_port, relay_port)
            pages = DemoPages(mailbox, clock, script, f"http://{HOST}:{http_port}", SITE_KEY, SHOP_ADDRESS)
            # Everybody may know these passwords; costly hashes would only slow the start down.
            cheap = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
            settings = WebSettings(password_hasher=cheap)
            async with running_router(
                config, clock=clock, web_settings=settings, extra_routes=pages.routes()
            ) as router:
                logins = tuple(roster["agents"])
                await _open_doors(router, logins, cheap)
                yield World(
                    router=router,
                    mailbox=mailbox,
                    config_file=Path(name) / "omnirouter.yaml",
                    smtp_port=smtp_port,
                    logins=logins,
                )
        finally:
            mailbox.close()


def _roster(one_at_a_time: bool) -> dict[str, Any]:
    path = _HERE / "roster.yaml"
    roster: Any = read_document(path.read_text(encoding="utf-8"), source=str(path)).value
    agents: dict[str, Any] = roster["agents"]
    for agent in agents.values() if one_at_a_time else ():
        agent["max_claims"] = 1
    return {**roster, "agents": agents}


def _write_rules(folder: Path, *, is_hasty: bool) -> None:
    """Put the rules with their lists into the folder; JSON is YAML, and needs no quoting of its own."""
    path = _HERE / "rules.yaml"
    rules: Any = read_document(path.read_text(encoding="utf-8"), source=str(path)).value
    if is_hasty:
        rules["leases"]["chat"] = {"nudge": "2s", "supervisor": "3s", "hand_back": "4s", "absent": "4s"}
    (folder / "rules.yaml").write_text(json.dumps(rules, ensure_ascii=False, indent=2), encoding="utf-8")
    shutil.copytree(_HERE / "lists", folder / "lists")


def _write_config(
    folder: Path, roster: dict[str, Any], http_port: int, smtp_port: int, relay_port: int
) -> Config:
    """Write configuration and roster; JSON is YAML, and needs no quoting of its own."""
    support = {
        "channel": "email",
        "address": SHOP_ADDRESS,
        "name": "Kettle & Leaf",
        "smtp_in": {"host": HOST, "port": smtp_port},
        "smtp_out": {"host": HOST, "port": relay_port, "security": "none"},
    }
    site = {
        "channel": "webchat",
        "site_key": SITE_KEY,
        "allow_loopback": True,
        # all customers of the demo share one address
        "sockets_per_address": 200,
        "new_visitors_per_minute": 120,
    }
    config = {
        "store": {"url": f"sqlite:///{folder / 'router.db'}"},
        "web": {"host": HOST, "port": http_port, "public_url": f"http://{HOST}:{http_port}"},
        "accounts": {"support": support, "shop": site},
        "rules": "rules.yaml",
        "roster": "roster.yaml",
    }
    (folder / "roster.yaml").write_text(json.dumps(roster, indent=2), encoding="utf-8")
    file = folder / "omnirouter.yaml"
    file.write_text(json.dumps(config, indent=2), encoding="utf-8")
    return load_config(file, {})


async def _open_doors(router: Router, logins: tuple[str, ...], hasher: PasswordHasher) -> None:
    """Give everybody the password and wait until mail and chat are taken in."""
    for login in logins:
        hashed = await asyncio.to_thread(hash_password, PASSWORD, hasher)
        await router.store.write(set_password, login, hashed)
    try:
        async with asyncio.timeout(STARTED_WITHIN_S):
            while True:
                seen = router.live.last
                healths = router.supervisor.health()
                states = {health.state for health in healths.values()}
                if states == {HealthState.OK}:
                    return
                # On this machine alone nothing passes by itself: its port is taken.
                if states & {HealthState.DOWN, HealthState.FAILED}:
                    break
                await router.live.wait_past(seen)
    except TimeoutError:
        pass
    found = ", ".join(f"{name} is {health.state} ({health.cause})" for name, health in healths.items())
    raise RouterError(f"the channels did not open: {found}")
