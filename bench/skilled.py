"""A desk of a hundred skills as shops have them: sets of needs that recur, people of sixty kinds, items that wait.

In: a seed and sizes. Out: an engine with everybody busy and so much waiting, and the same as plain lists.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from router.engine.config import EngineConfig
from router.engine.decisions import Act, Decision
from router.engine.engine import Engine
from router.engine.events import (
    AgentChanged,
    ClaimEnded,
    ClaimOutcome,
    Item,
    ItemQueued,
    OfferAccepted,
    PresenceChanged,
)
from router.engine.needs import Need, NeedKind
from router.model.presence import PresenceState

SKILLS, LANGUAGES, PROFILES, AGENTS = 100, 20, 60, 1_000
BEGIN = datetime(2026, 3, 2, 8, tzinfo=UTC)
BUSY_UNITS = 20


class Needs:
    """Three hundred sets of a language, a product and now and then one more; few of them make most of the work."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._sets = []
        for _ in range(3 * SKILLS):
            wanted = {dice.randrange(LANGUAGES), dice.randrange(LANGUAGES, SKILLS)}
            if dice.random() < 0.25:
                wanted.add(dice.randrange(LANGUAGES, SKILLS))
            self._sets.append(frozenset(wanted))
        self._weights = [1 / (number + 1) for number in range(len(self._sets))]

    def draw(self, count: int) -> list[frozenset[int]]:
        """Draw what so many items ask for."""
        return self._dice.choices(self._sets, self._weights, k=count)


def staff(dice: random.Random, people: int) -> list[frozenset[int]]:
    """Give what each of so many people can do; the first kind of person can do everything."""
    kinds = [frozenset(range(SKILLS))]
    while len(kinds) < PROFILES:
        skills = {dice.randrange(LANGUAGES) for _ in range(dice.choice((1, 1, 2)))}
        products = (SKILLS - LANGUAGES) // dice.choice((3, 5, 8))
        kinds.append(frozenset(skills | {dice.randrange(LANGUAGES, SKILLS) for _ in range(products)}))
    return [kinds[number] if number < PROFILES else dice.choice(kinds) for number in range(people)]


class BusyDesk:
    """An engine whose people all have one item and no room for another."""

    def __init__(self, waiting: int, seed: int = 3) -> None:
        self.dice = random.Random(seed)
        self.needs = Needs(self.dice)
        self.engine = Engine(EngineConfig(), 1)
        self.held: dict[str, str] = {}
        self.skills = staff(self.dice, AGENTS)
        self._now = BEGIN
        self._arrivals = 0
        self._as_needs: dict[frozenset[int], tuple[Need, ...]] = {}
        self.queue(self.new_items(waiting + AGENTS))
        for number, skills in enumerate(self.skills):
            self._hire(f"agent-{number}", skills)

    @property
    def waiting(self) -> list[Item]:
        """List the items that wait."""
        works = self.engine._desk.waiting.works.values()
        return [work.item for work in works if work.lane is not None]

    def tick(self) -> datetime:
        """Let a millisecond pass."""
        self._now += timedelta(milliseconds=1)
        return self._now

    def new_items(self, count: int) -> list[Item]:
        """Make items that come now; each of them counts as older by up to four hours."""
        return list(self._new_items(count))

    def _new_items(self, count: int) -> Iterator[Item]:
        for wanted in self.needs.draw(max(count, 0)):
            self._arrivals += 1
            needs = self._as_needs.get(wanted)
            if needs is None:
                needs = tuple(Need(kind=NeedKind.REQUIRE, skill=f"s{skill}") for skill in sorted(wanted))
                self._as_needs[wanted] = needs
            name = f"{self._arrivals:032x}"
            yield Item(
                id=name,
                conversation_id=name,
                queue="q",
                channel_class="chat",
                needs=needs,
                eligible_since=self.tick(),
                arrival=self._arrivals,
                boost_s=self.dice.choice((0.0, 0.0, 600.0, 3600.0)),
            )

    def queue(self, items: list[Item]) -> None:
        """Let work arrive."""
        for item in items:
            self.accept(self.engine.apply(ItemQueued(at=item.eligible_since, item=item)))

    def end_a_claim(self) -> ClaimEnded:
        """Make the event that somebody is done."""
        agent_id = self.dice.choice(list(self.held))
        item_id = self.held.pop(agent_id)
        return ClaimEnded(at=self.tick(), item_id=item_id, agent_id=agent_id, outcome=ClaimOutcome.COMPLETED)

    def accept(self, decisions: list[Decision]) -> None:
        """Let everybody who is asked say yes."""
        for decision in decisions:
            if decision.act is Act.OFFERED and decision.offer is not None:
                self.engine.apply(OfferAccepted(at=self.tick(), offer_id=decision.offer.offer_id))
                self.held[decision.offer.agent_id] = decision.item_id

    def _hire(self, name: str, skills: frozenset[int]) -> None:
        levels = {f"s{skill}": 1 for skill in sorted(skills)}
        self.engine.apply(AgentChanged(at=self.tick(), agent_id=name, skills=levels, units=BUSY_UNITS))
        here = PresenceChanged(at=self.tick(), agent_id=name, state=PresenceState.AVAILABLE)
        self.accept(self.engine.apply(here))
