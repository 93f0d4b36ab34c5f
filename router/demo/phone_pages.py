"""The page `/demo/phone`: makes calls happen, and shows what the phone system has told the router of."""

from __future__ import annotations

from typing import Any

from aiohttp import ClientError, web
from pydantic import BaseModel, ConfigDict, Field

from router.demo.forms import BadForm, news, page, read_form, refused
from router.demo.phone import HOTLINE, Outcome, Phone, PlayedCall, PostRefused, Way
from router.demo.shop_pages import render_phone


class OwnCall(BaseModel):
    """A call a person lets happen."""

    model_config = ConfigDict(extra="forbid")

    customer: str = Field(pattern=r"^\+?[0-9]{7,15}$")
    outcome: Outcome
    way: Way = "post"


class PhonePages:
    """The page and its calls."""

    def __init__(self, phone: Phone) -> None:
        self._phone = phone

    def routes(self) -> list[web.AbstractRouteDef]:
        """List the routes."""
        return [
            web.get("/demo/phone", self.show),
            web.get("/demo/phone/calls", self.list_calls),
            web.post("/demo/phone/calls", self.call),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """Give the page; its calls come by `list_calls`."""
        return page(render_phone(HOTLINE))

    async def list_calls(self, request: web.Request) -> web.Response:
        """Give the latest calls, newest first."""
        return news({"calls": [_as_json(call) for call in reversed(self._phone.calls)]})

    async def call(self, request: web.Request) -> web.Response:
        """Let a call happen."""
        try:
            own = await read_form(request, OwnCall)
            try:
                made = await self._phone.tell(own.outcome, own.customer, own.way)
            except (PostRefused, ClientError, TimeoutError, OSError) as error:
                raise BadForm(f"the router did not take it: {error}", 502) from None
        except BadForm as error:
            return refused(error)
        return web.json_response({"number": made.number}, status=201)


def _as_json(call: PlayedCall) -> dict[str, Any]:
    return {
        "number": call.number,
        "customer": call.customer,
        "outcome": call.outcome,
        "way": call.way,
        "at": call.at.isoformat(),
    }
