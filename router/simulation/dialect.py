"""What the lines of an event list mean, at the moment their turn comes.

In: a line and where everything stands. Out: the events to tell the engine, or an EventListError that says
what contradicts what. Lines that only come too late (an answer to an offer that ran out) are noted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from router.documents.suggestions import did_you_mean
from router.engine.event_json import from_json
from router.engine.events import (
    AgentChanged,
    ClaimEnded,
    ClaimOutcome,
    ClaimTaken,
    Event,
    ItemChanged,
    ItemQueued,
    ItemWithdrawn,
    OfferAccepted,
    OfferRejected,
    PresenceChanged,
)
from router.engine.rules import RuleSet
from router.errors import ConfigError
from router.messages import JsonObject
from router.model.presence import PresenceState
from router.simulation.event_list import Line
from router.simulation.people import People
from router.simulation.play import CLAIMED, ENDED, HANDED_BACK, Followed, Play
from router.simulation.queueing import Known, Queueing, customer_of

_OF_ITEMS = frozenset({"reply", "customer_message", "pause", "thaw", "claim_taken", "item_withdrawn"})
_OF_OFFERS = frozenset({"offer_answer", "offer_accepting", "offer_failed"})


class Dialect:
    """Reads one list, line by line; `notes` collects what came too late to change anything."""

    def __init__(self, play: Play, ruleset: RuleSet, queueing: Queueing, people: People) -> None:
        self._play = play
        self._ruleset = ruleset
        self._queueing = queueing
        self._people = people
        self._arrivals = 0
        self._queued: dict[str, Line] = {}
        self._customers: dict[str, str] = {}
        self._last_agents: dict[str, str] = {}
        self.notes: list[str] = []

    def events(self, line: Line) -> list[Event]:
        """Give the events of a line; raises ConfigError for one that cannot be."""
        if line.kind in ("item_enqueued", "item_changed"):
            return self._item(line)
        if line.kind in _OF_OFFERS:
            return self._about_offer(line)
        if line.kind in ("resolve", "put_back", "transfer"):
            return self._end(line)
        if line.kind in ("agent_skills", "presence", "agent_removed", "absence", "agent_restored"):
            return [self._people.event(line)]
        self._check(line)
        return [from_json(self._with_holder(line))]

    def _check(self, line: Line) -> None:
        """Refuse a line about an item, a person or an incident nobody has heard of."""
        entry = line.entry
        if "item" in entry:
            self._live_item(str(entry["item"]))
        if isinstance(entry.get("agent"), str):
            self._people.known(str(entry["agent"]))
        if line.kind in ("incident_started", "incident_ended"):
            declared = self._ruleset.engine_config.incidents
            if entry["name"] not in declared:
                hint = did_you_mean(str(entry["name"]), list(declared))
                raise ConfigError(f"unknown incident `{entry['name']}`", hint=hint)

    def _with_holder(self, line: Line) -> JsonObject:
        """Fill in who has the item where a line leaves it out."""
        if line.kind not in ("reply", "claim_ended") or line.entry.get("agent"):
            return line.entry
        holder = self._play.items[str(line.entry["item"])].holder
        if holder is None and line.kind == "claim_ended":
            raise ConfigError("nobody has this item", hint="A claim can end only where somebody has one.")
        return {**line.entry, "agent": holder}

    # --- items ----------------------------------------------------------------------------------

    def _item(self, line: Line) -> list[Event]:
        name = str(line.entry["item"])
        before = self._play.items.get(name)
        if line.kind == "item_changed":
            return [self._changed(line, self._live_item(name))]
        if before is not None and before.state not in (ENDED, HANDED_BACK):
            return self._told_again(line)
        item = self._queueing.item(self._keeping_age(line.entry, before), line.at, self._known(line))
        self._arrivals = max(self._arrivals, item.arrival) + 1
        self._queued[name] = line
        self._customers[name] = customer_of(line.entry)
        return [ItemQueued(at=line.at, item=item)]

    def _changed(self, line: Line, followed: Followed) -> Event:
        """Re-prioritise in place: what the line leaves out stays as it is."""
        old = followed.item
        entry: dict[str, object] = {
            "queue": followed.queue,
            "channel_class": old.channel_class,
            "boost_s": old.boost_s,
            "lead_s": old.lead_s,
            "max_advance_s": old.max_advance_s,
            "eligible_since": old.eligible_since.isoformat(),
            "arrival": old.arrival,
            "sla": list(old.sla),
            "preferred_agent": old.preferred_agent_id,
            "conversation": old.conversation_id,
            "due_at": None if old.due_at is None else old.due_at.isoformat(),
        }
        queueing = self._queueing.item({**entry, **line.entry}, line.at, self._known(line))  # type: ignore[dict-item]
        if "needs" not in line.entry and "facts" not in line.entry:
            queueing = _replace_needs(queueing, old)
        return ItemChanged(at=line.at, item=queueing, reason=str(line.entry.get("reason") or ""))

    def _told_again(self, line: Line) -> list[Event]:
        """Take the same line twice as one; another one for live work contradicts it."""
        name = str(line.entry["item"])
        first = self._queued.get(name)
        if first is not None and _without_time(first.entry) == _without_time(line.entry):
            self._note(line, f"{name} is told a second time; nothing changes")
            return []
        where = f" since line {first.number}" if first is not None else ""
        raise ConfigError(
            f"`{name}` is queued already{where}", hint="Use item_changed, or another name for other work."
        )

    def _keeping_age(self, entry: JsonObject, before: Followed | None) -> JsonObject:
        """Let what was handed back keep its age and its place in the order of arrival."""
        if before is None or before.state != HANDED_BACK:
            return entry
        kept = {"eligible_since": before.item.eligible_since.isoformat(), "arrival": before.item.arrival}
        return {**kept, **entry}

    def _known(self, line: Line) -> Known:
        customer = customer_of(line.entry)
        return Known(
            arrival=self._arrivals,
            returning=bool(customer) and customer in self._customers.values(),
            last_agent=self._last_agents.get(customer),
        )

    def _live_item(self, name: str) -> Followed:
        followed = self._play.items.get(name)
        if followed is None:
            hint = did_you_mean(name, list(self._play.items)[-1000:])
            raise ConfigError(f"unknown item `{name[:60]}`", hint=f"{hint} Queue it first (item_enqueued).")
        if followed.state == ENDED:
            raise ConfigError(f"`{name}` is over", hint="Queue it again first (item_enqueued).")
        return followed

    # --- offers and claims ----------------------------------------------------------------------

    def _about_offer(self, line: Line) -> list[Event]:
        offer_id = self._offer_id(line)
        if offer_id is None:
            return []
        if line.kind != "offer_answer":
            kept = {key: value for key, value in line.entry.items() if key not in ("agent", "item")}
            return [from_json({**kept, "offer": offer_id})]
        accepts, reason = _answer(line.entry)
        if accepts:
            return [OfferAccepted(at=line.at, offer_id=offer_id)]
        return [OfferRejected(at=line.at, offer_id=offer_id, reason=reason)]

    def _offer_id(self, line: Line) -> str | None:
        """Find the offer a line is about; None for one that is over, which is noted."""
        entry = line.entry
        if isinstance(entry.get("offer"), str):
            made = self._play.known_offers.get(str(entry["offer"]))
            if made is None:
                raise ConfigError(f"there was no offer `{entry['offer']}`", hint="Name agent and item.")
            agent_id, item_id = made.agent_id, made.item_id
        elif isinstance(entry.get("agent"), str) and isinstance(entry.get("item"), str):
            agent_id, item_id = str(entry["agent"]), str(entry["item"])
            self._people.known(agent_id)
            if item_id not in self._play.items:
                self._live_item(item_id)
        else:
            raise ConfigError(f"{line.kind} names no offer", hint="Give `agent` and `item`.")
        open_offer = self._play.open_offers.get((agent_id, item_id))
        if open_offer is not None and entry.get("offer") in (None, open_offer.offer_id):
            return open_offer.offer_id
        offers = self._play.known_offers.values()
        if not any((one.agent_id, one.item_id) == (agent_id, item_id) for one in offers):
            self._never_offered(agent_id, item_id)
        self._note(line, f"the offer of {item_id} to {agent_id} is over; the answer changes nothing")
        return None

    def _never_offered(self, agent_id: str, item_id: str) -> None:
        followed = self._play.items[item_id]
        now = f"it is {followed.state}"
        if followed.offer is not None:
            now = f"it is offered to {followed.offer.agent_id}"
        elif followed.holder is not None:
            now = f"{followed.holder} has it"
        raise ConfigError(
            f"`{item_id}` was not offered to `{agent_id}`; {now}",
            hint="Answer only what was offered; `claim_taken` takes work without an offer.",
        )

    def _end(self, line: Line) -> list[Event]:
        name = str(line.entry["item"])
        followed = self._live_item(name)
        agent_id = line.entry.get("agent")
        if isinstance(agent_id, str):
            self._people.known(agent_id)
            if followed.holder != agent_id:
                raise ConfigError(f"`{agent_id}` does not have `{name}`", hint="Name who has it, or nobody.")
        if line.kind == "resolve":
            return [self._resolved(line, followed)]
        if line.kind == "transfer":
            return self._transfer(line, followed)
        if followed.holder is None:
            raise ConfigError(f"nobody has `{name}`", hint="Only who has it can put it back.")
        return self._back(line.at, followed, {})

    def _resolved(self, line: Line, followed: Followed) -> Event:
        name = followed.item.id
        if followed.state != CLAIMED or followed.holder is None:
            reason = str(line.entry.get("reason") or "resolved")
            return ItemWithdrawn(at=line.at, item_id=name, reason=reason)
        if customer := self._customers.get(name):
            self._last_agents[customer] = followed.holder
        return ClaimEnded(
            at=line.at, item_id=name, agent_id=followed.holder, outcome=ClaimOutcome.COMPLETED
        )

    def _transfer(self, line: Line, followed: Followed) -> list[Event]:
        """Move to a queue, keeping the age, or to a person."""
        to = str(line.entry["to"])
        if to in self._ruleset.model.queues:
            moved = {"queue": to, "entered_queue_at": line.at.isoformat()}
            if followed.holder is not None:
                return self._back(line.at, followed, moved)
            entry = {**line.entry, **moved, "reason": "transferred"}
            entry["max_advance_s"] = self._ruleset.engine_config.queue(to).max_advance_s
            changed = Line(number=line.number, at=line.at, kind="item_changed", entry=entry)
            return [self._changed(changed, followed)]
        if to not in self._people.names:
            known = [*self._ruleset.model.queues, *self._people.names]
            raise ConfigError(f"`{to[:60]}` is neither a queue nor a person", hint=did_you_mean(to, known))
        return [ClaimTaken(at=line.at, item_id=followed.item.id, agent_id=to)]

    def _back(self, at: datetime, followed: Followed, changes: Mapping[str, str]) -> list[Event]:
        """Hand back, and queue again with the old age."""
        old, holder = followed.item, followed.holder or ""
        queue = changes.get("queue", followed.queue)
        item = _moved(old, queue, at if "queue" in changes else old.entered_queue_at)
        ended = ClaimEnded(at=at, item_id=old.id, agent_id=holder, outcome=ClaimOutcome.HANDED_BACK)
        return [ended, ItemQueued(at=at, item=item)]

    def held_by(self, name: str, agent_id: str) -> None:
        """Remember who served the customer of an item last."""
        if customer := self._customers.get(name):
            self._last_agents[customer] = agent_id

    def _note(self, line: Line, text: str) -> None:
        self.notes.append(f"line {line.number}: {text}")
