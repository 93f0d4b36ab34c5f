"""Settings of one TikTok Shop account: which app, which shop, and where its secrets are."""

from __future__ import annotations

from pydantic import Field

from router_marketplace.apps import AppSettings
from router_marketplace.tiktok.facts import FACTS


class TiktokSettings(AppSettings):
    """One shop served by one app."""

    poll_s: float = Field(
        default=FACTS.poll.interval_s, gt=0, description="seconds between polls behind the pushes"
    )
    shop_cipher: str = Field(min_length=1, description="cipher of the shop, from the authorised shops")
    shop_id: str = Field(
        default="", description="id of the shop; pushes of the app's other shops ring for nothing"
    )
