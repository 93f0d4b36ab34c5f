"""What an account of the phone kinds is configured with; secrets are named, never held.

An account is one phone system. All its sources (files, posts, a live line, entries by hand) tell of the same
calls, so they belong in one account, where they are merged.
"""

from __future__ import annotations

import os
import re
from datetime import date
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from router.errors import ConfigError
from router_phone_log.files.column_maps import ColumnMap

MAX_POST_BYTES = 1024 * 1024


class _Settings(BaseModel):
    # Building the validators is most of what importing this plugin would cost; the first use builds them.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


def _check_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError):
        raise ValueError(f"{name!r} is no time zone; write it like Asia/Shanghai") from None
    return name


def _check_pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is no regular expression: {error}") from None
    return text


Zone = Annotated[str, AfterValidator(_check_zone)]
Pattern = Annotated[str, AfterValidator(_check_pattern)]


class FileSettings(_Settings):
    """One file of call records, or a folder of them (`path` may hold `*`), and how its columns are read.

    Calls that began before `since` are read over. `columns` names the columns of a file without a header.
    """

    path: str = Field(min_length=1)
    map: str = "asterisk-master"
    since: date | None = None
    columns: tuple[str, ...] = ()
    delimiter: str = Field(default="", max_length=1)
    encodings: tuple[str, ...] = ()


class WebhookSettings(_Settings):
    """Posts of the phone system to `/hooks/<account>`, and what proves them.

    `twilio` posts prove themselves by Twilio's own signature. Others carry the secret in a header, as a
    password (HTTP basic), as the last part of the path, or sign the body with it (HMAC-SHA256).
    """

    format: Literal["twilio", "ip-pbx", "freeswitch"]
    secret_env: str = Field(min_length=1)
    proof: Literal["header", "basic", "path", "hmac"] = "header"
    header: str = Field(default="X-Webhook-Secret", pattern=r"^[A-Za-z0-9-]+$")
    max_bytes: int = Field(default=256 * 1024, ge=1024, le=MAX_POST_BYTES)


DialForm = Literal["national", "e164", "digits"]


class AsteriskSettings(_Settings):
    """The manager interface of an Asterisk server (`manager.conf`)."""

    host: str = "127.0.0.1"
    port: int = Field(default=5038, ge=1, le=65535)
    user: str
    secret_env: str = Field(min_length=1)
    login: Literal["md5", "plain"] = "md5"
    ping_s: float = Field(default=30.0, gt=0, le=600)
    timeout_s: float = Field(default=10.0, gt=0, le=60)
    originate: bool = False
    dial_as: DialForm = "national"
    line: str = Field(default="PJSIP/{agent}", pattern=r"^[A-Za-z0-9]+/[^\r\n]*\{agent\}[^\r\n]*$")
    context: str = Field(default="from-internal", pattern=r"^[^\s,]+$")
    caller_id: str = Field(default="", pattern=r"^[^\r\n]*$")


class SoftphoneSettings(_Settings):
    """The control socket of a baresip softphone (`ctrl_tcp_listen`); keep it on loopback."""

    host: str = "127.0.0.1"
    port: int = Field(default=4444, ge=1, le=65535)
    ping_s: float = Field(default=60.0, gt=0, le=600)
    timeout_s: float = Field(default=10.0, gt=0, le=60)
    originate: bool = False
    dial_as: DialForm = "national"
    dial: str = Field(default="{number}", pattern=r"^[^\s]*\{number\}[^\s]*$")


class PhoneLogSettings(_Settings):
    """One phone system: how its numbers and times are meant, and where its records come from."""

    region: str = Field(pattern=r"^[A-Z]{2}$", description="country whose numbers are written without +")
    zone: Zone = Field(description="time zone of times written without one")
    internal: tuple[Pattern, ...] = (r"\d{2,4}",)
    own_numbers: tuple[str, ...] = ()
    emergency: tuple[str, ...] = ()
    outside_prefix: str = Field(default="", pattern=r"^\d{0,3}$")
    files: tuple[FileSettings, ...] = ()
    maps: dict[str, ColumnMap] = Field(default_factory=dict)
    poll_s: float = Field(default=15.0, gt=0, le=3600)
    settle_s: float = Field(default=60.0, ge=0)
    webhook: WebhookSettings | None = None


class PhoneLineSettings(PhoneLogSettings):
    """A phone system whose lines are watched live: exactly one of `asterisk` and `softphone`."""

    asterisk: AsteriskSettings | None = None
    softphone: SoftphoneSettings | None = None

    @model_validator(mode="after")
    def _has_one_line(self) -> PhoneLineSettings:
        if (self.asterisk is None) == (self.softphone is None):
            raise ValueError("set exactly one of asterisk and softphone")
        return self


def secret(name: str) -> str:
    """Read a secret from the environment; a missing one is an error that names the variable only."""
    value = os.environ.get(name, "")
    if not value:
        raise ConfigError(
            f"the environment variable {name} is empty or not set",
            hint="Set it to the secret before the router starts.",
        )
    return value
