"""What a batch learns about messages and threads there are already: echoes, changes, thread states.

In: events as filing goes through them, and the shelf. Out: notes on the shelf and in what was `Filed`. Pure.
A change whose message has not come waits with its entry, and is applied when the message does.
"""

from __future__ import annotations

from collections.abc import Iterable

from router.demand import is_ours
from router.echoes import find_own, named_by
from router.message_changes import apply_change
from router.messages import InboundEvent
from router.model.filing import Decoded, Filed, Row, Shelf, pointing, reference_digest
from router.model.threads import (
    CHANGES,
    Change,
    Echo,
    Known,
    OwnMessage,
    Thread,
    Wanted,
    change_of,
    folded,
)

_TOLD = ("status", "turn", "can_send", "blocked_reason")


class ThreadNews:
    """Follows a batch event by event."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def is_echo(self, item: Decoded, event: InboundEvent, filed: Filed) -> bool:
        """Note an event as one of our own messages come back; false when it was sent elsewhere."""
        conversation_id = _conversation_of(self._shelf, item, event)
        if conversation_id is None:
            return False
        at = event.occurred_at or item.received_at
        own = find_own(self._thread(conversation_id).own, event, at)
        if own is None:
            return False
        own.refs.add(event.external_id)
        if own.state is not None and not own.is_seen:
            own.is_seen = own.has_remote_ref = True
            echo = Echo(
                conversation_id=conversation_id,
                message_id=own.id,
                remote_ref=event.external_id,
                sort_key=event.sort_key,
                is_visible=event.visible,
                at=at,
            )
            filed.echoes.append(echo)
        return True

    def take_in(self, item: Decoded, event: InboundEvent, row: Row, filed: Filed) -> None:
        """Let a new entry meet the changes that wait for it, or the message it is about."""
        thread = self._thread(row["strand_id"])
        if event.kind in CHANGES:
            if event.target:
                self._change(thread, item, event, row, filed)
            return
        if event.external_id:
            thread.by_ref[event.external_id] = Known(id=row["id"], columns=row, is_new=True)
            for change in [one for one in thread.unmet if one.target == event.external_id]:
                apply_change(row, change)
                self._met(thread, change)
        if is_ours(event):
            text = folded(block.text for block in event.blocks)
            refs = {event.external_id} - {""}
            thread.own.append(OwnMessage(id=row["id"], refs=refs, text=text, state=None, tried_at=None))

    def _change(self, thread: Thread, item: Decoded, event: InboundEvent, row: Row, filed: Filed) -> None:
        change = change_of(row, event.target)
        known = thread.by_ref.get(event.target)
        if known is None:
            row["unmet_target"] = event.target
            thread.unmet.append(change)
        elif apply_change(known.columns, change):
            known.is_changed = True
            filed.changed.append((row["conversation_id"], known.id))

    def _met(self, thread: Thread, change: Change) -> None:
        thread.unmet.remove(change)
        self._shelf.met.append(change.row_id)
        for row in self._shelf.new.get("message", []):
            if row["id"] == change.row_id:
                row["unmet_target"] = None

    def note_state(self, item: Decoded, event: InboundEvent, filed: Filed) -> bool:
        """Keep what a provider says of its thread, the latest of it; true when it reads otherwise now."""
        state, conversation_id = event.platform_state, _conversation_of(self._shelf, item, event)
        if state is None or conversation_id is None:
            return False
        at, before = event.occurred_at or item.received_at, self._shelf.states.get(conversation_id)
        if before is not None and (at, event.sort_key) < (before["stated_at"], before["sort_key"]):
            return False
        row: Row = {
            "conversation_id": conversation_id,
            "status": state.status,
            "turn": state.turn,
            "reply_needed_since": state.reply_needed_since,
            "closes_at": state.closes_at,
            "can_send": state.can_send,
            "blocked_reason": state.blocked_reason,
            "unread": state.unread,
            "sort_key": event.sort_key,
            "stated_at": at,
        }
        self._shelf.states[conversation_id] = row
        self._shelf.stated.add(conversation_id)
        filed.stated.append(conversation_id)
        return before is None or any(row[name] != before[name] for name in _TOLD)

    def _thread(self, conversation_id: str) -> Thread:
        return self._shelf.threads.setdefault(conversation_id, Thread())


def wanted_of(items: Iterable[Decoded], shelf: Shelf) -> Wanted:
    """Say what has to be read of messages there are already, for a batch whose pointers are on the shelf."""
    wanted = Wanted()
    for item in items:
        for event in item.events:
            conversation_id = _conversation_of(shelf, item, event)
            if conversation_id is None:
                continue
            if is_ours(event):
                ids = {event.external_id, *named_by(event)} - {""}
                wanted.echoes.setdefault(conversation_id, set()).update(ids)
            if event.kind in CHANGES and event.target:
                wanted.targets.setdefault(conversation_id, set()).add(event.target)
            elif event.external_id:
                wanted.spoken.add(conversation_id)
            if event.platform_state is not None:
                wanted.stated.add(conversation_id)
    return wanted


def _conversation_of(shelf: Shelf, item: Decoded, event: InboundEvent) -> str | None:
    found = (shelf.pointers.get(reference_digest(item.account, one)) for one in pointing(event))
    return next((pointer.conversation_id for pointer in found if pointer is not None), None)
