"""The demo's own web pages: the shop at `/demo/shop` and the customers' mailbox at `/demo/mailbox`.

In: requests, the mailbox. Out: pages, the mailbox's letters as JSON, and customers' mails to the shop.
"""

from __future__ import annotations

import re
from typing import Any

import aiosmtplib
from aiohttp import ClientError, ClientSession, ClientTimeout, web
from pydantic import BaseModel, ConfigDict, Field

from router.clock import Clock
from router.demo.forms import BadForm, OneLine, news, page, read_form, refused
from router.demo.letters import Draft, Letter
from router.demo.mailbox import Mailbox
from router.demo.scenes import Language, Script
from router.demo.shop_pages import STATIC, render_mailbox, render_shop
from router.web.files import Download

EMBED_WITHIN_S = 5.0
_NOT_BUILT = re.compile(r"[^A-Za-z0-9 .,;:/'`_-]")


class OwnLetter(BaseModel):
    """A mail a person writes as a customer; `answers` is the number of the letter replied to."""

    model_config = ConfigDict(extra="forbid")

    name: OneLine = Field(min_length=1, max_length=60)
    address: str = Field(pattern=r"^[A-Za-z0-9._+-]{1,60}@[A-Za-z0-9.-]{1,100}$")
    subject: OneLine = Field(min_length=1, max_length=200)
    text: str = Field(min_length=1, max_length=20_000, pattern=r"^[^\x00]*$")
    answers: int | None = None


class DemoPages:
    """The pages; `url` is where this router answers, `site` the chat's key."""

    def __init__(
        self, mailbox: Mailbox, clock: Clock, script: Script, url: str, site: str, shop_address: str
    ) -> None:
        self._mailbox = mailbox
        self._clock = clock
        self._script = script
        self._url = url
        self._site = site
        self._shop_address = shop_address

    def routes(self) -> list[web.AbstractRouteDef]:
        """List the routes."""
        return [
            web.get("/demo/shop", self.shop),
            web.get("/demo/mailbox", self.mailbox),
            web.get("/demo/mailbox/letters", self.list_letters),
            web.post("/demo/mailbox/letters", self.send_letter),
            web.get("/demo/mailbox/letters/{number:[0-9]{1,9}}/files/{place:[0-9]{1,3}}", self.save_file),
            web.static("/demo/static", STATIC),
        ]

    async def shop(self, request: web.Request) -> web.Response:
        """Give the shop's page with the chat's own tag in it."""
        language: Language = "zh" if request.query.get("lang") == "zh" else "en"
        tag, trouble = await self._embed()
        return page(render_shop(language, tag, trouble, self._shop_address))

    async def mailbox(self, request: web.Request) -> web.Response:
        """Give the customers' mailbox; its letters come by `list_letters`."""
        return page(render_mailbox(self._shop_address, self._script.mails()))

    async def list_letters(self, request: web.Request) -> web.Response:
        """Give the letters after a number."""
        after = request.query.get("after", "0")
        number = int(after) if after.isascii() and after.isdigit() and len(after) < 10 else 0
        letters = [_as_json(letter) for letter in self._mailbox.letters(number)]
        return news({"version": self._mailbox.version, "letters": letters})

    async def send_letter(self, request: web.Request) -> web.Response:
        """Post a customer's mail to the shop's SMTP door."""
        try:
            own = await read_form(request, OwnLetter)
        except BadForm as error:
            return refused(error)
        answered = self._mailbox.letter(own.answers) if own.answers is not None else None
        draft = Draft(
            name=own.name,
            address=own.address,
            to=answered.reply_to if answered else self._shop_address,
            subject=own.subject,
            text=own.text,
            at=self._clock.now(),
            answers=answered,
        )
        try:
            letter = await self._mailbox.post(draft)
        except (aiosmtplib.SMTPException, OSError) as error:
            return web.json_response({"error": f"the shop did not take the mail: {error}"}, status=502)
        return web.json_response({"number": letter.number}, status=201)

    async def save_file(self, request: web.Request) -> web.Response:
        """Give a file that came with a letter, to be saved."""
        letter = self._mailbox.letter(int(request.match_info["number"]))
        place = int(request.match_info["place"])
        if letter is None or place >= len(letter.files):
            raise web.HTTPNotFound(text="there is no such file in the mailbox")
        file = letter.files[place]
        return Download(body=file.content, name=file.name).response()

    async def _embed(self) -> tuple[str, str]:
        """Ask the router for the tag an integrator puts on the shop's pages, or what is wrong with it."""
        address = f"{self._url}/chat/v1/embed?site={self._site}"
        try:
            timeout = ClientTimeout(total=EMBED_WITHIN_S)
            async with ClientSession(timeout=timeout) as http, http.get(address) as answer:
                text = await answer.text()
                return (text.strip(), "") if answer.status == 200 else ("", _NOT_BUILT.sub("", text))
        except (ClientError, TimeoutError):
            return "", "the chat does not answer"


def _as_json(letter: Letter) -> dict[str, Any]:
    return {
        "number": letter.number,
        "thread": letter.references[0] if letter.references else letter.message_id,
        "direction": letter.direction,
        "customer": letter.customer,
        "at": letter.at.isoformat(),
        "sender": letter.sender,
        "subject": letter.subject,
        "text": letter.text,
        "fields": letter.fields,
        "files": [{"name": file.name, "size_bytes": len(file.content)} for file in letter.files],
    }
