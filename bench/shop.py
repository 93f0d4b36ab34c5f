"""A whole router for measurements from outside: mail door, chat, push hook, desk, and available agents."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from router_email.settings import EmailSettings, Listener
from router_webchat.settings import WebchatSettings
from sqlalchemy import select

from bench.corpus import MAILBOX
from bench.processes import free_port
from bench.push_channel import push_account
from bench.rooms import roster
from router.bootstrap import Router, running_router
from router.capabilities import HealthState
from router.config import Account, Config, parse_config
from router.people import create_token
from router.plugin_host import PluginHost
from router.serving import settle_memory
from router.storage import schema as t

SITE = "bench"
MANY = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where the router listens, and the token of its first agent."""

    web_port: int
    smtp_port: int
    token: str


@asynccontextmanager
async def whole_router(folder: str, agents: int = 1) -> AsyncIterator[Addresses]:
    """Run a router with all three channels; the agents are there."""
    logging.basicConfig(level=logging.WARNING)
    smtp_port = free_port()
    accounts = _accounts(smtp_port)
    async with running_router(_config(folder, agents), accounts=accounts) as router:
        async with router.store.reading() as connection:
            agent_ids = list((await connection.execute(select(t.agent.c.id))).scalars())
        for agent_id in agent_ids:
            await router.offers.set_presence(agent_id, "available")
        token = await create_token(router.store, agent_ids[0], "bench", router.clock.now())
        await _open(router)
        settle_memory()
        yield Addresses(web_port=int(router.url.rpartition(":")[2]), smtp_port=smtp_port, token=token.text)


def _config(folder: str, agents: int) -> Config:
    Path(folder, "roster.yaml").write_text(roster(agents))
    text = f"store: {{url: 'sqlite:///{folder}/router.db'}}\nweb: {{port: 0}}\nroster: roster.yaml\n"
    return parse_config(text, f"{folder}/bench.yaml")


def _accounts(smtp_port: int) -> list[Account]:
    kinds = PluginHost.load().channel_types
    mailbox = EmailSettings(address=MAILBOX, smtp_in=Listener(port=smtp_port))
    chat = WebchatSettings(
        site_key=SITE, allow_loopback=True, sockets_per_address=MANY, new_visitors_per_minute=MANY
    )
    return [
        push_account(),
        Account(name="support", channel_type=kinds["email"], settings=mailbox, package="router_email"),
        Account(name="shop", channel_type=kinds["webchat"], settings=chat, package="router_webchat"),
    ]


async def _open(router: Router) -> None:
    """Wait until every channel is open."""
    while True:
        states = {health.state for health in router.supervisor.health().values()}
        if states == {HealthState.OK}:
            return
        await asyncio.sleep(0.02)
