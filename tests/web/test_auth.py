"""Who gets in: passwords, cookies, tokens, foreign pages, plain HTTP, and how often one may be wrong."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_network

import pytest

from router.people import AgentProfile, apply_roster, hash_password, set_password

PASSWORD = "correct horse battery"
LOG_IN = {"login": "mei", "password": PASSWORD}
OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
async def logged_in(client):
    answer = await client.post("/api/v1/session", json=LOG_IN)
    assert answer.status == 200
    return client


async def test_log_in_gives_the_agent_and_a_cookie_scripts_cannot_read(client):
    answer = await client.post("/api/v1/session", json={"login": "MEI", "password": PASSWORD})
    agent = (await answer.json())["agent"]
    assert (agent["login"], agent["skills"], agent["presence"]["state"]) == ("mei", {"lang-zh": 5}, "offline")
    cookie = answer.cookies["omnirouter"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert answer.headers["Cache-Control"] == "no-store"
    assert (await client.get("/api/v1/me")).status == 200


async def test_wrong_password_unknown_login_and_no_password_are_the_same_answer(shop, client):
    await apply_roster(shop.store, [AgentProfile(login="new", name="New")], shop.clock.now())
    answers = [
        await (await client.post("/api/v1/session", json={"login": login, "password": "x"})).json()
        for login in ("mei", "nobody", "new")
    ]
    assert answers[0] == answers[1] == answers[2]
    assert (answers[0]["status"], answers[0]["code"]) == (401, "not_logged_in")


async def test_the_eleventh_wrong_password_waits_and_even_the_right_one_with_it(shop, client):
    wrong = {"login": "mei", "password": "wrong"}
    statuses = [(await client.post("/api/v1/session", json=wrong)).status for _ in range(10)]
    refused = await client.post("/api/v1/session", json=LOG_IN)
    assert statuses == [401] * 10
    assert (refused.status, (await refused.json())["code"]) == (429, "rate_limited")
    shop.clock.at += timedelta(seconds=int(refused.headers["Retry-After"]))
    assert (await client.post("/api/v1/session", json=LOG_IN)).status == 200


async def test_right_passwords_are_not_counted(client):
    statuses = [(await client.post("/api/v1/session", json=LOG_IN)).status for _ in range(12)]
    assert statuses == [200] * 12


async def test_a_log_in_ends_twelve_hours_after_its_last_use(shop, logged_in):
    for _ in range(3):
        shop.clock.at += timedelta(hours=11)
        assert (await logged_in.get("/api/v1/me")).status == 200
    shop.clock.at += timedelta(hours=12, seconds=1)
    assert (await logged_in.get("/api/v1/me")).status == 401


async def test_log_out_ends_the_log_in_on_the_server_too(logged_in):
    [cookie] = [one.value for one in logged_in.session.cookie_jar]
    assert (await logged_in.delete("/api/v1/session", headers=OWN_PAGE)).status == 204
    kept = {"Cookie": f"omnirouter={cookie}"}
    assert (await logged_in.get("/api/v1/me", headers=kept)).status == 401


async def test_a_new_password_ends_old_log_ins(shop, logged_in):
    await shop.store.write(set_password, "mei", hash_password("another"))
    assert (await logged_in.get("/api/v1/me")).status == 401


async def test_an_agent_who_has_left_is_nobody(shop, logged_in):
    headers = await shop.token("mei")
    await apply_roster(shop.store, [AgentProfile(login="mei", name="Mei", active=False)], shop.clock.now())
    assert (await logged_in.get("/api/v1/me")).status == 401
    assert (await logged_in.get("/api/v1/me", headers=headers)).status == 401
    assert (await logged_in.post("/api/v1/session", json=LOG_IN)).status == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Origin": "{own}"}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "{own}.evil.example"}, 403),
        ({"Origin": "{own}0"}, 403),
        ({"Origin": "{own}", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"}, 403),
        ({"Origin": "http://localhost"}, 403),
    ],
)
async def test_a_change_with_the_cookie_must_come_from_an_own_page(logged_in, headers, status):
    own = str(logged_in.make_url("/")).rstrip("/")
    headers = {name: value.replace("{own}", own) for name, value in headers.items()}
    answer = await logged_in.put("/api/v1/me/presence", json={"state": "busy"}, headers=headers)
    assert answer.status == status


async def test_a_foreign_page_cannot_log_somebody_in(client):
    answer = await client.post("/api/v1/session", json=LOG_IN, headers={"Origin": "https://evil.example"})
    assert answer.status == 403
    assert not answer.cookies


async def test_a_form_of_a_foreign_page_cannot_speak_json(logged_in):
    answer = await logged_in.post(
        "/api/v1/session", data='{"login": "mei"}', headers={"Content-Type": "text/plain"}
    )
    assert answer.status == 415


async def test_a_token_works_until_it_is_revoked_and_only_its_owner_and_admins_see_it(shop, client):
    mei, tom, ada = [await shop.token(login) for login in ("mei", "tom", "ada")]
    made = await client.post("/api/v1/tokens", json={"name": "import"}, headers=mei)
    token = await made.json()
    bearer = {"Authorization": f"Bearer {token['token']}"}
    path = f"/api/v1/tokens/{token['id']}"

    async def seen_by(headers):
        shown = (await (await client.get("/api/v1/tokens", headers=headers)).json())["tokens"]
        return token["id"] in [one["id"] for one in shown]

    assert made.status == 201
    assert (await client.get("/api/v1/me", headers=bearer)).status == 200
    assert [await seen_by(mei), await seen_by(tom), await seen_by(ada)] == [True, False, True]
    assert (await client.delete(path, headers=tom)).status == 404
    assert (await client.delete(path, headers=mei)).status == 204
    assert (await client.get("/api/v1/me", headers=bearer)).status == 401


async def test_only_an_admin_makes_a_token_for_another(shop, client):
    body = {"name": "shop", "agent": shop.agents["tom"]}
    refused = await client.post("/api/v1/tokens", json=body, headers=await shop.token("mei"))
    made = await client.post("/api/v1/tokens", json=body, headers=await shop.token("ada"))
    bearer = {"Authorization": f"Bearer {(await made.json())['token']}"}
    assert refused.status == 403
    assert (await (await client.get("/api/v1/me", headers=bearer)).json())["login"] == "tom"
    unknown = {"name": "shop", "agent": "f" * 32}
    assert (await client.post("/api/v1/tokens", json=unknown, headers=await shop.token("ada"))).status == 404


@pytest.mark.parametrize("value", ["Bearer omr_wrong", "Bearer", "Basic bWVpOnB3", "Bearer \udcff", ""])
async def test_a_wrong_authorization_is_nobody_even_beside_a_good_cookie(logged_in, value):
    raw = value.encode(errors="surrogateescape").decode("latin-1")
    answer = await logged_in.get("/api/v1/me", headers={"Authorization": raw})
    assert answer.status == 401


@pytest.mark.parametrize("call", ["GET /quarantine", "GET /quarantine/x/raw", "POST /quarantine/x/rerun"])
async def test_the_quarantine_is_for_admins(shop, client, call):
    method, path = call.split()
    answer = await client.request(method, f"/api/v1{path}", headers=await shop.token("mei"))
    assert answer.status == 403


async def test_plain_http_under_a_public_name_is_refused_with_the_remedy(client):
    answer = await client.get("/api/v1/me", headers={"Host": "desk.example"})
    assert answer.status == 403
    assert "web.trusted_proxies" in (await answer.json())["detail"]


async def test_a_stranger_cannot_claim_to_be_a_proxy(client):
    headers = {"Host": "desk.example", "X-Forwarded-Proto": "https"}
    assert (await client.get("/api/v1/me", headers=headers)).status == 403


async def test_behind_a_trusted_proxy_the_cookie_is_for_https_only(start):
    client = await start(trusted_proxies=[ip_network("127.0.0.1/32")])
    proxy = {"Host": "desk.example", "X-Forwarded-Proto": "https"}
    answer = await client.post("/api/v1/session", json=LOG_IN, headers=proxy)
    cookie = answer.cookies["__Host-omnirouter"]
    assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")
    kept = {**proxy, "Cookie": f"__Host-omnirouter={cookie.value}"}
    change = {"json": {"state": "away"}}
    own = {**kept, "Origin": "https://desk.example"}
    plain = {**kept, "Origin": "http://desk.example"}
    assert (await client.put("/api/v1/me/presence", **change, headers=own)).status == 200
    assert (await client.put("/api/v1/me/presence", **change, headers=plain)).status == 403
    said_http = {**proxy, "X-Forwarded-Proto": "http"}
    assert (await client.get("/api/v1/me", headers=said_http)).status == 403


async def test_failures_behind_a_proxy_are_counted_by_client_and_cannot_be_spread_by_a_header(start):
    client = await start(trusted_proxies=[ip_network("127.0.0.1/32")])

    async def status(chain, password="wrong"):
        headers = {"Host": "desk.example", "X-Forwarded-Proto": "https", "X-Forwarded-For": chain}
        body = {"login": "mei", "password": password}
        return (await client.post("/api/v1/session", json=body, headers=headers)).status

    for number in range(10):
        assert await status(f"203.0.113.{number}, 198.51.100.7") == 401
    assert await status("203.0.113.99, 198.51.100.7", PASSWORD) == 429
    assert await status("198.51.100.8", PASSWORD) == 200


async def test_no_password_or_token_reaches_the_log(shop, client, caplog):
    caplog.set_level("DEBUG")
    secret = "planted-secret-4711"
    await client.post("/api/v1/session", json={"login": "mei", "password": secret})
    await client.post("/api/v1/session", json={"login": secret, "password": secret, "extra": secret})
    await client.get("/api/v1/me", headers={"Authorization": f"Bearer {secret}"})
    await client.get("/api/v1/me", headers={"Cookie": f"omnirouter={secret}"})
    router_lines = [one.getMessage() for one in caplog.records if one.name.startswith(("router", "aiohttp"))]
    assert secret not in " ".join(router_lines)


async def test_a_wrong_body_is_not_repeated_in_the_answer(client):
    answer = await client.post("/api/v1/session", json={"login": "mei", "password": 4711_0815})
    problem = await answer.json()
    assert answer.status == 400
    assert problem["errors"][0]["at"] == "password"
    assert "47110815" not in str(problem)
