"""How the people of a scenario behave: answers, work, coming back. In: the scenario and a seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from router.engine.decisions import OfferMade
from router.engine.refusals import REJECTED
from router.simulation.chance import draw_s, drawing
from router.simulation.closed_loop import Answer, Doing, Step
from router.simulation.scenario import MannersModel, Scenario, SpanModel

_ACCEPT_AFTER = SpanModel.model_validate({"fixed": "5s"})
_BACK_AFTER_S = 300.0


class Manners:
    """Draws each answer and each piece of work by its own name; `streams` says of which stream an item is."""

    def __init__(self, scenario: Scenario, streams: Mapping[str, str], seed: int) -> None:
        self._scenario = scenario
        self._streams = streams
        self._seed = seed
        everybody = scenario.people
        self._of = {name: _over(everybody, own) for name, own in everybody.each.items()}

    def answer(self, offer: OfferMade) -> Answer | None:
        """Say how an offer is answered; None if it is not."""
        manners = self._of.get(offer.agent_id, self._scenario.people)
        chance = drawing(self._seed, "answer", offer.offer_id, offer.agent_id)
        after_s = draw_s(manners.accept_after or _ACCEPT_AFTER, chance)
        drawn = chance.random()
        no_answer, declines = manners.no_answer or 0.0, manners.declines or 0.0
        if drawn < no_answer:
            return None
        if drawn < no_answer + declines:
            return Answer(after_s, accepts=False, reason=REJECTED)
        if drawn < no_answer + declines + (manners.busy or 0.0):
            return Answer(after_s, accepts=False, reason="busy")
        return Answer(after_s, accepts=True)

    def steps(self, item_id: str, agent_id: str, claim: int) -> Sequence[Step]:
        """Share the handling time among the answers; in between the customer takes his time."""
        stream = self._scenario.streams[self._streams[item_id]]
        chance = drawing(self._seed, "work", item_id, claim)
        rounds = stream.replies.rounds
        part_s = round(draw_s(stream.handling, chance) / rounds, 3)
        steps: list[Step] = []
        for number in range(rounds):
            if number:
                steps.append(Step(draw_s(stream.replies.customer_after, chance), Doing.CUSTOMER))
            steps.append(Step(part_s, Doing.REPLY))
        return [*steps, Step(0.0, Doing.SOLVE)]

    def back_after_s(self, agent_id: str) -> float | None:
        """Say how long somebody set away stays away."""
        manners = self._of.get(agent_id, self._scenario.people)
        return _BACK_AFTER_S if manners.back_after_s is None else float(manners.back_after_s)


def _over(everybody: MannersModel, own: MannersModel) -> MannersModel:
    """Let what one person does differently stand before what everybody does."""
    given = {key: getattr(own, key) for key in own.model_fields_set}
    names = MannersModel.model_fields
    return MannersModel.model_construct(**{key: given.get(key, getattr(everybody, key)) for key in names})
