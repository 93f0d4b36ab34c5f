"""Who can serve what in every half-hour of a roster, proven before the rules go live."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pytest

from router.engine.decisions import Act
from router.engine.engine import Engine
from router.engine.events import AgentChanged, Item, ItemQueued, PresenceChanged
from router.engine.needs import NeedKind
from router.engine.reachability import Person
from router.engine.roster import load_roster
from router.engine.rules import RuleSet, load_ruleset
from router.engine.rules.outcomes import need_outcomes
from router.engine.rules.reach import Reach, prove_reach
from router.engine.rules.reach_report import reach_json, reach_text
from router.engine.rules.shifts import slots
from router.engine.rules.works import Work, possible_work
from router.model.presence import PresenceState

MONDAY = date(2026, 11, 23)
RULES = """
version: 1
skills: {lang-fr: {kind: language}, lang-en: {kind: language}, complaints: {}, refunds: {}}
calendars:
  shop: {zone: Europe/Paris, week: {mon-fri: ["09:00-20:00"]}}
queues:
  service: {calendar: shop}
  complaints: {calendar: shop}
rules:
  - name: complaint
    when: message.kind == "dispute"
    set: {queue: complaints, needs: [{require: complaints}, {prefer: refunds, level: 2, drop_after: 10m}]}
  - {name: french, when: message.language == "fr", set: {needs: [{require: lang-fr, level: 2}]}}
  - {name: english, when: message.language == "en", set: {needs: [{require: lang-en}]}}
  - {name: all else, when: "true", set: {queue: service}}
"""
ROSTER = """
zone: Europe/Paris
agents:
  mei: {skills: {lang-fr: 3, complaints: 3, refunds: 2}, shifts: ["mon-fri 09:00-18:00"]}
  ana: {skills: {lang-fr: 2, lang-en: 2, complaints: 1}, shifts: ["mon 12:00-20:00", "tue-fri 12:00-19:15"]}
  tom: {skills: {lang-en: 4, refunds: 3}, queues: [service], shifts: ["mon-fri 09:00-20:00"]}
  boss: {role: admin}
"""


def reach(rules: str = RULES, roster: str = ROSTER, days: int = 7) -> Reach:
    ruleset = load_ruleset(rules, source="rules.yaml", lists={})
    return prove_reach(ruleset, load_roster(roster, source="roster.yaml", rules=ruleset.model), MONDAY, days)


def lines(found: Reach) -> list[str]:
    return reach_text(found).splitlines()


def test_report_says_when_who_is_missing_and_what_is_given_up() -> None:
    assert lines(reach()) == [
        "Mon-Fri 09:00-12:00: nobody on shift for complaints holds lang-en (rules: complaint + english)",
        "Tue-Fri 19:15-20:00: nobody on shift may serve complaints (rules: complaint, and 2 more)",
        "Tue-Fri 19:15-20:00: nobody on shift for service holds lang-fr (level 2) (rules: french + all else)",
        "",
        "Served without what nobody there offers:",
        "Mon 18:00-20:00; Tue-Fri 18:00-19:15: nobody on shift for complaints holds refunds (level 2); "
        "refunds (level 2) is given up at once and 1 person can: ana (rules: complaint, and 2 more)",
        "Mon-Fri 12:00-18:00: nobody on shift for complaints holds both lang-en and refunds (level 2); "
        "refunds (level 2) is given up at once and 1 person can: ana (rules: complaint + english)",
        "",
        "3 gaps, 2026-11-23 to 2026-11-29, Europe/Paris: 6 kinds of work the rules can produce",
        "Without shifts, and so never counted on: boss.",
    ]


def test_closed_hours_and_people_without_shifts_do_not_count() -> None:
    found = reach()
    assert found.without_shifts == ("boss",)
    assert not any(gap.cause.is_empty for gap in found.gaps)
    for gap in found.gaps:
        for start, end in gap.ranges:
            local = start.astimezone(found.zone)
            assert local.weekday() < 5
            assert local.hour >= 9
            assert end - start <= timedelta(hours=11)


def test_person_kept_from_a_queue_does_not_close_its_gap() -> None:
    barred = ROSTER.replace("queues: [service]", "queues: [complaints]")
    only_tom = "\n".join(line for line in barred.splitlines() if "mei" not in line and "ana" not in line)
    assert any("nobody on the roster may serve service" in line for line in lines(reach(roster=only_tom)))


def test_skill_that_expires_opens_a_gap_from_that_day() -> None:
    roster = ROSTER.replace(
        "mei: {skills: {lang-fr: 3", "mei: {skills: {lang-fr: {level: 3, until: 2026-11-24}"
    )
    gap = "Tue 19:15-20:00; Wed-Fri 09:00-12:00, 19:15-20:00: nobody on shift for service holds lang-fr"
    assert not any(line.startswith(gap) for line in lines(reach()))
    assert any(line.startswith(gap) for line in lines(reach(roster=roster)))


def test_need_nobody_on_the_roster_meets_is_named_once_and_not_as_a_gap_of_every_day() -> None:
    found = reach(RULES.replace("require: lang-en}", "require: lang-en, level: 5}"))
    never = [line for line in lines(found) if line.startswith("never:")]
    assert never == ["never: nobody on the roster for service, complaints holds lang-en (level 5) "
                     "(rules: english + all else, and 1 more)"]  # fmt: skip
    assert not any("lang-en (level 5)" in line for line in lines(found) if line not in never)


def test_roster_that_covers_everything_has_no_gap() -> None:
    agent = "{skills: {lang-fr: 5, lang-en: 5, complaints: 5, refunds: 5}, shifts: ['mon-fri 09:00-20:00']}"
    found = reach(roster=f"zone: Europe/Paris\nagents: {{eve: {agent}}}")
    assert (found.gaps, found.never) == ((), ())
    assert "no gaps" in reach_text(found)


def test_night_over_the_change_of_the_clock_is_counted_once() -> None:
    roster = load_roster(ROSTER, source="roster.yaml")
    ruleset = load_ruleset(RULES, source="rules.yaml", lists={})
    timeline = slots(roster, ruleset.zone, date(2026, 10, 25), 1, ruleset.calendars.values())
    assert sum((slot.end - slot.start for slot in timeline), timedelta()) == timedelta(hours=25)
    assert all(one.end == next_one.start for one, next_one in zip(timeline, timeline[1:], strict=False))


def proven_able(found: Reach, work: Work, at: datetime) -> bool:
    """Tell whether the report says that somebody serves this work at this time."""
    return not any(
        work.queue in gap.queues
        and (gap.cause.is_barred or set(gap.cause.needs) <= set(work.needs))
        and any(start <= at < end for start, end in gap.ranges)
        for gap in (*found.gaps, *found.never)
    )


def offers(ruleset: RuleSet, people: Sequence[Person], work: Work, at: datetime) -> bool:
    """Tell whether an engine with these people available offers such an item at once."""
    engine = Engine(ruleset.engine_config, seed=1)
    for one in people:
        engine.apply(AgentChanged(at=at, agent_id=one.name, skills=one.skills, queues=one.queues))
        engine.apply(PresenceChanged(at=at, agent_id=one.name, state=PresenceState.AVAILABLE))
    item = Item(
        id="i",
        conversation_id="c",
        queue=work.queue,
        channel_class="chat",
        needs=work.needs,
        eligible_since=at,
        arrival=0,
    )
    return any(decision.act is Act.OFFERED for decision in engine.apply(ItemQueued(at=at, item=item)))


def test_engine_offers_exactly_where_no_gap_is_printed() -> None:
    protected = RULES.replace(
        "service: {calendar: shop}", "service: {calendar: shop, protect: {skill: refunds, for: 5m}}"
    )
    ruleset = load_ruleset(protected, source="rules.yaml", lists={})
    found = reach(protected, days=2)
    roster = load_roster(ROSTER, source="roster.yaml", rules=ruleset.model)
    works, _ = possible_work(ruleset.model)
    assert any(need.kind is NeedKind.FORBID for work in works for need in work.needs)
    checked: set[bool] = set()
    for slot in slots(roster, found.zone, MONDAY, 2, ruleset.calendars.values()):
        if ruleset.calendars["shop"].is_open(slot.start):
            for work in works:
                is_able = proven_able(found, work, slot.start)
                checked.add(is_able)
                assert offers(ruleset, slot.people, work, slot.start) is is_able
    assert checked == {True, False}


def test_json_has_exact_times_and_the_needs() -> None:
    shown = reach_json(reach())
    (gap,) = [one for one in shown["gaps"] if one["ranges"][0]["start"] == "2026-11-24T18:15:00Z"
              and one["queues"] == ["service"]]  # fmt: skip
    assert gap["cause"] == {"kind": "needs", "needs": [{"require": "lang-fr", "level": 2}]}
    assert gap["able"] == []


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        ('message.language == "fr"', 'message.language == "en"', False),
        ('message.language in ["fr", "de"]', 'message.language == "en"', False),
        ('message.language in ["fr", "en"]', 'message.language == "en"', True),
        ('message.language != "en"', 'message.language == "en"', False),
        ('!(message.language == "fr")', 'message.language == "fr" && now.hour > 3', False),
        ('message.language == "fr" || message.language == "de"', 'message.language == "en"', False),
        ("conversation.reopened", "!conversation.reopened", False),
        ('message.text.contains("a")', '!message.text.contains("a")', False),
        ('message.text.contains("a")', '!message.text.contains("b")', True),
        ("now.hour > 3", "now.hour < 3", True),
        ('now.hour > 3 ? message.kind == "x" : true', 'message.kind == "y"', True),
    ],
)
def test_only_rules_that_can_hold_together_are_combined(first: str, second: str, together: bool) -> None:
    text = f"""
version: 1
skills: {{a: {{}}, b: {{}}}}
queues: {{q: {{}}}}
rules:
  - {{name: first, when: '{first}', set: {{needs: [{{require: a}}]}}}}
  - {{name: second, when: '{second}', set: {{needs: [{{require: b}}]}}}}
"""
    found = need_outcomes(load_ruleset(text, source="r", lists={}).model).found
    assert any(len(outcome.needs) == 2 for outcome in found) is together


def test_too_many_combinations_are_cut_and_that_is_said() -> None:
    many = "\n".join(
        f'  - {{name: r{n}, when: "now.hour > {n}", set: {{needs: [{{require: s{n}}}]}}}}' for n in range(18)
    )
    skills = ", ".join(f"s{n}: {{}}" for n in range(18))
    text = f"version: 1\nskills: {{{skills}}}\nqueues: {{q: {{}}}}\nrules:\n{many}\n"
    outcomes = need_outcomes(load_ruleset(text, source="r", lists={}).model)
    assert outcomes.is_cut
    alone = {outcome.needs[0].skill for outcome in outcomes.found if len(outcome.needs) == 1}
    pairs = {outcome.rules for outcome in outcomes.found if len(outcome.needs) == 2}
    assert len(alone) == 18
    assert len(pairs) == 18 * 17 / 2
    roster = "agents: {eve: {skills: {s1: 1}, shifts: ['mon 09:00-12:00']}}"
    assert "too many combinations" in reach_text(reach(text, roster))
