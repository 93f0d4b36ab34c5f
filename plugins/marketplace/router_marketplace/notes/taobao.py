"""The seller's memo of a trade on Taobao and Tmall; in: an order's number, out: its memo and flag."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from router.errors import RecipientGone
from router.orders import Memo, NoteTarget, NoteTargetType
from router_marketplace.notes.facts import load_note_facts
from router_marketplace.notes.gateway import ask_gateway
from router_marketplace.notes.settings import TaobaoNoteSettings
from router_marketplace.parsing import object_of, text_of
from router_marketplace.settings import secret
from router_marketplace.signing.chinese import sign_top
from router_marketplace.simulators.fake_notes import FakeTaobao

FACTS = load_note_facts("taobao-notes")
READ, WRITE = "taobao.trade.fullinfo.get", "taobao.trade.memo.update"


class TaobaoNotes(NoteTarget):
    """One shop. Each write replaces the whole memo; an empty one is never written."""

    def __init__(self, name: str, settings: TaobaoNoteSettings) -> None:
        self._settings = settings

    async def read(self, order_id: str) -> Memo:
        """Read memo and flag of a trade."""
        wanted = {"tid": _number(order_id), "fields": "tid,seller_memo,seller_flag"}
        answer = await self._ask(READ, wanted, writes=False)
        trade = object_of(object_of(answer.get("trade_fullinfo_get_response")).get("trade"))
        if text_of(trade.get("tid")) != wanted["tid"]:
            raise RecipientGone(
                "no trade in the answer", public_text="The platform does not know this order."
            )
        return Memo(
            text=text_of(trade.get("seller_memo")), colour=FACTS.colour_of(trade.get("seller_flag", ""))
        )

    async def write(self, order_id: str, memo: Memo) -> None:
        """Replace memo and flag of a trade."""
        business = {"tid": _number(order_id), "memo": memo.text}
        if memo.colour is not None:
            business["flag"] = str(FACTS.colours[memo.colour])
        await self._ask(WRITE, business, writes=True)

    async def _ask(self, method: str, business: Mapping[str, str], *, writes: bool) -> Mapping[str, Any]:
        settings = self._settings
        signed = sign_top(
            business,
            app_key=settings.app_key,
            secret=secret(settings.secret_env, "the application's secret"),
            method=method,
            access_token=secret(settings.token_env, "the shop's access token"),
            at=self.clock.now(),
        )
        return await ask_gateway(
            self.http,
            settings.api_url or FACTS.api_url,
            signed,
            FACTS,
            writes=writes,
            timeout_s=settings.timeout_s,
        )


def _number(order_id: str) -> str:
    if not (order_id.isascii() and order_id.isdecimal()):
        raise RecipientGone("no order number", public_text="An order number of this platform is digits only.")
    return order_id


TAOBAO = NoteTargetType(
    id="taobao_memo",
    title="Taobao, Tmall",
    settings=TaobaoNoteSettings,
    limits=FACTS.limits,
    factory=TaobaoNotes,
    simulator=FakeTaobao,
)
