"""Everything outside the shop that its router meets: mail, marketplaces, phone, the shop's own system, note books.

In: a folder, a clock and where the router will answer. Out: all of it running, its part of the configuration,
and its pages; stopped when the block ends.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from router.clock import Clock
from router.demo.files import SHOP_ADDRESS, SITE, SITE_KEY, SUPPORT
from router.demo.mailbox import Mailbox
from router.demo.market_pages import MarketPages
from router.demo.marketplace import Marketplace
from router.demo.note_shops import NoteShops
from router.demo.order_pages import OrderPages
from router.demo.pages import DemoPages
from router.demo.phone import ACCOUNT as HOTLINE
from router.demo.phone import Phone
from router.demo.phone_pages import PhonePages
from router.demo.scenes import Script
from router.demo.shop_orders import load_orders
from router.demo.shop_system import ShopSystem
from router.plugin_host import PluginHost


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What runs; `relay_port` is where the customers' mailbox takes the shop's mail."""

    mailbox: Mailbox
    relay_port: int
    marketplace: Marketplace
    phone: Phone
    system: ShopSystem
    notes: NoteShops

    def sections(self) -> Mapping[str, Mapping[str, Any]]:
        """Give what the configuration has besides the shop's own mail and chat."""
        accounts = {**self.marketplace.accounts(), HOTLINE: self.phone.account()}
        return {"accounts": accounts, "notes": self.notes.section([*accounts, SUPPORT, SITE])}

    def routes(self, script: Script, clock: Clock, url: str) -> list[web.AbstractRouteDef]:
        """List the pages."""
        rooms = (
            DemoPages(self.mailbox, clock, script, url, SITE_KEY, SHOP_ADDRESS),
            MarketPages(self.marketplace, self.system, url),
            PhonePages(self.phone),
            OrderPages(self.system, self.notes),
            self.system,
        )
        return [route for each in rooms for route in each.routes()]


@asynccontextmanager
async def running_outside(folder: Path, clock: Clock, url: str, smtp_port: int) -> AsyncIterator[Outside]:
    """Start everything; `url` and `smtp_port` are where the router will answer."""
    plugins = PluginHost.load()
    system = ShopSystem(load_orders())
    mailbox = Mailbox(clock, smtp_port)
    marketplace, phone = Marketplace(plugins, clock), Phone(folder, clock, url)
    notes = NoteShops(plugins, list(system.orders))
    async with AsyncExitStack() as stack:
        stack.callback(mailbox.close)
        relay_port = await mailbox.open()
        for each in (marketplace, phone, notes):
            stack.push_async_callback(each.close)
            await each.open()
        yield Outside(
            mailbox=mailbox,
            relay_port=relay_port,
            marketplace=marketplace,
            phone=phone,
            system=system,
            notes=notes,
        )
