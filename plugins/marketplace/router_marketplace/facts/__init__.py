"""What platforms decide and change: addresses, limits, windows, codes; in: a dated TOML file, out: a model.

Each file says when it was true and where it was read. A wrong file fails the import, not a customer.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from importlib.resources import files
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, IPvAnyNetwork, field_validator

from router import errors

FactsT = TypeVar("FactsT", bound="Facts")


class _Part(BaseModel):
    # Only the whole of a platform's facts is ever validated, so only that is built; import time counts.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Budget(_Part):
    """At most `count` calls in `per_s` seconds, for the whole account or for each thread."""

    count: int = Field(gt=0)
    per_s: float = Field(gt=0)
    scope: str = Field(default="account", pattern="^(account|thread)$")


class TextFacts(_Part):
    """How long a text may be."""

    max: int = Field(gt=0)
    unit: str = Field(default="chars", pattern="^(chars|bytes|utf16)$")


class PushFacts(_Part):
    """How the platform calls us; `networks` are the addresses it calls from, where it signs nothing."""

    ack_within_ms: int = Field(gt=0)
    empty_body: bool = False
    signed: bool = True
    networks: tuple[IPvAnyNetwork, ...] = ()


class PollFacts(_Part):
    """How we ask: pages, pauses, how much is read twice, how many calls at once.

    `reread_s`: how long after it was written a message may still change (be recalled, be held back), where
    pages do not come by the time of the change.
    """

    interval_s: float = Field(gt=0)
    overlap_s: float = Field(ge=0)
    threads_per_page: int = Field(gt=0)
    items_per_page: int = Field(gt=0)
    at_once: int = Field(gt=0)
    reread_s: float = Field(default=0.0, ge=0)


class Facts(_Part):
    """One platform; `codes` maps its own codes, or HTTP statuses, to classes of `router.errors`."""

    as_of: date
    sources: tuple[str, ...] = Field(min_length=1)
    api_url: str = Field(pattern="^https://")
    text: TextFacts
    poll: PollFacts
    push: PushFacts
    budgets: Mapping[str, tuple[Budget, ...]] = {}
    codes: Mapping[str, str] = {}

    @field_validator("codes")
    @classmethod
    def _are_classes(cls, codes: Mapping[str, str]) -> Mapping[str, str]:
        """Refuse a class the core does not know."""
        wrong = {name for name in codes.values() if not _is_send_error(name)}
        if wrong:
            raise ValueError(f"no classes of router.errors: {', '.join(sorted(wrong))}")
        return codes

    def error_for(self, code: str) -> type[errors.SendError] | None:
        """Give the class a code stands for, None for an unknown one."""
        name = self.codes.get(code)
        return getattr(errors, name) if name else None


def load_facts(name: str, model: type[FactsT]) -> FactsT:
    """Read `facts/<name>.toml` of this package into its model."""
    text = files("router_marketplace").joinpath("facts", f"{name}.toml").read_text(encoding="utf-8")
    return model.model_validate(_entries(text))


def _entries(text: str) -> dict[str, Any]:
    return tomllib.loads(text)


def _is_send_error(name: str) -> bool:
    found = getattr(errors, name, None)
    return isinstance(found, type) and issubclass(found, errors.SendError)
