"""Amazon's messages on orders as a fake that remembers; in: calls of the Selling Partner API, out: its answers.

It answers as the static sandbox of the published model does, and keeps what was sent.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from aiohttp import web

from router.testing import Responder, StatefulFake, json_answer
from router_marketplace.amazon.facts import FACTS

ORDER, MARKETPLACE = "123-1234567-1234567", "ATVPDKIKX0DER"
CLIENT_ID, SECRET, REFRESH = "amazon-application", "amazon-secret-41", "amazon-refresh-42"
EXPIRED = {"code": "Unauthorized", "message": "Access denied", "details": "The access token has expired."}
NOT_FOUND = {"code": "NotFound", "message": "Not found", "details": ""}
INVALID = {"code": "InvalidInput", "message": "Invalid Input", "details": ""}
# In the model's order; some of them want files, and one is about the order itself.
PERMITTED = (
    "confirmCustomizationDetails",
    "confirmDeliveryDetails",
    "legalDisclosure",
    "negativeFeedbackRemoval",
    "confirmOrderDetails",
    "confirmServiceDetails",
    "amazonMotors",
    "digitalAccessKey",
    "unexpectedProblem",
    "warranty",
)
SOLICITED = ("productReviewAndSellerFeedback",)
_ORDER = "/{api}/v1/orders/{{order}}"
MESSAGING, SOLICITATIONS = _ORDER.format(api="messaging"), _ORDER.format(api="solicitations")
ORDERS = "/orders/v0/orders/{order}"
SEND = f"{MESSAGING}/messages/{{name}}"


class FakeAmazon(StatefulFake):
    """One seller with one order; `refuses_refresh` once the seller has withdrawn the access.

    `orders` are those it tells of by number, each with its `order` and its `items` as the model writes them.
    """

    refuses_refresh = False

    def __init__(self) -> None:
        super().__init__()
        self.orders: dict[str, dict[str, Any]] = {}

    def routes(self) -> Iterable[tuple[str, str, Responder]]:
        """Name what may be sent about an order, the sending, and the exchange of tokens."""
        yield "POST", "/token", self._give_token
        yield "GET", MESSAGING, self._checked(self._permitted)
        yield "GET", f"{MESSAGING}/attributes", self._checked(self._attributes)
        yield "POST", SEND, self._checked(self._send)
        yield "GET", SOLICITATIONS, self._checked(self._solicited)
        yield "POST", f"{SOLICITATIONS}/solicitations/{{name}}", self._checked(self._send)
        yield "GET", ORDERS, self._known(lambda order: order["order"])
        yield "GET", f"{ORDERS}/orderItems", self._known(lambda order: order["items"])

    async def _give_token(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        asked = (form.get("client_id"), form.get("client_secret"), form.get("refresh_token"))
        if self.refuses_refresh or asked != (CLIENT_ID, SECRET, REFRESH):
            return json_answer({"error": "invalid_grant"}, status=400)
        token = {"access_token": self.issue_token(), "expires_in": 3600, "token_type": "bearer"}
        return json_answer(token)

    def _known(self, part: Callable[[dict[str, Any]], Any]) -> Responder:
        async def known(request: web.Request) -> web.StreamResponse:
            if not self.token_is_good(request.headers.get("x-amz-access-token", "")):
                return failed(403, EXPIRED)
            order = self.orders.get(request.match_info["order"])
            return failed(404, NOT_FOUND) if order is None else json_answer({"payload": part(order)})

        return known

    def _checked(self, act: Responder) -> Responder:
        async def checked(request: web.Request) -> web.StreamResponse:
            if not self.token_is_good(request.headers.get("x-amz-access-token", "")):
                return failed(403, EXPIRED)
            known = (request.match_info["order"], request.query.get("marketplaceIds"))
            return await act(request) if known == (ORDER, MARKETPLACE) else failed(400, INVALID)

        return checked

    async def _permitted(self, request: web.Request) -> web.StreamResponse:
        at = f"/messaging/v1/orders/{ORDER}"
        links = [link(f"{at}/messages/{name}", name) for name in PERMITTED]
        return json_answer(listed(at, [*links, link(f"{at}/attributes", "attributes")]))

    async def _attributes(self, request: web.Request) -> web.StreamResponse:
        return json_answer({"buyer": {"locale": "en-US"}})

    async def _solicited(self, request: web.Request) -> web.StreamResponse:
        at = f"/solicitations/v1/orders/{ORDER}"
        return json_answer(listed(at, [link(f"{at}/solicitations/{name}", name) for name in SOLICITED]))

    async def _send(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        text = (json.loads(await request.read() or b"{}") or {}).get("text", "")
        if name in FACTS.messages and len(text) > FACTS.messages[name].max_chars:
            return failed(400, INVALID)
        message = self.commit(ORDER, text, kind=name)
        answer = json_answer({}, status=201)
        answer.headers["x-amzn-RequestId"] = f"request-{message.id}"
        return answer


def link(path: str, name: str) -> dict[str, str]:
    """Write where something permitted is done, as the model does."""
    return {"href": f"{path}?marketplaceIds={MARKETPLACE}", "name": name}


def listed(path: str, links: list[dict[str, str]]) -> dict[str, Any]:
    """Write what is permitted for an order."""
    return {"_links": {"actions": links, "self": {"href": f"{path}?marketplaceIds={MARKETPLACE}"}}}


def failed(status: int, error: dict[str, str]) -> web.Response:
    """Give Amazon's envelope for what did not go well."""
    return json_answer({"errors": [error]}, status=status)
