"""The acts of the check's mail scenes, each with what has to be true after it.

In: the running shop and its floor. Out: letters and logins, lines of the transcript, verdicts.
"""

from __future__ import annotations

from typing import Any

from router.clock import SystemClock
from router.demo.files import SHOP_ADDRESS
from router.demo.floor import Floor, Heard
from router.demo.letters import Draft, Letter
from router.demo.transcript import Transcript, brief
from router.demo.world import World

NESTED_PARTS = 10_000


class MailActs:
    """Acts of the mail scenes, each with what has to be true after it."""

    def __init__(self, world: World, floor: Floor, transcript: Transcript) -> None:
        self._world = world
        self._mailbox = world.mailbox
        self._floor = floor
        self._transcript = transcript

    async def write(
        self, name: str, address: str, subject: str, text: str, *, charset: str = "utf-8"
    ) -> Letter:
        """Send a customer's first mail."""
        self._transcript.act(name, f"writes by e-mail: “{subject}”: {brief(text)}")
        return await self._mailbox.post(
            Draft(
                name=name,
                address=address,
                to=SHOP_ADDRESS,
                subject=subject,
                text=text,
                at=SystemClock().now(),
                charset=charset,
            )
        )

    async def repeat(self, letter: Letter) -> None:
        """Deliver a mail once more, byte for byte, as a server does that missed the answer."""
        self._transcript.act("a server", f"delivers the mail “{letter.subject}” a second time")
        await self._mailbox.post_raw(letter.raw, sender=letter.customer, to=SHOP_ADDRESS)

    async def throw_bomb(self) -> None:
        """Send a mail without a sender and with ten thousand parts, one inside the other."""
        self._transcript.act("somebody", f"sends a mail of {NESTED_PARTS} nested parts without a From")
        await self._mailbox.post_raw(_bomb(), sender="nobody@elsewhere.example", to=SHOP_ADDRESS)

    async def be_there(self, login: str) -> None:
        """Make an agent available."""
        desk = self._floor.desks[login]
        await desk.be("available")
        self._transcript.act(desk.name, "is available")

    async def complaint_first(self, ordinary: str, complaint_subject: str) -> None:
        """Check that the one free agent is asked for the complaint, though the question came before it."""
        first = await self._floor.until(lambda one: one.topic == "offer")
        offered = first.content["conversation"]["subject"]
        self._transcript.equal(
            "the complaint is offered first, though it came second", offered, complaint_subject
        )
        told = (await self._floor.desks["anna"].decisions(first.content["conversation"]["id"]))["decisions"]
        share = next((one["body"].get("tier") for one in told if one["act"] == "offered"), None)
        self._transcript.check(
            "it goes first within its share of four in five",
            isinstance(share, dict) and (share["part"], share["whole"]) == (4, 5),
            share,
        )
        await self._take(first)
        now = (await self._floor.desks["anna"].decisions(ordinary))["now"] or {}
        self._transcript.act("the question", "of Felix waits on")
        self._transcript.why(now.get("text", "NOT TOLD"))
        state = (await self._floor.conversation(ordinary))["work_item"]["state"]
        self._transcript.equal("ordinary work waits while the complaint is served", state, "waiting")

    async def offered(self, conversation_id: str, skills: dict[str, int]) -> str:
        """Wait for the offer, check the agent's skills, accept; give the login."""
        heard = await self._floor.offer_of(conversation_id)
        await self._take(heard)
        agent = await self._floor.desks[heard.login].call("GET", "/me")
        has = {skill: agent["skills"].get(skill, 0) for skill in skills}
        subject = heard.content["conversation"]["subject"]
        name = f"“{subject}” goes to somebody with {', '.join(skills)}"
        self._transcript.check(name, all(has[skill] >= skills[skill] for skill in skills), f"{has}")
        return heard.login

    async def answer(self, login: str, conversation_id: str, letter: Letter, text: str) -> Letter:
        """Answer as the agent, wait for the mail at the customer's and check it."""
        desk = self._floor.desks[login]
        token = await self._floor.token(login, conversation_id)
        await desk.reply(conversation_id, token, text)
        self._transcript.act(desk.name, f"answers: {brief(text)}")
        found = await self._mailbox.until(
            lambda one: one.direction == "received" and one.value("In-Reply-To") == letter.message_id
        )
        self._transcript.detail(f"arrived at {found.customer}: “{found.subject}”, reply to {found.reply_to}")
        self._check_answer(letter, found, text)
        return found

    async def reply_in_thread(self, conversation_id: str, answer: Letter) -> None:
        """Write back to the address of the answer; it joins the same conversation and is answered again."""
        text = "Thank you. Can you tell me the tracking number?"
        self._transcript.act("Nora", f"replies to {answer.reply_to}: {text}")
        letter = await self._mailbox.post(
            Draft(
                name="Nora",
                address="nora@customer.example",
                to=answer.reply_to,
                subject=answer.subject,
                text=text,
                at=SystemClock().now(),
                answers=answer,
            )
        )
        joined = (await self._floor.conversation_about(text))["id"]
        self._transcript.equal("the reply joins the conversation it answers", joined, conversation_id)
        second = await self.answer(
            "anna", conversation_id, letter, "Of course, it comes with the parcel's mail."
        )
        chain = (*answer.references, answer.message_id, letter.message_id)
        self._transcript.equal(
            "References of the second answer hold the whole thread", second.references, chain
        )
        inbound = [
            message
            for message in await self._floor.desks["anna"].messages(conversation_id)
            if message["direction"] == "inbound"
        ]
        self._transcript.equal("the repeated delivery shows once", len(inbound), 2)

    async def resolve(self, login: str, conversation_id: str) -> None:
        """End the episode."""
        desk = self._floor.desks[login]
        token = await self._floor.token(login, conversation_id)
        await desk.resolve(conversation_id, token)
        self._transcript.act(desk.name, "resolves it")

    async def waits_for_chinese(self, conversation_id: str) -> None:
        """Check that an agent without Chinese is not asked, and that the reason says so."""
        now: dict[str, Any] = (await self._floor.desks["anna"].decisions(conversation_id))["now"] or {}
        self._transcript.act("the mail", "of 小蓝 waits on, though Anna is free")
        self._transcript.why(now.get("text", "NOT TOLD"))
        gate = (now.get("body", {}).get("blocked_by") or {}).get("gate")
        self._transcript.equal("Chinese work waits for somebody who speaks it", gate, "skill")

    async def _take(self, heard: Heard) -> None:
        desk = self._floor.desks[heard.login]
        conversation = heard.content["conversation"]
        accepted = await desk.call("POST", f"/offers/{heard.content['id']}/accept")
        item = accepted["conversation"]["work_item"]
        matched = ", ".join(item["matched_rules"])
        self._transcript.act(desk.name, f"gets and accepts “{conversation['subject']}” (rules: {matched})")
        told = (await desk.decisions(conversation["id"]))["decisions"]
        self._transcript.why(next((one["text"] for one in told if one["act"] == "offered"), "NOT TOLD"))
        if item["boost_s"]:
            self._transcript.why(f"it counts as {item['boost_s'] // 60} minutes older than it is")

    def _check_answer(self, letter: Letter, found: Letter, text: str) -> None:
        about = f"the answer to “{letter.subject}”"
        local, _, domain = SHOP_ADDRESS.partition("@")
        is_token = found.reply_to.startswith(f"{local}+c.") and found.reply_to.endswith(f"@{domain}")
        check, equal = self._transcript.check, self._transcript.equal
        equal(f"{about} arrives at who wrote", (found.customer, found.recipient), (letter.customer,) * 2)
        check(f"{about} comes from the shop", f"<{SHOP_ADDRESS}>" in found.sender, found.sender)
        equal(f"{about} says what the agent wrote", found.text, text)
        equal(f"{about} names the mail it answers", found.references[-1:], (letter.message_id,))
        check(f"{about} has a Reply-To of its own", is_token, found.reply_to)
        check(f"{about} is a Re:", found.subject.lower().startswith("re:"), found.subject)


def _bomb() -> bytes:
    parts = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (level, level)
        for level in range(NESTED_PARTS)
    )
    return b"Subject: surprise\r\nMIME-Version: 1.0\r\n" + parts + b"Content-Type: text/plain\r\n\r\nx\r\n"
