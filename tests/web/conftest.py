"""Fixtures of the web tests: a shop on a real store, a real server on loopback."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from router.storage.store import Store
from router.web.app import create_app
from router.web.settings import WebSettings
from tests.web.shop import HASHER, Shop, opened_shop


@pytest.fixture
async def shop(tmp_path: Path, upgraded_sqlite: Path) -> AsyncIterator[Shop]:
    """Give an open shop on a fresh SQLite file."""
    shutil.copy(upgraded_sqlite, tmp_path / "shop.db")
    async with Store.open(f"sqlite:///{tmp_path}/shop.db", durable=False) as store:
        yield await opened_shop(store, tmp_path / "files")


@pytest.fixture
async def shop_anywhere(store: Store, tmp_path: Path) -> Shop:
    """Give an open shop on each database engine in turn."""
    return await opened_shop(store, tmp_path / "files")


Start = Callable[..., Awaitable[TestClient[web.Request, web.Application]]]


@pytest.fixture
async def start(shop: Shop, tmp_path: Path) -> AsyncIterator[Start]:
    """Give a function that starts the shop's web server and a client for it."""
    clients: list[TestClient[web.Request, web.Application]] = []

    async def start_server(**settings: Any) -> TestClient[web.Request, web.Application]:
        chosen = {"password_hasher": HASHER, "static": tmp_path / "static", **settings}
        app = create_app(shop.services, WebSettings(**chosen))
        client = TestClient(TestServer(app))
        await client.start_server()
        clients.append(client)
        return client

    yield start_server
    for client in clients:
        await client.close()


@pytest.fixture
async def client(start: Start) -> TestClient[web.Request, web.Application]:
    """Give a client of the shop's web server."""
    return await start()
