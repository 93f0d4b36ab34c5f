"""Channel accounts over HTTP: start anew, pause, enter by hand."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("act", ["restart", "pause"])
async def test_an_admin_and_nobody_else_restarts_or_pauses_an_account(shop, client, act):
    path = f"/api/v1/channels/support/{act}"
    refused = await client.post(path, headers=await shop.token("mei"))
    done = await client.post(path, headers=await shop.token("ada"))
    unknown = await client.post(f"/api/v1/channels/nothing/{act}", headers=await shop.token("ada"))
    assert (refused.status, done.status, unknown.status) == (403, 204, 404)
    assert shop.channels.acts == [(act, "support")]


async def test_supervisors_and_nobody_else_see_which_calls_were_refused(shop, client):
    path = "/api/v1/channels"
    seen = await (await client.get(path, headers=await shop.token("ada"))).json()
    hidden = await (await client.get(path, headers=await shop.token("mei"))).json()
    refused = {one["account"]: one["refused"] for one in seen["channels"]}
    assert refused["support"] == []
    assert [(one["reason"], one["count"], one["why"]) for one in refused["shop"]] == [
        ("signature", 3, "check S")
    ]
    assert [one["reason"] for one in seen["stray_calls"]] == ["unknown_account"]
    assert [one["refused"] for one in hidden["channels"]] == [[], []]
    assert hidden["stray_calls"] == []


async def test_an_entry_by_hand_is_taken_and_a_faulty_one_names_its_field(shop, client):
    headers = await shop.token("mei")
    form = await (await client.get("/api/v1/channels/shop/form", headers=headers)).json()
    assert form["form"]["type"] == "object"
    path = "/api/v1/channels/shop/entries"
    taken = await client.post(path, json={"form": {"number": "0301"}}, headers=headers)
    assert (taken.status, await taken.json()) == (201, {"outcome": "accepted", "inbound_id": "shop"})
    faulty = await client.post(path, json={"form": {}}, headers=headers)
    assert faulty.status == 400
    assert "number" in (await faulty.json())["detail"]
