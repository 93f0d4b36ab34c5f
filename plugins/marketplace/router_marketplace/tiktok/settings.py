"""Settings of one TikTok Shop account: which app, which shop, and where its secrets are."""

from __future__ import annotations

from pydantic import Field

from router_marketplace.settings import MarketplaceSettings
from router_marketplace.tiktok.facts import FACTS


class TiktokSettings(MarketplaceSettings):
    """One shop served by one app."""

    poll_s: float = Field(
        default=FACTS.poll.interval_s, gt=0, description="seconds between polls behind the pushes"
    )
    app_key: str = Field(min_length=1, description="key of the app, from the partner centre")
    app_secret_env: str = Field(description="environment variable with the app's secret")
    access_token_env: str = Field(description="environment variable with the shop's access token")
    refresh_token_env: str = Field(description="environment variable with the shop's refresh token")
    shop_cipher: str = Field(min_length=1, description="cipher of the shop, from the authorised shops")
    shop_id: str = Field(
        default="", description="id of the shop; pushes of the app's other shops ring for nothing"
    )
    auth_url: str = Field(
        default="", pattern="^(https?://.+)?$", description="where tokens are renewed; empty: the usual one"
    )
