"""Offers, claims, acts, presence and the boards around them, over HTTP."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from router.errors import NotPermitted
from router.storage import schema as t
from router.web.problems import problem_of


@pytest.fixture
async def claimed(shop):
    conversation_id = await shop.add_conversation()
    await shop.offers.claim(conversation_id, shop.agents["mei"])
    return f"/api/v1/conversations/{conversation_id}"


async def test_my_offers_come_with_conversation_and_wait_and_end_in_time(shop, client):
    first = await shop.offer(await shop.add_conversation(), "mei", lasts_s=60)
    second = await shop.offer(await shop.add_conversation(), "mei", lasts_s=30)
    await shop.offer(await shop.add_conversation(), "tom")
    headers = await shop.token("mei")
    offers = (await (await client.get("/api/v1/me/offers", headers=headers)).json())["offers"]
    assert [one["id"] for one in offers] == [second, first]
    assert offers[1]["waited_s"] == 60.0
    assert offers[0]["conversation"]["work_item"]["offered_to"]["name"] == "Mei"
    shop.clock.at += timedelta(seconds=100)
    offers = (await (await client.get("/api/v1/me/offers", headers=headers)).json())["offers"]
    assert [one["id"] for one in offers] == [first]


async def test_an_accepted_offer_gives_the_conversation_with_my_token_once(shop, client):
    offer_id = await shop.offer(await shop.add_conversation(), "mei")
    path, headers = f"/api/v1/offers/{offer_id}/accept", await shop.token("mei")
    taken = await client.post(path, headers=headers)
    again = await client.post(path, headers=headers)
    assert (await taken.json())["conversation"]["work_item"]["token"] == 1
    assert (again.status, (await again.json())["code"]) == (409, "offer_expired")


async def test_a_declined_offer_carries_its_reason_or_none(shop, client):
    offer_id = await shop.offer(await shop.add_conversation(), "mei")
    path, headers = f"/api/v1/offers/{offer_id}/reject", await shop.token("mei")
    assert (await client.post(path, headers=headers)).status == 204
    assert (await client.post(path, json={"reason": "lunch"}, headers=headers)).status == 204
    mei = shop.agents["mei"]
    assert shop.offers.declined == [(offer_id, mei, ""), (offer_id, mei, "lunch")]


async def test_taking_what_somebody_has_is_a_conflict(shop, client, claimed):
    answer = await client.post(f"{claimed}/claim", headers=await shop.token("tom"))
    problem = await answer.json()
    assert (answer.status, problem["code"]) == (409, "stale_version")
    assert answer.content_type == "application/problem+json"
    assert problem["detail"] == "somebody else has it already"


async def test_a_waiting_item_can_be_taken(shop, client):
    conversation_id = await shop.add_conversation()
    answer = await client.post(
        f"/api/v1/conversations/{conversation_id}/claim", headers=await shop.token("tom")
    )
    assert (await answer.json())["work_item"]["claimed_by"]["name"] == "Tom"


async def test_after_call_work_is_listed_until_its_agent_is_done(shop, client, claimed):
    headers, until = await shop.token("mei"), shop.clock.now() + timedelta(seconds=30)
    wrapping = update(t.claim).values(state="wrapping", wraps_until=until)
    await shop.store.write(lambda conn: conn.execute(wrapping))
    shown = await (await client.get("/api/v1/me/offers", headers=headers)).json()
    assert [one["conversation"]["id"] for one in shown["wrap_ups"]] == [claimed.rpartition("/")[2]]
    assert (await client.post(f"{claimed}/wrapped-up", headers=headers)).status == 204
    assert (await client.post(f"{claimed}/wrapped-up", headers=headers)).status == 404


def test_work_of_a_queue_one_does_not_serve_is_forbidden():
    problem = problem_of(NotPermitted("you do not serve the queue 'complaints'"))
    assert (problem.status, problem.code) == (403, "forbidden")
    assert "complaints" in problem.detail


@pytest.mark.parametrize(
    ("act", "body", "state"),
    [
        ("put-back", {"note": "back in the queue"}, "waiting"),
        ("transfer", {"queue": "complaints", "note": "wants a refund"}, "waiting"),
        ("resolve", {"reason": "answered"}, "done"),
    ],
)
async def test_an_act_needs_the_token_of_the_claim(shop, client, claimed, act, body, state):
    headers = await shop.token("mei")
    stale = await client.post(f"{claimed}/{act}", json={"token": 7, **body}, headers=headers)
    done = await client.post(f"{claimed}/{act}", json={"token": 1, **body}, headers=headers)
    shown = (await done.json())["work_item"]
    assert (stale.status, done.status, shown["state"]) == (409, 200, state)
    assert shown["queue"] == body.get("queue", "after_sale")


@pytest.mark.parametrize("target", [{}, {"queue": "complaints", "agent": "f" * 32}])
async def test_a_transfer_names_exactly_one_target(shop, client, claimed, target):
    body = {"token": 1, "note": "", **target}
    answer = await client.post(f"{claimed}/transfer", json=body, headers=await shop.token("mei"))
    assert answer.status == 400
    assert (await answer.json())["errors"] == [{"at": "queue", "message": "give either a queue or an agent"}]


@pytest.mark.parametrize("token", ["1", 1.5, True, None, -1, 2**40])
async def test_a_token_is_a_small_whole_number_and_nothing_like_it(shop, client, claimed, token):
    answer = await client.post(f"{claimed}/resolve", json={"token": token}, headers=await shop.token("mei"))
    assert (answer.status, (await answer.json())["errors"][0]["at"]) == (400, "token")


async def test_presence_is_set_and_seen_by_colleagues(shop, client):
    headers = await shop.token("mei")
    body = {"state": "available", "classes": ["chat", "email"]}
    set_to = await (await client.put("/api/v1/me/presence", json=body, headers=headers)).json()
    assert set_to == {
        "state": "available",
        "reason": "",
        "since": "2026-11-02T09:00:00Z",
        "classes": ["chat", "email"],
    }
    agents = (await (await client.get("/api/v1/agents", headers=await shop.token("tom"))).json())["agents"]
    assert {one["login"]: one["presence"]["state"] for one in agents} == {
        "ada": "offline",
        "mei": "available",
        "sue": "offline",
        "tom": "offline",
    }
    refused = await client.put("/api/v1/me/presence", json={"state": "asleep"}, headers=headers)
    assert refused.status == 400


async def test_agents_are_counted_with_what_they_hold(shop, client, claimed):
    agents = (await (await client.get("/api/v1/agents", headers=await shop.token("tom"))).json())["agents"]
    assert {one["login"]: one["claims"] for one in agents} == {"ada": 0, "mei": 1, "sue": 0, "tom": 0}


async def test_queues_count_live_work_and_list_empty_ones(shop, client, claimed):
    await shop.store.write(
        lambda conn: (
            conn.execute(
                insert(t.queue).values(name="complaints", max_advance_s=0, offer_timeout_s=30)
            ).rowcount
        )
    )
    await shop.add_conversation()
    await shop.add_conversation()
    queues = await (await client.get("/api/v1/queues", headers=await shop.token("mei"))).json()
    nothing = {"waiting": 0, "offered": 0, "claimed": 0, "oldest_eligible_since": None}
    assert queues["queues"] == [
        {
            "name": "after_sale",
            "waiting": 2,
            "offered": 0,
            "claimed": 1,
            "oldest_eligible_since": "2026-11-02T09:00:01Z",
        },
        {"name": "complaints", **nothing},
    ]


async def test_channels_show_health_with_its_cause(shop, client):
    channels = (await (await client.get("/api/v1/channels", headers=await shop.token("mei"))).json())[
        "channels"
    ]
    assert channels[0] == {
        "account": "support",
        "channel": "email",
        "title": "E-mail",
        "state": "down",
        "cause": "the mailbox refuses the password",
        "since": "2026-11-02T09:00:00Z",
        "next_try": None,
        "acts": [],
        "refused": [],
    }
    assert channels[1]["acts"] == ["originate"]


async def test_the_ledger_accounts_for_every_item(shop, client):
    await shop.add_conversation()
    await shop.add_conversation(account="shop")
    await shop.quarantine(b"((((")
    ledger = await (await client.get("/api/v1/ledger", headers=await shop.token("mei"))).json()
    assert ledger["accounts"] == [
        {"account": "shop", "received": 1, "filed": 1, "quarantined": 0, "unfiled": 0, "redeliveries": 1},
        {"account": "support", "received": 2, "filed": 1, "quarantined": 1, "unfiled": 0, "redeliveries": 1},
    ]


async def test_an_admin_reads_and_reruns_what_is_set_aside(shop, client):
    item_id, headers = await shop.quarantine(b"<html>((("), await shop.token("ada")
    [item] = (await (await client.get("/api/v1/quarantine", headers=headers)).json())["items"]
    raw = await client.get(f"/api/v1/quarantine/{item_id}/raw", headers=headers)
    rerun = await client.post(f"/api/v1/quarantine/{item_id}/rerun", headers=headers)
    assert (item["id"], item["code"], item["size_bytes"]) == (item_id, "too_deep", 9)
    assert await raw.read() == b"<html>((("
    assert raw.headers["Content-Disposition"].startswith("attachment;")
    assert await rerun.json() == {"outcome": "quarantined", "conversation_id": None}
    assert (await client.post(f"/api/v1/quarantine/{'f' * 32}/rerun", headers=headers)).status == 404
