"""What the lines of an event list mean, each at the moment its turn comes.

In: a line and where everything stands. Out: the events to tell the engine, or an EventListError that names
the line and says what contradicts what.
"""

from __future__ import annotations

from router.documents.suggestions import did_you_mean
from router.engine.event_json import from_json
from router.engine.events import Event
from router.engine.rules import RuleSet
from router.errors import ConfigError
from router.messages import JsonObject
from router.simulation.event_list import Line, wrong_line
from router.simulation.line_types import FREE_KEYS
from router.simulation.offer_lines import OfferLines
from router.simulation.people import People
from router.simulation.play import Play
from router.simulation.queueing import Queueing
from router.simulation.work_lines import WorkLines

_OF_WORK = frozenset({"item_enqueued", "item_changed", "resolve", "put_back", "transfer"})
_OF_OFFERS = frozenset({"offer_answer", "offer_accepting", "offer_failed"})
_OF_PEOPLE = frozenset({"agent_skills", "presence", "agent_removed", "absence", "agent_restored"})
_FOR_PEOPLE = FREE_KEYS - {"at", "type"}


class Dialect:
    """Reads one list, line by line; `notes` collects what came too late to change anything."""

    def __init__(self, source: str, play: Play, ruleset: RuleSet, queueing: Queueing, people: People) -> None:
        self.notes: list[str] = []
        self._source = source
        self._play = play
        self._incidents = ruleset.engine_config.incidents
        self._people = people
        self.work = WorkLines(play, ruleset, queueing, people, self.notes)
        self._offers = OfferLines(play, self.work, people, self.notes)

    def events(self, line: Line) -> list[Event]:
        """Give the events of a line."""
        try:
            return self._events(line)
        except (ConfigError, OverflowError) as error:
            message = str(error).removesuffix(f" {hint}") if (hint := _hint(error)) else str(error)
            raise wrong_line(self._source, line.number, message.rstrip("."), hint) from None

    def _events(self, line: Line) -> list[Event]:
        if line.kind in _OF_WORK:
            return self.work.events(line)
        if line.kind in _OF_OFFERS:
            return self._offers.events(line)
        if line.kind in _OF_PEOPLE:
            return self._people.events(line)
        self._check(line)
        entry = {key: value for key, value in line.entry.items() if key not in _FOR_PEOPLE}
        return [from_json({**self._with_holder(line, entry), "at": line.at.isoformat()})]

    def _check(self, line: Line) -> None:
        """Refuse a line about an item, a person or an incident nobody has heard of."""
        entry = line.entry
        if line.kind == "wrap_up_done":
            self._check_wrap_up(line, str(entry["item"]))
        elif "item" in entry and line.kind != "wrap_up_restored":
            self.work.live_item(str(entry["item"]))
        if isinstance(entry.get("agent"), str):
            self._people.known(str(entry["agent"]))
        if line.kind == "claim_taken":
            self._check_permission(str(entry["agent"]), self._play.items[str(entry["item"])].queue)
        if line.kind in ("incident_started", "incident_ended") and entry["name"] not in self._incidents:
            hint = did_you_mean(str(entry["name"]), list(self._incidents))
            raise ConfigError(f"unknown incident `{entry['name']}`", hint=hint)

    def _check_wrap_up(self, line: Line, name: str) -> None:
        """Refuse an item nobody has heard of; note one whose after-call work is over."""
        if self._play.engine.explain(name, line.at)["state"] != "wrapping":
            self.work.known_item(name)
            self.notes.append(f"line {line.number}: nobody has after-call work on `{name}`; nothing changes")

    def _check_permission(self, name: str, queue: str) -> None:
        if not self._people.may_serve(name, queue):
            hint = "Transfer it to a queue he serves, or give him the role supervisor in the roster."
            raise ConfigError(f"`{name}` does not serve the queue `{queue}`", hint=hint)

    def _with_holder(self, line: Line, entry: JsonObject) -> JsonObject:
        """Fill in who has the item where a line leaves it out."""
        if line.kind not in ("reply", "claim_ended") or entry.get("agent"):
            return entry
        holder = self._play.items[str(entry["item"])].holder
        if holder is None and line.kind == "claim_ended":
            raise ConfigError("nobody has this item", hint="Only a claim somebody has can end.")
        return {**entry, "agent": holder}


def _hint(error: Exception) -> str:
    return error.hint if isinstance(error, ConfigError) else "Write a time within the calendar."
