"""What every marketplace account is configured with; secrets are named, never held."""

from __future__ import annotations

import os

from pydantic import BaseModel, ConfigDict, Field

from router.errors import AuthInvalid


class MarketplaceSettings(BaseModel):
    """The part all platforms share; each platform's own settings derive from it."""

    # Building the validators is most of what importing this plugin would cost; the first use builds them.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    api_url: str = Field(
        default="", pattern="^(https?://.+)?$", description="the platform's address; empty: the usual one"
    )
    poll_s: float = Field(default=60.0, gt=0, description="seconds between polls behind the pushes")
    history_days: float = Field(
        default=3.0, ge=0, description="how old messages the first poll of a new account still takes in"
    )
    timeout_s: float = Field(default=20.0, gt=0, le=50, description="how long one call may take")
    confirm_after_s: float = Field(
        default=2.0, ge=0, le=10, description="pause before a doubtful message is looked for a second time"
    )


def secret(variable: str, what: str) -> str:
    """Read a secret from the environment; raises AuthInvalid that names the variable, never a value."""
    value = os.environ.get(variable, "") if variable else ""
    if not value:
        raise AuthInvalid(
            f"{what} is missing: set the environment variable {variable or '(none is named)'}",
            code="no_secret",
        )
    return value
