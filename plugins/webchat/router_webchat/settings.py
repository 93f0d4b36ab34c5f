"""Settings of one webchat site: comes from `accounts.<name>` of the configuration, checked and frozen."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def origin_of(url: str) -> str:
    """Give the origin of a URL as a browser writes it, or an empty text when it has none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    default = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" if port in (None, default) else f"{parts.scheme}://{host}:{port}"


def is_loopback(origin: str) -> bool:
    """Tell whether an origin is a page of this very machine."""
    if not origin or origin_of(origin) != origin:
        return False
    host = urlsplit(origin).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _check_origin(value: str) -> str:
    """Refuse everything that is not exactly scheme, host and port of a web page."""
    origin = origin_of(value)
    if not origin or value.lower().rstrip("/") not in (origin, f"{origin}:80", f"{origin}:443"):
        raise ValueError(f"{value!r} is no origin; write scheme and host only, like https://shop.example")
    if "*" in origin:
        raise ValueError(f"{value!r} has a wildcard; list each origin of the shop by itself")
    return origin


Origin = Annotated[str, AfterValidator(_check_origin)]


class WebchatSettings(BaseModel):
    """One site: who may show the chat, how it looks, and its limits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    site_key: str = Field(
        pattern=r"^[A-Za-z0-9_-]{4,64}$", description="public name of the site, `data-site`"
    )
    origins: tuple[Origin, ...] = Field(default=(), description="origins of the shop's pages")
    allow_loopback: bool = Field(default=False, description="also allow pages of this machine, for trials")
    title: str = Field(default="", max_length=60, description="heading; empty: the widget's own words")
    greeting: str = Field(default="", max_length=300, description="first line; empty: the widget's own words")
    accent: str = Field(default="#0b6e5f", pattern=r"^#[0-9a-fA-F]{6}$", description="colour of the shop")
    position: Literal["right", "left"] = Field(default="right", description="corner of the button")
    sockets_per_address: int = Field(default=20, ge=1, description="open sockets per IPv4 or IPv6 /64")
    tabs_per_visitor: int = Field(default=10, ge=1, description="open sockets per visitor")
    new_visitors_per_minute: int = Field(default=10, ge=1, description="new visitors per address and minute")
    hello_within_s: float = Field(default=10, gt=0, description="time a new socket has for its first frame")
    restart_spread_s: float = Field(default=30, ge=0, le=300, description="spread of reconnects after a stop")

    def allows(self, origin: str, own_origin: str) -> bool:
        """Tell whether a page of `origin` may open this chat; `own_origin` is where the frame is served."""
        if not origin or origin == "null":
            return False
        if origin in self.origins or (own_origin and origin == own_origin):
            return True
        return self.allow_loopback and is_loopback(origin)
