"""CSWSH: who may open a socket is decided before the upgrade."""

import pytest
from aiohttp import WSServerHandshakeError

SHOP_ORIGINS = ("https://shop.example", "https://m.shop.example:8443")

REFUSED = [
    None,
    "null",
    "",
    "https://evil.example",
    "http://shop.example",
    "https://shop.example.evil.example",
    "https://evilshop.example",
    "https://sub.shop.example",
    "https://shop.example:8443",
    "https://shop.example@evil.example",
    "https://shop.example/path",
    "https://m.shop.example",
    "http://127.0.0.1:8080",
    "http://localhost",
    "file://",
]


@pytest.mark.parametrize("origin", REFUSED)
async def test_foreign_origin_is_refused_before_the_upgrade(open_shop, origin):
    shop = await open_shop(origins=SHOP_ORIGINS)
    with pytest.raises(WSServerHandshakeError) as refused:
        await shop.dial(origin)
    assert refused.value.status == 403


@pytest.mark.parametrize("origin", [*SHOP_ORIGINS, "https://chat.example"])
async def test_listed_origin_and_the_frame_itself_are_let_in(open_shop, origin):
    shop = await open_shop(origins=SHOP_ORIGINS)
    tab = await shop.dial(origin)
    await tab.send(type="hello", v=1, site="shop-site")
    assert (await tab.next())["type"] == "welcome"


@pytest.mark.parametrize(
    ("origin", "is_allowed"),
    [
        ("http://127.0.0.1:5173", True),
        ("http://localhost:3000", True),
        ("https://shop.localhost", True),
        ("http://[::1]:8080", True),
        ("http://127.0.0.1.evil.example", False),
        ("http://localhost.evil.example", False),
        ("http://localhost@evil.example", False),
        ("http://10.0.0.1", False),
    ],
)
async def test_loopback_needs_the_setting_and_no_disguise(open_shop, origin, is_allowed):
    shop = await open_shop(allow_loopback=True)
    assert shop.channel.settings.allows(origin, shop.channel.own_origin) is is_allowed


async def test_unknown_site_is_not_found(shop):
    with pytest.raises(WSServerHandshakeError) as refused:
        await shop.dial(site="other-site")
    assert refused.value.status == 404


async def test_two_origin_headers_are_refused(shop):
    headers = [("Origin", "https://shop.example"), ("Origin", "https://evil.example")]
    with pytest.raises(WSServerHandshakeError) as refused:
        await shop.client.ws_connect(f"{shop.url}/chat/v1/socket?site=shop-site", headers=headers)
    assert refused.value.status == 403


@pytest.mark.parametrize(
    "bad", ["shop.example", "https://*.shop.example", "https://shop.example/x", "ftp://a"]
)
async def test_setting_that_is_no_origin_is_refused_with_a_reason(open_shop, bad):
    with pytest.raises(ValueError, match="origin"):
        await open_shop(origins=(bad,))
