"""The rules as the API shows them, and routing waiting work by them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from router.storage import schema as t
from router.storage.rules import Change, Names, RulesText, add_change, add_version
from tests.web.rooms import START
from tests.web.shop import RULES

FACTS = {"customer.tier": "vip", "customer.returning": True, "facts.upset": False, "order.value": "much"}


async def item_of(shop, conversation_id):
    async with shop.store.reading() as connection:
        statement = select(t.work_item).where(t.work_item.c.conversation_id == conversation_id)
        return (await connection.execute(statement)).one()


@pytest.fixture
async def refund(shop):
    """Give a conversation that older rules put into `after_sale`."""
    triage = {"matched": ["everything else"], "facts": FACTS}
    return await shop.add_conversation("I want a refund", triage=triage)


async def test_preview_says_what_would_change_and_changes_nothing(shop, client, refund):
    path = f"/api/v1/conversations/{refund}/reroute?preview=1"
    before = await item_of(shop, refund)
    answer = await client.post(path, headers=await shop.token("sue"))
    found = await answer.json()
    assert (answer.status, found["applied"], found["asked"]) == (200, False, [])
    assert (found["before"]["queue"], found["before"]["ruleset_version"]) == ("after_sale", 1)
    after = found["after"]
    assert (after["queue"], after["boost_s"], after["sla"]) == ("refunds", 600, ["money"])
    assert (after["matched_rules"], after["ruleset_version"]) == (["refund", "everything else"], 2)
    assert after["rule_errors"] == ["broken: INVALID_ARGUMENT: divide by zero"]
    assert await item_of(shop, refund) == before


async def test_reroute_changes_queue_and_needs_and_keeps_the_age(shop, client, refund):
    before = await item_of(shop, refund)
    shop.clock.at = START.replace(hour=12)
    answer = await client.post(f"/api/v1/conversations/{refund}/reroute", headers=await shop.token("ada"))
    assert (answer.status, (await answer.json())["applied"]) == (200, True)
    after = await item_of(shop, refund)
    assert (after.queue, after.boost_s, after.ruleset_version) == ("refunds", 600, 2)
    assert [need["require"] for need in after.needs] == ["refunds"]
    assert (after.eligible_since, after.entered_queue_at) == (before.eligible_since, shop.clock.at)
    assert after.triage["facts"] == FACTS
    shown = await client.get(f"/api/v1/conversations/{refund}", headers=await shop.token("ada"))
    work = (await shown.json())["work_item"]
    assert work["rule_errors"] == ["broken: INVALID_ARGUMENT: divide by zero"]


async def test_routing_anew_is_for_supervisors_and_for_work_nobody_has(shop, client, refund):
    path = f"/api/v1/conversations/{refund}/reroute"
    assert (await client.post(path, headers=await shop.token("mei"))).status == 403
    await shop.offers.claim(refund, shop.agents["mei"])
    answer = await client.post(path, headers=await shop.token("sue"))
    assert (answer.status, (await answer.json())["code"]) == (409, "stale_version")


async def test_rules_in_force_are_shown_with_author_history_and_errors(shop, client):
    def store_rules(connection):
        version = add_version(connection, RulesText(document=RULES, lists={}), "li", "", START)
        change = Change(act="applied", version=version, author="li", note="new year", at=START)
        return add_change(connection, change, Names(queues={"after_sale": (1, 1)}, skills={}), 0)

    await shop.store.write(store_rules)
    assert await shop.rulebook.look()
    shop.rulebook.filed([{"ruleset_version": 1, "triage": {"failed": ["broken"]}}] * 2)
    rules = await (await client.get("/api/v1/rules", headers=await shop.token("sue"))).json()
    assert (rules["version"], rules["author"], rules["note"], rules["stage"]) == (1, "li", "new year", "")
    assert [(one["rule"], one["errors"]) for one in rules["rules"]] == [
        ("refund", 0),
        ("broken", 2),
        ("everything else", 0),
    ]
    assert [one["act"] for one in rules["changes"]] == ["applied"]
    assert (await client.get("/api/v1/rules", headers=await shop.token("tom"))).status == 403
