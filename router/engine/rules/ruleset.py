"""A rule set ready to run: compiled once, asked for every message.

In: a rules document with its phrase lists, then the facts of one message at a time. Out: a `Triage`.
Everything wrong in a document is reported at once, by line and column.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

from router.documents.places import Located
from router.documents.problems import DocumentError
from router.documents.reading import read_document
from router.documents.validation import validate
from router.engine.calendars import Calendar, Minutes, public_holidays, read_day, read_days, read_period
from router.engine.config import EngineConfig
from router.engine.rules.configuring import engine_config
from router.engine.rules.consistency import Consistency
from router.engine.rules.expressions import Conditions, Outcome
from router.engine.rules.facts import Facts, variable_types, variable_values
from router.engine.rules.lists import PhraseLists, Searches
from router.engine.rules.needs import add_up
from router.engine.rules.references import find_references
from router.engine.rules.schema import CalendarModel, NeedModel, RuleModel, RulesModel
from router.messages import JsonObject


class RulesError(DocumentError):
    """A rules document cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Triage:
    """What the rules decided: where the work goes, how urgent it is, and what it needs.

    `matched` names the rules whose condition held, `failed` the ones that failed, `errors` says why.
    `sla_policies` are the promises it is under, `lead_s` is how early the first of them counts as urgent.
    """

    queue: str
    boost_s: int
    sla_policies: tuple[str, ...]
    lead_s: int
    max_advance_s: int
    needs: tuple[JsonObject, ...]
    channel_class: str
    matched: tuple[str, ...]
    failed: tuple[str, ...]
    errors: tuple[str, ...]


class RuleSet:
    """The compiled rules: `model` is the document, `engine_config` what it means to the engine.

    `default_queue` is where work goes for which no rule sets a queue.
    """

    def __init__(self, model: RulesModel, searches: Searches) -> None:
        self.model = model
        self.calendars = calendars = {name: _calendar(calendar) for name, calendar in model.calendars.items()}
        named = names_used(model.rules)
        self._conditions = Conditions(
            [rule.when for rule in model.rules],
            types=variable_types(model.facts),
            phrases=searches.phrases,
            patterns=searches.patterns,
            calendars={name: calendars[name] for name in sorted(named["business_open"])},
        )
        self._zone = next((calendar.zone for calendar in calendars.values()), ZoneInfo("UTC"))
        self._queue_zones = {
            name: calendars[queue.calendar].zone
            for name, queue in model.queues.items()
            if queue.calendar is not None and calendars[queue.calendar].zone != self._zone
        }
        self.default_queue = model.rules[-1].settings.queue or next(iter(model.queues))

    @cached_property
    def engine_config(self) -> EngineConfig:
        """Give what the document means to an engine; made when first asked for, as triage alone needs none."""
        return engine_config(self.model, self.calendars)

    @property
    def zone(self) -> ZoneInfo:
        """Give the zone in which `now` is read while no queue with another one is set."""
        return self._zone

    def triage(self, facts: Facts) -> Triage:
        """Apply the rules to one message. Never raises for anything a message can hold."""
        values = variable_values(facts, self._zone, self.model.facts)
        outcome = self._conditions.run(values, facts.at)
        if self._queue_zones:
            outcome = self._in_zones(facts, outcome)
        return self._decide(facts, outcome)

    def _in_zones(self, facts: Facts, outcome: Outcome) -> Outcome:
        """Run the rules after one that sets a queue again with `now` in the zone of that queue."""
        holds, failures = list(outcome.holds), dict(outcome.failures)
        for first, rule in enumerate(self.model.rules):
            if not holds[first] or rule.settings.queue is None:
                continue
            zone = self._queue_zones.get(rule.settings.queue)
            if zone is not None:
                values = variable_values(facts, zone, self.model.facts)
                again = self._conditions.run(values, facts.at)
                holds[first + 1 :] = again.holds[first + 1 :]
                failures = {number: text for number, text in failures.items() if number <= first}
                failures |= {number: text for number, text in again.failures.items() if number > first}
            break
        return Outcome(holds=holds, failures=failures)

    def _decide(self, facts: Facts, outcome: Outcome) -> Triage:
        """Take the first of each key over the matching rules and add up their needs."""
        queue: str | None = None
        boost_s: int | None = None
        sla: list[str] | None = None
        needs: list[NeedModel] = []
        matched: list[str] = []
        reached = len(self.model.rules)
        for number, rule in enumerate(self.model.rules):
            if not outcome.holds[number]:
                continue
            matched.append(rule.name)
            settings = rule.settings
            queue = settings.queue if queue is None else queue
            boost_s = settings.boost_s if boost_s is None else boost_s
            sla = settings.sla if sla is None else sla
            needs.extend(settings.needs)
            if rule.final:
                reached = number
                break
        failures = sorted(item for item in outcome.failures.items() if item[0] < reached)
        queue = queue or self.default_queue
        policies = [self.model.sla_policies[name] for name in sla or ()]
        return Triage(
            queue=queue,
            boost_s=boost_s or 0,
            sla_policies=tuple(sla or ()),
            lead_s=max((policy.lead_s for policy in policies), default=0),
            max_advance_s=self.model.queues[queue].max_advance_s,
            needs=add_up(needs),
            channel_class=facts.channel_class,
            matched=tuple(matched),
            failed=tuple(self.model.rules[number].name for number, _ in failures),
            errors=tuple(f"{self.model.rules[number].name}: {text}" for number, text in failures),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedRules:
    """A rule set together with the document it came from, for complaints about examples."""

    document: Located
    ruleset: RuleSet


def load_ruleset(text: str, *, source: str, lists: Mapping[str, str]) -> RuleSet:
    """Compile a rules document; `lists` maps a list's name to the text of its file.

    Raises RulesError with every problem found.
    """
    return load_with_places(text, source=source, lists=lists).ruleset


def load_with_places(text: str, *, source: str, lists: Mapping[str, str]) -> LoadedRules:
    """Compile a rules document and keep the places of everything in it."""
    try:
        document = read_document(text, source=source)
    except DocumentError as error:
        raise RulesError(error.problems) from None
    model, problems = validate(RulesModel, document)
    if model is None:
        raise RulesError(problems)
    gathered = PhraseLists(document, model.lists, lists)
    problems = list(Consistency(document, model, gathered.names).problems())
    if problems:
        raise RulesError([*problems, *gathered.problems])
    named = names_used(model.rules)
    searches = gathered.compile(named["mentions_any"], named["matches_list"])
    if gathered.problems:
        raise RulesError(gathered.problems)
    return LoadedRules(document=document, ruleset=RuleSet(model, searches))


def names_used(rules: Sequence[RuleModel]) -> dict[str, set[str]]:
    """Collect the lists and calendars the conditions name, by function."""
    used: dict[str, set[str]] = {"mentions_any": set(), "matches_list": set(), "business_open": set()}
    for rule in rules:
        for reference in find_references(rule.when):
            if reference.name is not None and reference.function in used:
                used[reference.function].add(reference.name)
    return used


def _calendar(model: CalendarModel) -> Calendar:
    """Compile a calendar; ranges of days that overlap add up."""
    week: list[list[Minutes]] = [[] for _ in range(7)]
    for names, periods in model.week.items():
        for number in read_days(names) or ():
            week[number] += _minutes(periods)
    return Calendar(
        zone=ZoneInfo(model.zone),
        week=[sorted(periods) for periods in week],
        holidays=public_holidays(model.holidays) if model.holidays else None,
        days={day: _minutes(periods) for text, periods in model.days.items() if (day := read_day(text))},
    )


def _minutes(periods: Sequence[str]) -> list[Minutes]:
    return [minutes for period in periods if (minutes := read_period(period))]
