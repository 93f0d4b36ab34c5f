"""Generated rules documents with everything on at random, and the messages they are asked about."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

QUEUES = ("care", "desk", "gold")
SKILLS: Mapping[str, dict[str, str]] = {
    "zh": {"kind": "language"},
    "legal": {"kind": "legal"},
    "refunds": {"kind": "craft"},
    "repairs": {"kind": "craft"},
}
CLASSES = ("chat", "email")
INCIDENTS = ("storm", "strike")
TEXTS = ("plain", "complaint", "contract", "repair")
TIERS = ("", "vip")

seconds = st.integers(1, 40).map(lambda count: f"{count}s")
maybe = st.booleans()


def sometimes(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), strategy)


def filled(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A mapping without the fields that came out as None."""
    return st.fixed_dictionaries(fields).map(
        lambda found: {key: value for key, value in found.items() if value is not None}
    )


need = st.one_of(
    filled(require=st.sampled_from(["zh", "refunds"]), level=st.integers(1, 2)),
    filled(
        prefer=st.sampled_from(["refunds", "repairs"]),
        level=st.integers(1, 2),
        grade=st.integers(1, 3),
        drop_after=sometimes(seconds),
    ),
    filled(forbid=st.just("repairs"), drop_after=sometimes(seconds)),
    filled(forbid=st.just("legal")),
)
needs = st.lists(
    need, max_size=2, unique_by=lambda one: one.get("require") or one.get("prefer") or one.get("forbid")
)


def queue(name: str) -> st.SearchStrategy[dict[str, Any]]:
    overflow: st.SearchStrategy[dict[str, Any]] = st.nothing()
    if later := QUEUES[QUEUES.index(name) + 1 :]:
        overflow = st.builds(
            lambda to, most: {"to": to, "when_waiting": most, "back_at": most - 1},
            st.sampled_from(later),
            st.integers(1, 4),
        )
    return filled(
        max_advance=st.integers(0, 60).map(lambda count: f"{count}s"),
        offer_timeout=seconds,
        overflow=sometimes(overflow),
        share=st.sampled_from([None, None, None, "1/2", "2/3"]),
        mode=st.sampled_from(["oldest", "oldest", "oldest", "newest"]),
        strategy=st.sampled_from(["balanced", "spare_capacity", "round_robin"]),
        affinity=sometimes(seconds),
        thin_staff=st.sampled_from([0, 0, 2, 3]),
        wrap_up=st.sampled_from([None, None, "0s", "20s"]),
        protect=sometimes(
            filled(
                skill=st.sampled_from(["legal", "repairs"]), **{"for": seconds, "level": st.integers(1, 2)}
            )
        ),
        reserve=st.sampled_from([0, 0, 20, 40]),
    )


capacity = filled(
    classes=st.fixed_dictionaries(
        {
            "chat": filled(
                cost=st.sampled_from([20, 30]), max=st.integers(1, 4), wrap_up=st.sampled_from([None, "15s"])
            ),
            "email": filled(
                cost=st.sampled_from([10, 25]),
                max=st.integers(1, 4),
                interruptible_by=st.sampled_from([[], ["chat"]]),
            ),
        }
    ),
    dormant=st.sampled_from([0.25, 0.3, 1.0]),
    ramp=sometimes(filled(items=st.integers(1, 3), per=seconds)),
    slow_start=sometimes(filled(**{"for": seconds, "items": st.integers(1, 2), "per": seconds})),
)
lease = filled(
    nudge=sometimes(seconds),
    supervisor=sometimes(seconds),
    hand_back=sometimes(seconds),
    absent=sometimes(seconds),
)
policy = filled(
    calendar=st.sampled_from([None, "shop"]),
    first_response=sometimes(seconds),
    next_response=sometimes(seconds),
    resolution=sometimes(seconds),
    lead=seconds,
    pauses=st.sampled_from([[], ["customer"]]),
    steps=st.lists(st.sampled_from([50, 75, 100, 150]), max_size=3, unique=True).map(sorted),
    by_class=st.sampled_from([None, {"email": {"first_response": "30s"}}]),
)
incident = filled(
    overflow=st.lists(st.sampled_from(QUEUES), max_size=2, unique=True),
    relax=st.lists(st.sampled_from(["refunds", "repairs"]), max_size=2, unique=True),
    reserve=st.dictionaries(st.sampled_from(QUEUES), st.sampled_from([10, 30]), max_size=1),
    lasts=st.sampled_from(["60s", "90s"]),
)
sla = st.sampled_from([None, "fast", "slow"])


def rule(name: str, when: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    given = filled(needs=needs, sla=sla, boost=sometimes(seconds), **fields)
    return given.map(lambda settings: {"name": name, "when": when, "set": settings})


documents = st.fixed_dictionaries(
    {
        "version": st.just(1),
        "skills": st.just(SKILLS),
        "calendars": st.just(
            {
                "shop": {
                    "zone": "Europe/London",
                    "week": {"mon-sun": ["09:00-09:02", "09:03-09:05", "09:10-23:00"]},
                }
            }
        ),
        "sla_policies": st.fixed_dictionaries({"fast": policy, "slow": policy}),
        "queues": st.fixed_dictionaries({name: queue(name) for name in QUEUES}),
        "capacity": capacity,
        "offers": filled(
            accepting=seconds,
            reject=seconds,
            busy=seconds,
            no_answer=seconds,
            ask_again=seconds,
            max_unanswered=st.integers(1, 4),
        ),
        "leases": st.fixed_dictionaries(dict.fromkeys(CLASSES, lease)),
        "incidents": st.fixed_dictionaries(dict.fromkeys(INCIDENTS, incident)),
        "rules": st.tuples(
            rule("vip", 'customer.tier == "vip"'),
            rule("complaint", 'message.text == "complaint"', queue=st.just("gold")),
            rule("contract", 'message.text == "contract"', queue=st.just("care")),
            rule("repair", 'message.text == "repair"'),
            rule("else", "true", queue=st.just("desk")),
        ),
    }
).map(lambda document: sensible(document))


def sensible(document: dict[str, Any]) -> dict[str, Any]:
    """Let incidents open only the overflows there are."""
    there = [name for name, limits in document["queues"].items() if "overflow" in limits]
    incidents = {
        name: {**incident, "overflow": [queue for queue in incident["overflow"] if queue in there]}
        for name, incident in document["incidents"].items()
    }
    return {**document, "incidents": incidents}


def written(document: Mapping[str, Any]) -> str:
    """JSON is YAML too."""
    return json.dumps(document)
