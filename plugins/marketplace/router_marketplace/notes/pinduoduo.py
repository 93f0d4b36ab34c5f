"""The seller's note of an order on Pinduoduo; in: an order's number, out: its note and coloured tag."""

from __future__ import annotations

from collections.abc import Mapping

from router.orders import Memo, NoteTargetType
from router_marketplace.notes.facts import load_note_facts
from router_marketplace.notes.settings import PinduoduoNoteSettings
from router_marketplace.notes.shop import GatewayNotes, unknown_order
from router_marketplace.parsing import object_of, text_of
from router_marketplace.signing.chinese import sign_pinduoduo
from router_marketplace.simulators.fake_notes import FakePinduoduo

FACTS = load_note_facts("pinduoduo-notes")
READ, WRITE = "pdd.order.information.get", "pdd.order.note.update"


class PinduoduoNotes(GatewayNotes[PinduoduoNoteSettings]):
    """One shop. Each write replaces the whole note; red and blue tags are named after the desk."""

    facts = FACTS

    async def read(self, order_id: str) -> Memo:
        """Read note and tag of an order."""
        answer = await self.ask(READ, {"order_sn": order_id}, writes=False)
        order = object_of(object_of(answer.get("order_info_get_response")).get("order_info"))
        if text_of(order.get("order_sn")) != order_id:
            raise unknown_order("no order in the answer")
        return Memo(text=text_of(order.get("remark")), colour=FACTS.colour_of(order.get("remark_tag", "")))

    async def write(self, order_id: str, memo: Memo) -> None:
        """Replace note and tag of an order."""
        business = {"order_sn": order_id, "note": memo.text}
        if memo.colour is not None:
            business["tag"] = str(FACTS.colours[memo.colour])
            business["tag_name"] = FACTS.tag_names.get(memo.colour, "")
        await self.ask(WRITE, business, writes=True)

    def signed(self, call: str, business: Mapping[str, str], app_secret: str, token: str) -> dict[str, str]:
        """Sign as the platform wants it."""
        return sign_pinduoduo(
            business,
            client_id=self._settings.client_id,
            secret=app_secret,
            kind=call,
            access_token=token,
            at=self.clock.now(),
        )


PINDUODUO = NoteTargetType(
    id="pinduoduo_note",
    title="Pinduoduo",
    settings=PinduoduoNoteSettings,
    limits=FACTS.limits,
    factory=PinduoduoNotes,
    simulator=FakePinduoduo,
)
