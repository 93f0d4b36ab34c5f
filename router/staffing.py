"""Passwords and API tokens from the command line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from router.clock import SystemClock
from router.config import load_config
from router.errors import ConfigError, NotFound
from router.people import create_token, find_agent, hash_password, set_password
from router.routing_setup import put_on_staff
from router.rules_files import read_roster
from router.storage.store import Store
from router.storage.upgrade import upgrade_database

LEAST_PASSWORD_CHARS = 8
MOST_NAME_CHARS = 100


async def make_token(config: Path, login: str, name: str) -> str:
    """Make an API token for an agent and give its text."""
    if not 0 < len(name.strip()) <= MOST_NAME_CHARS:
        raise ConfigError(
            "the token needs a name", hint=f"Say what it is for, in at most {MOST_NAME_CHARS} characters."
        )
    async with _staffed(config) as store:
        agent_id = await store.write(find_agent, login)
        if agent_id is None:
            raise NotFound(f"there is no agent with the login {login!r}; agents come from the roster file")
        return (await create_token(store, agent_id, name, SystemClock().now())).text


async def change_password(config: Path, login: str, password: str) -> None:
    """Set an agent's password."""
    if len(password) < LEAST_PASSWORD_CHARS:
        raise ConfigError(
            "the password is too short", hint=f"It needs at least {LEAST_PASSWORD_CHARS} characters."
        )
    async with _staffed(config) as store:
        await store.write(set_password, login, hash_password(password))


@asynccontextmanager
async def _staffed(path: Path) -> AsyncIterator[Store]:
    """Open the store with everybody of the roster in it, as at a start of the router."""
    config = load_config(path)
    await upgrade_database(config.store.url)
    async with Store.open(config.store.url) as store:
        if config.roster is not None:
            await put_on_staff(store, read_roster(config.roster), SystemClock().now())
        yield store
