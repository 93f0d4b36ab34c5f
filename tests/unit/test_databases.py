"""Databases that tests get one after another: each finds nothing of those before it."""

import asyncio

import asyncpg
import pytest

from tests.databases import Databases

RULES = "INSERT INTO ruleset (version, document, lists, author, created_at) VALUES (1, '', '{}', 'mei', 0)"
CHANGE = (
    "INSERT INTO ruleset_change (act, version, author, at) VALUES ('applied', 1, 'mei', 0) RETURNING number"
)


async def asked(url: str, *statements: str) -> object:
    """Run statements; give the value the last one returns."""
    connection = await asyncpg.connect(url)
    try:
        return [await connection.fetchval(statement) for statement in statements][-1]
    finally:
        await connection.close()


def test_database_that_came_back_is_lent_empty_and_counts_from_the_start(upgraded_postgres: Databases):
    with upgraded_postgres.lent() as url:
        assert asyncio.run(asked(url, RULES, CHANGE)) == 1
    with upgraded_postgres.lent() as again:
        assert again == url
        assert asyncio.run(asked(url, RULES, CHANGE)) == 1


def test_transaction_left_open_ends_when_the_database_comes_back(upgraded_postgres: Databases):
    with asyncio.Runner() as runner:
        with upgraded_postgres.lent() as url:
            left = runner.run(asyncpg.connect(url))
            runner.run(left.execute(f"BEGIN; {RULES}"))
        with upgraded_postgres.lent() as again:
            assert again == url
            assert runner.run(asked(again, RULES, CHANGE)) == 1
        left.terminate()


def test_lent_database_refuses_to_have_its_schema_changed(upgraded_postgres: Databases):
    with upgraded_postgres.lent() as url, pytest.raises(asyncpg.RaiseError, match="take database_url"):
        asyncio.run(asked(url, "DROP TABLE outbox"))
