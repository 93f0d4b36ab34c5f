"""Check queues, capacity, promises and incidents of a rules document against each other.

In: the document with its places and its model. Out: names that do not exist, loops and contradictions
(these refuse a document), and, apart from them, what is allowed and most likely a mistake.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction

from router.documents.places import Located, Path
from router.documents.problems import Problem
from router.documents.suggestions import did_you_mean
from router.engine.config import DEFAULT_CLASSES
from router.engine.rules.configuring import share_of
from router.engine.rules.schema import KINDS, RulesModel


class Arrangement:
    """The checks over what the rules refer to."""

    def __init__(self, document: Located, model: RulesModel) -> None:
        self._document = document
        self._model = model
        self._classes = sorted({*DEFAULT_CLASSES, *model.capacity.classes})

    def problems(self) -> Iterator[Problem]:
        """Give what cannot be meant."""
        yield from self._queues()
        yield from self._overflow_loops()
        yield from self._policies()
        yield from self._capacity()
        yield from self._incidents()

    def doubtful(self) -> Iterator[Problem]:
        """Give what is allowed and does nothing, or does more than can be meant."""
        yield from self._kinds()
        yield from self._shares()
        queues = self._model.queues
        for name, queue in queues.items():
            path: Path = ("queues", name)
            if queue.share is not None and len(queues) == 1:
                message = "a share of the picks means nothing with a single queue"
                yield self._document.problem((*path, "share"), message, "Take it away.")
            target = queues.get(queue.overflow.to) if queue.overflow else None
            if queue.overflow is not None and target is not None and target.overflow is not None:
                message = f"work that overflows into `{queue.overflow.to}` does not overflow again from there"
                hint = "Name a queue without an overflow of its own."
                yield self._document.problem((*path, "overflow", "to"), message, hint)

    def _kinds(self) -> Iterator[Problem]:
        """Name skills of a kind nobody knows: they count as crafts, which waiting may drop."""
        for name, skill in self._model.skills.items():
            if skill.kind not in KINDS:
                message = f"nothing goes by the kind `{skill.kind}`; the skill counts as a craft"
                hint = did_you_mean(skill.kind, KINDS)
                yield self._document.problem(("skills", name, "kind"), message, hint)

    def _shares(self) -> Iterator[Problem]:
        """Name tiers that together may take every pick: what has no share could then wait for ever."""
        queues = self._model.queues
        shares = {name: share for name, queue in queues.items() if (share := share_of(queue)) is not None}
        taken = sum(Fraction(share.part, share.whole) for share in shares.values())
        if taken >= 1 and len(shares) < len(queues):
            *others, last = shares
            message = (
                f"together with {', '.join(f'`{name}`' for name in others)} it leaves other queues no pick"
            )
            hint = "Make the shares add up to less than 1."
            yield self._document.problem(("queues", last, "share"), message, hint)

    def _queues(self) -> Iterator[Problem]:
        for name, queue in self._model.queues.items():
            path: Path = ("queues", name)
            yield from self._known((*path, "calendar"), queue.calendar, self._model.calendars, "calendar")
            if queue.overflow is not None:
                to: Path = (*path, "overflow", "to")
                yield from self._known(to, queue.overflow.to, self._model.queues, "queue")
                if queue.overflow.to == name:
                    yield self._document.problem(to, "a queue overflows into itself", "Name another queue.")
            if queue.protect is not None:
                at: Path = (*path, "protect", "skill")
                yield from self._known(at, queue.protect.skill, self._model.skills, "skill")

    def _overflow_loops(self) -> Iterator[Problem]:
        """Name each loop once, at the queue of it that stands first."""
        told: set[str] = set()
        for start in self._model.queues:
            way = [start]
            while (next_one := self._overflow_of(way[-1])) is not None and next_one not in way:
                way.append(next_one)
            if next_one != start or len(way) < 2 or told & set(way):
                continue
            told |= set(way)
            message = f"the overflow goes in a circle: {' → '.join([*way, start])}"
            path: Path = ("queues", start, "overflow", "to")
            yield self._document.problem(path, message, "Let one of these queues keep its work.")

    def _overflow_of(self, queue: str) -> str | None:
        model = self._model.queues.get(queue)
        return model.overflow.to if model is not None and model.overflow is not None else None

    def _policies(self) -> Iterator[Problem]:
        for name, policy in self._model.sla_policies.items():
            path: Path = ("sla_policies", name)
            yield from self._known((*path, "calendar"), policy.calendar, self._model.calendars, "calendar")
            yield from self._class_keys((*path, "by_class"), policy.by_class)
            if policy.steps != sorted(set(policy.steps)):
                message = "the steps are not in order"
                yield self._document.problem(
                    (*path, "steps"), message, "Write each once, the smallest first: [50, 75, 100]."
                )

    def _capacity(self) -> Iterator[Problem]:
        for name, each in self._model.capacity.classes.items():
            path: Path = ("capacity", "classes", name, "interruptible_by")
            for index, other in enumerate(each.interruptible_by):
                at: Path = (*path, index)
                yield from self._known(at, other, self._classes, "channel class")
                if other == name:
                    yield self._document.problem(at, "a class cannot interrupt itself", "Take it away.")
        yield from self._class_keys(("leases",), self._model.leases)

    def _incidents(self) -> Iterator[Problem]:
        for name, incident in self._model.incidents.items():
            path: Path = ("incidents", name)
            for index, queue in enumerate(incident.overflow):
                at: Path = (*path, "overflow", index)
                yield from self._known(at, queue, self._model.queues, "queue")
                if queue in self._model.queues and self._overflow_of(queue) is None:
                    message = f"the queue `{queue}` names no queue to overflow into"
                    hint = f"Give `{queue}` an `overflow:`, or take it away here."
                    yield self._document.problem(at, message, hint)
            for index, skill in enumerate(incident.relax):
                yield from self._known((*path, "relax", index), skill, self._model.skills, "skill")
            for queue in incident.reserve:
                yield from self._known(
                    (*path, "reserve", queue), queue, self._model.queues, "queue", by_key=True
                )

    def _class_keys(self, path: Path, given: Mapping[str, object]) -> Iterator[Problem]:
        for name in given:
            yield from self._known((*path, name), name, self._classes, "channel class", by_key=True)

    def _known(
        self, path: Path, name: str | None, known: Iterable[str], noun: str, *, by_key: bool = False
    ) -> Iterator[Problem]:
        names = list(known)
        if name is not None and name not in names:
            place = self._document.key_place(path) if by_key else None
            hint = did_you_mean(name, names)
            yield self._document.problem(path, f"unknown {noun} `{name}`", hint, place=place)
