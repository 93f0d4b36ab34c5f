"""Room 6 on both databases: offers and claims, across restarts."""

from collections.abc import AsyncIterator

import pytest

from router.errors import NotFound, OfferExpired, RoutingError, StaleVersion
from router.storage import schema as t
from router.storage.store import Store
from router.testing import FakeClock
from tests.integration.house import NOW, Doors, House, house


@pytest.fixture
async def desk(store: Store) -> AsyncIterator[House]:
    async with house(store, FakeClock(NOW), Doors()) as opened:
        yield opened


async def test_a_free_agent_is_offered_the_work_and_accepting_makes_a_claim(desk: House) -> None:
    conversation = await desk.accepted()
    (claim,) = await desk.front.rows(t.claim)
    assert (claim.agent_id, claim.token, claim.state) == (desk.agents["mei"], 1, "active")
    records = await desk.front.rows(t.decision_record, conversation_id=conversation)
    assert [record.act for record in records] == ["queued", "offered", "accepted"]


async def test_an_offer_is_only_for_its_agent_and_only_once(desk: House) -> None:
    await desk.offers.set_presence(desk.agents["mei"], "available")
    offer = await desk.offered(await desk.conversation())
    assert offer is not None
    with pytest.raises(NotFound):
        await desk.offers.accept(offer[0], desk.agents["tom"])
    await desk.offers.accept(offer[0], desk.agents["mei"])
    with pytest.raises(OfferExpired):
        await desk.offers.accept(offer[0], desk.agents["mei"])


async def test_a_declined_offer_goes_to_the_next_person(desk: House) -> None:
    await desk.offers.set_presence(desk.agents["mei"], "available")
    conversation = await desk.conversation()
    await desk.offers.set_presence(desk.agents["tom"], "available")
    offer = await desk.offered(conversation)
    assert offer is not None
    await desk.offers.reject(offer[0], desk.agents["mei"], "lunch")
    assert (await desk.offered(conversation) or ("", ""))[1] == "tom"


async def test_an_unanswered_offer_expires_with_the_clock(desk: House) -> None:
    await desk.offers.set_presence(desk.agents["mei"], "available")
    conversation = await desk.conversation()
    offer = await desk.offered(conversation)
    assert offer is not None
    desk.clock.advance(31)
    await desk.room.take_up()
    with pytest.raises(OfferExpired):
        await desk.offers.accept(offer[0], desk.agents["mei"])
    assert [row.state for row in await desk.front.rows(t.offer)] == ["expired"]


async def test_complaints_are_offered_before_ordinary_work_that_came_earlier(desk: House) -> None:
    ordinary = await desk.conversation("hello", "ann@shop.example")
    complaint = await desk.conversation("I complain", "bob@shop.example")
    third = await desk.conversation("hello", "cid@shop.example")
    await desk.offers.set_presence(desk.agents["mei"], "available")
    assert await desk.offered(complaint) is not None
    assert await desk.offered(ordinary) is not None
    assert await desk.offered(third) is None


async def test_work_put_back_keeps_its_age_and_is_offered_to_somebody_else(desk: House) -> None:
    conversation = await desk.accepted()
    (before,) = await desk.front.rows(t.work_item)
    await desk.offers.set_presence(desk.agents["tom"], "available")
    desk.clock.advance(60)
    await desk.offers.put_back(conversation, desk.agents["mei"], 1, "not mine")
    (after,) = await desk.front.rows(t.work_item)
    assert after.eligible_since == before.eligible_since
    assert (await desk.offered(conversation) or ("", ""))[1] == "tom"


async def test_whoever_lost_the_claim_can_neither_answer_nor_resolve(desk: House) -> None:
    conversation = await desk.accepted()
    mei = desk.agents["mei"]
    await desk.offers.put_back(conversation, mei, 1)
    with pytest.raises(StaleVersion):
        await desk.replies.reply(conversation, mei, 1, "too late")
    with pytest.raises(StaleVersion):
        await desk.offers.resolve(conversation, mei, 1)
    assert await desk.front.rows(t.outbox) == []


async def test_a_transfer_to_a_person_moves_the_claim_with_the_next_token(desk: House) -> None:
    conversation = await desk.accepted()
    await desk.offers.transfer(
        conversation, desk.agents["mei"], 1, queue=None, to_agent_id=desk.agents["tom"], note="yours"
    )
    claims = await desk.front.rows(t.claim, state="active")
    assert [(claim.agent_id, claim.token) for claim in claims] == [(desk.agents["tom"], 2)]


async def test_a_transfer_to_oneself_is_refused_and_changes_nothing(desk: House) -> None:
    conversation = await desk.accepted()
    mei = desk.agents["mei"]
    with pytest.raises(RoutingError, match="you have it already"):
        await desk.offers.transfer(conversation, mei, 1, queue=None, to_agent_id=mei, note="")
    (claim,) = await desk.front.rows(t.claim)
    assert (claim.state, claim.token) == ("active", 1)


async def test_a_waiting_item_can_be_claimed_once(desk: House) -> None:
    conversation = await desk.conversation()
    await desk.offers.claim(conversation, desk.agents["mei"])
    with pytest.raises(StaleVersion):
        await desk.offers.claim(conversation, desk.agents["tom"])


async def test_a_restart_knows_open_offers_and_claims_and_offers_nothing_twice(store: Store) -> None:
    clock = FakeClock(NOW)
    async with house(store, clock, Doors()) as first:
        held = await first.accepted()
        pending = await first.conversation("second", "bob@shop.example")
        offer = await first.offered(pending)
    async with house(store, clock, Doors()) as second:
        assert await second.offered(pending) == offer
        third = await second.conversation("third", "cid@shop.example")
        assert await second.offered(third) is None
        assert offer is not None
        await second.offers.accept(offer[0], second.agents["mei"])
        await second.offers.resolve(held, second.agents["mei"], 1)
        assert await second.offered(third) is not None


@pytest.mark.parametrize(("down_s", "then_s"), [(40, 19), (70, 0)])
async def test_a_restart_goes_on_counting_from_the_last_refusal(
    store: Store, down_s: int, then_s: int
) -> None:
    clock = FakeClock(NOW)
    async with house(store, clock, Doors()) as first:
        await first.offers.set_presence(first.agents["mei"], "available")
        conversation = await first.conversation()
        offer = await first.offered(conversation)
        assert offer is not None
        await first.offers.reject(offer[0], first.agents["mei"], "lunch")
    clock.advance(down_s)
    async with house(store, clock, Doors()) as second:
        if then_s:
            clock.advance(then_s)
            await second.room.take_up()
            assert await second.offered(conversation) is None
            clock.advance(2)
        await second.room.take_up()
        assert (await second.offered(conversation) or ("", ""))[1] == "mei"


async def test_an_offer_that_ran_out_while_nothing_ran_gets_its_time_again(store: Store) -> None:
    clock = FakeClock(NOW)
    async with house(store, clock, Doors()) as first:
        await first.offers.set_presence(first.agents["mei"], "available")
        conversation = await first.conversation()
        offer = await first.offered(conversation)
    clock.advance(3_600)
    async with house(store, clock, Doors()) as second:
        assert offer is not None
        assert await second.offers.accept(offer[0], second.agents["mei"]) == conversation


async def test_a_resolved_conversation_ends_its_episode_and_its_work(desk: House) -> None:
    conversation = await desk.accepted()
    await desk.offers.resolve(conversation, desk.agents["mei"], 1, "answered")
    (episode,) = await desk.front.rows(t.episode)
    (work,) = await desk.front.rows(t.work_item)
    assert (episode.reason, work.state) == ("answered", "done")
    assert await desk.offers.explain(conversation) is None


async def test_explain_says_why_an_item_waits(desk: House) -> None:
    conversation = await desk.conversation()
    record = await desk.offers.explain(conversation)
    assert record is not None
    assert record["by_gate"] == {"presence": 2}
