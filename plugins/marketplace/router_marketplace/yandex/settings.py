"""What a Yandex Market account is configured with."""

from __future__ import annotations

from pydantic import Field, IPvAnyNetwork, model_validator

from router_marketplace.settings import MarketplaceSettings


class YandexSettings(MarketplaceSettings):
    """One business of the seller's cabinet; it signs in with an Api-Key, or with an OAuth token.

    Pushes are not signed: they are believed from the platform's networks, and, where `push_secret_env` is
    set, only under the address `/hooks/<account>/<secret>`.
    """

    business_id: int = Field(ge=1, description="number of the cabinet (businessId)")
    api_key_env: str = Field(default="", description="variable with the Api-Key")
    oauth_client_id: str = Field(default="", description="application, for OAuth tokens that run out")
    oauth_client_secret_env: str = Field(default="", description="variable with the application's secret")
    oauth_token_env: str = Field(default="", description="variable with an OAuth token")
    oauth_refresh_env: str = Field(default="", description="variable with the refresh token")
    push_secret_env: str = Field(default="", description="variable with the last part of the push address")
    push_networks: tuple[IPvAnyNetwork, ...] | None = Field(
        default=None, description="networks pushes may come from; nothing: the published ones"
    )
    oauth_url: str = Field(
        default="", pattern="^(https?://.+)?$", description="where tokens are renewed; empty: the usual place"
    )

    @model_validator(mode="after")
    def _signs_in_somehow(self) -> YandexSettings:
        """Refuse an account with no way, or with two ways, to sign in."""
        if bool(self.api_key_env) is bool(self.oauth_token_env):
            raise ValueError("name either api_key_env or oauth_token_env")
        if self.oauth_refresh_env and not (self.oauth_client_id and self.oauth_client_secret_env):
            raise ValueError("oauth_refresh_env also needs oauth_client_id and oauth_client_secret_env")
        return self
