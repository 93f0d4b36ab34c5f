"""Tasks, their tries and recordings over HTTP."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert

from router.calls import Call, CallDirection, CallOutcome, Recording
from router.ids import new_id
from router.model.calls import call_json
from router.storage import schema as t


@pytest.fixture
async def held(shop):
    """A conversation mei has in hand."""
    conversation_id = await shop.add_conversation()
    await shop.offers.claim(conversation_id, shop.agents["mei"])
    return conversation_id


async def add(shop, client, conversation_id, login="mei", **fields):
    body = {"number": "+442079460018", **fields}
    path = f"/api/v1/conversations/{conversation_id}/tasks"
    answer = await client.post(path, json=body, headers=await shop.token(login))
    return answer.status, await answer.json()


async def post(shop, client, task_id, act, body, login="mei"):
    answer = await client.post(f"/api/v1/tasks/{task_id}/{act}", json=body, headers=await shop.token(login))
    return answer.status, await answer.json()


async def tasks(shop, client, path, login="mei"):
    answer = await client.get(f"/api/v1{path}", headers=await shop.token(login))
    assert answer.status == 200
    return [one["id"] for one in (await answer.json())["tasks"]]


async def test_a_task_is_made_with_all_that_is_known_and_told_of(shop, client, held):
    due = (shop.clock.at + timedelta(hours=2)).isoformat()
    status, task = await add(
        shop, client, held, reason="refund", script="Ask for the bank.", due_at=due, best_from=due, attempts=2
    )
    assert status == 201
    assert (task["kind"], task["number"], task["reason"], task["script"]) == (
        "call_back",
        "+442079460018",
        "refund",
        "Ask for the bank.",
    )
    assert (task["created_by"], task["state"], task["begun"], task["counter"]) == ("Mei", "open", False, 0)
    assert (task["account"], task["can_originate"], task["attempt_limit"]) == ("shop", True, 2)
    assert shop.tasks_changed == [held]


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"number": ""}, ""),
        ({"number": "the usual one"}, ""),
        ({"attempts": -1}, "attempts"),
        ({"due_at": "soon"}, "due_at"),
        ({"kind": "fax"}, "kind"),
    ],
)
async def test_a_task_that_makes_no_sense_is_refused_with_the_place(shop, client, held, fields, place):
    status, problem = await add(shop, client, held, **fields)
    assert (status, problem["code"]) == (400, "bad_request")
    assert [one["at"] for one in problem.get("errors", [])] == ([place] if place else [])


async def test_lists_hold_ones_own_all_and_those_that_are_due(shop, client, held):
    later = (shop.clock.at + timedelta(days=1)).isoformat()
    other = await shop.add_conversation()
    _, mine = await add(shop, client, held, login="tom", due_at=later)
    _, toms = await add(shop, client, other, login="tom", kind="follow_up", number="")
    assert await tasks(shop, client, "/tasks") == [mine["id"]]
    assert await tasks(shop, client, "/tasks?view=mine", login="tom") == [toms["id"], mine["id"]]
    assert await tasks(shop, client, "/tasks?view=due") == [toms["id"]]
    assert await tasks(shop, client, f"/conversations/{held}/tasks") == [mine["id"]]


async def test_a_try_is_told_and_the_one_that_reached_somebody_closes_the_task(shop, client, held):
    _, task = await add(shop, client, held)
    status, tried = await post(shop, client, task["id"], "attempts", {"reached": False, "detail": "engaged"})
    assert status == 200
    assert [(one["state"], one["agent"], one["detail"]) for one in tried["attempts"]] == [
        ("not_reached", "Mei", "engaged")
    ]
    shop.clock.at += timedelta(hours=1)
    _, done = await post(shop, client, task["id"], "attempts", {"reached": True})
    assert (done["state"], done["closed_by"], done["closed_reason"]) == ("done", "Mei", "reached")
    status, problem = await post(shop, client, task["id"], "close", {"reason": "again"})
    assert (status, problem["code"]) == (409, "stale_version")


async def test_what_a_colleague_has_in_hand_is_his_except_for_supervisors(shop, client, held):
    _, task = await add(shop, client, held)
    for act, body in (("attempts", {"reached": True}), ("close", {"reason": "x"}), ("call", {"line": "1"})):
        assert (await post(shop, client, task["id"], act, body, "tom"))[0] == 403, act
    assert (await post(shop, client, task["id"], "close", {"reason": "spam"}, "sue"))[0] == 200


async def test_a_call_rings_ones_own_line_first_and_its_failure_is_told_in_plain_words(shop, client, held):
    _, task = await add(shop, client, held)
    status, called = await post(shop, client, task["id"], "call", {"line": "4001"})
    ((account, action),) = shop.channels.actions
    assert (status, account, action.agent, action.recipient) == (200, "shop", "4001", "+442079460018")
    assert [(one["id"], one["state"]) for one in called["attempts"]] == [(action.ref, "calling")]
    status, problem = await post(shop, client, task["id"], "call", {"line": "engaged"})
    assert (status, problem["code"], problem["detail"]) == (
        502,
        "provider_unavailable",
        "The line is engaged.",
    )
    _, by_hand = await add(shop, client, held, account="support")
    assert not by_hand["can_originate"]
    status, problem = await post(shop, client, by_hand["id"], "call", {"line": "4001"})
    assert (status, problem["detail"]) == (422, "no account here makes calls; dial the number by hand")


@pytest.fixture
async def recorded(shop, held):
    """A call with a recording, one without an address and one the customer did not agree to."""
    call = Call(
        key="1",
        source="pbx",
        direction=CallDirection.INBOUND,
        outcome=CallOutcome.VOICEMAIL,
        recordings=(
            Recording(ref="a", url="https://pbx.example/a.wav"),
            Recording(ref="b", url="file:///etc/passwd"),
            Recording(ref="c", url="https://pbx.example/c.wav", consent=False),
        ),
    )
    row = {
        "id": new_id(),
        "account": "shop",
        "number": "",
        "facts": call_json(call),
        "at": shop.clock.at,
        "asks": True,
        "answers": False,
        "manual": False,
        "conversation_id": held,
        "heard_at": shop.clock.at,
    }
    await shop.store.write(lambda conn: conn.execute(insert(t.call).values(row)) and None)
    return row["id"]


@pytest.mark.parametrize(
    ("login", "place", "status"),
    [
        ("mei", "0", 302),
        ("sue", "0", 302),
        ("tom", "0", 403),
        ("mei", "1", 404),
        ("mei", "2", 403),
        ("mei", "3", 404),
        ("mei", "x", 400),
    ],
)
async def test_a_recording_is_for_the_holder_and_supervisors(shop, client, recorded, login, place, status):
    path = f"/api/v1/calls/{recorded}/recording?place={place}"
    answer = await client.get(path, headers=await shop.token(login), allow_redirects=False)
    assert answer.status == status
    if status == 302:
        assert answer.headers["Location"] == "https://pbx.example/a.wav"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
