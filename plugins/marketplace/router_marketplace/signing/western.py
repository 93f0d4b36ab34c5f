"""Requests to Lazada (LAZOP), TikTok Shop, Shopee and Kaufland; in: a call, out: what to send with it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from router_marketplace.signing.clocks import unix_ms, unix_s
from router_marketplace.signing.digests import filled, hmac_hex, sorted_pairs

TIKTOK_UNSIGNED = ("sign", "access_token")


def lazop_base(path: str, params: Mapping[str, str], body: str = "") -> str:
    """Rebuild what LAZOP signs: the path, the sorted parameters, and the body if there is one."""
    return f"{path}{sorted_pairs(params)}{body}"


def lazop_signature(path: str, params: Mapping[str, str], secret: str, body: str = "") -> str:
    """Give the signature of one LAZOP call."""
    return hmac_hex(secret, lazop_base(path, params, body)).upper()


def sign_lazop(
    path: str,
    business: Mapping[str, str],
    *,
    app_key: str,
    secret: str,
    at: datetime,
    access_token: str = "",
    body: str = "",
) -> dict[str, str]:
    """Give every parameter of one LAZOP call."""
    params = filled(
        {
            **business,
            "access_token": access_token,
            "app_key": app_key,
            "sign_method": "sha256",
            "timestamp": unix_ms(at),
        }
    )
    return {**params, "sign": lazop_signature(path, params, secret, body)}


def tiktok_base(path: str, params: Mapping[str, str], secret: str, body: bytes = b"") -> bytes:
    """Rebuild what TikTok Shop signs; the caller gives no body for multipart."""
    pairs = sorted_pairs(params, TIKTOK_UNSIGNED)
    return f"{secret}{path}{pairs}".encode() + body + secret.encode()


def tiktok_signature(path: str, params: Mapping[str, str], secret: str, body: bytes = b"") -> str:
    """Give the signature of one TikTok Shop call."""
    return hmac_hex(secret, tiktok_base(path, params, secret, body))


def sign_tiktok(
    path: str,
    query: Mapping[str, str],
    *,
    app_key: str,
    secret: str,
    at: datetime,
    body: bytes = b"",
) -> dict[str, str]:
    """Give every query parameter of one TikTok Shop call; the token goes into a header, unsigned."""
    params = filled({**query, "app_key": app_key, "timestamp": unix_s(at)})
    return {**params, "sign": tiktok_signature(path, params, secret, body)}


def shopee_base(partner_id: str, path: str, stamp: str, access_token: str = "", shop_id: str = "") -> str:
    """Rebuild what Shopee signs; public calls have neither token nor shop."""
    return f"{partner_id}{path}{stamp}{access_token}{shop_id}"


def sign_shopee(
    path: str,
    query: Mapping[str, str],
    *,
    partner_id: str,
    secret: str,
    at: datetime,
    access_token: str = "",
    shop_id: str = "",
) -> dict[str, str]:
    """Give every query parameter of one Shopee call; only five values of it are signed."""
    stamp = unix_s(at)
    params = filled(
        {
            **query,
            "partner_id": partner_id,
            "timestamp": stamp,
            "access_token": access_token,
            "shop_id": shop_id,
        }
    )
    return {**params, "sign": hmac_hex(secret, shopee_base(partner_id, path, stamp, access_token, shop_id))}


def kaufland_base(method: str, url: str, body: bytes, stamp: str) -> bytes:
    """Rebuild what Kaufland signs: four lines."""
    return b"\n".join((method.upper().encode(), url.encode(), body, stamp.encode()))


def sign_kaufland(
    method: str, url: str, body: bytes, *, client_key: str, secret: str, at: datetime
) -> dict[str, str]:
    """Give the three headers of one Kaufland call."""
    stamp = unix_s(at)
    return {
        "Shop-Client-Key": client_key,
        "Shop-Timestamp": stamp,
        "Shop-Signature": hmac_hex(secret, kaufland_base(method, url, body, stamp)),
    }
