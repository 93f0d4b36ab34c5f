"""A closed loop: people answer what they are offered, do the work and solve it, as they are said to.

In: what comes from outside, and how people behave. Out: an engine played to the end. Unlike a list, which
is what happened once, here every answer follows from what the engine did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from heapq import heappop, heappush
from itertools import count
from typing import Protocol

from router.engine.decisions import Act, Decision, OfferMade
from router.engine.events import (
    ClaimEnded,
    ClaimOutcome,
    CustomerWrote,
    Event,
    ItemQueued,
    OfferAccepted,
    OfferRejected,
    PresenceChanged,
    Replied,
)
from router.model.presence import PresenceState
from router.simulation.play import Play

Happening = Callable[[datetime], Sequence[Event]]
"""Gives what happens at a moment, given how things stand then; nothing when it does not apply any more."""

_AT_WORK = frozenset({PresenceState.AVAILABLE, PresenceState.BUSY})


class Doing(StrEnum):
    """What comes next in a conversation somebody serves."""

    REPLY = "reply"
    CUSTOMER = "customer"
    SOLVE = "solve"


@dataclass(frozen=True, slots=True)
class Step:
    """Something done `after_s` after the step before, or after the claim."""

    after_s: float
    doing: Doing


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody says to an offer, after how long; a `reason` means no."""

    after_s: float
    accepts: bool
    reason: str = ""


class Behaviour(Protocol):
    """How people answer and work; the same questions always get the same answers."""

    def answer(self, offer: OfferMade) -> Answer | None:
        """Say how an offer is answered; None if it is not."""

    def steps(self, item_id: str, agent_id: str, claim: int) -> Sequence[Step]:
        """Say how the work of a claim goes; `claim` counts those of the item from 1."""

    def back_after_s(self, agent_id: str) -> float | None:
        """Say how long after being set away somebody comes back; None if never by himself."""


class ClosedLoop:
    """Plays outside events and what people do.

    `work_to_come` counts the items among what comes from outside, `told` hears every event in its order.
    """

    def __init__(
        self,
        play: Play,
        behaviour: Behaviour,
        outside: Iterable[tuple[datetime, Happening]],
        work_to_come: int,
        told: Callable[[Event], None] | None = None,
    ) -> None:
        self._play = play
        self._behaviour = behaviour
        self._work_to_come = work_to_come
        self._told = told
        self._order = count()
        self._agenda: list[tuple[datetime, int, Happening]] = []
        self._outside = iter(outside)
        self._next_outside = next(self._outside, None)
        self._claims: dict[str, int] = {}
        self._at_work: set[str] = set()
        self._on_shift: set[str] = set()
        self._laid_down: dict[str, list[Happening]] = {}

    def run(self, until: datetime) -> None:
        """Go on until nothing is left to do, or until a moment."""
        while True:
            first_at = self._first_at()
            due_at = self._play.engine.next_due(until if first_at is None else min(until, first_at))
            if due_at is not None and due_at <= until and (first_at is None or due_at < first_at):
                for decision in self._play.pass_time(due_at):
                    self._follow(decision)
                if first_at is None and self._play.engine.next_due() == due_at:
                    return
            elif first_at is None or first_at > until or self._is_over():
                return
            else:
                for event in self._take()(first_at):
                    self._tell(event)

    def _is_over(self) -> bool:
        """Say whether all work is done and none comes any more."""
        return self._play.is_idle and self._work_to_come == 0

    def _first_at(self) -> datetime | None:
        outside = self._next_outside
        if self._agenda and (outside is None or self._agenda[0][0] < outside[0]):
            return self._agenda[0][0]
        return None if outside is None else outside[0]

    def _take(self) -> Happening:
        outside = self._next_outside
        if outside is None or (self._agenda and self._agenda[0][0] < outside[0]):
            return heappop(self._agenda)[2]
        self._next_outside = next(self._outside, None)
        return outside[1]

    def _plan(self, at: datetime, happening: Happening) -> None:
        heappush(self._agenda, (at, next(self._order), happening))

    def _tell(self, event: Event) -> None:
        if isinstance(event, PresenceChanged):
            self._come_or_go(event)
        elif isinstance(event, ItemQueued):
            self._work_to_come -= 1
        if self._told is not None:
            self._told(event)
        for decision in self._play.tell(event):
            self._follow(decision)

    def _follow(self, decision: Decision) -> None:
        """Let people do what a decision asks of them."""
        agent_id = decision.agent_id
        if agent_id is None:
            return
        if decision.act is Act.OFFERED and decision.offer is not None:
            self._ask(decision.offer)
        elif decision.act in (Act.ACCEPTED, Act.CLAIMED):
            claim = self._claims[decision.item_id] = self._claims.get(decision.item_id, 0) + 1
            steps = self._behaviour.steps(decision.item_id, agent_id, claim)
            self._plan_step(decision.at, decision.item_id, agent_id, claim, steps)
        elif decision.act is Act.AWAY:
            self._at_work.discard(agent_id)
            after_s = self._behaviour.back_after_s(agent_id)
            if after_s is not None:
                self._plan(decision.at + timedelta(seconds=after_s), partial(self._come_back, agent_id))

    def _ask(self, offer: OfferMade) -> None:
        answer = self._behaviour.answer(offer)
        if answer is not None:
            at = offer.offered_at + timedelta(seconds=answer.after_s)
            self._plan(at, partial(self._answered, offer, answer))

    def _answered(self, offer: OfferMade, answer: Answer, at: datetime) -> Sequence[Event]:
        if self._play.open_offers.get((offer.agent_id, offer.item_id)) != offer:
            return ()
        if answer.accepts:
            return (OfferAccepted(at=at, offer_id=offer.offer_id),)
        return (OfferRejected(at=at, offer_id=offer.offer_id, reason=answer.reason),)

    def _plan_step(
        self, at: datetime, item_id: str, agent_id: str, claim: int, steps: Sequence[Step]
    ) -> None:
        if steps:
            due_at = at + timedelta(seconds=steps[0].after_s)
            self._plan(due_at, partial(self._do, item_id, agent_id, claim, steps))

    def _do(
        self, item_id: str, agent_id: str, claim: int, steps: Sequence[Step], at: datetime
    ) -> Sequence[Event]:
        followed = self._play.items.get(item_id)
        if followed is None or followed.holder != agent_id or self._claims[item_id] != claim:
            return ()
        doing = steps[0].doing
        if doing is not Doing.CUSTOMER and agent_id not in self._at_work:
            again = partial(self._do, item_id, agent_id, claim, steps)
            self._laid_down.setdefault(agent_id, []).append(again)
            return ()
        self._plan_step(at, item_id, agent_id, claim, steps[1:])
        if doing is Doing.REPLY:
            return (Replied(at=at, item_id=item_id, agent_id=agent_id),)
        if doing is Doing.CUSTOMER:
            return (CustomerWrote(at=at, item_id=item_id),)
        return (ClaimEnded(at=at, item_id=item_id, agent_id=agent_id, outcome=ClaimOutcome.COMPLETED),)

    def _come_or_go(self, event: PresenceChanged) -> None:
        """Know who works; who comes back takes up what he laid down."""
        if event.state is PresenceState.OFFLINE:
            self._on_shift.discard(event.agent_id)
        else:
            self._on_shift.add(event.agent_id)
        if event.state not in _AT_WORK:
            self._at_work.discard(event.agent_id)
            return
        self._at_work.add(event.agent_id)
        for happening in self._laid_down.pop(event.agent_id, ()):
            self._plan(event.at, happening)

    def _come_back(self, agent_id: str, at: datetime) -> Sequence[Event]:
        if agent_id not in self._on_shift or agent_id in self._at_work:
            return ()
        return (PresenceChanged(at=at, agent_id=agent_id, state=PresenceState.AVAILABLE),)
