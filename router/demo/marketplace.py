"""The marketplaces of the demo: every installed platform that can be played, with its buyers' chats.

In: what buyers do. Out: the platforms' own calls to the router over HTTP, and their chats as buyers see them.
No platform is named here: whatever plugin brings a simulator with the methods of `PlaysChats` takes part.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from aiohttp import ClientSession, ClientTimeout, DummyCookieJar

from router.channel import HttpRequest
from router.clock import Clock
from router.errors import RouterError
from router.playing import PlayedChat, PlaysChats
from router.plugin_host import PluginHost

PUSH_WITHIN_S = 60.0
PUSHED_AGAIN, PUSH_AGAIN_S = 20, 0.5
SHOPS_AT_FIRST = 2


class PushRefused(RouterError):
    """The router did not take a platform's call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """One shop of ours on one platform, and the account that serves it."""

    account: str
    title: str
    channel: str
    platform: PlaysChats


class Marketplace:
    """All shops by account; the first platform has two, whose chats have equal ids."""

    def __init__(self, plugins: PluginHost, clock: Clock) -> None:
        self.shops: dict[str, Shop] = {}
        for kind in sorted(plugins.channel_types.values(), key=lambda kind: kind.id):
            for number in range(1 if self.shops else SHOPS_AT_FIRST):
                platform = kind.simulator() if kind.simulator is not None else None
                if not isinstance(platform, PlaysChats):
                    break
                platform.follow(clock)
                second = number > 0
                account = kind.id.replace("_", "-") + ("-second" if second else "")
                title = kind.title + (", second shop" if second else "")
                self.shops[account] = Shop(account=account, title=title, channel=kind.id, platform=platform)
        self._http: ClientSession | None = None

    async def open(self) -> None:
        """Start the platforms."""
        self._http = ClientSession(cookie_jar=DummyCookieJar(), timeout=ClientTimeout(total=PUSH_WITHIN_S))
        await asyncio.gather(*(shop.platform.start() for shop in self.shops.values()))

    async def close(self) -> None:
        """Stop them."""
        await asyncio.gather(*(shop.platform.stop() for shop in self.shops.values()))
        if self._http is not None:
            await self._http.close()

    def accounts(self) -> Mapping[str, dict[str, Any]]:
        """Give the configuration of every shop's account; only after `open`."""
        return {
            shop.account: {
                "channel": shop.channel,
                **shop.platform.settings().model_dump(mode="json", exclude_defaults=True),
            }
            for shop in self.shops.values()
        }

    def chats(self, account: str) -> Sequence[PlayedChat]:
        """Give the chats of a shop."""
        return self.shops[account].platform.chats()

    def chat(self, account: str, chat_id: str) -> PlayedChat:
        """Give one chat; raises LookupError if there is none."""
        found = next((chat for chat in self.chats(account) if chat.id == chat_id), None)
        if found is None:
            raise LookupError(f"{account} has no chat {chat_id}")
        return found

    async def call(self, url: str, account: str, calls: Sequence[HttpRequest]) -> None:
        """Make a platform's calls to the router at `url`; raises PushRefused when one is not taken."""
        for one in calls:
            status = await self._push(url, account, one)
            for _ in range(PUSHED_AGAIN):
                # A busy router lets a platform come again, and platforms do.
                if status != HTTPStatus.SERVICE_UNAVAILABLE:
                    break
                await asyncio.sleep(PUSH_AGAIN_S)
                status = await self._push(url, account, one)
            if status >= HTTPStatus.MULTIPLE_CHOICES:
                raise PushRefused(f"{account} was answered {status} to its push")

    async def _push(self, url: str, account: str, one: HttpRequest) -> int:
        if self._http is None:
            raise RuntimeError("open the marketplaces first")
        async with self._http.request(
            one.method,
            f"{url}/hooks/{account}{one.path}",
            params=one.query,
            headers=one.headers,
            data=one.body,
        ) as answer:
            return answer.status
