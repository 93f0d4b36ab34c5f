"""What a platform decides about its order notes; in: a dated TOML file, out: a model, and `NoteLimits`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from importlib.resources import files

from pydantic import BaseModel, ConfigDict, Field, field_validator

from router import errors
from router.orders import NoteColour, NoteLimits


class NoteFacts(BaseModel):
    """One platform; `codes` and `sub_codes` map its own codes to classes of `router.errors`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    as_of: date
    sources: tuple[str, ...] = Field(min_length=1)
    api_url: str = Field(pattern="^https://")
    max: int = Field(gt=0)
    unit: str = Field(pattern="^(chars|bytes)$")
    encoding: str = "utf-8"
    colours: Mapping[NoteColour, int]
    tag_names: Mapping[NoteColour, str] = {}
    codes: Mapping[str, str]
    sub_codes: Mapping[str, str]

    @field_validator("codes", "sub_codes")
    @classmethod
    def _are_classes(cls, codes: Mapping[str, str]) -> Mapping[str, str]:
        """Refuse a class the core does not know."""
        for name in codes.values():
            kind = getattr(errors, name, None)
            if not (isinstance(kind, type) and issubclass(kind, errors.SendError)):
                raise ValueError(f"{name!r} is no class of router.errors")
        return codes

    @property
    def limits(self) -> NoteLimits:
        """Give what a note may be."""
        return NoteLimits(
            max=self.max,
            unit=self.unit,
            encoding=self.encoding,
            colours=frozenset(self.colours),
            overwrites=True,
        )

    def colour_of(self, flag: object) -> NoteColour | None:
        """Give the colour of a flag, None for one the platform did not have when the facts were written."""
        return next((colour for colour, known in self.colours.items() if str(known) == str(flag)), None)

    def error_of(self, code: str, sub_code: str) -> type[errors.SendError]:
        """Give the class a refusal stands for; the finer code decides."""
        name = self.sub_codes.get(sub_code) or self.codes.get(code, "")
        kind: type[errors.SendError] = getattr(errors, name) if name else errors.Permanent
        return kind


def load_note_facts(name: str) -> NoteFacts:
    """Read one file of this package."""
    text = files("router_marketplace.facts").joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return NoteFacts.model_validate(tomllib.loads(text))
