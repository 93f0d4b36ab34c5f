"""What a shop's order notes are configured with; secrets are named, never held."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class NoteSettings(BaseModel):
    """The part all platforms share."""

    # Building the validators is most of what importing this plugin would cost; the first use builds them.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    secret_env: str = Field(min_length=1)
    token_env: str = Field(min_length=1)
    api_url: str = Field(
        default="", pattern="^(https?://.+)?$", description="the platform's address; empty: the usual one"
    )
    timeout_s: float = Field(default=10.0, gt=0, le=14, description="how long one call may take")


class TaobaoNoteSettings(NoteSettings):
    """An application at the Taobao open platform and the shop's access token (there called session)."""

    app_key: str = Field(min_length=1, coerce_numbers_to_str=True)


class PinduoduoNoteSettings(NoteSettings):
    """An application at the Pinduoduo open platform and the shop's access token."""

    client_id: str = Field(min_length=1, coerce_numbers_to_str=True)
