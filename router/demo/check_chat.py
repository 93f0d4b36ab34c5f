"""The chat of the check: a visitor whose line breaks while the answer is written."""

from __future__ import annotations

import uuid

from router.demo.files import SITE_KEY
from router.demo.floor import Floor
from router.demo.transcript import Transcript, brief
from router.demo.visitor import Visitor
from router.demo.world import World

QUESTION = "Hi! Is the blue enamel kettle in stock, and do you have a discount for two?"
ANSWER = "Hello! Yes, twelve of them, and two come with ten percent off."
NEEDED = {"lang-en": 3, "presale": 2}


async def play_chat(world: World, floor: Floor, transcript: Transcript) -> str:
    """Play the chat; give the id of its conversation."""
    async with Visitor(world.url, SITE_KEY, "en") as visitor:
        await visitor.introduce("Priya")
        cid = uuid.uuid4().hex
        transcript.act("Priya", f"writes in the chat: {brief(QUESTION)}")
        ack = await visitor.say(QUESTION, cid)
        await visitor.disconnect()
        transcript.act("Priya", "is in a tunnel: the line is gone")
        conversation_id: str = (await floor.conversation_about(QUESTION))["id"]
        login, token = await _accept(floor, transcript, conversation_id)
        desk = floor.desks[login]
        await desk.reply(conversation_id, token, ANSWER)
        transcript.act(desk.name, f"answers: {brief(ANSWER)}")

        await visitor.connect()
        transcript.act(
            "Priya", f"is back and resumes ({visitor.welcome['resume']}); sends again what she sent"
        )
        transcript.equal("the chat resumes where it was", visitor.welcome["resume"], "exact")
        transcript.equal("a message sent again gets the first ack", await visitor.say(QUESTION, cid), ack)
        event = await visitor.answer_after(ack["seq"])
        transcript.detail(f"arrived in her chat as number {event['seq']} from {event['author']['name']}")
        transcript.equal("the visitor reads the answer in the chat", event["body"]["text"], ANSWER)
        transcript.equal("the answer names its agent", event["author"]["name"], desk.name)
        numbers = (sorted(visitor.events), visitor.repeated)
        transcript.equal("the chat has no gap and nothing twice", numbers, ([1, 2], 0))
        await floor.until(
            lambda one: (
                one.topic == "delivery"
                and one.content["conversation_id"] == conversation_id
                and one.content["delivery"]["state"] == "read"
            )
        )
        transcript.check("the agent sees that it was read", True)
        await visitor.end(5)
        await desk.resolve(conversation_id, token)
        transcript.act(desk.name, "resolves it; Priya gives five of five")
    return conversation_id


async def _accept(floor: Floor, transcript: Transcript, conversation_id: str) -> tuple[str, int]:
    heard = await floor.offer_of(conversation_id)
    desk = floor.desks[heard.login]
    accepted = await desk.call("POST", f"/offers/{heard.content['id']}/accept")
    item = accepted["conversation"]["work_item"]
    transcript.act(desk.name, f"gets and accepts the chat (rules: {', '.join(item['matched_rules'])})")
    told = (await desk.decisions(conversation_id))["decisions"]
    transcript.why(next((one["text"] for one in told if one["act"] == "offered"), "NOT TOLD"))
    agent = await desk.call("GET", "/me")
    has = {skill: agent["skills"].get(skill, 0) for skill in NEEDED}
    is_able = all(has[skill] >= level for skill, level in NEEDED.items())
    transcript.check("the chat goes to somebody with lang-en and presale", is_able, has)
    return heard.login, item["token"]
