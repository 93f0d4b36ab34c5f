"""What platforms have in common where a registered app serves sellers: Lazada and TikTok Shop.

In: the app's key and secret, a seller's tokens, pushes. Out: who we are there, and whether a push is genuine.
"""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import Field

from router.channel import HttpRequest
from router.errors import InboundRejected
from router_marketplace.adapter import Adapter
from router_marketplace.calls import Access
from router_marketplace.parsing import header_of, read_object
from router_marketplace.settings import MarketplaceSettings, secret
from router_marketplace.signing.pushes import is_app_key_push


class AppSettings(MarketplaceSettings):
    """One seller or shop, served by one app."""

    app_key: str = Field(min_length=1, description="key of the app, from the platform's developer pages")
    app_secret_env: str = Field(description="environment variable with the app's secret")
    access_token_env: str = Field(description="environment variable with the seller's access token")
    refresh_token_env: str = Field(description="environment variable with the seller's refresh token")
    auth_url: str = Field(
        default="", pattern="^(https?://.+)?$", description="where tokens are renewed; empty: the usual one"
    )


AppSettingsT = TypeVar("AppSettingsT", bound=AppSettings)


class AppAdapter(Adapter[AppSettingsT]):
    """The part of an adapter that is the same for every app; `platform` is what people call it."""

    platform: str
    newest_first = True
    newest_threads_first = True

    def first_access(self) -> Access:
        """Read secret and tokens from the environment."""
        settings = self.settings
        return Access(
            keys={"app_secret": secret(settings.app_secret_env, "the app's secret")},
            token=secret(settings.access_token_env, "the seller's access token"),
            refresh_token=secret(settings.refresh_token_env, "the seller's refresh token"),
        )

    def verified(self, request: HttpRequest, access: Access) -> dict[str, Any]:
        """Check the signature over the raw body, then read it."""
        given = header_of(request.headers, "authorization")
        if not is_app_key_push(self.settings.app_key, access.keys["app_secret"], request.body, given):
            raise InboundRejected(
                f"the push is not signed by {self.platform} with this app's key and secret; check app_key and"
                f" {self.settings.app_secret_env}"
            )
        return read_object(request.body, "the push")
