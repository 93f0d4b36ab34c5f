"""Starting a router: what is refused, and that nothing happens before."""

from pathlib import Path

import pytest

from router.bootstrap import running_router
from router.config import Config, parse_config
from router.errors import ConfigError


def config(url: str, port: int = 0) -> Config:
    return parse_config(f"store: {{url: '{url}'}}\nweb: {{port: {port}}}\n", "omnirouter.yaml")


async def test_a_second_router_on_one_database_is_refused_and_the_first_runs_on(database_url: str) -> None:
    async with running_router(config(database_url)) as first:
        with pytest.raises(ConfigError, match="another router is running"):
            async with running_router(config(database_url)):
                pass
        async with first.store.reading():
            pass
    async with running_router(config(database_url)):
        pass


async def test_a_taken_port_is_named_with_its_remedy(ready_url: str, tmp_path: Path) -> None:
    async with running_router(config(ready_url)) as first:
        port = int(first.url.rpartition(":")[2])
        with pytest.raises(ConfigError, match=f"cannot listen on 127.0.0.1:{port}.*Choose another port"):
            async with running_router(config(f"sqlite:///{tmp_path}/two.db", port)):
                pass


def others_may(path: Path) -> int:
    return path.stat().st_mode & 0o077


async def test_what_customers_wrote_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    async with running_router(config(f"sqlite:///{tmp_path}/router.db")):
        assert others_may(tmp_path / "router.db") == 0
        assert others_may(tmp_path / "router.db-wal") == 0


async def test_a_folder_that_is_not_there_is_named_with_its_remedy(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"missing does not exist\. Create it first"):
        async with running_router(config(f"sqlite:///{tmp_path}/missing/router.db")):
            pass
