"""How people worked in the record, for work that goes another way this time.

In: claims, offers and replies that were. Out: answers and steps; what the record does not tell is drawn
from what it tells of the same channel class, the same in every run with the same seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from random import Random

from router.engine.decisions import OfferMade
from router.engine.events import CustomerWrote, Event, Replied
from router.engine.refusals import REJECTED
from router.model.past_work import AskedSpan, HeldSpan
from router.simulation.chance import drawing
from router.simulation.closed_loop import Answer, Doing, Step

_USUAL_ANSWER = Answer(5.0, accepts=True)
_USUAL_STEPS = (Step(300.0, Doing.REPLY), Step(0.0, Doing.SOLVE))
_BACK_AFTER_S = 300.0
_ANSWERED = {"accepted": True, "rejected": False}

Steps = Sequence[Step]


class Recorded:
    """The behaviour of the people in a recording; `classes` gives the channel class of each item."""

    def __init__(
        self,
        claims: Sequence[HeldSpan],
        offers: Sequence[AskedSpan],
        told: Sequence[Event],
        classes: Mapping[str, str],
        seed: int,
    ) -> None:
        self._classes = classes
        self._seed = seed
        self._own_answers: dict[str, list[Answer | None]] = {}
        self._answers: dict[str, list[Answer | None]] = {}
        for asked in offers:
            self._keep_answer(asked)
        self._own_steps: dict[str, Steps] = {}
        self._steps: dict[str, list[Steps]] = {}
        said = _said(told)
        for held in claims:
            if held.state in ("completed", "wrapping") and held.ended_at is not None:
                self._keep_steps(held, held.ended_at, said.get(held.item_id, ()))

    def answer(self, offer: OfferMade) -> Answer | None:
        """Answer the n-th offer of an item as its n-th was, else as some other of its class was."""
        number = int(offer.offer_id.rpartition(".")[2] or 1) - 1
        own = self._own_answers.get(offer.item_id, ())
        if number < len(own):
            return own[number]
        pool = self._answers.get(self._classes.get(offer.item_id, ""), [])
        return self._chance("answer", offer.offer_id).choice(pool) if pool else _USUAL_ANSWER

    def steps(self, item_id: str, agent_id: str, claim: int) -> Steps:
        """Let the work of an item go as it went, else as that of some other of its class went."""
        own = self._own_steps.get(item_id)
        if own is not None:
            return own
        pool = self._steps.get(self._classes.get(item_id, ""), [])
        return self._chance("work", item_id).choice(pool) if pool else _USUAL_STEPS

    def back_after_s(self, agent_id: str) -> float | None:
        """Come back after five minutes: who stayed away longer is brought by the record itself."""
        return _BACK_AFTER_S

    def _chance(self, *names: object) -> Random:
        return drawing(self._seed, *names)

    def _keep_answer(self, asked: AskedSpan) -> None:
        answer: Answer | None = None
        if asked.state in _ANSWERED and asked.ended_at is not None:
            accepts = _ANSWERED[asked.state]
            after_s = (asked.ended_at - asked.offered_at).total_seconds()
            answer = Answer(after_s, accepts=accepts, reason="" if accepts else REJECTED)
        elif asked.state != "expired":
            return
        self._own_answers.setdefault(asked.item_id, []).append(answer)
        self._answers.setdefault(self._classes.get(asked.item_id, ""), []).append(answer)

    def _keep_steps(self, held: HeldSpan, ended_at: datetime, said: Sequence[tuple[datetime, Doing]]) -> None:
        steps: list[Step] = []
        before = held.claimed_at
        inside = [(at, doing) for at, doing in said if held.claimed_at <= at <= ended_at]
        for at, doing in [*inside, (ended_at, Doing.SOLVE)]:
            steps.append(Step((at - before).total_seconds(), doing))
            before = at
        self._own_steps[held.item_id] = steps
        self._steps.setdefault(self._classes.get(held.item_id, ""), []).append(steps)


def _said(told: Sequence[Event]) -> dict[str, list[tuple[datetime, Doing]]]:
    said: dict[str, list[tuple[datetime, Doing]]] = {}
    for event in told:
        if isinstance(event, Replied):
            said.setdefault(event.item_id, []).append((event.at, Doing.REPLY))
        elif isinstance(event, CustomerWrote):
            said.setdefault(event.item_id, []).append((event.at, Doing.CUSTOMER))
    return said
