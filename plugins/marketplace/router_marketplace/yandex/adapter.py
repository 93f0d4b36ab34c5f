"""The Yandex Market adapter: polls by status, history from a message on, text and files out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlencode

from router.channel import HttpRequest
from router.errors import AuthExpired, AuthInvalid, ContentRejected, Permanent, RateLimited, SendError
from router.messages import BlockKind, InboundEvent, JsonObject, OutboundAttempt, Receipt, SendOutcome
from router.orders import ContextCard, ContextQuery
from router.threads import PlatformState
from router_marketplace.adapter import Adapter, Item, ItemPage, Mark, Push, Thread, ThreadPage
from router_marketplace.calls import Access, Answer, Call, FilePart, json_call
from router_marketplace.facts import Facts, load_facts
from router_marketplace.parsing import pause_s
from router_marketplace.settings import secret
from router_marketplace.yandex import messages, pushes
from router_marketplace.yandex.orders import KINDS, card_of
from router_marketplace.yandex.settings import YandexSettings

AT_ONCE_PAUSE_S = 1.0
LONGEST_PAUSE_S = 3600.0


class YandexFacts(Facts):
    """What this platform has besides."""

    oauth_url: str
    max_file_bytes: int
    file_types: Mapping[str, tuple[str, ...]]


FACTS = load_facts("yandex-market", YandexFacts)


class YandexAdapter(Adapter[YandexSettings]):
    """One business of a seller's cabinet."""

    facts = FACTS
    lists_open = True

    def first_access(self) -> Access:
        """Read the Api-Key, or the OAuth token and what renews it."""
        settings = self.settings
        keys = {}
        if settings.push_secret_env:
            keys["push"] = secret(settings.push_secret_env, "the last part of the push address")
        if settings.api_key_env:
            return Access(keys={**keys, "api_key": secret(settings.api_key_env, "the Api-Key")})
        if settings.oauth_refresh_env:
            keys["client"] = secret(settings.oauth_client_secret_env, "the OAuth application's secret")
        return Access(
            keys=keys,
            token=secret(settings.oauth_token_env, "the OAuth token"),
            refresh_token=secret(settings.oauth_refresh_env, "the OAuth refresh token")
            if settings.oauth_refresh_env
            else "",
        )

    def sign(self, call: Call, access: Access, now: datetime) -> Call:
        """Add the key; the renewal of a token proves itself."""
        if call.url:
            return call
        key = access.keys.get("api_key")
        proof = {"Api-Key": key} if key else {"Authorization": f"Bearer {access.token}"}
        return replace(call, headers={**call.headers, **proof})

    def renewal(self, access: Access) -> Call:
        """Ask for a new OAuth token."""
        if not access.refresh_token:
            return super().renewal(access)
        form = {
            "grant_type": "refresh_token",
            "refresh_token": access.refresh_token,
            "client_id": self.settings.oauth_client_id,
            "client_secret": access.keys["client"],
        }
        return Call(
            method="POST",
            url=self.settings.oauth_url or FACTS.oauth_url,
            body=urlencode(form).encode(),
            content_type="application/x-www-form-urlencoded",
        )

    def renewed(self, access: Access, answer: Answer, now: datetime) -> Access:
        """Read the new token; the refresh token may change with it."""
        token = answer.document.get("access_token")
        if not isinstance(token, str) or not token:
            raise AuthInvalid("the platform renewed no token", code="no_token")
        refresh = answer.document.get("refresh_token")
        return Access(
            keys=access.keys,
            token=token,
            refresh_token=refresh if isinstance(refresh, str) and refresh else access.refresh_token,
        )

    def refusal(self, call: Call, answer: Answer, now: datetime) -> SendError | None:
        """Judge by the status; the body names a code and gives words."""
        if answer.status == 200 and answer.document.get("status", "OK") == "OK":
            return None
        code, words = _first_error(answer.document)
        kind = FACTS.error_for(str(answer.status)) or Permanent
        if kind is AuthInvalid and not call.url and not self.settings.api_key_env:
            kind = AuthExpired
        if call.url:
            kind = AuthInvalid if answer.status < 500 else kind
        text = f"{answer.status} {code}".strip() + (f": {words}" if words else "")
        error = kind(text, code=code or str(answer.status), public_text=words or text)
        if kind is RateLimited:
            error.retry_after_s = _pause_s(answer, now)
        return error

    def push(self, request: HttpRequest, access: Access, now: datetime) -> Push:
        """Believe networks and secret address, as nothing is signed."""
        chosen = self.settings.push_networks
        networks = FACTS.push.networks if chosen is None else chosen
        pushes.verify(request, networks, access.keys.get("push", ""))
        return pushes.read(request, self.settings.business_id, now)

    def list_threads(self, since: datetime, page: str, now: datetime) -> Call:
        """List the chats that are not finished; the platform cannot be asked by time."""
        query = {"limit": str(FACTS.poll.threads_per_page)} | ({"pageToken": page} if page else {})
        return json_call("POST", self._path("chats"), {"statuses": messages.OPEN}, query=query)

    def threads(self, answer: Answer) -> ThreadPage:
        """Read a page of chats."""
        result = messages.part(answer.document, "result")
        chats = [messages.thread_of(chat) for chat in _objects(result, "chats")]
        return ThreadPage(threads=chats, next_page=_next_page(result))

    def get_thread(self, thread: str) -> Call:
        """Ask for one chat."""
        return json_call("GET", self._path("chat"), query={"chatId": thread})

    def thread(self, answer: Answer) -> Thread:
        """Read one chat."""
        return messages.thread_of(messages.part(answer.document, "result"))

    def list_items(self, thread: str, mark: Mark | None, page: str, now: datetime) -> Call:
        """Ask for the history from a message on, itself included."""
        query = {"chatId": thread, "limit": str(FACTS.poll.items_per_page)}
        query |= {"pageToken": page} if page else {}
        start = {"messageIdFrom": int(mark.item_id)} if mark else {}
        return json_call("POST", self._path("chats/history"), start, query=query, budget="history")

    def items(self, answer: Answer) -> ItemPage:
        """Read a page of messages."""
        result = messages.part(answer.document, "result")
        found = [messages.item_of(message) for message in _objects(result, "messages")]
        return ItemPage(items=found, next_page=_next_page(result))

    def event(self, thread: str, item: JsonObject, listed: JsonObject) -> InboundEvent:
        """Read one message."""
        return messages.event_of(thread, item, listed)

    def state(self, listed: JsonObject) -> PlatformState:
        """Read whose turn it is."""
        return messages.state_of(listed)

    def context(self, listed: JsonObject) -> JsonObject:
        """Read the order or return, and whether it is a dispute."""
        return messages.context_of(listed)

    def compose(self, thread: str, attempt: OutboundAttempt) -> Call:
        """Send the text of all blocks as one message."""
        strange = [block.kind for block in attempt.blocks if block.kind is not BlockKind.TEXT]
        if strange:
            raise ContentRejected(f"a {strange[0]} cannot be sent here", code="kind", part="blocks")
        text = "\n".join(block.text for block in attempt.blocks if block.text)
        if not text or len(text) > FACTS.text.max:
            raise ContentRejected(
                f"the text has {len(text)} characters, 1 to {FACTS.text.max} are allowed",
                code="length",
                part="text",
            )
        query = {"chatId": thread}
        path = self._path("chats/message")
        return json_call("POST", path, {"message": text}, query=query, writes=True, budget="send")

    def compose_file(self, thread: str, file: FilePart) -> Call:
        """Send a file as a message of its own."""
        return Call(
            method="POST",
            path=self._path("chats/file/send"),
            query={"chatId": thread},
            file=file,
            writes=True,
            budget="send",
        )

    def sent(self, answer: Answer) -> Receipt:
        """Take the empty answer for what it says: it is in the chat."""
        return Receipt(outcome=SendOutcome.ACCEPTED)

    def is_ours(self, item: Item) -> bool:
        """Tell whether the shop wrote it."""
        return item.raw.get("sender") == "PARTNER"

    def text_of(self, item: Item) -> str:
        """Give a message's text, or the names of its files."""
        files = " ".join(str(file.get("name", "")) for file in _objects(item.raw, "payload"))
        return messages.text_of(item.raw) or files

    def open_thread(self, ground: str) -> Call:
        """Open a chat about an order or a return; the platform gives back the old one if there is one."""
        what, _, id = ground.partition(":")
        if what not in ("order", "return") or not id.isdecimal():
            return super().open_thread(ground)
        context: JsonObject = {"type": what.upper(), "id": int(id)}
        return json_call("POST", self._path("chats/new"), {"context": context}, budget="send")

    def opened(self, answer: Answer) -> str:
        """Read the chat's id."""
        return messages.number(messages.part(answer.document, "result")["chatId"])

    def buyer(self, listed: JsonObject) -> str:
        """Name the buyer by the public id, else by the chat."""
        chat = listed.get("chatId")
        return messages.buyer_of(messages.number(chat), listed).value if chat else ""

    def look_up(self, query: ContextQuery, orders: Sequence[str]) -> Call | None:
        """Ask for orders by their numbers; the platform does not find them by buyer."""
        numbers = [int(order) for order in orders if order.isdecimal()]
        if query.kind not in KINDS or not numbers:
            return None
        path = f"/v1/businesses/{self.settings.business_id}/orders"
        return json_call("POST", path, {"orderIds": numbers})

    def cards(self, query: ContextQuery, answer: Answer) -> list[ContextCard]:
        """Read the order."""
        found = _objects(answer.document, "orders")
        return [card_of(order, query.kind) for order in found][: query.limit]

    def _path(self, rest: str) -> str:
        return f"/v2/businesses/{self.settings.business_id}/{rest}"


def _objects(document: JsonObject, name: str) -> list[JsonObject]:
    entries = document.get(name) or ()
    if not isinstance(entries, list | tuple):
        raise TypeError(f"{name} is no list")
    return [entry for entry in entries if isinstance(entry, Mapping)]


def _next_page(result: JsonObject) -> str:
    token = messages.part(result, "paging").get("nextPageToken")
    return token if isinstance(token, str) else ""


def _first_error(document: JsonObject) -> tuple[str, str]:
    """Give code and words of the first error the body lists."""
    errors = document.get("errors")
    first = errors[0] if isinstance(errors, list | tuple) and errors else None
    if not isinstance(first, Mapping):
        return "", ""
    return str(first.get("code", ""))[:80], str(first.get("message", ""))[:300]


def _pause_s(answer: Answer, now: datetime) -> float:
    """Find out how long to wait: Retry-After, the end of the resource limit, or a moment."""
    after_s = pause_s(answer.headers, now)
    if after_s is not None:
        return min(after_s, LONGEST_PAUSE_S)
    until_s = pause_s(answer.headers, now, "x-ratelimit-resource-until")
    return min(max(until_s or AT_ONCE_PAUSE_S, AT_ONCE_PAUSE_S), LONGEST_PAUSE_S)
