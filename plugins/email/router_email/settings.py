"""What an account of the e-mail channel is configured with; secrets are named, never held."""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import StrEnum

import re2  # type: ignore[import-untyped]
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from router.errors import ConfigError

MAX_MAIL_BYTES = 25 * 1024 * 1024

_QUIET = re2.Options()
_QUIET.log_errors = False


class Security(StrEnum):
    """How a connection is encrypted; `starttls` never falls back to plain text."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


class _Settings(BaseModel):
    # Building the validators is most of what importing this plugin would cost; the first use builds them.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Listener(_Settings):
    """Where a door listens; keep it on loopback or behind an MTA."""

    host: str = "127.0.0.1"
    port: int = Field(ge=0, le=65535)


class ImapSettings(_Settings):
    """A mailbox to read. `password_env` names the environment variable that holds the password."""

    host: str
    port: int = Field(default=993, ge=1, le=65535)
    user: str
    password_env: str
    mailbox: str = "INBOX"
    tls: Security = Security.TLS
    poll_s: float = Field(default=60.0, gt=0)
    idle_s: float = Field(default=240.0, gt=0, le=1700)


class SmtpOutSettings(_Settings):
    """The relay that takes our mail; without `user` nothing is authenticated."""

    host: str
    port: int = Field(default=587, ge=1, le=65535)
    user: str = ""
    password_env: str = ""
    security: Security = Security.STARTTLS
    timeout_s: float = Field(default=30.0, gt=0)


class RelaySettings(_Settings):
    """A marketplace whose buyers write by mail; what a built-in profile of the same name says may be left out.

    `order_id`, `begins` and `ends` are RE2 patterns: an order's number, and the whole lines before and after a
    buyer's words.
    """

    domains: tuple[str, ...] = ()
    order_id: str = ""
    begins: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    max_mail_bytes: int = Field(default=10 * 1024 * 1024, ge=1024)
    max_chars: int = Field(default=4_000, ge=100)

    @field_validator("order_id", "begins", "ends")
    @classmethod
    def _are_patterns(cls, given: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for pattern in (given,) if isinstance(given, str) else given:
            try:
                re2.compile(pattern, _QUIET)
            except re2.error as error:
                raise ValueError(f"{pattern!r} is no RE2 pattern: {error}") from None
        return given


class EmailSettings(_Settings):
    """One mail address customers write to, the doors mail comes in by and the relay it leaves by."""

    address: str = Field(pattern=r"^[^@\s<>]+@[^@\s<>]+$")
    name: str = ""
    aliases: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    default_language: str = ""
    charsets: tuple[str, ...] = ("gb18030",)
    reply_tokens: bool = True
    quote_answered: bool = False
    max_bytes: int = Field(default=MAX_MAIL_BYTES, ge=1024, le=MAX_MAIL_BYTES)
    trusted_authserv_id: str = ""
    accept_timeout_s: float = Field(default=30.0, gt=0, le=240)
    smtp_in: Listener | None = None
    lmtp_in: Listener | None = None
    imap: ImapSettings | None = None
    relays: Mapping[str, RelaySettings] = Field(default_factory=dict)
    smtp_out: SmtpOutSettings | None = None

    @field_validator("aliases")
    @classmethod
    def _aliases_are_addresses(cls, aliases: tuple[str, ...]) -> tuple[str, ...]:
        for alias in aliases:
            if alias.count("@") != 1 or alias.startswith("@") or alias.endswith("@"):
                raise ValueError(f"{alias!r} is no mail address; write it as name@domain")
        return aliases

    @model_validator(mode="after")
    def _has_a_door(self) -> EmailSettings:
        if not (self.smtp_in or self.lmtp_in or self.imap or self.smtp_out):
            raise ValueError("nothing to do: set at least one of smtp_in, lmtp_in, imap, smtp_out")
        return self

    @property
    def domain(self) -> str:
        """Give the domain our Message-IDs are made in."""
        return self.address.rpartition("@")[2].lower()

    def own_addresses(self) -> tuple[str, ...]:
        """Give the address and its aliases, lower-cased."""
        return tuple(address.lower() for address in (self.address, *self.aliases))


def secret(name: str) -> str:
    """Read a secret from the environment; a missing one is an error that names the variable only."""
    value = os.environ.get(name, "")
    if not value:
        raise ConfigError(
            f"the environment variable {name} is empty or not set",
            hint="Set it to the password before the router starts.",
        )
    return value
