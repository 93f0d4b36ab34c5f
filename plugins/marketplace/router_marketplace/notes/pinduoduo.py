"""The seller's note of an order on Pinduoduo; in: an order's number, out: its note and coloured tag."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from router.errors import RecipientGone
from router.orders import Memo, NoteTarget, NoteTargetType
from router_marketplace.notes.facts import load_note_facts
from router_marketplace.notes.gateway import ask_gateway
from router_marketplace.notes.settings import PinduoduoNoteSettings
from router_marketplace.parsing import object_of, text_of
from router_marketplace.settings import secret
from router_marketplace.signing.chinese import sign_pinduoduo
from router_marketplace.simulators.fake_notes import FakePinduoduo

FACTS = load_note_facts("pinduoduo-notes")
READ, WRITE = "pdd.order.information.get", "pdd.order.note.update"


class PinduoduoNotes(NoteTarget):
    """One shop. Each write replaces the whole note; red and blue tags are named after the desk."""

    def __init__(self, name: str, settings: PinduoduoNoteSettings) -> None:
        self._settings = settings

    async def read(self, order_id: str) -> Memo:
        """Read note and tag of an order."""
        answer = await self._ask(READ, {"order_sn": order_id}, writes=False)
        order = object_of(object_of(answer.get("order_info_get_response")).get("order_info"))
        if text_of(order.get("order_sn")) != order_id:
            raise RecipientGone(
                "no order in the answer", public_text="The platform does not know this order."
            )
        return Memo(text=text_of(order.get("remark")), colour=FACTS.colour_of(order.get("remark_tag", "")))

    async def write(self, order_id: str, memo: Memo) -> None:
        """Replace note and tag of an order."""
        business = {"order_sn": order_id, "note": memo.text}
        if memo.colour is not None:
            business["tag"] = str(FACTS.colours[memo.colour])
            business["tag_name"] = FACTS.tag_names.get(memo.colour, "")
        await self._ask(WRITE, business, writes=True)

    async def _ask(self, kind: str, business: Mapping[str, str], *, writes: bool) -> Mapping[str, Any]:
        settings = self._settings
        signed = sign_pinduoduo(
            business,
            client_id=settings.client_id,
            secret=secret(settings.secret_env, "the application's secret"),
            kind=kind,
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


PINDUODUO = NoteTargetType(
    id="pinduoduo_note",
    title="Pinduoduo",
    settings=PinduoduoNoteSettings,
    limits=FACTS.limits,
    factory=PinduoduoNotes,
    simulator=FakePinduoduo,
)
