"""What the shops of Chinese platforms have in common; in: business parameters, out: a gateway's answer."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from router.errors import RecipientGone
from router.orders import NoteTarget
from router_marketplace.notes.facts import NoteFacts
from router_marketplace.notes.gateway import ask_gateway
from router_marketplace.notes.settings import NoteSettings
from router_marketplace.settings import secret

SettingsT = TypeVar("SettingsT", bound=NoteSettings)


class GatewayNotes(NoteTarget, Generic[SettingsT]):
    """One shop whose notes are read and replaced by signed calls to its platform's gateway."""

    facts: NoteFacts

    def __init__(self, name: str, settings: SettingsT) -> None:
        self._settings = settings

    @abstractmethod
    def signed(self, call: str, business: Mapping[str, str], app_secret: str, token: str) -> dict[str, str]:
        """Give all parameters of a call, signed."""

    async def ask(self, call: str, business: Mapping[str, str], *, writes: bool) -> Mapping[str, Any]:
        """Make a call with the secrets the settings name."""
        settings = self._settings
        app_secret = secret(settings.secret_env, "the application's secret")
        token = secret(settings.token_env, "the shop's access token")
        return await ask_gateway(
            self.http,
            settings.api_url or self.facts.api_url,
            self.signed(call, business, app_secret, token),
            self.facts,
            writes=writes,
            timeout_s=settings.timeout_s,
        )


def unknown_order(cause: str) -> RecipientGone:
    """Say that the platform has no such order."""
    return RecipientGone(cause, public_text="The platform does not know this order.")
