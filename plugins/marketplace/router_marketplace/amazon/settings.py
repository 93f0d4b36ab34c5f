"""What a seller's access to Amazon is configured with; secrets are named, never held."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class AmazonAccess(BaseModel):
    """How a seller's application reaches Amazon."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    region: Literal["na", "eu", "fe"]
    client_id: str = Field(min_length=1, description="of the application, for Login with Amazon")
    client_secret_env: str = Field(description="environment variable with the application's secret")
    refresh_token_env: str = Field(description="environment variable with the seller's refresh token")
    api_url: str = Field(default="", pattern="^(https?://.+)?$", description="empty: that of the region")
    auth_url: str = Field(default="", pattern="^(https?://.+)?$", description="empty: the usual one")
    timeout_s: float = Field(default=20.0, gt=0, le=50)


class AmazonSettings(AmazonAccess):
    """One seller on one marketplace, and the mail accounts its buyers write to."""

    marketplace_id: str = Field(
        pattern="^[A-Z0-9]{10,16}$", description="ATVPDKIKX0DER for the United States …"
    )
    companion_of: tuple[str, ...] = Field(
        min_length=1, description="accounts in whose conversations these messages are offered"
    )
