"""A whole shop on this machine: temporary folder, ports, configuration, the customers' mailbox, the router.

In: nothing but wishes about ports. Out: a running world; everything it wrote is removed at the end.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher

from router.bootstrap import Router, running_router
from router.capabilities import HealthState
from router.clock import SystemClock
from router.config import Config, load_config
from router.demo.mailbox import HOST, Mailbox
from router.demo.pages import DemoPages
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
_PORTS_TRIED = 50


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
    clock = SystemClock()
    smtp_port = free_port(SMTP_PORT if fixed_ports else 0)
    with tempfile.TemporaryDirectory(prefix="omnirouter-demo-", ignore_cleanup_errors=True) as name:
        mailbox = Mailbox(clock, smtp_port)
        relay_port = await mailbox.open()
        try:
            http_port = free_port(HTTP_PORT if fixed_ports else 0)
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


def free_port(wanted: int) -> int:
    """Give the wanted port or the next free one; 0 gives any."""
    for port in [wanted] if wanted == 0 else range(wanted, wanted + _PORTS_TRIED):
        with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found
    raise RouterError(f"the ports {wanted} to {wanted + _PORTS_TRIED - 1} are all taken; free one of them")


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
                if all(health.state is HealthState.OK for health in router.supervisor.health().values()):
                    return
                await router.live.wait_past(seen)
    except TimeoutError:
        states = ", ".join(
            f"{name} is {health.state} ({health.cause})"
            for name, health in router.supervisor.health().items()
        )
        raise RouterError(f"the channels did not open within {STARTED_WITHIN_S:.0f} s: {states}") from None
