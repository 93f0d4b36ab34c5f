"""Two gateways that remember order notes and check every signature themselves, with faults on demand."""

from __future__ import annotations

import hashlib
import hmac
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from router.clock import Clock, SystemClock
from router.orders import Memo
from router.testing import FaultyHttp
from router_marketplace.notes.facts import NoteFacts, load_note_facts
from router_marketplace.notes.settings import PinduoduoNoteSettings, TaobaoNoteSettings

KEY, SECRET, TOKEN = "12345", "notes-secret-77", "notes-token-88"
ROUTE = "POST /gateway"
SECRET_VARIABLE, TOKEN_VARIABLE = "OMNIROUTER_SIMULATED_NOTES_SECRET", "OMNIROUTER_SIMULATED_NOTES_TOKEN"
SIGNED_WITHIN_S = 600


@dataclass
class Order:
    """What a platform keeps of an order's note."""

    text: str = ""
    flag: str = "0"
    name: str = ""


@dataclass
class FakeGateway(ABC):
    """What both have in common; `after_write` acts once each after the next writes.

    It fulfils `router.orders.NoteSimulator`.
    """

    clock: Clock = field(default_factory=SystemClock)
    orders: dict[str, Order] = field(default_factory=lambda: {"4101": Order()})
    refusals: list[dict[str, Any]] = field(default_factory=list)
    after_write: list[Callable[[Order], None]] = field(default_factory=list)
    writes: list[dict[str, str]] = field(default_factory=list)
    server: FaultyHttp = field(default_factory=FaultyHttp)

    def __post_init__(self) -> None:
        self.facts = self.load_facts()

    async def start(self) -> None:
        """Serve on a free port."""
        self.server.route("POST", "/gateway", self._answer)
        await self.server.start()

    async def stop(self) -> None:
        """Free the port."""
        await self.server.stop()

    @property
    def url(self) -> str:
        """Where the gateway is."""
        return f"{self.server.url}/gateway"

    def settings(self) -> BaseModel:
        """Give settings of a shop; its secrets are in the environment from now on."""
        os.environ.update({SECRET_VARIABLE: SECRET, TOKEN_VARIABLE: TOKEN})
        return self.settings_with(
            {"api_url": self.url, "secret_env": SECRET_VARIABLE, "token_env": TOKEN_VARIABLE}
        )

    def keep(self, order_id: str) -> None:
        """Let the shop have an order."""
        self.orders.setdefault(order_id, Order())

    def memo(self, order_id: str) -> Memo:
        """Give the note of an order as it stands."""
        order = self.orders[order_id]
        return Memo(text=order.text, colour=self.facts.colour_of(order.flag) if order.text else None)

    async def _answer(self, request: web.Request) -> web.Response:
        if request.query:
            # secrets do not belong into addresses
            return self._refused(self.bad_signature())
        form = {name: str(value) for name, value in (await request.post()).items()}
        given = form.pop("sign", "")
        if self.refusals:
            return self._refused(self.refusals.pop(0))
        if not given or not hmac.compare_digest(self.signature(form), given):
            return self._refused(self.bad_signature())
        if not self.is_in_time(form):
            return self._refused(self.bad_signature())
        return web.json_response(self.serve(form))

    def _refused(self, refusal: Mapping[str, Any]) -> web.Response:
        return web.json_response({"error_response": refusal})

    def written(self, order: Order, form: dict[str, str]) -> None:
        """Keep what was written, and let somebody else have a hand in it."""
        self.writes.append(form)
        if self.after_write:
            self.after_write.pop(0)(order)

    @abstractmethod
    def load_facts(self) -> NoteFacts:
        """Read what the platform decides."""

    @abstractmethod
    def settings_with(self, common: Mapping[str, str]) -> BaseModel:
        """Give settings with these and the platform's own."""

    @abstractmethod
    def signature(self, form: Mapping[str, str]) -> str:
        """Give the signature a form should have."""

    @abstractmethod
    def bad_signature(self) -> dict[str, Any]:
        """Give the refusal of a wrong signature."""

    @abstractmethod
    def is_in_time(self, form: Mapping[str, str]) -> bool:
        """Say whether a form was signed just now."""

    @abstractmethod
    def serve(self, form: dict[str, str]) -> dict[str, Any]:
        """Answer a form that is rightly signed."""


class FakeTaobao(FakeGateway):
    """Trades with memo and flag; a memo of more than 1000 bytes is refused."""

    def load_facts(self) -> NoteFacts:
        """Read what the platform decides."""
        return load_note_facts("taobao-notes")

    def settings_with(self, common: Mapping[str, str]) -> BaseModel:
        """Give settings of a shop."""
        return TaobaoNoteSettings.model_validate({**common, "app_key": KEY})

    def signature(self, form: Mapping[str, str]) -> str:
        """Give the signature a form should have."""
        if form["sign_method"] != "hmac-sha256":
            return ""
        signed = "".join(name + form[name] for name in sorted(form))
        return hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).hexdigest().upper()

    def bad_signature(self) -> dict[str, Any]:
        """Give the refusal of a wrong signature."""
        return {"code": 25, "msg": "Invalid signature", "sub_code": "", "sub_msg": ""}

    def is_in_time(self, form: Mapping[str, str]) -> bool:
        """Say whether a form was signed just now."""
        stamp = datetime.strptime(form["timestamp"], "%Y-%m-%d %H:%M:%S").replace(
            tzinfo=timezone(timedelta(hours=8))
        )
        return abs((stamp - self.clock.now()).total_seconds()) <= SIGNED_WITHIN_S

    def serve(self, form: dict[str, str]) -> dict[str, Any]:
        """Answer a form that is rightly signed."""
        if form["session"] != TOKEN:
            return {
                "error_response": {"code": 27, "msg": "Invalid session", "sub_code": "invalid-sessionkey"}
            }
        order = self.orders.get(form["tid"])
        if order is None:
            return {
                "error_response": {
                    "code": 15,
                    "msg": "Remote service error",
                    "sub_code": "isv.trade-not-exist",
                }
            }
        if form["method"] == "taobao.trade.fullinfo.get":
            trade = {"tid": int(form["tid"]), "seller_memo": order.text, "seller_flag": int(order.flag)}
            return {"trade_fullinfo_get_response": {"trade": trade}}
        if form["method"] != "taobao.trade.memo.update":
            return {"error_response": {"code": 22, "msg": "Invalid method"}}
        if len(form["memo"].encode()) > 1000:
            return {"error_response": {"code": 15, "msg": "x", "sub_code": "isv.memo-too-long"}}
        order.text, order.flag = form["memo"], form.get("flag", order.flag)
        self.written(order, form)
        return {"trade_memo_update_response": {"trade": {"tid": int(form["tid"]), "modified": "2026-11-22"}}}


class FakePinduoduo(FakeGateway):
    """Orders with note, tag and a tag name of at most three characters."""

    def load_facts(self) -> NoteFacts:
        """Read what the platform decides."""
        return load_note_facts("pinduoduo-notes")

    def settings_with(self, common: Mapping[str, str]) -> BaseModel:
        """Give settings of a shop."""
        return PinduoduoNoteSettings.model_validate({**common, "client_id": KEY})

    def signature(self, form: Mapping[str, str]) -> str:
        """Give the signature a form should have."""
        signed = "".join(name + form[name] for name in sorted(form))
        return hashlib.md5(f"{SECRET}{signed}{SECRET}".encode()).hexdigest().upper()

    def bad_signature(self) -> dict[str, Any]:
        """Give the refusal of a wrong signature."""
        return {"error_code": 20004, "error_msg": "sign", "sub_msg": ""}

    def is_in_time(self, form: Mapping[str, str]) -> bool:
        """Say whether a form was signed just now."""
        return abs(int(form["timestamp"]) - self.clock.now().timestamp()) <= SIGNED_WITHIN_S

    def serve(self, form: dict[str, str]) -> dict[str, Any]:
        """Answer a form that is rightly signed."""
        if form["access_token"] != TOKEN:
            return {"error_response": {"error_code": 10019, "error_msg": "access_token expired"}}
        order = self.orders.get(form["order_sn"])
        if order is None:
            return {"error_response": {"error_code": 30000, "error_msg": "no such order"}}
        if form["type"] == "pdd.order.information.get":
            shown = {"order_sn": form["order_sn"], "remark": order.text, "remark_tag": int(order.flag)}
            return {"order_info_get_response": {"order_info": {**shown, "remark_tag_name": order.name}}}
        is_tag = 1 <= int(form.get("tag", "1")) <= 5 and len(form.get("tag_name", "")) <= 3
        if form["type"] != "pdd.order.note.update" or not is_tag:
            return {"error_response": {"error_code": 50001, "error_msg": "parameters"}}
        order.text, order.flag = form["note"], form.get("tag", order.flag)
        order.name = form.get("tag_name", order.name)
        self.written(order, form)
        return {"order_note_update_response": {"is_success": True}}
