"""Absences, incidents, priorities, pauses and alarms, as the API takes and gives them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from router.storage import schema as t
from tests.web.rooms import START

NOON = (START + timedelta(hours=3)).isoformat()
EVENING = (START + timedelta(hours=9)).isoformat()


@pytest.fixture
async def claimed(shop):
    conversation_id = await shop.add_conversation()
    await shop.offers.claim(conversation_id, shop.agents["mei"])
    return f"/api/v1/conversations/{conversation_id}"


async def test_one_announces_an_absence_and_colleagues_see_it(shop, client):
    headers = await shop.token("mei")
    path = f"/api/v1/agents/{shop.agents['mei']}/absence"
    body = {"since": NOON, "until": EVENING, "reason": "dentist"}
    planned = await (await client.post(path, headers=headers, json=body)).json()
    assert planned["absence"]["reason"] == "dentist"
    agents = (await (await client.get("/api/v1/agents", headers=headers)).json())["agents"]
    assert [one["login"] for one in agents if one["absence"]] == ["mei"]
    assert (await (await client.delete(path, headers=headers)).json())["absence"] is None
    assert (await client.delete(path, headers=headers)).status == 404


@pytest.mark.parametrize(("login", "status"), [("tom", 403), ("sue", 200), ("ada", 200)])
async def test_the_absence_of_another_is_for_supervisors(shop, client, login, status):
    path = f"/api/v1/agents/{shop.agents['mei']}/absence"
    answer = await client.post(path, headers=await shop.token(login), json={"since": NOON})
    assert answer.status == status


@pytest.mark.parametrize(
    ("body", "at"),
    [
        ({"since": EVENING, "until": NOON}, None),
        ({"since": "2026-11-02T09:00:00"}, "since"),
        ({"since": "tomorrow"}, "since"),
        ({"since": "0001-01-01T00:00:00+14:00"}, "since"),
        ({"since": "9999-12-31T23:59:59-14:00"}, "since"),
        ({"since": 1_767_603_600}, "since"),
        ({}, "since"),
        ({"since": NOON, "reason": "x" * 501}, "reason"),
    ],
)
async def test_an_absence_that_makes_no_sense_is_refused_with_its_place(shop, client, body, at):
    path = f"/api/v1/agents/{shop.agents['mei']}/absence"
    answer = await client.post(path, headers=await shop.token("mei"), json=body)
    problem = await answer.json()
    assert (answer.status, problem["code"]) == (400, "bad_request")
    assert [error["at"] for error in problem.get("errors", [])] == ([at] if at else [])


async def test_an_incident_is_previewed_then_switched_on_and_off(shop, client):
    await shop.add_conversation(queue="after_sale")
    await shop.add_conversation(queue="pre_sale")
    headers = await shop.token("sue")
    body = {"name": "outage"}
    preview = await (await client.post("/api/v1/incidents?preview=1", headers=headers, json=body)).json()
    assert preview["queues"] == [{"queue": "after_sale", "to": "pre_sale", "waiting": 1}]
    assert preview["relaxed"] == [{"skill": "lang-zh", "waiting": 2}]
    assert preview["reserve"] == {"complaints": 20}
    assert await _on(client, headers) == []
    await client.post("/api/v1/incidents", headers=headers, json=body)
    assert await _on(client, headers) == ["outage"]
    again = await client.post("/api/v1/incidents", headers=headers, json=body)
    assert (again.status, "on already" in (await again.json())["detail"]) == (400, True)
    await client.delete("/api/v1/incidents/outage", headers=headers)
    assert await _on(client, headers) == []
    assert (await client.delete("/api/v1/incidents/outage", headers=headers)).status == 404


async def test_an_incident_may_be_ended_by_the_longest_name_rules_can_give_it(shop, client):
    path = f"/api/v1/incidents/{'a' * 80}"
    answer = await client.delete(path, headers=await shop.token("sue"))
    assert "is not on" in (await answer.json())["detail"]


async def _on(client, headers):
    found = await (await client.get("/api/v1/incidents", headers=headers)).json()
    return [one["name"] for one in found["incidents"] if one["until"]]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "flood"}, 404),
        ({"name": "outage", "until": START.isoformat()}, 400),
        ({"name": "outage", "until": (START + timedelta(days=8)).isoformat()}, 400),
        ({}, 400),
    ],
)
async def test_an_incident_that_cannot_be_is_refused(shop, client, body, status):
    answer = await client.post("/api/v1/incidents", headers=await shop.token("sue"), json=body)
    assert answer.status == status


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/incidents", None),
        ("POST", "/incidents", {"name": "outage"}),
        ("DELETE", "/incidents/outage", None),
        ("GET", "/alarms", None),
        ("POST", "/conversations/x/priority", {"boost_s": 60, "reason": "asked"}),
    ],
)
async def test_what_steers_the_whole_house_is_for_supervisors(shop, client, method, path, body):
    answer = await client.request(method, f"/api/v1{path}", headers=await shop.token("tom"), json=body)
    assert (answer.status, (await answer.json())["code"]) == (403, "forbidden")


async def test_a_priority_by_hand_stands_on_the_item_and_on_the_timeline(shop, client):
    conversation = await shop.add_conversation()
    body = {"boost_s": 1800, "reason": "the mayor"}
    path = f"/api/v1/conversations/{conversation}"
    answer = await client.post(f"{path}/priority", headers=await shop.token("sue"), json=body)
    assert (await answer.json())["work_item"]["boost_s"] == 1800
    messages = await (await client.get(f"{path}/messages", headers=await shop.token("sue"))).json()
    event = messages["messages"][-1]
    assert (event["kind"], event["blocks"][0]["fields"]) == ("prioritised", body)


@pytest.mark.parametrize("boost", [-1, 604_801, 1.5, "60"])
async def test_a_boost_is_a_whole_number_of_seconds_within_a_week(shop, client, boost):
    path = f"/api/v1/conversations/{await shop.add_conversation()}/priority"
    answer = await client.post(path, headers=await shop.token("sue"), json={"boost_s": boost, "reason": "x"})
    assert (answer.status, (await answer.json())["errors"][0]["at"]) == (400, "boost_s")


async def test_a_pause_is_for_the_holder_and_ends_once(shop, client, claimed):
    path = f"{claimed}/pause"
    mei = await shop.token("mei")
    assert (await client.post(path, headers=await shop.token("tom"), json={"reason": "x"})).status == 403
    paused = await (await client.post(path, headers=mei, json={"reason": "the warehouse looks"})).json()
    assert paused["work_item"]["pause"] == "the warehouse looks"
    assert (await client.post(path, headers=mei, json={"reason": "again"})).status == 409
    assert (await (await client.delete(path, headers=mei)).json())["work_item"]["pause"] is None
    assert (await client.delete(path, headers=mei)).status == 409


async def test_supervisors_read_what_is_not_settled_yet(shop, client):
    open_one, answered = await shop.add_conversation(), await shop.add_conversation()

    def escalate(conn):
        for conversation, replied_at in ((open_one, None), (answered, START + timedelta(minutes=9))):
            item = conn.execute(
                select(t.work_item.c.id).where(t.work_item.c.conversation_id == conversation)
            ).scalar_one()
            about = {"work_item_id": item, "agent_id": shop.agents["mei"]}
            claim = {"id": item, "token": 1, "state": "active", "claimed_at": START, "replied_at": replied_at}
            conn.execute(insert(t.claim).values(**about, **claim))
            record = {"at": START + timedelta(minutes=4), "act": "escalated", "body": {"act": "escalated"}}
            conn.execute(insert(t.decision_record).values(conversation_id=conversation, **about, **record))

    await shop.store.write(escalate)
    found = await (await client.get("/api/v1/alarms?lang=zh", headers=await shop.token("sue"))).json()
    assert [(one["conversation_id"], one["agent"]["name"]) for one in found["alarms"]] == [(open_one, "Mei")]
    assert found["alarms"][0]["text"].startswith("zh: escalated")


async def test_an_offer_is_held_while_it_is_set_up_and_still_mine(shop, client):
    offer = await shop.offer(await shop.add_conversation(), "mei", lasts_s=300)
    headers = await shop.token("mei")
    assert (await client.post(f"/api/v1/offers/{offer}/accepting", headers=headers)).status == 204
    mine = await (await client.get("/api/v1/me/offers", headers=headers)).json()
    assert [one["id"] for one in mine["offers"]] == [offer]
    body = {"reason": "line dead"}
    assert (await client.post(f"/api/v1/offers/{offer}/failed", headers=headers, json=body)).status == 204
    assert shop.offers.declined == [(offer, shop.agents["mei"], "line dead")]
    others = await client.post(f"/api/v1/offers/{offer}/accepting", headers=await shop.token("tom"))
    assert others.status == 404


async def test_claims_and_open_offers_weigh_by_class(shop, client, claimed):
    await shop.offer(await shop.add_conversation(), "mei")
    agents = (await (await client.get("/api/v1/agents", headers=await shop.token("tom"))).json())["agents"]
    (mei,) = [one for one in agents if one["login"] == "mei"]
    assert (mei["claims"], mei["used_units"], mei["units"]) == (1, 20, 100)


async def test_of_a_queue_or_an_incident_only_the_last_word_is_an_alarm(shop, client):
    needs = [{"require": "lang-zh", "level": 3}]
    told = [
        {"act": "reachability", "state": "lost", "queue": "complaints", "needs": needs},
        {"act": "reachability", "state": "lost", "queue": "after_sale", "needs": needs},
        {"act": "reachability", "state": "regained", "queue": "after_sale", "needs": needs},
        {"act": "overflow", "open": True, "queue": "in_sale", "incident": False},
        {"act": "overflow", "open": True, "queue": "pre_sale", "incident": False},
        {"act": "overflow", "open": False, "queue": "pre_sale", "incident": False},
        {"act": "incident", "incident": "outage", "state": "started"},
        {"act": "incident", "incident": "outage", "state": "ended"},
    ]

    def tell(conn):
        for body in told:
            about = {"work_item_id": "", "conversation_id": "", "at": START, "act": body["act"]}
            conn.execute(insert(t.decision_record).values(**about, body=body))

    await shop.store.write(tell)
    found = await (await client.get("/api/v1/alarms", headers=await shop.token("sue"))).json()
    assert [(one["act"], one["body"]["queue"]) for one in found["alarms"]] == [
        ("overflow", "in_sale"),
        ("reachability", "complaints"),
    ]
