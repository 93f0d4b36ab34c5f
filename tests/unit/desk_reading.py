"""A plain reading of the rules of routing: who may have an item at this moment, read off a book, slowly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from fractions import Fraction

from router.engine.events import Item
from router.engine.needs import Need, NeedKind
from router.model.presence import PresenceState
from tests.unit.desk_book import GONE, Book

Skills = dict[str, int]


def meets(need: Need, skills: Skills) -> bool:
    has = skills.get(need.skill, -1) >= need.level
    return not has if need.kind is NeedKind.FORBID else has


def first_of(stopped: Mapping[str, bool]) -> str | None:
    return next((gate for gate, is_stopped in stopped.items() if is_stopped), None)


class Reading:
    """One moment of a book."""

    def __init__(self, book: Book, now: datetime) -> None:
        self.book = book
        self.config = book.config
        self.now = now

    # --- people ------------------------------------------------------------------------------------

    def skills(self, name: str) -> Skills:
        staffed = self.book.people[name].staffed
        return {
            skill: level
            for skill, level in staffed.skills.items()
            if skill not in staffed.expires or staffed.expires[skill] > self.now
        }

    def is_absent(self, name: str) -> bool:
        since, until = self.book.plans.get(name, (None, None))
        return since is not None and since <= self.now and (until is None or self.now < until)

    def is_on_shift(self, name: str) -> bool:
        return self.book.people[name].state is not PresenceState.OFFLINE and not self.is_absent(name)

    def is_present(self, name: str) -> bool:
        return self.book.people[name].state is PresenceState.AVAILABLE and not self.is_absent(name)

    # --- what an item asks -------------------------------------------------------------------------

    def needs(self, item: Item) -> tuple[Need, ...]:
        """Everything an item asks, with the protection of its queue."""
        protect = self.config.queue(item.queue).protect
        if protect is None or any(need.skill == protect.skill for need in item.needs):
            return item.needs
        kept_off = Need(
            kind=NeedKind.FORBID, skill=protect.skill, level=protect.level, drop_after_s=protect.for_s
        )
        return (*item.needs, kept_off)

    def may_go(self, need: Need) -> bool:
        if need.drop_after_s is None or need.kind is NeedKind.REQUIRE:
            return False
        return need.kind is NeedKind.FORBID or need.skill not in self.config.lasting

    def firm(self, item: Item) -> list[Need]:
        """What is never given up."""
        return [need for need in self.needs(item) if not self.may_go(need) and binds(need)]

    def asked(self, item: Item) -> list[Need]:
        """What binds at this moment."""
        weakest_first = sorted(
            (need for need in self.needs(item) if self.may_go(need)),
            key=lambda need: (need.kind is NeedKind.FORBID, -need.grade, need.drop_after_s),
        )
        here = [name for name in self.book.people if self.is_on_shift(name)]
        able = [name for name in here if self.firm_gate(name, item) is None]
        left = [need for need in weakest_first if not self.is_relaxed(need, item, able)]
        left = [need for need in left if any(meets(need, self.skills(name)) for name in here)]
        while left and not any(all(meets(need, self.skills(name)) for need in left) for name in able):
            left.pop(0)
        return self.firm(item) + [need for need in left if not self.is_over(need, left, item)]

    def is_relaxed(self, need: Need, item: Item, able: Sequence[str]) -> bool:
        on = [self.config.incidents[name] for name in self.book.incidents]
        is_thin = sum(map(self.is_present, able)) < self.config.queue(item.queue).thin_staff
        is_given_up = is_thin or any(need.skill in incident.relax for incident in on)
        return need.kind is NeedKind.PREFER and is_given_up

    def is_over(self, need: Need, left: Sequence[Need], item: Item) -> bool:
        """No preference goes by time before a weaker one; exclusions run by their own clock."""
        before = [need]
        if need.kind is NeedKind.PREFER:
            before = [other for other in left[: left.index(need) + 1] if other.kind is NeedKind.PREFER]
        waited_s = (self.now - (item.entered_queue_at or item.eligible_since)).total_seconds()
        return all((other.drop_after_s or 0) <= waited_s for other in before)

    def keeper(self, item: Item) -> str | None:
        """The person an item waits for alone."""
        name, affinity_s = item.preferred_agent_id, self.config.queue(item.queue).affinity_s
        until = (item.entered_queue_at or item.eligible_since) + timedelta(seconds=affinity_s)
        if name not in self.book.people or not affinity_s or until <= self.now:
            return None
        is_gone = self.book.people[name].state in GONE or self.is_absent(name)
        is_out = is_gone or name in item.declined or self.firm_gate(name, item) is not None
        return None if is_out else name

    # --- gates -------------------------------------------------------------------------------------

    def gate(self, name: str, item: Item) -> str | None:
        """The first gate that stops a person from being asked for an item, None if nothing does."""
        keeper = self.keeper(item)
        if keeper is not None and name != keeper:
            return "kept"
        needs = self.firm(item) if keeper else self.asked(item)
        person = self.book.people[name]
        if not self.is_present(name):
            return "presence"
        stopped = {
            "declined": name in item.declined,
            "cooldown": person.rests_until is not None and person.rests_until > self.now,
            "capacity": self.left(name, item.channel_class) < 0,
            "reserve": self.left(name, item.channel_class) < self.kept_free(name, item.queue),
            "ramp": self.is_braked(name),
        }
        return self.profile_gate(name, item, needs) or first_of(stopped)

    def firm_gate(self, name: str, item: Item) -> str | None:
        return self.profile_gate(name, item, self.firm(item))

    def profile_gate(self, name: str, item: Item, needs: Sequence[Need]) -> str | None:
        person, skills = self.book.people[name], self.skills(name)
        asked = [need for need in needs if need.kind is not NeedKind.FORBID]
        stopped = {
            "channel_class": person.classes is not None and item.channel_class not in person.classes,
            "permission": person.staffed.queues is not None and item.queue not in person.staffed.queues,
            "skill": any(need.skill not in skills for need in asked),
            "level": any(not meets(need, skills) for need in asked),
            "forbid": any(not meets(need, skills) for need in needs),
        }
        return first_of(stopped)

    def left(self, name: str, channel_class: str) -> Fraction:
        """The units left after one more item of a class; negative if another limit stops it."""
        capacity, staffed = self.config.capacity, self.book.people[name].staffed
        asleep = Fraction(str(capacity.dormant))
        held = [
            (self.book.items[id].channel_class, asleep if claim.is_dormant else Fraction(1))
            for id, claim in self.book.claims.items()
            if claim.agent_id == name
        ]
        held += [
            (self.book.items[offer.item_id].channel_class, Fraction(1))
            for offer in self.book.offers.values()
            if offer.agent_id == name
        ]
        held += [
            (wrapping.item.channel_class, Fraction(1))
            for wrapping in self.book.wrap_ups.values()
            if wrapping.agent_id == name
        ]
        if staffed.max_claims is not None and len(held) >= staffed.max_claims:
            return Fraction(-1)
        if sum(weight for each, weight in held if each == channel_class) + 1 > capacity.of(channel_class).max:
            return Fraction(-1)
        against = [
            capacity.of(each).cost * weight
            for each, weight in held
            if channel_class not in capacity.of(each).interruptible_by
        ]
        return staffed.units - capacity.of(channel_class).cost - sum(against, Fraction(0))

    def kept_free(self, name: str, queue: str) -> int:
        """The units a person keeps free for other queues, by the rules and by incidents."""
        serves = self.book.people[name].staffed.queues
        found = 0
        for other, limits in self.config.queues.items():
            if other == queue or limits.reserve is None or (serves is not None and other not in serves):
                continue
            if all(meets(need, self.skills(name)) for need in limits.reserve.needs):
                on = [self.config.incidents[incident] for incident in self.book.incidents]
                found += limits.reserve.units + sum(incident.reserve.get(other, 0) for incident in on)
        return found

    def is_braked(self, name: str) -> bool:
        made, capacity = self.book.made.get(name, []), self.config.capacity
        since = self.book.people[name].available_since

        def lately(span_s: float) -> int:
            return sum(1 for at, _ in made if at + timedelta(seconds=span_s) > self.now)

        if capacity.ramp is not None and lately(capacity.ramp.per_s) >= capacity.ramp.items:
            return True
        slow = capacity.slow_start
        if slow is None or since is None or since + timedelta(seconds=slow.for_s) <= self.now:
            return False
        return lately(slow.per_s) >= slow.items

    # --- shares ------------------------------------------------------------------------------------

    def breaks_share(self, name: str, item_id: str) -> str | None:
        """Say what is wrong with a pick: a tier with a place left goes first, one without leaves others theirs."""
        queue = self.book.items[item_id].queue
        if self.has_place(queue, name):
            return None
        here = {
            self.book.items[id].queue
            for id in self.book.waiting()
            if id != item_id and self.gate(name, self.book.items[id]) is None
        }
        if any(self.has_place(other, name) for other in here):
            return f"{item_id} of {queue} passed a tier with a place left, of {sorted(here)}"
        is_tier = self.config.queue(queue).share is not None
        if is_tier and any(self.config.queue(other).share is None for other in here):
            return f"{item_id} of {queue} is more than its share, with {sorted(here)} waiting"
        return None

    def has_place(self, queue: str, name: str) -> bool:
        """Say whether a queue may go first with a person: in his pool, and over the whole desk."""
        share, picks = self.config.queue(queue).share, self.book.picks
        if share is None:
            return False
        pool = [one for one in self.book.people if self.pool(one) == self.pool(name)]
        lines = [[pick[2] for pick in picks], [pick[2] for pick in picks if pick[1] in pool]]
        return all(line[max(len(line) + 1 - share.whole, 0) :].count(queue) < share.part for line in lines)

    def pool(self, name: str) -> tuple[object, ...]:
        person = self.book.people[name]
        return person.staffed.skills, person.classes, person.staffed.queues


def binds(need: Need) -> bool:
    return need.kind is not NeedKind.PREFER or need.drop_after_s is not None
