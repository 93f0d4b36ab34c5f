"""Lines about offers: they name an offer by its person and its item.

In: a line and where everything stands. Out: the event for the open offer; nothing but a note when it came
too late; a ConfigError when there never was such an offer.
"""

from __future__ import annotations

from router.engine.event_json import from_json
from router.engine.events import Event, OfferAccepted, OfferRejected
from router.errors import ConfigError
from router.messages import JsonObject
from router.simulation.event_list import Line
from router.simulation.people import People
from router.simulation.play import Play
from router.simulation.work_lines import WorkLines

_OTHER = {"accept": "reject", "reject": "accept"}
_SPELLINGS = {"accepted": "accept", "rejected": "reject", "busy": "reject"}
_HINT = 'Write "answer": "accept" or "answer": "reject".'


class OfferLines:
    """Reads them; `notes` collects those that came too late."""

    def __init__(self, play: Play, work: WorkLines, people: People, notes: list[str]) -> None:
        self._play = play
        self._work = work
        self._people = people
        self._notes = notes

    def events(self, line: Line) -> list[Event]:
        """Give the event of a line about an offer."""
        accepts, reason = _answer(line.entry) if line.kind == "offer_answer" else (False, "")
        offer_id = self._open_offer(line)
        if offer_id is None:
            return []
        if line.kind != "offer_answer":
            return [from_json({**line.entry, "offer": offer_id})]
        if accepts:
            return [OfferAccepted(at=line.at, offer_id=offer_id)]
        return [OfferRejected(at=line.at, offer_id=offer_id, reason=reason)]

    def _open_offer(self, line: Line) -> str | None:
        entry = line.entry
        agent_id, item_id = self._named(entry, line.kind)
        made = self._play.open_offers.get((agent_id, item_id))
        if made is not None and entry.get("offer") in (None, made.offer_id):
            return made.offer_id
        if (agent_id, item_id) not in self._play.ever_offered:
            self._never_offered(agent_id, item_id)
        self._notes.append(
            f"line {line.number}: the offer of `{item_id}` to `{agent_id}` is over; nothing changes"
        )
        return None

    def _named(self, entry: JsonObject, kind: str) -> tuple[str, str]:
        offer_id, agent_id, item_id = entry.get("offer"), entry.get("agent"), entry.get("item")
        if isinstance(offer_id, str):
            made = self._play.known_offers.get(offer_id)
            if made is None:
                raise ConfigError(f"there was no offer `{offer_id[:60]}`", hint="Give `agent` and `item`.")
            return made.agent_id, made.item_id
        if not isinstance(agent_id, str) or not isinstance(item_id, str):
            raise ConfigError(f"{kind} names no offer", hint="Give `agent` and `item`.")
        self._people.known(agent_id)
        if item_id not in self._play.items:
            self._work.live_item(item_id)
        return agent_id, item_id

    def _never_offered(self, agent_id: str, item_id: str) -> None:
        followed = self._play.items[item_id]
        now = f"it is {followed.state}"
        if followed.offer is not None:
            now = f"it is offered to `{followed.offer.agent_id}`"
        elif followed.holder is not None:
            now = f"`{followed.holder}` has it"
        raise ConfigError(
            f"`{item_id}` was never offered to `{agent_id}`; {now}",
            hint="Answer what was offered; claim_taken takes work without an offer.",
        )


def _answer(entry: JsonObject) -> tuple[bool, str]:
    """Say whether a line accepts, and why not."""
    reason = str(entry.get("reason") or "")
    said = [key for key, other in _OTHER.items() if entry.get(key) is True or entry.get(other) is False]
    answer = entry.get("answer")
    if isinstance(answer, str):
        said.append(_SPELLINGS.get(answer, answer))
        reason = reason or ("busy" if answer == "busy" else "")
    if len(set(said)) != 1 or said[0] not in ("accept", "reject"):
        raise ConfigError("an answer is either accept or reject", hint=_HINT)
    return said[0] == "accept", reason
