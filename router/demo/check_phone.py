"""The phone of the check: calls nobody answers become one call back, and a talk closes it.

In: a shop where somebody is available. Out: the ids of the conversations, whose work is done.
"""

from __future__ import annotations

from typing import Any

from router.demo.floor import Floor
from router.demo.phone import ACCOUNT
from router.demo.transcript import Transcript
from router.demo.world import World

NUMBER = "13900139000"
ORDER = "1015"
FIRST_AGO_S, SECOND_AGO_S, TALK_AGO_S = 300.0, 200.0, 100.0


async def play_phone(world: World, floor: Floor, transcript: Transcript) -> list[str]:
    """Play a customer who calls twice in vain and is called back."""
    world.system.place(ORDER, ACCOUNT, f"+86{NUMBER}")
    transcript.act(NUMBER, "calls, and nobody answers; the phone system writes a row into its file")
    await world.phone.tell("missed", NUMBER, "file", ago_s=FIRST_AGO_S)
    task = await _task(floor, counter=1)
    transcript.equal("a missed call is one call back", task["kind"], "call_back")
    heard = await floor.until(
        lambda one: one.topic == "offer" and one.content["conversation"]["account"] == ACCOUNT
    )
    desk = floor.desks[heard.login]
    transcript.act(desk.name, "is offered the call back")

    transcript.act(NUMBER, "calls again in vain; the phone system posts it, and again without its answer")
    await world.phone.tell("missed", NUMBER, "post", ago_s=SECOND_AGO_S, times=2)
    again = await _task(floor, counter=2)
    transcript.equal(
        "the second call counts up the same task, and its repeated post does not", again["id"], task["id"]
    )
    conversation_id = str(task["conversation_id"])
    offer = await floor.offer_of(conversation_id)
    await desk.call("POST", f"/offers/{offer.content['id']}/accept")
    transcript.act(desk.name, "accepts and calls back")
    await world.phone.tell("called_back", NUMBER, "post", ago_s=TALK_AGO_S)
    closed = await _task(floor, task_id=task["id"], state="done")
    transcript.equal("the talk closes the task", closed["closed_reason"], "answered")
    answers = (await desk.call("GET", f"/conversations/{conversation_id}/context", kind="orders"))["answers"]
    orders = [card["id"] for answer in answers for card in answer["cards"]]
    transcript.equal("the desk shows the caller's order", orders, [ORDER])
    found = await floor.conversation(conversation_id)
    transcript.equal("and with it the work", found["work_item"]["state"], "done")
    calls = [one for one in await desk.messages(conversation_id) if one["kind"] == "call"]
    transcript.equal("every call stands in the conversation once", len(calls), 3)
    return [conversation_id]


async def _task(floor: Floor, *, task_id: str = "", counter: int = 0, state: str = "open") -> dict[str, Any]:
    """Wait for the customer's task to be as it should."""

    async def look() -> dict[str, Any] | None:
        desk = floor.desks["mei"]
        if task_id:
            tasks = [await desk.call("GET", f"/tasks/{task_id}")]
        else:
            tasks = (await desk.call("GET", "/tasks", view="open"))["tasks"]
        fitting = [
            one
            for one in tasks
            if one["account"] == ACCOUNT
            and one["state"] == state
            and (not counter or one["counter"] == counter)
        ]
        return fitting[0] if len(fitting) == 1 else None

    return await floor.until_found(look)
