"""The widget's files and headers, with a built widget and without."""

import hashlib
import html
import json
import re
from base64 import b64encode

import pytest
import websockets
from router_webchat import pages

FILES = {
    "omni-loader-1.js": "window.omni=1",
    "frame.html": '<meta name="omni-site" content="__SITE__">',
    "frame-abc.js": "export {}",
}


@pytest.fixture
def built(tmp_path, monkeypatch):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(pages, "STATIC", tmp_path)
    return tmp_path


async def get(shop, path, **headers):
    async with shop.client.get(shop.url + path, headers=headers) as answer:
        return answer.status, answer.headers, await answer.text()


async def test_frame_has_a_strict_policy_and_only_the_shop_may_show_it(open_shop, built):
    shop = await open_shop(origins=("https://shop.example", "https://m.shop.example"), title='A "b" <c>')
    status, headers, text = await get(shop, "/chat/v1/frame?site=shop-site")
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert status == 200
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["connect-src"] == "'self' wss://chat.example"
    assert policy["frame-ancestors"] == "'self' https://shop.example https://m.shop.example"
    assert headers["X-Content-Type-Options"] == "nosniff"
    looks = json.loads(html.unescape(re.search(r'content="([^"]*)"', text)[1]))
    assert looks["title"] == 'A "b" <c>'


async def test_loader_may_be_pinned_and_kept(shop, built):
    status, headers, text = await get(shop, "/omni-loader-1.js")
    assert (status, text) == (200, FILES["omni-loader-1.js"])
    assert headers["Access-Control-Allow-Origin"] == "*"
    again, _, _ = await get(shop, "/omni-loader-1.js", **{"If-None-Match": headers["ETag"]})
    assert again == 304


async def test_snippet_carries_the_hash_of_the_loader(shop, built):
    _, _, tag = await get(shop, "/chat/v1/embed?site=shop-site")
    digest = b64encode(hashlib.sha384(FILES["omni-loader-1.js"].encode()).digest()).decode()
    assert f'integrity="sha384-{digest}"' in tag
    assert 'src="https://chat.example/omni-loader-1.js" data-site="shop-site"' in tag


@pytest.mark.parametrize(
    "name", ["..%2fsettings.py", "frame.html", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "a.py", "none.js"]
)
async def test_only_built_files_are_given_out(shop, built, name):
    status, _, _ = await get(shop, f"/chat/v1/static/{name}")
    assert status == 404


async def test_built_files_are_kept_for_ever(shop, built):
    status, headers, _ = await get(shop, "/chat/v1/static/frame-abc.js")
    assert (status, headers["Content-Type"]) == (200, "text/javascript")
    assert "immutable" in headers["Cache-Control"]


async def test_widget_that_was_not_built_says_what_to_do(shop, tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "STATIC", tmp_path / "none")
    status, _, text = await get(shop, "/omni-loader-1.js")
    assert status == 503
    assert "install omnirouter" in text


async def test_looks_are_given_to_the_shop_and_refused_to_others(shop):
    status, headers, text = await get(shop, "/chat/v1/site?site=shop-site", Origin="https://shop.example")
    assert (status, headers["Access-Control-Allow-Origin"]) == (200, "https://shop.example")
    assert json.loads(text)["accent"] == "#0b6e5f"
    status, headers, text = await get(shop, "/chat/v1/site?site=shop-site", Origin="https://evil.example")
    assert (status, "Access-Control-Allow-Origin" in headers) == (403, False)


async def test_another_websocket_library_can_hold_the_chat(shop):
    url = shop.url.replace("http", "ws") + "/chat/v1/socket?site=shop-site"
    async with websockets.connect(url, origin="https://shop.example", proxy=None) as ws:
        assert ws.response.headers.get("Sec-WebSocket-Extensions") is None
        await ws.send(json.dumps({"type": "hello", "v": 1, "site": "shop-site", "locale": "en"}))
        assert json.loads(await ws.recv())["type"] == "welcome"
        await ws.send(json.dumps({"type": "msg", "cid": "cid-00001", "body": {"text": "hello"}}))
        kinds = {json.loads(await ws.recv())["type"] for _ in range(2)}
    assert kinds == {"ack", "event"}
