"""Two gateways that remember order notes and check every signature themselves, with faults on demand."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from aiohttp import web

from router.testing import FaultyHttp

KEY, SECRET, TOKEN = "12345", "notes-secret-77", "notes-token-88"
ROUTE = "POST /gateway"


@dataclass
class Order:
    """What a platform keeps of an order's note."""

    text: str = ""
    flag: str = "0"
    name: str = ""


@dataclass
class FakeGateway:
    """What both have in common; `after_write` acts once each after the next writes."""

    now: datetime
    orders: dict[str, Order] = field(default_factory=lambda: {"4101": Order()})
    refusals: list[dict[str, Any]] = field(default_factory=list)
    after_write: list[Callable[[Order], None]] = field(default_factory=list)
    writes: list[dict[str, str]] = field(default_factory=list)
    server: FaultyHttp = field(default_factory=FaultyHttp)

    async def start(self) -> None:
        self.server.route("POST", "/gateway", self._answer)
        await self.server.start()

    async def stop(self) -> None:
        await self.server.stop()

    @property
    def url(self) -> str:
        return f"{self.server.url}/gateway"

    async def _answer(self, request: web.Request) -> web.Response:
        assert not request.query, "secrets do not belong into addresses"
        form = {name: str(value) for name, value in (await request.post()).items()}
        given = form.pop("sign", "")
        if self.refusals:
            return self._refused(self.refusals.pop(0))
        if not hmac.compare_digest(self.signature(form), given):
            return self._refused(self.bad_signature())
        if not self.is_in_time(form):
            return self._refused(self.bad_signature())
        return web.json_response(self.serve(form))

    def _refused(self, refusal: Mapping[str, Any]) -> web.Response:
        return web.json_response({"error_response": refusal})

    def written(self, order: Order, form: dict[str, str]) -> None:
        self.writes.append(form)
        if self.after_write:
            self.after_write.pop(0)(order)

    def signature(self, form: Mapping[str, str]) -> str:
        raise NotImplementedError

    def bad_signature(self) -> dict[str, Any]:
        raise NotImplementedError

    def is_in_time(self, form: Mapping[str, str]) -> bool:
        raise NotImplementedError

    def serve(self, form: dict[str, str]) -> dict[str, Any]:
        raise NotImplementedError


class FakeTaobao(FakeGateway):
    """Trades with memo and flag; a memo of more than 1000 bytes is refused."""

    def signature(self, form: Mapping[str, str]) -> str:
        assert form["sign_method"] == "hmac-sha256"
        signed = "".join(name + form[name] for name in sorted(form))
        return hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).hexdigest().upper()

    def bad_signature(self) -> dict[str, Any]:
        return {"code": 25, "msg": "Invalid signature", "sub_code": "", "sub_msg": ""}

    def is_in_time(self, form: Mapping[str, str]) -> bool:
        stamp = datetime.strptime(form["timestamp"], "%Y-%m-%d %H:%M:%S").replace(
            tzinfo=timezone(timedelta(hours=8))
        )
        return abs((stamp - self.now).total_seconds()) <= 600

    def serve(self, form: dict[str, str]) -> dict[str, Any]:
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
        assert form["method"] == "taobao.trade.memo.update"
        if len(form["memo"].encode()) > 1000:
            return {"error_response": {"code": 15, "msg": "x", "sub_code": "isv.memo-too-long"}}
        order.text, order.flag = form["memo"], form.get("flag", order.flag)
        self.written(order, form)
        return {"trade_memo_update_response": {"trade": {"tid": int(form["tid"]), "modified": "2026-11-22"}}}


class FakePinduoduo(FakeGateway):
    """Orders with note, tag and a tag name of at most three characters."""

    def signature(self, form: Mapping[str, str]) -> str:
        signed = "".join(name + form[name] for name in sorted(form))
        return hashlib.md5(f"{SECRET}{signed}{SECRET}".encode()).hexdigest().upper()

    def bad_signature(self) -> dict[str, Any]:
        return {"error_code": 20004, "error_msg": "sign", "sub_msg": ""}

    def is_in_time(self, form: Mapping[str, str]) -> bool:
        return abs(int(form["timestamp"]) - self.now.timestamp()) <= 600

    def serve(self, form: dict[str, str]) -> dict[str, Any]:
        if form["access_token"] != TOKEN:
            return {"error_response": {"error_code": 10019, "error_msg": "access_token expired"}}
        order = self.orders.get(form["order_sn"])
        if order is None:
            return {"error_response": {"error_code": 30000, "error_msg": "no such order"}}
        if form["type"] == "pdd.order.information.get":
            shown = {"order_sn": form["order_sn"], "remark": order.text, "remark_tag": int(order.flag)}
            return {"order_info_get_response": {"order_info": {**shown, "remark_tag_name": order.name}}}
        assert form["type"] == "pdd.order.note.update"
        assert len(form.get("tag_name", "")) <= 3
        assert 1 <= int(form.get("tag", "1")) <= 5
        order.text, order.flag = form["note"], form.get("tag", order.flag)
        order.name = form.get("tag_name", order.name)
        self.written(order, form)
        return {"order_note_update_response": {"is_success": True}}
