"""The composition root: the only module that names concrete classes, and the order in which all starts.

In: the configuration. Out: a running router, stopped in reverse when the block ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from random import Random, SystemRandom

from aiohttp import web

from router.accounts.judgement import Limits
from router.acts import Acts
from router.clock import Clock, SystemClock
from router.composing import Composing
from router.config import Account, AnyAccount, Config, account_settings
from router.context import ContextRoom
from router.decoding import decoder_of
from router.doors import Doors
from router.engine.rules.stage import RulesInForce
from router.engine.words import say
from router.engine_room import EngineRoom
from router.errors import ConfigError
from router.file_folder import FileFolder
from router.filing import FilingRoom
from router.front_desk import FrontDesk
from router.identities import Identities
from router.ids import new_id
from router.intake import Intake
from router.live import LiveEvents
from router.model.filing import Filed
from router.notices import Notices
from router.offers import Offers
from router.order_facts import OrderFactsRoom
from router.order_notes import OrderNotes
from router.outbox import Outbox
from router.outgoing_files import OutgoingFiles
from router.platform_clocks import PlatformClocks
from router.plugin_host import PluginHost
from router.queues import Queues
from router.remapping import Remapping
from router.replies import Replies, Written
from router.rerouting import Reroutes
from router.routing_setup import put_in_force, put_on_staff
from router.rulebook import Rulebook
from router.rules_files import DEFAULT_RULES, RulesSource, read_roster, read_rules
from router.sources import ContextSource, Patience, Sources, read_sources
from router.startup import check_clock, check_folder, files_folder, make_private
from router.steering import Steering
from router.storage.sole import sole_router
from router.storage.store import Store
from router.storage.upgrade import upgrade_database
from router.strategy import Strategy
from router.supervisor import Service, Supervisor
from router.tasks import Tasks
from router.uploading import Uploading
from router.web.app import create_app, create_runner
from router.web.services import Services
from router.web.settings import WebSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Router:
    """Everything that runs; `url` is where the desk answers."""

    config: Config
    store: Store
    clock: Clock
    offers: Offers
    replies: Replies
    intake: Intake
    supervisor: Supervisor
    rulebook: Rulebook
    live: LiveEvents
    url: str


@asynccontextmanager
async def running_router(
    config: Config,
    *,
    accounts: Sequence[AnyAccount] | None = None,
    context: Sequence[ContextSource] = (),
    clock: Clock | None = None,
    random: Random | None = None,
    web_settings: WebSettings | None = None,
    limits: Limits | None = None,
    patience: Patience | None = None,
    extra_routes: Sequence[web.AbstractRouteDef] = (),
) -> AsyncIterator[Router]:
    """Start everything the configuration names; raises ConfigError before anything is accepted.

    `accounts` replaces those of the configuration, for channels that no installed plugin declares; `context`
    adds to those of the configuration, for sources that none declares.
    `extra_routes` are pages of whoever starts the router, beside its own.
    """
    clock = clock or SystemClock()
    plugins = PluginHost.load(config.plugins.disabled)
    accounts = account_settings(config, plugins) if accounts is None else accounts
    sources = read_sources(config, plugins)
    sources = replace(sources, context=(*sources.context, *context), patience=patience or Patience())
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(_own_store(config, clock))
        rules = await _prepare(config, store, clock, plugins.strategies)
        house = _House(accounts, store, clock, rules, plugins.strategies, sources, config)
        await stack.enter_async_context(house.context.opened())
        await stack.enter_async_context(house.recovered())
        supervisor = house.supervise(_public_url(config), random or SystemRandom(), limits)
        await stack.enter_async_context(supervisor)
        app = create_app(house.web_services(), web_settings or _web_settings(config), extra_routes)
        url = await stack.enter_async_context(_listening(config, app))
        # open chats are sent away by their channel; else the web side waits for them in vain
        stack.push_async_callback(supervisor.close_accounts)
        yield house.router(config, supervisor, url)


def _filing_room(
    store: Store, clock: Clock, queues: Queues, filed: Callable[[Sequence[Filed]], None], config: Config
) -> FilingRoom:
    window = timedelta(seconds=config.identity.window)
    return FilingRoom(store, clock, queues.work_item, filed, config.calls.terms, window)


class _House:
    """The rooms, wired."""

    def __init__(
        self,
        accounts: Sequence[AnyAccount],
        store: Store,
        clock: Clock,
        rules: RulesInForce,
        strategies: Sequence[Strategy],
        sources: Sources,
        config: Config,
    ) -> None:
        self._accounts, self._store, self._clock = accounts, store, clock
        run_id = new_id()
        self.decoder = decoder_of(accounts)
        self.doors = Doors(accounts, store, self.decoder, clock)
        self.live = LiveEvents(run_id)
        self.rulebook = Rulebook(store, rules, strategies, lambda: self.engine_room.renew())
        self.engine_room = EngineRoom(store, clock, self.rulebook, lambda made: self.notices.decided(made))
        self.offers = Offers(store, clock, self.engine_room, self._channel_classes)
        self.steering = Steering(store, clock, self.engine_room, self.rulebook)
        self.reroutes = Reroutes(store, clock, self.engine_room, lambda: self.rulebook.rules)
        self.platform_clocks = PlatformClocks(store, clock, self.engine_room, self.rulebook)
        folder = FileFolder(files_folder(config.store.url, config.files.folder))
        self.files = OutgoingFiles(store, clock, folder, self.doors)
        ready = Uploading(store, clock, folder, self.doors).readied
        self.outbox = Outbox(
            store, clock, run_id, self.doors, lambda told: self.notices.delivered(told), ready
        )
        self.notices = Notices(self.live, self.engine_room, self.outbox.wake, self.doors.thread_changed)
        self.order_notes = OrderNotes(store, clock, sources, self.notices.noted)
        self.context = ContextRoom(sources, clock, self.doors)
        self.replies = Replies(store, clock, self.doors, self.doors.outgoing_ref, self._written)
        self.identities = Identities(store, clock, self.engine_room, self.notices)
        self._wire_way_in(config)

    def _wire_way_in(self, config: Config) -> None:
        """Wire the rooms a message passes before anybody is asked to answer it."""
        store, clock = self._store, self._clock
        queues = Queues(clock, lambda: self.rulebook.rules, self.doors.language)
        filing = _filing_room(store, clock, queues, self._filed, config)
        self.tasks = Tasks(
            store,
            clock,
            self.engine_room,
            self.doors,
            queues.work_item,
            self._filed,
            lambda conversation_id: self.notices.tasks(conversation_id),
        )
        orders = OrderFactsRoom(self.context)
        self.intake = Intake(store, clock, self.decoder, self.doors.kind, filing, orders.look_up)
        self.front_desk = FrontDesk(
            store, clock, self.intake, filing, self.notices.reported, self.notices.typing, self.files
        )

    def _filed(self, results: Sequence[Filed]) -> None:
        """Tell what has just been filed."""
        self.rulebook.filed([row for result in results for row in result.work_items])
        self.notices.filed(results)
        for result in results:
            opened = [opened.conversation.id for opened in result.opened]
            self.platform_clocks.stated([*result.stated, *opened])
            self.platform_clocks.said([row["conversation_id"] for row, _ in result.messages])

    def _written(self, what: Written) -> None:
        """Tell what an agent has just written."""
        self.notices.written(what)
        if what.agent_id is not None:
            self.platform_clocks.said([what.conversation_id])

    def _channel_classes(self) -> frozenset[str]:
        """Give the classes work can come in by: those of the rules and those of the channels."""
        channels = {
            each.channel_type.capabilities.channel_class
            for each in self._accounts
            if isinstance(each, Account)
        }
        return frozenset(channels | self.rulebook.engine_config.capacity.classes.keys())

    @asynccontextmanager
    async def recovered(self) -> AsyncIterator[None]:
        """Take up what an earlier run left, before anything new is accepted."""
        try:
            await self.outbox.recover()
            await self.intake.recover()
            await self.files.recover()
            await self.platform_clocks.recover()
            await self.engine_room.restore()
            yield
        finally:
            await self.decoder.close()

    def services(self) -> dict[str, Service]:
        """Name what runs as long as the router does."""
        services: dict[str, Service] = {
            "intake": self.intake.run,
            "engine": self.engine_room.run,
            "notices": self.notices.run,
            "platform clocks": self.platform_clocks.run,
            "rules": self.rulebook.run,
            "tasks": self.tasks.run,
            "order notes": self.order_notes.run,
            "files": self.files.run,
        }
        for account in self.doors.names:
            self.outbox.add_lane(account)
            services[f"outbox {account}"] = partial(self.outbox.run, account)
        return services

    def supervise(self, public_url: str, random: Random, limits: Limits | None) -> Supervisor:
        """Give the supervisor that will run the accounts and the services."""
        supervisor = Supervisor(
            self._accounts,
            intake=self.front_desk,
            clock=self._clock,
            public_url=public_url,
            random=random,
            services=self.services(),
            on_health=self.notices.health,
            limits=limits,
        )
        self.doors.attach(supervisor)
        return supervisor

    def router(self, config: Config, supervisor: Supervisor, url: str) -> Router:
        """Show who started the router what runs."""
        return Router(
            config=config,
            store=self._store,
            clock=self._clock,
            offers=self.offers,
            replies=self.replies,
            intake=self.intake,
            supervisor=supervisor,
            rulebook=self.rulebook,
            live=self.live,
            url=url,
        )

    def web_services(self) -> Services:
        """Hand the rooms to the web side."""
        return Services(
            store=self._store,
            clock=self._clock,
            live=self.live,
            offers=self.offers,
            steering=self.steering,
            rulebook=self.rulebook,
            reroutes=self.reroutes,
            replies=self.replies,
            files=self.files,
            acts=Acts(self._store, self._clock, self.doors, self.notices.taken_back),
            context=self.context,
            order_notes=self.order_notes,
            composing=Composing(self._store, self._clock, self.doors),
            remapping=Remapping(self._store, self.decoder),
            tasks=self.tasks,
            identities=self.identities,
            channels=self.doors,
            quarantine=self.intake,
            words=say,
        )


@asynccontextmanager
async def _own_store(config: Config, clock: Clock) -> AsyncIterator[Store]:
    """Open the store for this router alone, brought to this version's schema."""
    url = config.store.url
    check_folder(url)
    make_private(url)
    async with sole_router(url):
        await upgrade_database(url)
        async with Store.open(url) as store:
            await check_clock(store, clock)
            yield store


async def _prepare(
    config: Config, store: Store, clock: Clock, strategies: Sequence[Strategy]
) -> RulesInForce:
    """Put rules and roster in force; reading a large document takes a while, so off the loop."""
    source: RulesSource = await asyncio.to_thread(read_rules, config.rules or DEFAULT_RULES)
    rules = await put_in_force(
        store, source, "file", clock.now(), is_default=config.rules is None, strategies=strategies
    )
    if config.roster is None:
        return rules
    roster = await asyncio.to_thread(read_roster, config.roster)
    return replace(rules, roster=await put_on_staff(store, roster, clock.now()))


def _web_settings(config: Config) -> WebSettings:
    return WebSettings(public_url=config.web.public_url or "", trusted_proxies=config.web.trusted_proxies)


def _public_url(config: Config) -> str:
    return config.web.public_url or f"http://{config.web.host}:{config.web.port}"


@asynccontextmanager
async def _listening(config: Config, app: web.Application) -> AsyncIterator[str]:
    runner = create_runner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, config.web.host, config.web.port)
        try:
            await site.start()
        except OSError as error:
            raise ConfigError(
                f"cannot listen on {config.web.host}:{config.web.port}: {error.strerror}",
                path="web.port",
                hint="Choose another port, or stop what uses it.",
            ) from None
        port = runner.addresses[0][1]
        yield f"http://{config.web.host}:{port}"
    finally:
        await runner.cleanup()
