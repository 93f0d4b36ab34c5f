"""What strangers and broken programs send: other people's ids, hostile JSON, whatever a machine thinks of."""

from __future__ import annotations

import asyncio
import json
import os
import re
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from router.web.openapi import STATUS_OF_CODE

SHARED = Path(os.environ.get("OMNIROUTER_SHARED", Path(__file__).parents[3] / "shared"))
JSON_SUITE = SHARED / "corpus" / "json-jsontestsuite"
FOR_ADMINS = ("/{item_id}/raw", "/rerun", "/restart", "/{account}/pause")
FOR_SUPERVISORS = ("/priority", "/reroute", "/incidents/{name}", "/absence")
BODIES = {
    "entries": {"form": {"number": "1"}},
    "put-back": {"token": 1},
    "transfer": {"token": 1, "queue": "q", "note": ""},
    "resolve": {"token": 1},
    "replies": {"text": "Hello", "token": 1},
    "notes": {"text": "Hello"},
    "draft": {"text": "Hello"},
    "pause": {"reason": "Hello"},
    "tasks": {"kind": "follow_up"},
    "close": {"reason": "Hello"},
    "attempts": {"reached": False},
    "call": {"line": "4001"},
    "order-notes": {"order_id": "X-1", "kind": "other", "reason": "Hello"},
    "merge": {"into": "x"},
    "apart": {"other": "x"},
    "split": {"message": "x"},
}


@pytest.fixture
async def ids(shop, client):
    """Give an id of each kind that tom, who asks, may not name where the test names it."""
    conversation_id = await shop.add_conversation()
    message_id = await shop.add_message(conversation_id, "see file")
    mei = await shop.token("mei")
    [token] = (await (await client.get("/api/v1/tokens", headers=mei)).json())["tokens"]
    return {
        "conversation_id": conversation_id,
        "message_id": message_id,
        "attachment_id": await shop.add_attachment(message_id, "a", "text/plain", b"secret"),
        "offer_id": await shop.offer(conversation_id, "mei"),
        "token_id": token["id"],
        "item_id": await shop.quarantine(b"secret"),
        "agent_id": shop.agents["mei"],
    }


async def _calls_with_an_id(client):
    document = await (await client.get("/api/v1/openapi.json")).json()
    return [
        (method.upper(), path)
        for path, methods in document["paths"].items()
        for method in methods
        if "{" in path and not path.endswith((*FOR_ADMINS, *FOR_SUPERVISORS))
    ]


def _request(method: str, path: str, headers: dict[str, str]) -> dict[str, object]:
    """Give what has to be sent along so that only the id is wrong."""
    last = path.rpartition("/")[2]
    if (method, last) == ("POST", "files"):
        bytes_ = {**headers, "Content-Type": "application/octet-stream"}
        return {"params": {"name": "a"}, "data": b"x", "headers": bytes_}
    return {"json": BODIES.get(last), "headers": headers}


async def test_no_call_gives_anything_for_an_id_of_another_kind_or_another_agent(shop, client, ids):
    tom = await shop.token("tom")
    seen = 0
    for method, path in await _calls_with_an_id(client):
        [wanted] = re.findall(r"{(\w+)}", path)
        for kind, value in ids.items():
            if kind == wanted and kind not in ("offer_id", "token_id"):
                continue
            asked = path.replace(f"{{{wanted}}}", value)
            answer = await client.request(method, asked, **_request(method, path, tom))
            assert answer.status == 404, (method, path, kind)
            assert "secret" not in await answer.text()
            seen += 1
    assert seen > 100


async def test_random_ids_find_nothing_and_break_nothing(shop, client, ids):
    tom, calls = await shop.token("tom"), await _calls_with_an_id(client)
    odd = st.one_of(
        st.text(min_size=1, max_size=80),
        st.from_regex(r"[0-9a-f]{32}", fullmatch=True),
        st.sampled_from(["..", "%00", "' OR 1=1 --", "\ud7ff", "x" * 65, "*", "null"]),
    )
    pairs: list[tuple[tuple[str, str], str]] = []

    @settings(database=None, phases=[Phase.generate])
    @given(st.sampled_from(calls), odd)
    def collect(call, value):
        pairs.append((call, value))

    collect()
    for (method, path), value in pairs:
        [wanted] = re.findall(r"{(\w+)}", path)
        url = client.make_url("/").joinpath(*path.strip("/").replace(f"{{{wanted}}}", "\0").split("/"))
        url = url.with_path(url.path.replace("\0", value), encoded=False)
        sent = _request(method, path, tom)
        answer = await client.session.request(method, url, allow_redirects=False, **sent)
        # a slash or a dot segment in the id makes it another path
        assert answer.status in (404, 405), (method, path, value)


async def test_no_body_of_the_json_suite_is_more_than_a_bad_request(shop, client):
    if not JSON_SUITE.is_dir():
        pytest.skip(f"{JSON_SUITE} is missing: it is not part of a checkout")
    conversation_id = await shop.add_conversation()
    headers = {**await shop.token("mei"), "Content-Type": "application/json"}
    path = f"/api/v1/conversations/{conversation_id}/notes"
    files = sorted(JSON_SUITE.glob("test_*/*.json"))
    assert len(files) > 100
    for file in files:
        body = file.read_bytes()
        answer = await client.post(path, data=body, headers=headers)
        problem = await answer.json()
        assert (answer.status, problem["code"]) == (400, "bad_request"), file.name
        if body:
            readable = "not JSON" not in problem["detail"] and "too deeply" not in problem["detail"]
            assert not (file.name.startswith("n_") and readable), file.name
            assert not (file.name.startswith("y_") and not readable), file.name


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"text": NaN}',
        b'{"text": -Infinity}',
        b'{"text": 1e999}',
        b'{"text": ' + b"9" * 100_000 + b"}",
        b'\xff\xfe{"text"}',
        b'{"text": "\xed\xa0\x80"}',
        b'{"text": "a", "text": 5}',
        b'"just text"',
        b"null",
    ],
    ids=range(11),
)
async def test_hostile_json_is_a_bad_request_with_a_reason(shop, client, body):
    conversation_id = await shop.add_conversation()
    headers = {**await shop.token("mei"), "Content-Type": "application/json"}
    answer = await client.post(f"/api/v1/conversations/{conversation_id}/notes", data=body, headers=headers)
    problem = await answer.json()
    assert (answer.status, problem["code"]) == (400, "bad_request")
    assert problem["detail"]


@pytest.mark.parametrize(
    "examples", [3, pytest.param(10, marks=[pytest.mark.long, pytest.mark.timeout(600)])]
)
async def test_every_answer_is_what_the_description_says(shop, client, examples):
    conversation_id = await shop.add_conversation()
    await shop.offers.claim(conversation_id, shop.agents["ada"])
    document = await (await client.get("/api/v1/openapi.json")).json()
    # a stream without end, and the end of everything
    del document["paths"]["/api/v1/events"], document["paths"]["/api/v1/session"]
    # making texts of 100,000 characters takes seconds each; their limit has a test of its own
    short = json.loads(json.dumps(document).replace('"maxLength": 100000', '"maxLength": 300'))
    schema = schemathesis.openapi.from_dict(short)
    headers, base_url = await shop.token("ada"), str(client.make_url("/"))
    checked = await asyncio.to_thread(_check_all, schema, base_url, headers, examples)
    assert checked > 100
    assert set(STATUS_OF_CODE.values()) >= {400, 401, 403, 404, 409, 503}


def _check_all(schema, base_url, headers, examples):
    checked = 0
    for result in schema.get_all_operations():

        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=result.ok().as_strategy())
        def check(case):
            nonlocal checked
            response = case.call(base_url=base_url, headers=headers)
            case.validate_response(response)
            assert response.status_code < 500
            checked += 1

        check()
    return checked
