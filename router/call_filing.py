"""Room 3, calls: each fact finds its call, and each call its place in the customer's conversation.

In: decoded items with facts about calls, and the shelves of everything they point to. Out: calls on their
shelf with one message each, which changes in place as facts come. What the calls of a number ask for is
decided afterwards, in `call_backs.py`. Pure, like all of room 3.

A call by itself opens nothing: it goes into what the customer has open, else where his last matter rests,
else into a quiet conversation. Calls nobody can be called back about (inner ones, anonymous ones, calls for
help) belong to no conversation and are kept in the table of calls alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import product
from typing import Any

from router.calls import Call, is_same_call, merge_calls
from router.conversations import Filing
from router.demand import customer_of
from router.entries import PREVIEW_CHARS, block_json, preview
from router.messages import Block, BlockKind, InboundEvent, Role
from router.model.call_shelf import CallShelf, Joined, KnownMoment, StoredCall
from router.model.call_words import block_of_call
from router.model.calls import asks_call_back, call_digest, identity_of, is_with_customer
from router.model.filing import (
    Decoded,
    Filed,
    FiledAs,
    LinkKind,
    Point,
    PointKey,
    Shelf,
    Shelved,
)
from router.placing import OTHER_CHANNEL_WINDOW, REOPEN_WINDOW, Place


class CallFiling(Filing):
    """Files items one after the other, those about calls too.

    `last` gives for each number what of the batch spoke of it last.
    """

    def __init__(
        self,
        shelf: Shelf,
        calls: CallShelf,
        new_id: Callable[[], str],
        window: timedelta = OTHER_CHANNEL_WINDOW,
    ) -> None:
        super().__init__(shelf, new_id, window)
        self._calls = calls
        self.last: dict[str, Told] = {}

    def file(self, item: Decoded) -> Filed:
        """File one item; later items see what earlier ones left on the shelves."""
        others = tuple(event for event in item.events if event.call is None)
        filed = super().file(replace(item, events=others))
        for event in item.events:
            if event.call is not None:
                self._file_call(item, event, event.call, filed)
        return filed

    def _file_call(self, item: Decoded, event: InboundEvent, fact: Call, filed: Filed) -> None:
        stored, before = self._merged(item, fact)
        self._calls.touched |= {one for one in (stored.number, before) if one}
        told = replace(
            event,
            call=stored.call,
            blocks=[block_of_call(stored.id, stored.call), *_own_blocks(event)],
            occurred_at=stored.call.started_at or event.occurred_at,
        )
        filed.outcome = FiledAs.KEPT
        if stored.conversation_id is not None:
            self._change_message(item, told, stored, filed)
        elif is_with_customer(stored.call):
            self._place(item, told, stored, filed)
        if stored.number:
            self.last[stored.number] = Told(item=item, event=told, stored=stored, filed=filed)

    # --- which call -----------------------------------------------------------------------------

    def _merged(self, item: Decoded, fact: Call) -> tuple[StoredCall, str]:
        """Merge a fact into its call, or make a call of it; give it with the number it had before."""
        found = self._known(item.account, fact)
        if not found:
            stored = StoredCall(
                id=self._new_id(),
                account=item.account,
                call=merge_calls(fact, fact),
                heard_at=item.received_at,
                new=True,
            )
            self._calls.calls[stored.id] = stored
            before = ""
        else:
            stored, *others = found
            before = stored.number
            merged = merge_calls(stored.call, fact)
            for other in others:
                merged = merge_calls(merged, other.call)
                self._join_calls(other, stored)
            stored.changed = stored.changed or merged != stored.call
            stored.call = merged
            stored.heard_at = min(stored.heard_at, item.received_at)
        self._calls.by_digest |= dict.fromkeys(stored.digests, stored.id)
        return stored, before

    def _known(self, account: str, fact: Call) -> list[StoredCall]:
        """Give the calls a fact is of, the oldest first: several when it shows that they are one."""
        keys = [call_digest(account, key) for key in (fact.key, *fact.linked_keys)]
        found = {self._calls.by_digest[key] for key in keys if key in self._calls.by_digest}
        if not found:
            same = [
                one.id
                for one in self._calls.calls.values()
                if one.account == account and is_same_call(one.call, fact)
            ]
            found = set(sorted(same)[:1])
        return [self._calls.calls[call_id] for call_id in sorted(found)]

    def _join_calls(self, gone: StoredCall, into: StoredCall) -> None:
        """Let one call be another from now on; what pointed to it points there."""
        del self._calls.calls[gone.id]
        self._calls.joined[gone.id] = Joined(into=into, message_id=gone.message_id)
        for digest in gone.digests:
            self._calls.by_digest[digest] = into.id
        if gone.number:
            self._calls.touched.add(gone.number)
        if into.conversation_id is None:
            into.contact_point_id, into.conversation_id = gone.contact_point_id, gone.conversation_id
            into.message_id = gone.message_id
        into.heard_at = min(into.heard_at, gone.heard_at)
        into.changed = True

    # --- where ----------------------------------------------------------------------------------

    def _place(self, item: Decoded, event: InboundEvent, stored: StoredCall, filed: Filed) -> None:
        """Give a call its message in the customer's conversation."""
        named = customer_of(event) if event.author.role is Role.CUSTOMER else None
        point = self._point(item, event, named or identity_of(stored.call))
        conversation, filed.outcome = self._conversation(item, event, point)
        self._join(conversation.id, point.id)
        self._add_message(item, event, conversation, point, filed.outcome, filed)
        row, _ = filed.messages[-1]
        row |= _changing(event)
        self._calls.messages[row["id"]] = row
        stored.contact_point_id, stored.conversation_id = point.id, conversation.id
        stored.message_id, stored.changed = row["id"], True

    def _conversation(self, item: Decoded, event: InboundEvent, point: Point) -> tuple[Shelved, FiledAs]:
        """Find what the customer has open, else where his last matter rests, else open a quiet one."""
        for conversation in self._shelf.open_of(point.id):
            return conversation, FiledAs.THREADED
        resting = [one for one in self._shelf.conversations.values() if one.contact_point_id == point.id]
        last = max(resting, key=lambda one: one.last_message_at, default=None)
        links: tuple[tuple[str, LinkKind], ...] = ()
        if last is not None:
            resolved_at = self._shelf.whole_of(last).resolved_at
            if resolved_at is None or item.received_at - resolved_at <= REOPEN_WINDOW:
                return last, FiledAs.THREADED
            links = ((last.id, LinkKind.CONTINUED),)
        place = Place(None, FiledAs.KEPT, links)
        return self._open(item, event, point, place, is_quiet=True), FiledAs.KEPT

    def _change_message(self, item: Decoded, event: InboundEvent, stored: StoredCall, filed: Filed) -> None:
        """Let the message of a call say what is known now; a fact that adds nothing changes nothing."""
        row = self._calls.messages.get(stored.message_id or "")
        filed.outcome = FiledAs.THREADED
        if row is None:
            return
        asked = row["direction"] == "inbound"
        extra = [block for block in row["blocks"] if block["kind"] != BlockKind.CALL]
        changed = _changing(event)
        own = [block_json(block) for block in event.blocks[1:]]
        changed["blocks"] = [block_json(event.blocks[0]), *extra, *(one for one in own if one not in extra)]
        changed["warnings"] = sorted({*row["warnings"], *event.warnings})
        self._attach(item, event, row["id"], filed)
        is_other = any(row[name] != value for name, value in changed.items())
        if is_other:
            row |= changed
            stored.changed = True
            self._calls.changed_messages[row["id"]] = row
        if asks_call_back(stored.call) and not asked:
            filed.messages.append((row, ""))
        else:
            filed.updated.append(row)

    def _attach(self, item: Decoded, event: InboundEvent, message_id: str, filed: Filed) -> None:
        """Put files that came with a later fact to the message."""
        for attachment in event.attachments:
            file = {
                "id": self._new_id(),
                "message_id": message_id,
                "inbound_id": item.inbound_id,
                "part": attachment.part,
                "name": attachment.name,
                "content_type": attachment.content_type,
                "size_bytes": attachment.size_bytes,
                "content_id": attachment.content_id,
                "inline": attachment.inline,
            }
            self._shelf.add("attachment", file)
            filed.attachments.append(file)

    # --- for the call-backs ---------------------------------------------------------------------

    def conversation_of(self, known: KnownMoment, told: Told) -> Shelved | None:
        """Give the conversation a call that asks for something stands in, else that of the batch's own."""
        for conversation_id in (known.conversation_id, told.stored.conversation_id):
            conversation = self._shelf.conversations.get(conversation_id or "")
            if conversation is not None and self._point_of(conversation) is not None:
                return self._shelf.whole_of(conversation)
        return None

    def open_for(self, conversation: Shelved, told: Told) -> None:
        """Open a conversation that rests, because the customer wants to be called back."""
        # what we say of a call are not the customer's words
        event = replace(told.event, blocks=_own_blocks(told.event))
        if self.open_resting(conversation, told.item, event, preview(told.event.blocks, 80), told.filed):
            for row, _ in told.filed.messages:
                if row["conversation_id"] == conversation.id:
                    row["episode_id"] = conversation.episode_id

    def open_resting(
        self, conversation: Shelved, item: Decoded, event: InboundEvent, subject: str, filed: Filed
    ) -> bool:
        """Open a conversation that rests for an event that stands for something to do; false if it is open.

        `subject` is for one in which nobody has asked for anything before.
        """
        point = self._point_of(conversation)
        if conversation.state == "open" or point is None:
            return False
        is_first = conversation.is_quiet
        if is_first:
            self._adopt(conversation, point, event)
            conversation.adopted_as = event.subject or subject
        self._reopen(conversation, item.received_at)
        conversation.changed = True
        self._opened(filed, conversation, point, event, item, reopened=not is_first)
        filed.outcome = FiledAs.OPENED if is_first else FiledAs.REOPENED
        return True

    def _point_of(self, conversation: Shelved) -> Point | None:
        points = self._shelf.points.values()
        return next((one for one in points if one.id == conversation.contact_point_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a batch told of a number: the item, its event with the whole call, and what became of it."""

    item: Decoded
    event: InboundEvent
    stored: StoredCall
    filed: Filed


def callers(facts: Sequence[tuple[str, Call]], calls: CallShelf) -> set[PointKey]:
    """Give every contact point a customer may get for his number, whatever the facts come to together."""
    keys = set()
    stored = [(one.account, one.call) for one in calls.calls.values()]
    known = [(account, fact) for account, call in (*facts, *stored) for fact in (call, *call.legs)]
    extensions = {fact.extension for _, fact in known} | {""}
    for account, fact in known:
        numbers = (replace(fact, customer_e164=number) for number in {fact.customer_e164, ""})
        for number, extension in product(numbers, extensions):
            identity = identity_of(replace(number, extension=extension))
            if identity.value:
                keys.add(PointKey.of(account, identity))
    return keys


def _own_blocks(event: InboundEvent) -> Sequence[Block]:
    """Give what the channel says besides the call itself: the words of a voicemail, for example."""
    return [block for block in event.blocks if block.kind is not BlockKind.CALL]


def _changing(event: InboundEvent) -> dict[str, Any]:
    """Give those columns of a call's message that change with it."""
    asks = event.call is not None and asks_call_back(event.call)
    return {
        "direction": "inbound" if asks else "event",
        "blocks": [block_json(block) for block in event.blocks],
        "preview": preview(event.blocks, PREVIEW_CHARS),
        "occurred_at": event.occurred_at,
        "warnings": list(event.warnings),
    }
