"""Every signing recipe against printed and computed vectors; what is signed is what is sent."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from router_marketplace.signing import chinese, pushes, western
from router_marketplace.signing.clocks import (
    LAZOP_WINDOW,
    SHOPEE_WINDOW,
    TIKTOK_WINDOW,
    TOP_WINDOW,
    china_text,
    china_text_ms,
    unix_ms,
)
from router_marketplace.signing.digests import hmac_base64, hmac_hex, md5_upper

HERE = Path(__file__).parent
SHARED = Path(os.environ.get("OMNIROUTER_SHARED", Path(__file__).parents[4] / "shared"))
AT = datetime(2026, 3, 1, 4, 5, 6, 789_000, tzinfo=UTC)


def _vectors() -> list[Any]:
    kept = HERE / "fixtures/signing/vectors.json"
    newest = SHARED / "specs/signing/vectors.json"
    found = {v["id"]: v for v in json.loads(kept.read_text(encoding="utf-8"))["vectors"]}
    if newest.exists():
        found |= {v["id"]: v for v in json.loads(newest.read_text(encoding="utf-8"))["vectors"]}
    return list(found.values())


def _of(*schemes: str) -> Any:
    chosen = [v for v in _vectors() if v["scheme"] in schemes]
    assert chosen, f"no vector of {schemes}"
    return pytest.mark.parametrize("vector", chosen, ids=[v["id"] for v in chosen])


Base = Callable[[dict[str, Any]], str | bytes]
Sign = Callable[[dict[str, Any]], str]

RECIPES: dict[str, tuple[Base, Sign]] = {
    "top": (
        lambda v: chinese.top_base(v["params"], v["secret"]),
        lambda v: chinese.top_signature(v["params"], v["secret"]),
    ),
    "pdd": (
        lambda v: chinese.pinduoduo_base(v["params"], v["secret"]),
        lambda v: md5_upper(chinese.pinduoduo_base(v["params"], v["secret"])),
    ),
    "jd": (
        lambda v: chinese.jd_base(v["params"], v["secret"]),
        lambda v: md5_upper(chinese.jd_base(v["params"], v["secret"])),
    ),
    "lazop": (
        lambda v: western.lazop_base(v["path"], v["params"], v.get("body", "")),
        lambda v: western.lazop_signature(v["path"], v["params"], v["secret"], v.get("body", "")),
    ),
    "tts": (
        lambda v: western.tiktok_base(v["path"], v["params"], v["secret"], v.get("body", "").encode()),
        lambda v: western.tiktok_signature(v["path"], v["params"], v["secret"], v.get("body", "").encode()),
    ),
    "douyin": (
        lambda v: chinese.douyin_base(v["params"], v["secret"]),
        lambda v: hmac_hex(v["secret"], chinese.douyin_base(v["params"], v["secret"])),
    ),
}


@_of(*RECIPES)
def test_request_vector_is_rebuilt_from_its_parameters(vector: dict[str, Any]) -> None:
    base, sign = RECIPES[vector["scheme"]]
    built = base(vector)
    assert (built.decode() if isinstance(built, bytes) else built) == vector["base"]
    assert sign(vector) == vector["expected"]


def test_shopee_base_is_joined_in_its_order_and_signed() -> None:
    (vector,) = [v for v in _vectors() if v["scheme"] == "shopee" and v["id"] == "shopee-shop"]
    path = "/api/v2/shop/get_shop_info"
    token = "59777174636562737266615546704c6d"
    at = datetime.fromtimestamp(1655714431, tz=UTC)
    assert western.shopee_base("2001887", path, "1655714431", token, "14701711") == vector["base"]
    sent = western.sign_shopee(
        path,
        {},
        partner_id="2001887",
        secret=vector["secret"],
        at=at,
        access_token=token,
        shop_id="14701711",
    )
    assert sent["sign"] == vector["expected"]


def test_kaufland_signs_four_lines() -> None:
    (vector,) = [v for v in _vectors() if v["id"] == "kaufland"]
    method, url, body, stamp = vector["base"].split("\n")
    assert western.kaufland_base(method, url, body.encode(), stamp) == vector["base"].encode()
    headers = western.sign_kaufland(
        method,
        url,
        body.encode(),
        client_key="key",
        secret=vector["secret"],
        at=datetime.fromtimestamp(int(stamp), tz=UTC),
    )
    assert headers == {
        "Shop-Client-Key": "key",
        "Shop-Timestamp": stamp,
        "Shop-Signature": vector["expected"],
    }


Verify = Callable[[dict[str, Any]], bool]
PUSHES: dict[str, Verify] = {
    "appkey+body": lambda v: pushes.is_app_key_push(v["key"], v["secret"], v["body"].encode(), v["expected"]),
    "url|body": lambda v: pushes.is_shopee_push(v["url"], v["secret"], v["body"].encode(), v["expected"]),
    "meta": lambda v: pushes.is_meta_push(v["secret"], v["body"].encode(), v["expected"]),
    "shopify": lambda v: pushes.is_shopify_push(v["secret"], v["body"].encode(), v["expected"]),
    "sorted-join": lambda v: pushes.is_wechat_call(v["token"], v["timestamp"], v["nonce"], v["expected"]),
}


def _verify(vector: dict[str, Any]) -> Verify:
    if vector["scheme"] == "body":
        return PUSHES["meta" if vector["expected"].startswith("sha256=") else "shopify"]
    return PUSHES[vector["scheme"]]


@_of("appkey+body", "url|body", "body", "sorted-join")
def test_push_vector_is_genuine_and_any_changed_byte_is_refused(vector: dict[str, Any]) -> None:
    verify = _verify(vector)
    assert verify(vector)
    for name in ("body", "key", "secret", "url", "token", "timestamp", "nonce", "expected"):
        text = vector.get(name, "")
        for at in {0, len(text) // 2, len(text) - 1} if text else ():
            flipped = text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :]
            assert not verify({**vector, name: flipped}), f"{name} changed at {at}"


def test_push_without_or_with_a_strange_signature_is_refused() -> None:
    for given_text in ("", "é", "\ud800", "0" * 64, "A" * 10_000):
        assert not pushes.is_app_key_push("key", "secret", b"{}", given_text)
        assert not pushes.is_meta_push("secret", b"{}", given_text)


@given(
    st.dictionaries(
        st.text("abcdefgh_", min_size=1, max_size=6), st.text(min_size=1, max_size=8), min_size=1, max_size=6
    )
)
def test_every_sent_value_moves_the_signature(business: dict[str, str]) -> None:
    lazop = western.sign_lazop("/im/x", business, app_key="1", secret="s", at=AT, access_token="t")
    top = chinese.sign_top(business, app_key="1", secret="s", method="m", access_token="t", at=AT)
    pinduoduo = chinese.sign_pinduoduo(business, client_id="1", secret="s", kind="k", access_token="t", at=AT)
    tiktok = western.sign_tiktok("/x", business, app_key="1", secret="s", at=AT, body=b"{}")
    checks: list[tuple[dict[str, str], Callable[[dict[str, str]], str]]] = [
        (lazop, lambda sent: western.lazop_signature("/im/x", sent, "s")),
        (top, lambda sent: chinese.top_signature(sent, "s")),
        (pinduoduo, lambda sent: md5_upper(chinese.pinduoduo_base(sent, "s"))),
        (tiktok, lambda sent: western.tiktok_signature("/x", sent, "s", b"{}")),
    ]
    for sent, again in checks:
        assert again(sent) == sent["sign"]
        for name in sent.keys() - {"sign", "access_token", "sign_method"}:
            assert again({**sent, name: sent[name] + "x"}) != sent["sign"], name


def test_jd_and_douyin_sign_their_document_as_it_is_sent() -> None:
    document = {"b": [{"z": 1, "a": "订单"}], "a": None}
    jd = chinese.sign_jd(document, app_key="k", secret="s", method="m", access_token="t", at=AT)
    douyin = chinese.sign_douyin(document, app_key="k", secret="s", method="m", access_token="t", at=AT)
    assert jd["360buy_param_json"] == '{"a":null,"b":[{"a":"订单","z":1}]}' == douyin["param_json"]
    for name in jd.keys() - {"sign"}:
        assert md5_upper(chinese.jd_base({**jd, name: jd[name] + "x"}, "s")) != jd["sign"]
    moved = {
        name
        for name in douyin.keys() - {"sign"}
        if hmac_hex("s", chinese.douyin_base({**douyin, name: "x"}, "s")) != douyin["sign"]
    }
    assert moved == set(chinese.DOUYIN_SIGNED)


def test_body_and_path_are_part_of_the_signature() -> None:
    sent = western.sign_tiktok("/x", {"shop_cipher": "c"}, app_key="k", secret="s", at=AT, body=b'{"a":1}')
    assert western.tiktok_signature("/x", sent, "s", b'{"a":2}') != sent["sign"]
    assert western.tiktok_signature("/y", sent, "s", b'{"a":1}') != sent["sign"]
    lazop = western.sign_lazop("/x", {}, app_key="k", secret="s", at=AT, body="b")
    assert western.lazop_signature("/x", lazop, "s", "c") != lazop["sign"]
    assert western.lazop_signature("/y", lazop, "s", "b") != lazop["sign"]


def test_empty_values_are_neither_sent_nor_signed() -> None:
    sent = western.sign_lazop("/x", {"txt": ""}, app_key="k", secret="s", at=AT)
    assert sent.keys() == {"app_key", "sign_method", "timestamp", "sign"}


def test_unknown_way_of_signing_is_named() -> None:
    with pytest.raises(ValueError, match="sign_method 'rot13' is none of md5, hmac, hmac-sha256"):
        chinese.top_signature({"sign_method": "rot13"}, "s")


@pytest.mark.parametrize(
    ("window", "older_s", "newer_s"),
    [(TOP_WINDOW, 600, 600), (LAZOP_WINDOW, 7200, 7200), (TIKTOK_WINDOW, 300, 30), (SHOPEE_WINDOW, 300, 300)],
)
def test_stamp_is_good_up_to_the_bound_and_no_further(window: Any, older_s: int, newer_s: int) -> None:
    assert window.takes(AT - timedelta(seconds=older_s), AT)
    assert window.takes(AT + timedelta(seconds=newer_s), AT)
    assert not window.takes(AT - timedelta(seconds=older_s + 1), AT)
    assert not window.takes(AT + timedelta(seconds=newer_s + 1), AT)


def test_clock_values_are_written_as_the_platforms_do() -> None:
    assert china_text(AT) == "2026-03-01 12:05:06"
    assert china_text_ms(AT) == "2026-03-01 12:05:06.789+0800"
    assert unix_ms(AT) == "1772337906789"


def test_secret_of_a_hash_over_bytes_is_the_key_not_the_text() -> None:
    assert hmac_base64("hush", b"{}") == "UFwgrGBPZilFtmKh8TqcovA78LGYb1BdWu9I4Q2oyRg="


def test_no_vector_is_passed_over() -> None:
    elsewhere = {"twilio", "timestamp+token"}  # of telephony and of mail services
    here = {*RECIPES, *PUSHES, "body", "shopee", "kaufland", "ebay-challenge"}
    assert {vector["scheme"] for vector in _vectors()} <= here | elsewhere
