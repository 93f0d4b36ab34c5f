"""What a desk is shown of the notes on orders: shapes of `docs/http-api.md`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderNoteView:
    """A note on an order: `text` as it stands in the shop, and how far it has come there.

    `state` local: no shop takes it; `shop` is the entry of `notes:` it goes to, `detail` why it is not there.
    """

    id: str
    conversation_id: str
    order_id: str
    kind: Literal["pre_sale", "after_sale", "other"]
    text: str
    author: str
    shop: str
    state: Literal["local", "queued", "written", "failed", "unknown"]
    detail: str
    next_try_at: datetime | None
    created_at: datetime
    written_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteShop:
    """The shop that takes the notes on an account's orders; `problem` says why it does not at present."""

    name: str
    title: str
    max: int = 0
    problem: str = ""
