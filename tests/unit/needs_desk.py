"""A desk for tests of what waiting items ask: people with skills, items with needs, exact seconds."""

from __future__ import annotations

from router.engine.config import LeaseConfig
from router.engine.events import AgentChanged, IncidentEnded, IncidentStarted, Item, ItemChanged, ItemQueued
from router.engine.needs import Need, NeedKind
from tests.unit.lease_desk import LeaseDesk, at

PATIENT = LeaseConfig(nudge_s=None, supervisor_s=None, hand_back_s=None, absent_s=None)


def require(skill: str, level: int = 1) -> Need:
    return Need(kind=NeedKind.REQUIRE, skill=skill, level=level)


def prefer(skill: str, drop_after_s: float | None = 120, *, grade: int = 1, level: int = 1) -> Need:
    return Need(kind=NeedKind.PREFER, skill=skill, level=level, grade=grade, drop_after_s=drop_after_s)


def forbid(skill: str, drop_after_s: float | None = None, *, level: int = 1) -> Need:
    return Need(kind=NeedKind.FORBID, skill=skill, level=level, drop_after_s=drop_after_s)


class NeedsDesk(LeaseDesk):
    """People take one item at a time, and may keep it as long as they like."""

    def __init__(self, **config: object) -> None:
        super().__init__(lease=PATIENT, **config)

    def person(  # type: ignore[override]
        self, when: float, name: str, state: str = "available", *, claims: int = 1, **skills: int
    ) -> list[tuple]:
        known = self.tell(when, AgentChanged, agent_id=name, skills=skills, max_claims=claims)
        return known + self.be(when, name, state)

    def make(self, when: float, id: str, *needs: Need, **more: object) -> Item:
        fields: dict = {
            "queue": "q", "channel_class": "chat", "arrival": int(when), "eligible_since": at(when), **more
        }  # fmt: skip
        return Item(id=id, conversation_id=f"c-{id}", needs=needs, **fields)

    def ask(self, when: float, id: str, *needs: Need, **more: object) -> list[tuple]:
        return self.tell(when, ItemQueued, item=self.make(when, id, *needs, **more))

    def change(self, when: float, item: Item, reason: str = "") -> list[tuple]:
        return self.tell(when, ItemChanged, item=item, reason=reason)

    def occupy(self, when: float, name: str) -> None:
        """Give a person something to do."""
        self.held(when, f"{name}'s work", name, queue="other")

    def free(self, when: float, name: str) -> list[tuple]:
        return self.end(when, f"{name}'s work", name)

    def start(self, when: float, name: str, until: float | None = None) -> list[tuple]:
        return self.tell(when, IncidentStarted, name=name, until=None if until is None else at(until))

    def stop(self, when: float, name: str) -> list[tuple]:
        return self.tell(when, IncidentEnded, name=name)

    def skills_asked(self, id: str, when: float) -> list[str]:
        """Name the skills that bind at the moment, those to be without marked."""
        return [
            f"not {need['forbid']}" if "forbid" in need else str(need.get("require", need.get("prefer")))
            for need in self.explain(id, when)["needs"]
            if "prefer" not in need or "drop_after_s" in need
        ]

    def why(self) -> list[tuple[str, list[str], str]]:
        """Say which needs the last event gave up or asked for again, and why."""
        return [
            (
                one.record["act"],
                [str(next(iter(need.values()))) for need in one.record["changed"]],
                one.record["why"],
            )
            for one in self.last
            if one.act in ("need_dropped", "need_restored")
        ]
