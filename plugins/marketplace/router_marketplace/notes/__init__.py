"""Order notes on Taobao, Tmall and Pinduoduo: what the router's notes are brought into.

In: a shop's keys and an order. Out: the seller's note of the order, read and replaced.
"""

from __future__ import annotations

from collections.abc import Sequence

from router.orders import NoteTargetType
from router_marketplace.notes.pinduoduo import PINDUODUO
from router_marketplace.notes.taobao import TAOBAO

NOTE_TARGETS: Sequence[NoteTargetType] = (TAOBAO, PINDUODUO)
