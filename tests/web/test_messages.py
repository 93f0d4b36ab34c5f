"""Answers, notes, resends, originals and attachments over HTTP."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from router.storage import schema as t


@pytest.fixture
async def claimed(shop):
    conversation_id = await shop.add_conversation()
    await shop.offers.claim(conversation_id, shop.agents["mei"])
    return f"/api/v1/conversations/{conversation_id}"


async def test_a_reply_with_the_claim_is_stored_with_its_delivery(shop, client, claimed):
    body = {"text": "It is on its way. 它在路上。", "token": 1, "key": "once"}
    answer = await client.post(f"{claimed}/replies", json=body, headers=await shop.token("mei"))
    message = await answer.json()
    assert answer.status == 201
    assert message["blocks"][0] == {
        "kind": "text",
        "text": "It is on its way. 它在路上。",
        "html": "",
        "quoted": "",
        "fields": {},
    }
    assert (message["direction"], message["seq"], message["has_raw"]) == ("outbound", 2, False)
    assert message["delivery"]["state"] == "queued"


async def test_a_reply_without_the_claim_is_refused(shop, client, claimed):
    body = {"text": "Hello", "token": 1}
    answer = await client.post(f"{claimed}/replies", json=body, headers=await shop.token("tom"))
    assert (answer.status, (await answer.json())["code"]) == (409, "stale_version")


@pytest.mark.parametrize("text", ["", "a\x00b", "\ud800", "x" * 100_001, 5])
async def test_a_text_nobody_can_store_is_refused(shop, client, claimed, text):
    answer = await client.post(
        f"{claimed}/replies", json={"text": text, "token": 1}, headers=await shop.token("mei")
    )
    assert answer.status == 400


async def test_a_note_needs_no_claim_and_has_no_delivery(shop, client, claimed):
    answer = await client.post(
        f"{claimed}/notes", json={"text": "Ask the carrier"}, headers=await shop.token("tom")
    )
    note = await answer.json()
    assert (answer.status, note["direction"], note["seq"], note["delivery"]) == (201, "note", None, None)


async def test_a_failed_message_is_sent_again_under_its_id_and_counted_until_then(shop, client, claimed):
    headers = await shop.token("mei")
    sent = await client.post(f"{claimed}/replies", json={"text": "Hello", "token": 1}, headers=headers)
    message_id = (await sent.json())["id"]
    path = f"/api/v1/messages/{message_id}/resend"
    assert (await client.post(path, headers=headers)).status == 409
    failed = update(t.outbox).where(t.outbox.c.message_id == message_id).values(state="failed")
    await shop.store.write(lambda conn: conn.execute(failed).rowcount)
    before = await (await client.get(claimed, headers=headers)).json()
    again = await client.post(path, headers=headers)
    after = await (await client.get(claimed, headers=headers)).json()
    assert ((await again.json())["id"], (await again.json())["delivery"]["state"]) == (message_id, "queued")
    assert (before["failed_deliveries"], after["failed_deliveries"]) == (1, 0)
    assert after["awaiting"] == "customer"


async def test_message_in_doubt_is_settled_by_whoever_saw_it_arrive(shop, client, claimed):
    headers = await shop.token("mei")
    sent = await client.post(f"{claimed}/replies", json={"text": "Hello", "token": 1}, headers=headers)
    message_id = (await sent.json())["id"]
    path = f"/api/v1/messages/{message_id}/arrived"
    assert (await client.post(path, headers=headers)).status == 409
    doubtful = update(t.outbox).where(t.outbox.c.message_id == message_id).values(state="unknown")
    await shop.store.write(lambda conn: conn.execute(doubtful).rowcount)
    answer = await client.post(path, headers=headers)
    assert (await answer.json())["delivery"]["state"] == "accepted"


async def test_the_original_is_saved_and_never_shown(shop, client):
    message_id = await shop.add_message(await shop.add_conversation(), "<script>alert(1)</script>")
    answer = await client.get(f"/api/v1/messages/{message_id}/raw", headers=await shop.token("mei"))
    assert await answer.read() == b"raw <script>alert(1)</script>"
    _assert_harmless(answer)
    assert answer.content_type == "application/octet-stream"


async def test_a_note_has_no_original(shop, client, claimed):
    headers = await shop.token("tom")
    note = await (await client.post(f"{claimed}/notes", json={"text": "x"}, headers=headers)).json()
    assert (await client.get(f"/api/v1/messages/{note['id']}/raw", headers=headers)).status == 404


DANGEROUS = [
    "text/html",
    "image/svg+xml",
    "application/xhtml+xml",
    "text/xml",
    "application/xml",
    "application/pdf",
    "text/css",
    "text/javascript",
    "application/javascript",
    "application/x-shockwave-flash",
    "application/java-archive",
    "text/plain",
    "message/rfc822",
    "multipart/mixed",
    "application/mathml+xml",
    "text/vtt",
    "application/wasm",
    "font/woff2",
    "audio/mpeg",
    "video/mp4",
    "application/zip",
    "application/json",
    "text/csv",
    "image/vnd.microsoft.icon",
    "application/x-msdownload",
    "text/html;charset=utf-7",
    "application/octet-stream",
    "text/calendar",
    "model/gltf+json",
    "x-world/x-vrml",
]


async def test_no_type_of_attachment_is_ever_shown_as_a_page(shop, client):
    message_id = await shop.add_message(await shop.add_conversation(), "see files")
    headers = await shop.token("mei")
    for number, content_type in enumerate(DANGEROUS):
        body = f"<script>{number}</script>".encode()
        attachment_id = await shop.add_attachment(message_id, "a.html", content_type, body)
        answer = await client.get(f"/api/v1/attachments/{attachment_id}", headers=headers)
        assert await answer.read() == body
        _assert_harmless(answer)
        assert answer.content_type == "application/octet-stream", content_type


async def test_a_picture_keeps_its_type_so_that_a_desk_can_show_it(shop, client):
    message_id = await shop.add_message(await shop.add_conversation(), "see files")
    attachment_id = await shop.add_attachment(message_id, "a.png", "image/png", b"\x89PNG")
    answer = await client.get(f"/api/v1/attachments/{attachment_id}", headers=await shop.token("mei"))
    _assert_harmless(answer)
    assert answer.content_type == "image/png"


async def test_attachments_are_listed_with_their_message(shop, client):
    conversation_id = await shop.add_conversation()
    message_id = await shop.add_message(conversation_id, "see file")
    attachment_id = await shop.add_attachment(message_id, "订单.pdf", "application/pdf", b"%PDF")
    answer = await client.get(
        f"/api/v1/conversations/{conversation_id}/messages", headers=await shop.token("mei")
    )
    first, second = (await answer.json())["messages"]
    assert first["attachments"] == []
    assert second["attachments"] == [
        {
            "id": attachment_id,
            "name": "订单.pdf",
            "content_type": "application/pdf",
            "size_bytes": 4,
            "inline": False,
            "content_id": "",
            "url": f"/api/v1/attachments/{attachment_id}",
        }
    ]


async def test_an_attachment_its_original_does_not_hold_is_not_found(shop, client):
    message_id = await shop.add_message(await shop.add_conversation(), "see file")
    attachment_id = await shop.add_attachment(message_id, "a", "text/plain", b"")
    shop.channels.files.clear()
    answer = await client.get(f"/api/v1/attachments/{attachment_id}", headers=await shop.token("mei"))
    assert answer.status == 404


def _assert_harmless(answer):
    assert answer.status == 200
    assert answer.headers["Content-Disposition"].startswith("attachment; ")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert "no-store" in answer.headers["Cache-Control"]
