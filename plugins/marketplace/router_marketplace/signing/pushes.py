"""Whether a push is genuine; in: its raw bytes, the header and our key, out: yes or no.

Each function compares in constant time over the bytes as they came, before anything parses them. The
address of a Shopee push is the public one, which a proxy may hide from the server.
"""

from __future__ import annotations

import hashlib

from router_marketplace.signing.digests import hmac_base64, hmac_hex, same, same_hex


def app_key_push(app_key: str, secret: str, body: bytes) -> str:
    """Give the `Authorization` that Lazada and TikTok Shop send with a push."""
    return hmac_hex(secret, app_key.encode() + body)


def is_app_key_push(app_key: str, secret: str, body: bytes, authorization: str) -> bool:
    """Tell whether Lazada or TikTok Shop signed a push."""
    return same_hex(app_key_push(app_key, secret, body), authorization)


def is_shopee_push(url: str, secret: str, body: bytes, authorization: str) -> bool:
    """Tell whether Shopee signed a push to this public address."""
    return same_hex(hmac_hex(secret, url.encode() + b"|" + body), authorization)


def is_meta_push(secret: str, body: bytes, hub_signature: str) -> bool:
    """Tell whether Meta signed a push (`X-Hub-Signature-256`)."""
    kind, _, given = hub_signature.partition("=")
    return kind == "sha256" and same_hex(hmac_hex(secret, body), given)


def is_shopify_push(secret: str, body: bytes, shopify_hmac: str) -> bool:
    """Tell whether Shopify signed a push (`X-Shopify-Hmac-Sha256`)."""
    return same(hmac_base64(secret, body), shopify_hmac)


def is_wechat_call(token: str, stamp: str, nonce: str, signature: str) -> bool:
    """Tell whether WeChat signed the query of a call; it does not cover the body."""
    joined = "".join(sorted((token, stamp, nonce)))
    return same_hex(hashlib.sha1(joined.encode(), usedforsecurity=False).hexdigest(), signature)
