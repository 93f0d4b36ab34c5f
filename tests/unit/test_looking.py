"""Databases one only looks into: those of other versions are refused, and none is made."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from router.checking import check_config
from router.errors import ConfigError
from router.storage.looking import looking_into
from router.storage.upgrade import upgrade


@pytest.fixture
def database(tmp_path: Path) -> Path:
    (tmp_path / "omnirouter.yaml").write_text(f"store: {{url: 'sqlite:///{tmp_path}/router.db'}}\n")
    return tmp_path / "router.db"


def from_the_future(database: Path) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'later'")
    connection.close()


async def test_database_that_is_not_there_is_not_made(database: Path) -> None:
    with pytest.raises(ConfigError, match="there is no database yet"):
        async with looking_into(f"sqlite:///{database}"):
            pass
    assert not list(database.parent.glob("router.db*"))


@pytest.mark.usefixtures("ready_url")
async def test_database_of_a_later_version_is_refused(database: Path) -> None:
    async with looking_into(f"sqlite:///{database}"):
        pass
    from_the_future(database)
    with pytest.raises(ConfigError, match="has the schema 'later'. It was written by another version"):
        async with looking_into(f"sqlite:///{database}"):
            pass


async def test_database_of_an_earlier_version_is_to_be_upgraded_first(database: Path) -> None:
    engine = create_engine(f"sqlite:///{database}")
    with engine.begin() as connection:
        upgrade(connection, "0001")
    engine.dispose()
    with pytest.raises(ConfigError, match=r"older schema. Run `omnirouter db upgrade` first"):
        async with looking_into(f"sqlite:///{database}"):
            pass


@pytest.mark.usefixtures("ready_url")
def test_check_finds_a_database_of_a_later_version(database: Path) -> None:
    config = database.parent / "omnirouter.yaml"
    assert check_config(config) == []
    from_the_future(database)
    (finding,) = check_config(config)
    assert "has the schema 'later'" in finding
