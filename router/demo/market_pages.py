"""The page `/demo/marketplace`: every chat of the demo's platforms, to write in as a buyer.

In: requests of the page. Out: the chats as their platforms keep them, and the platforms' calls to the router.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from aiohttp import ClientError, web
from pydantic import BaseModel, ConfigDict, Field

from router.channel import HttpRequest
from router.demo.forms import BadForm, OneLine, news, page, read_form, refused
from router.demo.marketplace import Marketplace, PushRefused, Shop
from router.demo.shop_pages import render_marketplace
from router.demo.shop_system import ShopSystem
from router.playing import PlayedChat


class BuyersWords(BaseModel):
    """What a person writes as a buyer; no `chat` begins a new one."""

    model_config = ConfigDict(extra="forbid")

    account: str = Field(max_length=63)
    chat: str = Field(default="", max_length=100)
    name: OneLine = Field(default="", max_length=60)
    text: str = Field(min_length=1, max_length=1000, pattern=r"^[^\x00]*$")
    order: OneLine = Field(default="", max_length=40)


class PlatformAct(BaseModel):
    """What buyer or platform do with a message: take it back, hold the shop's next, let one go."""

    model_config = ConfigDict(extra="forbid")

    account: str = Field(max_length=63)
    act: Literal["take_back", "hold_next", "let_go"]
    message: str = Field(default="", max_length=100)


class MarketPages:
    """The page and its calls; `url` is where this router answers."""

    def __init__(self, marketplace: Marketplace, system: ShopSystem, url: str) -> None:
        self._marketplace = marketplace
        self._system = system
        self._url = url

    def routes(self) -> list[web.AbstractRouteDef]:
        """List the routes."""
        return [
            web.get("/demo/marketplace", self.show),
            web.get("/demo/marketplace/chats", self.list_chats),
            web.post("/demo/marketplace/messages", self.write),
            web.post("/demo/marketplace/acts", self.act),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """Give the page; its chats come by `list_chats`."""
        shops = {shop.account: shop.title for shop in self._marketplace.shops.values()}
        return page(render_marketplace(shops, list(self._system.orders.values())))

    async def list_chats(self, request: web.Request) -> web.Response:
        """Give every chat of every shop."""
        shops = [_shop_as_json(shop) for shop in self._marketplace.shops.values()]
        return news({"shops": shops})

    async def write(self, request: web.Request) -> web.Response:
        """Let a buyer write; the platform then calls the router."""
        try:
            own = await read_form(request, BuyersWords)
            shop = self._shop(own.account)
            chat = self._chat(shop, own)
            self._system.place(own.order, shop.account, chat)
            await self._call(shop, lambda: shop.platform.write(chat, own.text, own.order))
        except BadForm as error:
            return refused(error)
        return web.json_response({"chat": chat}, status=201)

    async def act(self, request: web.Request) -> web.Response:
        """Let a buyer take a message back, or the platform hold or release one."""
        try:
            own = await read_form(request, PlatformAct)
            shop = self._shop(own.account)
            if own.act == "hold_next":
                shop.platform.hold_next()
            else:
                change = shop.platform.take_back if own.act == "take_back" else shop.platform.let_go
                await self._call(shop, lambda: change(own.message))
        except BadForm as error:
            return refused(error)
        return web.json_response({}, status=201)

    def _shop(self, account: str) -> Shop:
        shop = self._marketplace.shops.get(account)
        if shop is None:
            raise BadForm("account: there is no such shop")
        return shop

    def _chat(self, shop: Shop, own: BuyersWords) -> str:
        if not own.chat:
            return shop.platform.open_chat(own.name or "Robin")
        try:
            return self._marketplace.chat(shop.account, own.chat).id
        except LookupError:
            raise BadForm("chat: there is no such chat") from None

    async def _call(self, shop: Shop, change: Callable[[], Sequence[HttpRequest]]) -> None:
        try:
            calls = change()
        except LookupError as error:
            raise BadForm(f"message: {error}") from None
        try:
            await self._marketplace.call(self._url, shop.account, calls)
        except (PushRefused, ClientError, TimeoutError) as error:
            raise BadForm(f"the router did not take the push: {error}", 502) from None


def _shop_as_json(shop: Shop) -> dict[str, Any]:
    chats = [_chat_as_json(chat) for chat in shop.platform.chats()]
    return {"account": shop.account, "title": shop.title, "chats": chats}


def _chat_as_json(chat: PlayedChat) -> dict[str, Any]:
    messages = [
        {
            "id": one.id,
            "author": one.author,
            "text": one.text,
            "at": one.at.isoformat(),
            "state": one.state,
        }
        for one in chat.messages
    ]
    return {"id": chat.id, "name": chat.name, "messages": messages}
