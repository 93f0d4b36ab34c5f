"""Files agents attach, over HTTP: what is taken, what is refused, who sees it, and how it is given out."""

from __future__ import annotations

import asyncio
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import select

from router.storage import schema as t
from router.web.problems import Problem

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100
PDF = b"%PDF-1.7\n" + b"1" * 700_000
BYTES = {"Content-Type": "application/octet-stream"}


@pytest.fixture
async def claimed(shop):
    conversation_id = await shop.add_conversation()
    await shop.offers.claim(conversation_id, shop.agents["mei"])
    return f"/api/v1/conversations/{conversation_id}"


async def attach(client, claimed, headers, name: str, body: bytes, **more: str):
    return await client.post(
        f"{claimed}/files", params={"name": name}, data=BytesIO(body), headers={**headers, **BYTES, **more}
    )


async def rows(shop):
    async with shop.store.reading() as conn:
        return (await conn.execute(select(t.outgoing_file))).all()


def kept(shop) -> list[Path]:
    return sorted(shop.folder.iterdir()) if shop.folder.exists() else []


async def test_an_attached_file_waits_and_leaves_with_the_reply(shop, client, claimed):
    mei = await shop.token("mei")
    answer = await attach(client, claimed, mei, "../label.png", PNG)
    file = await answer.json()
    assert answer.status == 201
    assert file == {
        "id": file["id"],
        "name": "_label.png",
        "content_type": "image/png",
        "size_bytes": len(PNG),
    }
    offered = await (await client.get(f"{claimed}/files", headers=mei)).json()
    assert offered["files"] == [file]
    assert [one["kind"] for one in offered["kinds"]] == ["file", "image"]
    sent = await client.post(
        f"{claimed}/replies", json={"text": "Here", "token": 1, "files": [file["id"]]}, headers=mei
    )
    [attachment] = (await sent.json())["attachments"]
    assert (await (await client.get(f"{claimed}/files", headers=mei)).json())["files"] == []
    bytes_ = await client.get(attachment["url"], headers=await shop.token("tom"))
    assert await bytes_.read() == PNG
    assert bytes_.headers["Content-Disposition"].startswith("attachment")
    assert bytes_.headers["X-Content-Type-Options"] == "nosniff"
    assert (await client.delete(f"/api/v1/files/{file['id']}", headers=mei)).status == 404


@pytest.mark.parametrize("name", ["page.html", "picture.svg", "script.js"])
async def test_a_file_that_could_run_is_never_given_out_as_itself(shop, client, claimed, name):
    mei = await shop.token("mei")
    body = b"<html><script>alert(1)</script>"
    file = await (await attach(client, claimed, mei, name, body)).json()
    if name != "page.html":
        assert file["code"] == "content_rejected"
        return
    await client.post(f"{claimed}/replies", json={"token": 1, "files": [file["id"]]}, headers=mei)
    answer = await client.get(f"/api/v1/attachments/{file['id']}", headers=mei)
    assert (answer.status, answer.content_type) == (200, "application/octet-stream")


async def test_a_large_file_comes_in_though_a_json_body_may_not_be_so_large(shop, client, claimed):
    body = PDF * 2
    file = await (await attach(client, claimed, await shop.token("mei"), "manual.pdf", body)).json()
    assert (file["size_bytes"], file["content_type"]) == (len(body), "application/pdf")
    [path] = kept(shop)
    assert path.read_bytes() == body
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("name", "body", "says"),
    [
        ("big.pdf", PDF * 3, "more than 2,000,000 bytes"),
        ("big.png", PNG * 100, "this channel takes 5,000"),
        ("tool.exe", b"MZ\x90\x00", "this channel takes application/pdf"),
        ("photo.png", b"not a picture", "application/octet-stream"),
        ("empty.pdf", b"", "empty.pdf is empty"),
    ],
)
async def test_what_the_channel_does_not_take_is_refused_and_leaves_nothing(
    shop, client, claimed, name, body, says
):
    answer = await attach(client, claimed, await shop.token("mei"), name, body)
    problem = await answer.json()
    assert (answer.status, problem["code"]) == (422, "content_rejected")
    assert says in problem["detail"]
    assert (kept(shop), await rows(shop)) == ([], [])


async def test_a_body_that_is_no_plain_bytes_is_refused_unread(shop, client, claimed):
    mei = await shop.token("mei")
    packed = await attach(client, claimed, mei, "a.png", PNG, **{"Content-Encoding": "compress"})
    form = await attach(client, claimed, mei, "a.png", PNG, **{"Content-Type": "multipart/form-data"})
    nameless = await client.post(f"{claimed}/files", data=PNG, headers={**mei, **BYTES})
    assert [packed.status, form.status, nameless.status] == [415, 415, 400]
    assert await rows(shop) == []


async def test_a_client_that_goes_away_in_the_middle_leaves_nothing_and_is_no_fault_of_the_disk(
    shop, client, claimed, monkeypatch, caplog
):
    ended = asyncio.get_running_loop().create_future()
    # as `create_runner` serves it: a client that goes away cancels nothing
    client.server.runner.server.handler_cancellation = False
    files, begun = shop.services.files, asyncio.Event()
    attach_file, fill = files.attach, files._folder.receive

    async def receive(*given):
        begun.set()
        return await fill(*given)

    async def attach_watched(*given):
        try:
            return await attach_file(*given)
        except BaseException as error:
            ended.set_result(error)
            raise

    monkeypatch.setattr(files._folder, "receive", receive)
    monkeypatch.setattr(files, "attach", attach_watched)
    mei = await shop.token("mei")
    reader, writer = await asyncio.open_connection(client.host, client.port)
    head = [f"POST {claimed}/files?name=a.pdf HTTP/1.1", f"Host: {client.host}", "Content-Length: 900000"]
    head += [f"{name}: {value}" for name, value in {**mei, **BYTES}.items()]
    writer.write("\r\n".join([*head, "", ""]).encode() + PDF[:300_000])
    await writer.drain()
    await begun.wait()
    writer.transport.abort()
    async with asyncio.timeout(60):
        error = await ended
    assert isinstance(error, Problem)
    assert (error.status, error.code, error.detail) == (
        400,
        "bad_request",
        "The rest of the file did not come.",
    )
    assert (kept(shop), await rows(shop)) == ([], [])
    assert "cannot be written" not in caplog.text


async def test_nobody_else_sends_sees_or_removes_what_somebody_attached(shop, client, claimed):
    mei, tom = await shop.token("mei"), await shop.token("tom")
    file = await (await attach(client, claimed, mei, "a.png", PNG)).json()
    assert (await (await client.get(f"{claimed}/files", headers=tom)).json())["files"] == []
    assert (await client.delete(f"/api/v1/files/{file['id']}", headers=tom)).status == 404
    assert (await client.get(f"/api/v1/attachments/{file['id']}", headers=tom)).status == 404
    assert (await client.delete(f"/api/v1/files/{file['id']}", headers=mei)).status == 204
    assert (kept(shop), await rows(shop)) == ([], [])


async def test_a_page_of_somebody_else_attaches_nothing(shop, client, claimed):
    login = await client.post("/api/v1/session", json={"login": "mei", "password": "correct horse battery"})
    assert login.status == 200
    foreign = await attach(client, claimed, {"Origin": "https://evil.example"}, "a.png", PNG)
    own = await attach(client, claimed, {"Origin": str(client.make_url("/")).rstrip("/")}, "a.png", PNG)
    assert (foreign.status, own.status) == (403, 201)


async def test_a_template_takes_no_files_and_a_reply_needs_something(shop, client, claimed):
    mei = await shop.token("mei")
    for body in ({"token": 1}, {"token": 1, "template": {"id": "t"}, "files": ["x"]}):
        answer = await client.post(f"{claimed}/replies", json=body, headers=mei)
        assert (answer.status, (await answer.json())["code"]) == (422, "content_rejected")
