"""The acts of the check's marketplace scenes, each with what has to be true after it.

In: the running shops and their floor. Out: chats, lines of the transcript, verdicts.
"""

from __future__ import annotations

from dataclasses import dataclass

from router.demo.floor import Floor, Heard
from router.demo.transcript import Transcript, brief
from router.demo.world import World
from router.playing import PlayedMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """What one buyer wrote in which chat, and the conversation it became."""

    account: str
    chat: str
    name: str
    text: str
    conversation_id: str


class MarketActs:
    """Acts of the marketplace scenes; whoever takes a matter is remembered by its conversation."""

    def __init__(self, world: World, floor: Floor, transcript: Transcript) -> None:
        self._world = world
        self._market = world.marketplace
        self._floor = floor
        self._transcript = transcript
        self._taken: dict[str, tuple[str, int]] = {}

    async def write(self, account: str, name: str, text: str, order: str = "") -> Matter:
        """Let a new buyer write, and wait until it is a conversation."""
        shop = self._market.shops[account]
        chat = shop.platform.open_chat(name)
        self._transcript.act(name, f"writes at {shop.title}: {brief(text)}")
        self._world.system.place(order, account, chat)
        await self._market.call(self._world.url, account, shop.platform.write(chat, text, order))
        found = await self._floor.conversation_about(text)
        self._transcript.equal(f"what {name} wrote came in by the right shop", found["account"], account)
        return Matter(account=account, chat=chat, name=name, text=text, conversation_id=str(found["id"]))

    async def push_again(self, matter: Matter) -> None:
        """Let the platform make its call about a message once more, as it does without an answer in time."""
        shop = self._market.shops[matter.account]
        self._transcript.act(shop.title, f"pushes the message of {matter.name} a second time")
        again = shop.platform.push_again(matter.chat)
        await self._market.call(self._world.url, matter.account, again)

    async def hold_next(self, account: str) -> None:
        """Let the platform's moderation hold what the shop writes next."""
        self._market.shops[account].platform.hold_next()

    async def offered_first(self, matter: Matter) -> None:
        """Check that the free agent is asked for the complaint, though the question came before it."""
        heard = await self._floor.until(
            lambda one: one.topic == "offer" and one.content["conversation"]["account"] in self._market.shops
        )
        first = heard.content["conversation"]["id"]
        self._transcript.equal(
            "the complaint of the marketplace is offered first", first, matter.conversation_id
        )
        await self._take(heard)

    def taken_by(self, matter: Matter) -> str:
        """Give the login of who took a matter."""
        return self._taken[matter.conversation_id][0]

    async def take_next(self, matter: Matter) -> None:
        """Wait for the offer of a matter and accept it."""
        await self._take(await self._floor.offer_of(matter.conversation_id))

    async def answer(self, matter: Matter, text: str) -> None:
        """Answer, and check that the buyer reads it once."""
        await self._reply(matter, text, "accepted")
        self._transcript.equal(
            f"{matter.name} reads the answer once", [one.text for one in self._of_shop(matter)], [text]
        )

    async def held_answer(self, matter: Matter, text: str) -> None:
        """Answer while the platform holds messages: the agent knows, the buyer sees it once it is let go."""
        await self._reply(matter, text, "held")
        [held] = self._of_shop(matter)
        self._transcript.equal("the held answer is not shown to the buyer", held.state, "held")
        self._transcript.act("moderation", "lets the answer through")
        let_go = self._market.shops[matter.account].platform.let_go(held.id)
        await self._market.call(self._world.url, matter.account, let_go)
        await self._delivery(matter, "delivered")
        seen = [one.text for one in self._of_shop(matter) if one.state == "sent"]
        self._transcript.equal(f"{matter.name} reads the answer once it is let go, and once", seen, [text])

    async def take_back(self, matter: Matter) -> None:
        """Let the buyer take back what he wrote, and check that the desk no longer shows it."""
        platform = self._market.shops[matter.account].platform
        message = next(one for one in self._messages(matter) if one.text == matter.text)
        self._transcript.act(matter.name, "takes the message back")
        await self._market.call(self._world.url, matter.account, platform.take_back(message.id))
        await self._floor.until(
            lambda one: (
                one.topic == "message"
                and one.content["conversation_id"] == matter.conversation_id
                and one.content["message"]["recalled_at"] is not None
            )
        )
        shown = await self._inbound(matter)
        self._transcript.check("a message taken back is empty at the desk", matter.text not in shown, shown)
        self._transcript.equal("the push that came twice is one message", len(shown), 2)

    async def resolve(self, matter: Matter) -> None:
        """End the episode."""
        login, token = self._taken[matter.conversation_id]
        await self._floor.desks[login].resolve(matter.conversation_id, token)
        self._transcript.act(self._floor.desks[login].name, f"resolves the matter of {matter.name}")

    def never_mixed(self, *matters: Matter) -> None:
        """Check that each shop's chat holds its own buyer's words only."""
        for matter in matters:
            others = {one.text for one in matters if one is not matter}
            said = {one.text for one in self._messages(matter)}
            self._transcript.check(
                f"nothing of the others is in the chat of {matter.name}", not said & others, said & others
            )

    async def _take(self, heard: Heard) -> None:
        desk = self._floor.desks[heard.login]
        accepted = await desk.call("POST", f"/offers/{heard.content['id']}/accept")
        item = accepted["conversation"]["work_item"]
        conversation_id = heard.content["conversation"]["id"]
        self._taken[conversation_id] = (heard.login, item["token"])
        matched = ", ".join(item["matched_rules"])
        self._transcript.act(desk.name, f"gets and accepts it (rules: {matched})")
        told = (await desk.decisions(conversation_id))["decisions"]
        self._transcript.why(next((one["text"] for one in told if one["act"] == "offered"), "NOT TOLD"))

    async def _reply(self, matter: Matter, text: str, state: str) -> None:
        login, token = self._taken[matter.conversation_id]
        desk = self._floor.desks[login]
        await desk.reply(matter.conversation_id, token, text)
        self._transcript.act(desk.name, f"answers {matter.name}: {brief(text)}")
        await self._delivery(matter, state)
        self._transcript.check(f"the desk shows the answer to {matter.name} as {state}", True)

    async def _delivery(self, matter: Matter, state: str) -> None:
        await self._floor.until(
            lambda one: (
                one.topic == "delivery"
                and one.content["conversation_id"] == matter.conversation_id
                and one.content["delivery"]["state"] == state
            )
        )

    async def _inbound(self, matter: Matter) -> list[str]:
        messages = await self._floor.desks["anna"].messages(matter.conversation_id)
        return [
            "".join(block["text"] for block in message["blocks"])
            for message in messages
            if message["direction"] == "inbound"
        ]

    def _messages(self, matter: Matter) -> list[PlayedMessage]:
        return list(self._market.chat(matter.account, matter.chat).messages)

    def _of_shop(self, matter: Matter) -> list[PlayedMessage]:
        return [one for one in self._messages(matter) if one.author == "shop"]
