"""Joining across channels on both databases: by proof on both sides, else a hint; equal ids never mix."""

from collections.abc import AsyncIterator

import pytest

from router.storage import schema as t
from router.storage.store import Store
from router.testing import FakeClock
from tests.integration.house import NOW, Doors, house
from tests.integration.test_identities import Desk

HOUR = 3600
MAIL = {"by": "email", "proof": "verified"}
KNOWN = {"by": "visitor", "proof": "channel", "also": [["email", "ann@home.example", "verified"]]}
STATED = {"by": "visitor", "proof": "channel", "also": [["email", "ann@home.example", "unverified"]]}


@pytest.fixture
async def desk(store: Store) -> AsyncIterator[Desk]:
    async with house(store, FakeClock(NOW), Doors()) as home:
        yield Desk(home)


async def test_a_proven_person_on_another_channel_joins_what_is_open(desk: Desk) -> None:
    mail = await desk.writes("ann@home.example", "by mail", **MAIL)
    chat = await desk.writes("v1", "by chat", account="other", **KNOWN)
    assert await desk.contact_of(chat) == await desk.contact_of(mail)
    assert await desk.words(mail) == ["by mail", "by chat"]
    assert await desk.live_items() == [mail]
    acts = await desk.home.front.rows(t.identity_act)
    assert [(row.act, row.agent_id) for row in acts] == [
        ("contacts_merged", None),
        ("conversations_merged", None),
    ]
    await desk.identities.part(chat, agent_id=desk.mei, reason="two matters")
    assert (await desk.words(mail), await desk.words(chat)) == (["by mail"], ["by chat"])


async def test_a_known_visitor_who_logs_in_is_recognised_by_the_address_that_proves(desk: Desk) -> None:
    mail = await desk.writes("ann@home.example", "by mail", **MAIL)
    chat = await desk.writes("v1", "before", account="other", by="visitor", proof="channel")
    assert await desk.contact_of(chat) != await desk.contact_of(mail)
    await desk.writes("v1", "logged in", account="other", **KNOWN)
    assert await desk.contact_of(chat) == await desk.contact_of(mail)


async def test_a_stated_address_is_kept_as_a_hint_and_joins_nothing(desk: Desk) -> None:
    mail = await desk.writes("ann@home.example", "by mail", **MAIL)
    chat = await desk.writes("v1", "by chat", account="other", **STATED)
    assert await desk.contact_of(chat) != await desk.contact_of(mail)
    assert await desk.words(mail) == ["by mail"]
    (claim,) = await desk.home.front.rows(t.claimed_point)
    assert (claim.kind, claim.address, claim.proof) == ("email", "ann@home.example", "unverified")


async def test_a_forged_message_of_a_proven_address_joins_nothing_elsewhere(desk: Desk) -> None:
    await desk.writes("v1", "by chat", account="other", **KNOWN)
    mail = await desk.writes("ann@home.example", "by mail", **MAIL)
    await desk.identities.part(mail, agent_id=desk.mei, reason="two matters")
    token = await desk.claims(mail)
    await desk.home.offers.resolve(mail, desk.mei, token)
    forged = await desk.writes("ann@home.example", "forged", by="email", evidence=[["message_id", "<x>"]])
    assert await desk.words(forged) == ["forged"]


async def test_an_unverified_sender_is_not_the_proven_one_of_the_same_address(desk: Desk) -> None:
    mail = await desk.writes("ann@home.example", "by mail", **MAIL)
    forged = await desk.writes("ann@home.example", "forged", account="other", by="email", proof="unverified")
    assert await desk.contact_of(forged) != await desk.contact_of(mail)
    assert sorted(await desk.live_items()) == sorted([mail, forged])


@pytest.mark.parametrize("kind", ["buyer", "note"])
async def test_equal_buyer_ids_of_two_accounts_never_mix_however_proven(desk: Desk, kind: str) -> None:
    one = await desk.writes("42", by=kind, proof="verified")
    other = await desk.writes("42", account="other", by=kind, proof="verified")
    assert await desk.contact_of(one) != await desk.contact_of(other)
    assert sorted(await desk.live_items()) == sorted([one, other])


async def test_ids_that_differ_in_case_only_are_two_people_and_mail_addresses_one(desk: Desk) -> None:
    one = await desk.writes("Ub1", "one", by="visitor", proof="channel")
    other = await desk.writes("uB1", "other", by="visitor", proof="channel")
    assert await desk.contact_of(one) != await desk.contact_of(other)
    mail = await desk.writes("Ann@Home.example", "by mail", **MAIL)
    again = await desk.writes("ann@home.example", "and again", **MAIL)
    assert await desk.contact_of(mail) == await desk.contact_of(again)


async def test_after_the_window_a_proven_person_opens_a_new_matter_beside_the_old(desk: Desk) -> None:
    mail = await desk.writes("ann@home.example", "by mail", **MAIL)
    desk.home.clock.advance(73 * HOUR)
    chat = await desk.writes("v1", "by chat", account="other", **KNOWN)
    assert await desk.contact_of(chat) == await desk.contact_of(mail)
    assert sorted(await desk.live_items()) == sorted([mail, chat])
    (link,) = await desk.home.front.rows(t.conversation_link, conversation_id=chat)
    assert (link.other_id, link.kind) == (mail, "hint")


@pytest.mark.parametrize(("proof", "joins"), [("channel", True), ("unverified", False)])
async def test_the_same_order_joins_after_the_window_only_if_proven(
    desk: Desk, proof: str, joins: bool
) -> None:
    order = {"order_id": "1234", "order_scope": "shop"}
    mail = await desk.writes(
        "ann@home.example", "by mail", context={**order, "order_proof": "channel"}, **MAIL
    )
    desk.home.clock.advance(100 * HOUR)
    chat = await desk.writes(
        "v1", "by chat", account="other", context={**order, "order_proof": proof}, **KNOWN
    )
    assert sorted(await desk.live_items()) == sorted([mail] if joins else [mail, chat])


async def test_contacts_somebody_parted_are_not_merged_by_proof_again(desk: Desk) -> None:
    mail = await desk.writes("ann@home.example", "by mail", **MAIL)
    chat = await desk.writes("v1", "by chat", account="other", **KNOWN)
    (act,) = await desk.home.front.rows(t.identity_act, act="contacts_merged")
    await desk.identities.part_contacts(act.subject_id, agent_id=desk.mei, reason="a shared mailbox")
    await desk.writes("v1", "again", account="other", **KNOWN)
    assert await desk.contact_of(chat) == act.subject_id != await desk.contact_of(mail)


async def test_a_proof_rises_and_never_falls(desk: Desk) -> None:
    for proof in ("unverified", "verified", "unverified"):
        await desk.writes("ann@home.example", "hello", by="email", proof=proof)
    (point,) = await desk.home.front.rows(t.contact_point)
    assert point.proof == "verified"
