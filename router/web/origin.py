"""Where a request really comes from: scheme, client, and whether a browser sent it from our own pages."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from aiohttp import web
from yarl import URL

from router.web.problems import Problem
from router.web.settings import WebSettings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

Address = IPv4Address | IPv6Address


def is_https(request: web.Request, settings: WebSettings) -> bool:
    """Say whether the client speaks https, to us or to a proxy we trust."""
    if _is_among(peer_address(request), settings.trusted_proxies) and "X-Forwarded-Proto" in request.headers:
        return request.headers["X-Forwarded-Proto"].strip().lower() == "https"
    return request.secure


def client_address(request: web.Request, settings: WebSettings) -> str:
    """Give the address of the client: the last one in the chain that is no proxy of ours."""
    address = peer_address(request)
    chain = [
        part.strip() for value in request.headers.getall("X-Forwarded-For", ()) for part in value.split(",")
    ]
    while _is_among(address, settings.trusted_proxies) and chain:
        address = _parse(chain.pop())
    return str(address) if address else "unknown"


def require_private_line(request: web.Request, settings: WebSettings) -> None:
    """Refuse plain HTTP that anybody but this machine could read.

    The name in `Host` must be a loopback name as well: a foreign name that resolves to this machine is
    either a forgotten proxy or a page that wants to be taken for us.
    """
    if is_https(request, settings):
        return
    peer = peer_address(request)
    if peer is not None and peer.is_loopback and _is_loopback_name(request.url.host or ""):
        return
    raise Problem(
        403,
        "forbidden",
        "Plain HTTP is only served on this machine, under a loopback name. Put an https proxy in front, let "
        "it send X-Forwarded-Proto, and name its address in web.trusted_proxies.",
    )


def require_own_page(request: web.Request, settings: WebSettings) -> None:
    """Refuse a change that a browser sends from somebody else's page, or that does not say from where."""
    origin = request.headers.get("Origin")
    if origin is not None:
        if origin in own_origins(request, settings):
            return
    elif request.headers.get("Sec-Fetch-Site") == "same-origin":
        return
    raise Problem(403, "forbidden", "This request does not come from a page of this router.")


def own_origins(request: web.Request, settings: WebSettings) -> set[str]:
    """Give the origins our own pages have for this client."""
    scheme = "https" if is_https(request, settings) else "http"
    origins = {f"{scheme}://{request.host}".lower()}
    if settings.public_url:
        origins.add(str(URL(settings.public_url).origin()))
    return origins


def peer_address(request: web.Request) -> Address | None:
    """Give the address at the other end of the connection."""
    return _parse(request.remote or "")


@lru_cache(maxsize=1_024)
def _parse(text: str) -> Address | None:
    try:
        address = ip_address(text.split("%", 1)[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _is_among(address: Address | None, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    return address is not None and any(address in network for network in networks)


def _is_loopback_name(host: str) -> bool:
    address = _parse(host)
    return address.is_loopback if address else host == "localhost" or host.endswith(".localhost")
