"""The shops of the demo whose order notes are written: every installed kind that brings one to play with.

In: accounts and orders. Out: the section `notes:` of the configuration, and the notes as the shops keep them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from router.orders import Memo, NoteSimulator
from router.plugin_host import PluginHost

ZONE = "Asia/Shanghai"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteShop:
    """One shop and the kind of its notes."""

    target: str
    title: str
    shop: NoteSimulator


class NoteShops:
    """All shops with order notes; each of them has every order."""

    def __init__(self, plugins: PluginHost, orders: Sequence[str]) -> None:
        self._orders = orders
        self.shops: Sequence[NoteShop] = [
            NoteShop(target=kind.id, title=kind.title, shop=kind.simulator())
            for kind in sorted(plugins.note_targets.values(), key=lambda kind: kind.id)
            if kind.simulator is not None
        ]

    async def open(self) -> None:
        """Start the shops, each with all orders."""
        for each in self.shops:
            for order_id in self._orders:
                each.shop.keep(order_id)
        await asyncio.gather(*(each.shop.start() for each in self.shops))

    async def close(self) -> None:
        """Stop them."""
        await asyncio.gather(*(each.shop.stop() for each in self.shops))

    def section(self, accounts: Sequence[str]) -> Mapping[str, dict[str, Any]]:
        """Give the configuration: the accounts are dealt out among the shops in turn; only after `open`."""
        count = len(self.shops)
        return {
            each.target.replace("_", "-"): {
                "target": each.target,
                "accounts": list(accounts[place::count]),
                "zone": ZONE,
                **each.shop.settings().model_dump(mode="json", exclude_defaults=True),
            }
            for place, each in enumerate(self.shops)
            if accounts[place::count]
        }

    def memos(self) -> Sequence[tuple[NoteShop, str, Memo]]:
        """Give every note that is not empty, by shop and order."""
        found = [
            (each, order_id, each.shop.memo(order_id)) for each in self.shops for order_id in self._orders
        ]
        return [one for one in found if one[2].text]
