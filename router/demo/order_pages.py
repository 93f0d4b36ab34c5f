"""The page `/demo/shop-orders`: the shop's orders, and the notes on them as the shops' platforms keep them."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from router.demo.forms import news, page
from router.demo.note_shops import NoteShop, NoteShops
from router.demo.shop_pages import render_shop_orders
from router.demo.shop_system import ShopSystem
from router.orders import Memo


class OrderPages:
    """The page and its call."""

    def __init__(self, system: ShopSystem, notes: NoteShops) -> None:
        self._system = system
        self._notes = notes

    def routes(self) -> list[web.AbstractRouteDef]:
        """List the routes."""
        return [
            web.get("/demo/shop-orders", self.show),
            web.get("/demo/shop-orders/notes", self.list_notes),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """Give the page; notes come by `list_notes`."""
        return page(render_shop_orders(list(self._system.orders.values())))

    async def list_notes(self, request: web.Request) -> web.Response:
        """Give every note that is not empty."""
        return news({"notes": [_as_json(*one) for one in self._notes.memos()]})


def _as_json(shop: NoteShop, order_id: str, memo: Memo) -> dict[str, Any]:
    return {"shop": shop.title, "order": order_id, "text": memo.text, "colour": memo.colour or ""}
