"""A small shop to be crashed: configuration, roster and an empty store with one agent who has a token."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from router.clock import SystemClock
from router.engine.roster import load_roster
from router.people import create_token, find_agent
from router.routing_setup import put_on_staff
from router.storage.store import Store
from router.storage.upgrade import upgrade_database
from router.testing.loopback import free_ports
from tests.crash.cases import MAILBOX
from tests.crash.visitor import SITE

ROSTER = "agents:\n  anna: {display_name: Anna, max_claims: 50}\n"
# one agent has all the work of a campaign at once
RULES = """
version: 1
queues: {service: {}}
capacity: {classes: {chat: {cost: 1, max: 50}, email: {cost: 1, max: 50}}}
rules:
  - name: everything
    when: "true"
    set: {queue: service}
    examples: [{given: {message: {text: hello}}, expect: {queue: service}}]
"""
CONFIG = """
store: {{url: "{store_url}"}}
web: {{port: {web_port}}}
rules: rules.yaml
roster: roster.yaml
log: {{level: WARNING}}
accounts:
  support:
    channel: email
    address: {mailbox}
    smtp_in: {{port: {smtp_port}}}
    smtp_out: {{host: 127.0.0.1, port: {relay_port}, security: none}}
  shop:
    channel: webchat
    site_key: {site}
    allow_loopback: true
    sockets_per_address: 100000
    new_visitors_per_minute: 100000
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """Where everything of one campaign is."""

    config: Path
    log: Path
    store_url: str
    web_port: int
    smtp_port: int
    relay_port: int
    token: str

    @property
    def url(self) -> str:
        """Give the address of desk and chat."""
        return f"http://127.0.0.1:{self.web_port}"


async def open_shop(folder: Path, store_url: str) -> Shop:
    """Write the files, bring the store up to date and hire the agent."""
    web_port, smtp_port, relay_port = free_ports(3)
    text = CONFIG.format(
        store_url=store_url,
        mailbox=MAILBOX,
        site=SITE,
        web_port=web_port,
        smtp_port=smtp_port,
        relay_port=relay_port,
    )
    (folder / "rules.yaml").write_text(RULES)
    (folder / "roster.yaml").write_text(ROSTER)
    (folder / "omnirouter.yaml").write_text(text)
    return Shop(
        config=folder / "omnirouter.yaml",
        log=folder / "router.log",
        store_url=store_url,
        web_port=web_port,
        smtp_port=smtp_port,
        relay_port=relay_port,
        token=await _hire(store_url),
    )


async def _hire(store_url: str) -> str:
    clock = SystemClock()
    await upgrade_database(store_url)
    async with Store.open(store_url) as store:
        await put_on_staff(store, load_roster(ROSTER, source="roster.yaml"), clock.now())
        agent_id = await store.write(find_agent, "anna")
        assert agent_id is not None
        return (await create_token(store, agent_id, "campaign", clock.now())).text
