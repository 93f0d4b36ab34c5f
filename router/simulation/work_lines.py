"""Lines about work: it comes, is changed, moved, put back and solved.

In: a line and where everything stands. Out: events, or a ConfigError that says what contradicts what.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from router.documents.suggestions import did_you_mean
from router.engine.events import (
    ClaimEnded,
    ClaimOutcome,
    ClaimTaken,
    Event,
    Item,
    ItemChanged,
    ItemQueued,
    ItemWithdrawn,
)
from router.engine.rules import RuleSet
from router.errors import ConfigError
from router.messages import JsonObject
from router.simulation.event_list import Line
from router.simulation.people import People
from router.simulation.play import CLAIMED, ENDED, HANDED_BACK, Followed, Play
from router.simulation.queueing import Known, Queueing, customer_of


class WorkLines:
    """Reads them; `notes` collects what changes nothing."""

    def __init__(
        self, play: Play, ruleset: RuleSet, queueing: Queueing, people: People, notes: list[str]
    ) -> None:
        self._play = play
        self._ruleset = ruleset
        self._queueing = queueing
        self._people = people
        self._notes = notes
        self._arrivals = 0
        self._queued: dict[str, Line] = {}
        # customer to his items, oldest first
        self._items_of: dict[str, list[str]] = {}

    def events(self, line: Line) -> list[Event]:
        """Give the events of a line about work."""
        if line.kind == "item_enqueued":
            return self._enqueued(line)
        followed = self.live_item(str(line.entry["item"]))
        if line.kind == "item_changed":
            return [self._changed(line, followed)]
        self._check_holder(line, followed)
        if line.kind == "resolve":
            return [self._resolved(line, followed)]
        if line.kind == "transfer":
            return self._transfer(line, followed)
        if followed.holder is None:
            raise ConfigError(f"nobody has `{followed.item.id}`", hint="Only who has it can put it back.")
        return self._back(line.at, followed, followed.queue)

    def live_item(self, name: str) -> Followed:
        """Give an item that waits or is served."""
        followed = self.known_item(name)
        if followed.state == ENDED:
            raise ConfigError(f"`{name}` is over", hint="Queue it again first (item_enqueued).")
        return followed

    def known_item(self, name: str) -> Followed:
        """Give an item that was queued, though it be over."""
        followed = self._play.items.get(name)
        if followed is None:
            near = did_you_mean(name, list(self._play.items)[-1000:])
            raise ConfigError(f"unknown item `{name[:60]}`", hint=f"Queue it first. {near}")
        return followed

    def _last_agent(self, customer: str) -> str | None:
        """Name who served a customer last: who has, or had, the newest item of his that anybody had."""
        items = self._items_of.get(customer, ())
        holders = (self._play.last_holders.get(name) for name in reversed(items))
        return next((holder for holder in holders if holder is not None), None)

    def _enqueued(self, line: Line) -> list[Event]:
        name = str(line.entry["item"])
        before = self._play.items.get(name)
        if before is not None and before.state not in (ENDED, HANDED_BACK):
            return self._told_again(line)
        entry = line.entry
        if before is not None and before.state == HANDED_BACK:
            kept = before.item
            entry = {"eligible_since": kept.eligible_since.isoformat(), "arrival": kept.arrival, **entry}
        customer = customer_of(entry)
        known = Known(
            arrival=self._arrivals,
            returning=customer in self._items_of,
            last_agent=self._last_agent(customer),
        )
        item = self._queueing.item(entry, line.at, known)
        self._arrivals = max(self._arrivals, item.arrival + 1)
        self._queued[name] = line
        if customer:
            self._items_of.setdefault(customer, []).append(name)
        return [ItemQueued(at=line.at, item=item)]

    def _told_again(self, line: Line) -> list[Event]:
        """Take the same line twice as one; another one for live work contradicts it."""
        name = str(line.entry["item"])
        first = self._queued.get(name)
        if first is not None and {**first.entry, "at": ""} == {**line.entry, "at": ""}:
            self._notes.append(f"line {line.number}: `{name}` is told a second time; nothing changes")
            return []
        where = f" since line {first.number}" if first is not None else ""
        raise ConfigError(
            f"`{name}` is queued already{where}", hint="Use item_changed, or another name for other work."
        )

    def _changed(self, line: Line, followed: Followed) -> ItemChanged:
        """Change work in place: what the line leaves out stays as it is."""
        old = replace(followed.item, queue=followed.queue)
        entry: JsonObject = {**_kept(old), **line.entry}
        new = self._queueing.item(entry, line.at, Known(arrival=old.arrival))
        if "needs" not in line.entry and "facts" not in line.entry:
            new = replace(new, needs=old.needs)
        return ItemChanged(at=line.at, item=new, reason=str(line.entry.get("reason") or ""))

    def _check_holder(self, line: Line, followed: Followed) -> None:
        agent_id = line.entry.get("agent")
        if agent_id is None:
            return
        self._people.known(str(agent_id))
        if followed.holder != agent_id:
            name = followed.item.id
            raise ConfigError(f"`{agent_id}` does not have `{name}`", hint="Name who has it, or nobody.")

    def _resolved(self, line: Line, followed: Followed) -> Event:
        name = followed.item.id
        if followed.state != CLAIMED or followed.holder is None:
            reason = str(line.entry.get("reason") or "resolved")
            return ItemWithdrawn(at=line.at, item_id=name, reason=reason)
        return ClaimEnded(at=line.at, item_id=name, agent_id=followed.holder, outcome=ClaimOutcome.COMPLETED)

    def _transfer(self, line: Line, followed: Followed) -> list[Event]:
        """Move to a queue, keeping the age, or to a person."""
        to = str(line.entry["to"])
        if to in self._ruleset.model.queues:
            if followed.holder is not None:
                return self._back(line.at, followed, to)
            moved = self._moved(followed, to, line.at)
            return [ItemChanged(at=line.at, item=moved, reason="transferred")]
        if to not in self._people.names:
            known = [*self._ruleset.model.queues, *self._people.names]
            raise ConfigError(f"`{to[:60]}` is neither a queue nor a person", hint=did_you_mean(to, known))
        return [ClaimTaken(at=line.at, item_id=followed.item.id, agent_id=to)]

    def _back(self, at: datetime, followed: Followed, queue: str) -> list[Event]:
        """Hand back, and queue again with the old age."""
        name, holder = followed.item.id, followed.holder or ""
        ended = ClaimEnded(at=at, item_id=name, agent_id=holder, outcome=ClaimOutcome.HANDED_BACK)
        item = self._moved(followed, queue, at) if queue != followed.queue else followed.item
        return [ended, ItemQueued(at=at, item=item)]

    def _moved(self, followed: Followed, queue: str, at: datetime) -> Item:
        limits = self._ruleset.engine_config.queue(queue)
        return replace(followed.item, queue=queue, max_advance_s=limits.max_advance_s, entered_queue_at=at)


def _kept(item: Item) -> Mapping[str, str | float | int | list[str] | None]:
    """Give the fields a change leaves alone, as a line has them."""
    return {
        "queue": item.queue,
        "conversation": item.conversation_id,
        "channel_class": item.channel_class,
        "boost_s": item.boost_s,
        "lead_s": item.lead_s,
        "max_advance_s": item.max_advance_s,
        "eligible_since": item.eligible_since.isoformat(),
        "entered_queue_at": None if item.entered_queue_at is None else item.entered_queue_at.isoformat(),
        "due_at": None if item.due_at is None else item.due_at.isoformat(),
        "sla": list(item.sla),
        "preferred_agent": item.preferred_agent_id,
    }
