"""Settings of one Lazada account: which app, which seller, and where its secrets are."""

from __future__ import annotations

from pydantic import Field

from router_marketplace.lazada.facts import FACTS
from router_marketplace.settings import MarketplaceSettings


class LazadaSettings(MarketplaceSettings):
    """One seller in one country, served by one app."""

    poll_s: float = Field(
        default=FACTS.poll.interval_s, gt=0, description="seconds between polls behind the pushes"
    )
    app_key: str = Field(min_length=1, description="key of the app, from the open platform")
    app_secret_env: str = Field(description="environment variable with the app's secret")
    access_token_env: str = Field(description="environment variable with the seller's access token")
    refresh_token_env: str = Field(description="environment variable with the seller's refresh token")
    seller_id: str = Field(
        default="", description="id of the seller; pushes of the app's other sellers ring for nothing"
    )
    auth_url: str = Field(
        default="", pattern="^(https?://.+)?$", description="where tokens are renewed; empty: the usual one"
    )
