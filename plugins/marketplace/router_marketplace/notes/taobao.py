"""The seller's memo of a trade on Taobao and Tmall; in: an order's number, out: its memo and flag."""

from __future__ import annotations

from collections.abc import Mapping

from router.errors import RecipientGone
from router.orders import Memo, NoteTargetType
from router_marketplace.notes.facts import load_note_facts
from router_marketplace.notes.settings import TaobaoNoteSettings
from router_marketplace.notes.shop import GatewayNotes, unknown_order
from router_marketplace.parsing import object_of, text_of
from router_marketplace.signing.chinese import sign_top
from router_marketplace.simulators.fake_notes import FakeTaobao

FACTS = load_note_facts("taobao-notes")
READ, WRITE = "taobao.trade.fullinfo.get", "taobao.trade.memo.update"


class TaobaoNotes(GatewayNotes[TaobaoNoteSettings]):
    """One shop. Each write replaces the whole memo; an empty one is never written."""

    facts = FACTS

    async def read(self, order_id: str) -> Memo:
        """Read memo and flag of a trade."""
        wanted = {"tid": _number(order_id), "fields": "tid,seller_memo,seller_flag"}
        answer = await self.ask(READ, wanted, writes=False)
        trade = object_of(object_of(answer.get("trade_fullinfo_get_response")).get("trade"))
        if text_of(trade.get("tid")) != wanted["tid"]:
            raise unknown_order("no trade in the answer")
        return Memo(
            text=text_of(trade.get("seller_memo")), colour=FACTS.colour_of(trade.get("seller_flag", ""))
        )

    async def write(self, order_id: str, memo: Memo) -> None:
        """Replace memo and flag of a trade."""
        business = {"tid": _number(order_id), "memo": memo.text}
        if memo.colour is not None:
            business["flag"] = str(FACTS.colours[memo.colour])
        await self.ask(WRITE, business, writes=True)

    def signed(self, call: str, business: Mapping[str, str], app_secret: str, token: str) -> dict[str, str]:
        """Sign as the platform wants it."""
        return sign_top(
            business,
            app_key=self._settings.app_key,
            secret=app_secret,
            method=call,
            access_token=token,
            at=self.clock.now(),
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
