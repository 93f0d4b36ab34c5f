"""Requests to TOP (Taobao, Tmall), Pinduoduo, JD and Douyin; in: parameters, out: those and their `sign`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from router.messages import JsonObject
from router_marketplace.signing.clocks import china_text, china_text_ms, unix_s
from router_marketplace.signing.digests import filled, hmac_hex, md5_upper, sorted_pairs

TOP_METHODS = ("md5", "hmac", "hmac-sha256")
DOUYIN_SIGNED = ("app_key", "method", "param_json", "timestamp", "v")
JD_DOCUMENT = "360buy_param_json"


def top_base(params: Mapping[str, str], secret: str) -> str:
    """Rebuild what TOP signs; files travel beside the parameters and are not part of it."""
    pairs = sorted_pairs(params)
    return f"{secret}{pairs}{secret}" if params.get("sign_method") == "md5" else pairs


def top_signature(params: Mapping[str, str], secret: str) -> str:
    """Give the signature by the method that `sign_method` names."""
    method = params.get("sign_method", "")
    base = top_base(params, secret)
    if method == "md5":
        return md5_upper(base)
    if method not in TOP_METHODS:
        raise ValueError(f"sign_method {method!r} is none of {', '.join(TOP_METHODS)}")
    return hmac_hex(secret, base, "md5" if method == "hmac" else "sha256").upper()


def sign_top(
    business: Mapping[str, str],
    *,
    app_key: str,
    secret: str,
    method: str,
    access_token: str,
    at: datetime,
    sign_method: str = "hmac-sha256",
) -> dict[str, str]:
    """Give every parameter of one TOP call; its access token is called `session`."""
    params = filled(
        {
            **business,
            "app_key": app_key,
            "format": "json",
            "method": method,
            "session": access_token,
            "sign_method": sign_method,
            "timestamp": china_text(at),
            "v": "2.0",
        }
    )
    return {**params, "sign": top_signature(params, secret)}


def pinduoduo_base(params: Mapping[str, str], secret: str) -> str:
    """Rebuild what Pinduoduo signs."""
    return f"{secret}{sorted_pairs(params)}{secret}"


def sign_pinduoduo(
    business: Mapping[str, str], *, client_id: str, secret: str, kind: str, access_token: str, at: datetime
) -> dict[str, str]:
    """Give every parameter of one Pinduoduo call; `kind` is what others call the method."""
    params = filled(
        {
            **business,
            "access_token": access_token,
            "client_id": client_id,
            "data_type": "JSON",
            "timestamp": unix_s(at),
            "type": kind,
        }
    )
    return {**params, "sign": md5_upper(pinduoduo_base(params, secret))}


def jd_base(params: Mapping[str, str], secret: str) -> str:
    """Rebuild what JD signs."""
    return f"{secret}{sorted_pairs(params)}{secret}"


def sign_jd(
    document: JsonObject, *, app_key: str, secret: str, method: str, access_token: str, at: datetime
) -> dict[str, str]:
    """Give every parameter of one JD call; the whole business document is one of them, written once."""
    params = {
        JD_DOCUMENT: compact_json(document),
        "access_token": access_token,
        "app_key": app_key,
        "method": method,
        "timestamp": china_text_ms(at),
        "v": "2.0",
    }
    return {**params, "sign": md5_upper(jd_base(params, secret))}


def douyin_base(params: Mapping[str, str], secret: str) -> str:
    """Rebuild what Douyin signs: five fixed fields, whatever else is sent."""
    return f"{secret}{''.join(f'{name}{params[name]}' for name in DOUYIN_SIGNED)}{secret}"


def sign_douyin(
    document: JsonObject, *, app_key: str, secret: str, method: str, access_token: str, at: datetime
) -> dict[str, str]:
    """Give every parameter of one Douyin call; token and method of signing are sent unsigned."""
    params = {
        "app_key": app_key,
        "method": method,
        "param_json": compact_json(document),
        "timestamp": china_text(at),
        "v": "2",
    }
    signature = hmac_hex(secret, douyin_base(params, secret))
    return {**params, "access_token": access_token, "sign_method": "hmac-sha256", "sign": signature}


def compact_json(document: JsonObject) -> str:
    """Write a document with sorted names on every level and without spaces."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
