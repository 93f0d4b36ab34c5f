"""Who has what: open offers and active claims, kept alike at the item and at the person.

Only books; who gets what is decided in `dispatch`.
"""

from __future__ import annotations

from router.engine.decisions import OfferMade
from router.engine.matching import Matching
from router.engine.staff import Agent
from router.engine.work_items import WorkItem
from router.engine.wrap_ups import WrapUp


class Reservations:
    """Open offers by id, and the two sides of every offer and claim; after-call work at the person alone."""

    __slots__ = ("_matching", "offers")

    def __init__(self, matching: Matching) -> None:
        self._matching = matching
        self.offers: dict[str, WorkItem] = {}

    def open(self, work: WorkItem, agent: Agent, offer: OfferMade) -> None:
        """Reserve a person for an item; he counts as asked last from now on."""
        work.place = offer
        work.blocked = None
        self.offers[offer.offer_id] = work
        agent.offered[work.item.id] = work.item.channel_class
        agent.holdings.add(work.item.channel_class)
        agent.was_offered(offer.offered_at)
        agent.profile.refresh(agent)

    def close(self, work: WorkItem, offer: OfferMade) -> Agent:
        """End an offer, however it ended; give the person who was asked."""
        work.place = None
        del self.offers[offer.offer_id]
        agent = self._matching.agents[offer.agent_id]
        agent.holdings.drop(agent.offered.pop(work.item.id), is_asleep=False)
        agent.profile.refresh(agent)
        return agent

    def keep(self, work: WorkItem, offer: OfferMade) -> None:
        """Make the person who was asked the holder; what weighs the same leaves him filed where he is."""
        agent, item = self._matching.agents[offer.agent_id], work.item
        del self.offers[offer.offer_id]
        work.place = agent.id
        work.blocked = None
        offered_as = agent.offered.pop(item.id)
        agent.claims[item.id] = item.channel_class
        if agent.unanswered or offered_as != item.channel_class:
            agent.unanswered = 0
            agent.holdings.drop(offered_as, is_asleep=False)
            agent.holdings.add(item.channel_class)
            agent.profile.refresh(agent)

    def hold(self, work: WorkItem, agent: Agent) -> None:
        """Make a person the holder of an item."""
        work.place = agent.id
        work.blocked = None
        agent.claims[work.item.id] = work.item.channel_class
        agent.holdings.add(work.item.channel_class)
        agent.profile.refresh(agent)

    def let_go(self, work: WorkItem, holder: str) -> Agent:
        """End a claim; give the person who held it."""
        work.place = None
        agent = self._matching.agents[holder]
        is_asleep = work.item.id in agent.asleep
        agent.holdings.drop(agent.claims.pop(work.item.id), is_asleep=is_asleep)
        if is_asleep:
            del agent.asleep[work.item.id]
        agent.profile.refresh(agent)
        return agent

    def wrap_up(self, wrap_up: WrapUp) -> None:
        """Let solved work take its whole room until `wrapped_up`."""
        agent = self._matching.agents[wrap_up.agent_id]
        agent.wrapping[wrap_up.item.id] = wrap_up
        agent.holdings.add(wrap_up.item.channel_class)
        agent.profile.refresh(agent)

    def wrapped_up(self, wrap_up: WrapUp) -> Agent:
        """End after-call work; give the person who had it."""
        agent = self._matching.agents[wrap_up.agent_id]
        del agent.wrapping[wrap_up.item.id]
        agent.holdings.drop(wrap_up.item.channel_class, is_asleep=False)
        agent.profile.refresh(agent)
        return agent

    def sleep(self, work: WorkItem) -> Agent | None:
        """Let a claim weigh less while the customer is waited for; give its holder if that is new."""
        agent = None if work.holder is None else self._matching.agents[work.holder]
        if agent is None or work.item.id in agent.asleep:
            return None
        agent.asleep[work.item.id] = None
        agent.holdings.sleep(agent.claims[work.item.id])
        agent.profile.refresh(agent)
        return agent

    def wake(self, work: WorkItem) -> Agent | None:
        """Let a claim weigh in full again; give its holder if it slept."""
        agent = None if work.holder is None else self._matching.agents[work.holder]
        if agent is None or work.item.id not in agent.asleep:
            return None
        del agent.asleep[work.item.id]
        agent.holdings.wake(agent.claims[work.item.id])
        agent.profile.refresh(agent)
        return agent
