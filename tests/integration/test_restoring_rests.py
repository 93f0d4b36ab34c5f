"""How long people are left alone after offers they did not take, as the store tells it after a start."""

from datetime import timedelta

from router.engine.config import EngineConfig, OfferConfig
from router.engine.events import AgentRestored
from router.storage.staff import restoring_events
from router.storage.store import Store
from router.testing import FakeClock
from tests.integration.house import NOW, Doors, house

OFFERS = EngineConfig(offers=OfferConfig(busy_s=600, reject_s=60))


async def test_longest_rest_counts_after_a_restart_and_ends_with_its_time(store: Store) -> None:
    async with house(store, FakeClock(NOW), Doors(), OFFERS) as desk:
        mei = desk.agents["mei"]
        await desk.offers.set_presence(mei, "available")
        offers = [
            await desk.offered(await desk.conversation(sender=sender))
            for sender in ("ann@shop.example", "bob@shop.example")
        ]
        for offer, reason in zip(offers, ("busy", "lunch"), strict=True):
            assert offer is not None
            await desk.offers.reject(offer[0], mei, reason)
    found = []
    for after_s in (70, 601):
        async with store.reading() as connection:
            events = await restoring_events(connection, NOW + timedelta(seconds=after_s), OFFERS)
        found += [
            (one.rests_until, one.rest_reason)
            for one in events
            if isinstance(one, AgentRestored) and one.agent_id == mei
        ]
    assert found == [(NOW + timedelta(seconds=600), "busy"), (None, "")]
