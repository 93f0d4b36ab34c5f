"""The orders of the check: the desk finds what the buyer ordered, and a note on it stands in the shop.

In: a conversation whose buyer placed an order. Out: lines of the transcript, verdicts.
"""

from __future__ import annotations

from typing import Any

from router.demo.desk import Desk
from router.demo.floor import Floor
from router.demo.transcript import Transcript
from router.demo.world import World
from router.orders import NoteColour

REASON = "Sent a new kettle"


async def check_order(
    world: World, floor: Floor, transcript: Transcript, *, login: str, conversation_id: str, order_id: str
) -> None:
    """Look the order up as the agent does, and write a note on it."""
    desk = floor.desks[login]
    order = world.system.orders[order_id]
    cards = await _cards(desk, conversation_id, "orders")
    shown = [(card["id"], card["title"], card["stage"]) for card in cards]
    transcript.act(desk.name, f"looks the orders up: {order.title}, {order.status}")
    transcript.equal("the desk shows the buyer's order", shown, [(order.id, order.title, order.stage)])
    parcels = [card["id"] for card in await _cards(desk, conversation_id, "logistics")]
    transcript.equal("and where its parcel is", parcels, [order.tracking])
    matched = (await floor.conversation(conversation_id))["work_item"]["matched_rules"]
    transcript.check("the rules knew the stage of the order", "after sale" in matched, matched)
    await _write_note(world, floor, transcript, desk, conversation_id, order_id)


async def _write_note(
    world: World, floor: Floor, transcript: Transcript, desk: Desk, conversation_id: str, order_id: str
) -> None:
    body = {"order_id": order_id, "kind": "after_sale", "reason": REASON}
    note = await desk.call("POST", f"/conversations/{conversation_id}/order-notes", body)
    transcript.act(desk.name, f"notes on order {order_id}: {REASON}")

    async def written() -> dict[str, Any] | None:
        found = (await desk.call("GET", f"/conversations/{conversation_id}/orders"))["notes"]
        states = {one["id"]: one for one in found}
        return states.get(note["id"]) if states[note["id"]]["state"] in ("written", "failed") else None

    state = (await floor.until_found(written))["state"]
    transcript.equal("the note is written and read back", state, "written")
    memos = [(shop.title, memo) for shop, order, memo in world.notes.memos() if order == order_id]
    lines = [memo.text.splitlines() for _, memo in memos]
    transcript.check(
        "it stands in one shop, as reason, name and date",
        len(lines) == 1 and len(lines[0]) == 1 and lines[0][0].startswith(f"{REASON}--{desk.name}--"),
        lines,
    )
    transcript.equal("blue, as it is after the sale", [memo.colour for _, memo in memos], [NoteColour.BLUE])


async def _cards(desk: Desk, conversation_id: str, kind: str) -> list[dict[str, Any]]:
    answers = (await desk.call("GET", f"/conversations/{conversation_id}/context", kind=kind))["answers"]
    return [card for answer in answers for card in answer["cards"]]
