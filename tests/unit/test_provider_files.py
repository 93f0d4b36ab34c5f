"""Files that lie at the provider, permissions and templates: asked within limits, through a running account."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from pydantic import BaseModel

from router import Capabilities, Channel, ChannelType, HealthState
from router.abilities import Accompanies, Downloads, ListsTemplates, Permits
from router.accounts.judgement import Limits
from router.accounts.running import RunningChannel
from router.clock import SystemClock
from router.config import Account
from router.errors import ContentRejected, RecipientGone, Retryable
from router.messages import InboundEvent, JsonObject, RawInbound
from router.supervisor import Supervisor
from router.testing.channels import NULL_TYPE, NullSettings
from router.testing.memory import MemoryStore
from router.threads import Permission, Template
from tests.unit.test_supervisor import FAST, Watcher


class Settings(BaseModel):
    """Nothing to set."""


class Files(Channel[Settings], Downloads, Permits, ListsTemplates):
    """A provider with one file, which says what the thread says."""

    def decode(self, raw: RawInbound) -> Sequence[InboundEvent]:
        return []

    async def download(self, fields: JsonObject) -> AsyncIterator[bytes]:
        if fields.get("gone"):
            raise RecipientGone("expired", public_text="The provider has dropped the file.")
        for _ in range(int(str(fields.get("chunks", 2)))):
            yield b"x" * 1_000_000

    async def permissions(self, thread: str) -> Permission:
        answers: dict[str, Any] = {"closed": Permission(allowed=False, why="closed"), "odd": "yes"}
        if thread == "boom":
            raise ZeroDivisionError("boom")
        return answers[thread]  # type: ignore[no-any-return]

    async def list_templates(self, thread: str) -> Sequence[Template]:
        return [Template(id=thread, title="", body="")] if thread != "odd" else ["text"]  # type: ignore[list-item]


class Beside(Channel[Settings], Accompanies):
    """A provider that sends about the orders of two other accounts."""

    def decode(self, raw: RawInbound) -> Sequence[InboundEvent]:
        return []

    def accompanied(self) -> Collection[str]:
        return ("support", "returns")

    async def list_templates(self, thread: str) -> Sequence[Template]:
        return ()


FILES_TYPE = ChannelType(
    id="files",
    title="Files",
    settings=Settings,
    capabilities=Capabilities(channel_class="marketplace"),
    factory=Files,
)


@asynccontextmanager
async def running(
    kind: ChannelType, settings: BaseModel, limits: Limits = FAST
) -> AsyncIterator[RunningChannel]:
    watcher = Watcher()
    account = Account(name="shop", channel_type=kind, settings=settings)
    supervisor = Supervisor(
        [account],
        intake=MemoryStore(),
        clock=SystemClock(),
        public_url="http://127.0.0.1",
        random=Random(1),
        services={},
        on_health=watcher,
        limits=limits,
    )
    async with supervisor:
        await watcher.until("shop", HealthState.OK)
        yield supervisor.channel("shop")


@pytest.fixture
async def files() -> AsyncIterator[RunningChannel]:
    async with running(FILES_TYPE, Settings()) as channel:
        yield channel


async def test_file_at_the_provider_is_fetched_whole(files: RunningChannel) -> None:
    assert len(await files.download({"chunks": 3})) == 3_000_000


async def test_file_larger_than_the_limit_is_given_up_early(files: RunningChannel) -> None:
    with pytest.raises(ContentRejected, match="larger"):
        await files.download({"chunks": 1_000_000})


async def test_file_the_provider_has_dropped_is_not_there(files: RunningChannel) -> None:
    with pytest.raises(LookupError, match="dropped"):
        await files.download({"gone": True})


async def test_permission_and_templates_are_those_of_the_thread(files: RunningChannel) -> None:
    assert await files.permissions("closed") == Permission(allowed=False, why="closed")
    assert [one.id for one in await files.list_templates("t1")] == ["t1"]


@pytest.mark.parametrize("thread", ["boom", "odd"])
async def test_channel_that_fails_or_answers_nonsense_could_not_be_asked(
    files: RunningChannel, thread: str
) -> None:
    with pytest.raises(Retryable):
        await files.permissions(thread)


async def test_templates_that_are_none_could_not_be_asked(files: RunningChannel) -> None:
    with pytest.raises(Retryable, match="not a Template"):
        await files.list_templates("odd")


async def test_channel_that_sends_about_orders_of_other_accounts_names_them() -> None:
    async with running(replace(FILES_TYPE, factory=Beside), Settings()) as channel:
        assert channel.accompanied == {"support", "returns"}


async def test_channel_without_these_abilities_is_never_asked() -> None:
    async with running(NULL_TYPE, NullSettings()) as channel:
        assert channel.accompanied == frozenset()
        assert await channel.permissions("t1") is None
        assert await channel.list_templates("t1") == ()
        with pytest.raises(LookupError):
            await channel.download({})
