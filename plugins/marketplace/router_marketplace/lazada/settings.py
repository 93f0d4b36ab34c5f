"""Settings of one Lazada account: which app, which seller, and where its secrets are."""

from __future__ import annotations

from pydantic import Field

from router_marketplace.apps import AppSettings
from router_marketplace.lazada.facts import FACTS


class LazadaSettings(AppSettings):
    """One seller in one country, served by one app."""

    poll_s: float = Field(
        default=FACTS.poll.interval_s, gt=0, description="seconds between polls behind the pushes"
    )
    seller_id: str = Field(
        default="", description="id of the seller; pushes of the app's other sellers ring for nothing"
    )
