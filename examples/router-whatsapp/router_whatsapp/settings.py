"""Settings of one phone number; secrets are named by their environment variable, never held."""

from __future__ import annotations

import os

from pydantic import BaseModel, ConfigDict, Field

from router.errors import AuthInvalid


class WhatsAppSettings(BaseModel):
    """One business phone number of one app."""

    # Validators are built on first use: building them is most of what importing this plugin would cost.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    phone_number_id: str = Field(
        pattern="^[0-9]{1,20}$", description="the number's id, not the number itself"
    )
    business_account_id: str = Field(
        pattern="^[0-9]{1,20}$", description="the business account of its templates"
    )
    access_token_env: str = Field(description="variable with a system user's access token")
    app_secret_env: str = Field(description="variable with the app's secret, which signs the webhooks")
    verify_token_env: str = Field(description="variable with the word agreed for setting up the webhook")
    other_numbers: frozenset[str] = Field(
        default=frozenset(), description="ids of numbers on the same webhook that somebody else serves"
    )
    api_url: str = Field(default="", pattern="^(https?://.+)?$", description="empty: the usual address")
    api_version: str = Field(default="", pattern="^(v[0-9]+[.][0-9]+)?$", description="empty: the tested one")
    timeout_s: float = Field(default=20.0, gt=0, le=50, description="how long one call may take")


def secret(variable: str, what: str) -> str:
    """Read a secret from the environment; raises AuthInvalid that names the variable, never a value."""
    value = os.environ.get(variable, "")
    if not value:
        raise AuthInvalid(f"{what} is missing: set the environment variable {variable}", code="no_secret")
    return value
