"""The silent owner of the check: a chat whose agent never answers goes on to somebody else, with its age."""

from __future__ import annotations

import re
import uuid

from router.demo.desk import Refused
from router.demo.files import SITE_KEY
from router.demo.floor import Floor
from router.demo.transcript import Transcript, brief
from router.demo.visitor import Visitor
from router.demo.world import World

QUESTION = "Hello, where is my parcel? I am waiting for order 1009."
ANSWER = "Sorry for the wait! It is at the depot and comes tomorrow."

_MACHINE_WORDS = re.compile(r"[{}]|[0-9a-f]{32}|\bNone\b")


async def play_silence(world: World, floor: Floor, transcript: Transcript) -> str:
    """Play the chat of a silent owner; give the id of its conversation."""
    async with Visitor(world.url, SITE_KEY, "en") as visitor:
        await visitor.introduce("Ines")
        transcript.act("Ines", f"writes in the chat: {brief(QUESTION)}")
        ack = await visitor.say(QUESTION, uuid.uuid4().hex)
        conversation_id: str = (await floor.conversation_about(QUESTION))["id"]
        first = await floor.offer_of(conversation_id)
        silent = floor.desks[first.login]
        token = await _accept(floor, first.login, first.content["id"])
        since = first.content["conversation"]["work_item"]["eligible_since"]
        transcript.act(silent.name, "accepts, and says nothing")
        await floor.until(
            lambda one: one.topic == "alarm" and one.content["conversation_id"] == conversation_id
        )
        transcript.act("the router", "reminds, then tells the supervisor, then takes the chat back")
        second = await floor.until(
            lambda one: (
                one.topic == "offer"
                and one.content["conversation"]["id"] == conversation_id
                and one.content["id"] != first.content["id"]
            )
        )
        await _check_hand_over(floor, transcript, silent.name, conversation_id)
        transcript.check("the chat of a silent owner goes to somebody else", second.login != first.login)
        age = second.content["conversation"]["work_item"]["eligible_since"]
        transcript.equal("it keeps its age", age, since)
        await _check_token_is_dead(floor, transcript, first.login, conversation_id, token)
        desk = floor.desks[second.login]
        token = await _accept(floor, second.login, second.content["id"])
        await desk.reply(conversation_id, token, ANSWER)
        event = await visitor.answer_after(ack["seq"])
        transcript.equal("the next agent answers Ines", event["author"]["name"], desk.name)
        await visitor.end(4)
        await desk.resolve(conversation_id, token)
    return conversation_id


async def _accept(floor: Floor, login: str, offer_id: str) -> int:
    accepted = await floor.desks[login].call("POST", f"/offers/{offer_id}/accept")
    token: int = accepted["conversation"]["work_item"]["token"]
    return token


async def _check_hand_over(floor: Floor, transcript: Transcript, name: str, conversation_id: str) -> None:
    """Check that the timeline says why it came back, and that the reasons read like words of people."""
    desk = floor.desks["mei"]
    notes = [one for one in await desk.messages(conversation_id) if one["kind"] == "came_back"]
    reasons = [note["blocks"][0]["fields"]["reason"] for note in notes]
    transcript.equal("the next agent finds a hand-over note", reasons, ["silent"])
    for lang in ("en", "zh-CN"):
        told = (await desk.decisions(conversation_id, lang))["decisions"]
        texts = {one["act"]: one["text"] for one in told}
        transcript.why(texts.get("put_back", "NOT TOLD"))
        odd = [text for text in texts.values() if _MACHINE_WORDS.search(text)]
        transcript.check(f"the reasons read like words of people ({lang})", not odd, odd)
        named = name in texts.get("put_back", "")
        transcript.check(f"they name who was silent ({lang})", named, texts.get("put_back"))


async def _check_token_is_dead(
    floor: Floor, transcript: Transcript, login: str, conversation_id: str, token: int
) -> None:
    try:
        await floor.desks[login].reply(conversation_id, token, "Too late")
    except Refused as error:
        transcript.equal("whoever lost the chat cannot answer it any more", error.code, "stale_version")
    else:
        transcript.check("whoever lost the chat cannot answer it any more", False, "it was sent")
