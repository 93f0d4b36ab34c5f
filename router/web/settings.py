"""What the web side is told about where it runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from argon2 import PasswordHasher

BODY_LIMIT_BYTES = 1_048_576


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """Where the outside world reaches this router, and whose word about that is believed.

    `trusted_proxies` are the addresses whose `X-Forwarded-Proto` and `X-Forwarded-For` count. `static` is
    the folder with the built desk (`desk/`) and API page (`docs/`).
    """

    public_url: str = ""
    trusted_proxies: Sequence[IPv4Network | IPv6Network] = ()
    static: Path = Path(__file__).parent / "static"
    password_hasher: PasswordHasher = field(default_factory=PasswordHasher)
