"""Mail of marketplaces' buyers: an alias that stands for one buyer at one seller, and what is to be kept to.

In: the sender's address and the words of a mail. Out: the profile it came by, the order it names, and the
buyer's own words out of the frame the marketplace puts around them. What differs is data: `relays.toml`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import re2  # type: ignore[import-untyped]

from router.messages import Evidence, EvidenceKind
from router_email.marks import LinePattern
from router_email.settings import RelaySettings

IDENTITY_KIND = "relay"
_SEARCHED_CHARS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayProfile:
    """One marketplace; `name` is what conversations are shown under."""

    name: str
    domains: frozenset[str]
    order_id: str
    begins: LinePattern | None
    ends: LinePattern | None
    max_mail_bytes: int
    max_chars: int

    def order_in(self, *texts: str) -> str:
        """Give the first order number, looked for in the subject first; empty if none is named."""
        if not self.order_id:
            return ""
        pattern = _order_pattern(self.order_id)
        found = (pattern.search(text[:_SEARCHED_CHARS]) for text in texts)
        return next((str(match.group(1)) for match in found if match is not None), "")

    def unframed(self, text: str) -> tuple[str, str]:
        """Part the buyer's words from the frame around them; without a frame all of it is the buyer's."""
        lines = text.split("\n")
        first = min(self.begins.numbers(lines), default=None) if self.begins else None
        if first is None:
            return text, ""
        after = [number for number in (self.ends.numbers(lines) if self.ends else ()) if number > first]
        last = min(after, default=len(lines))
        own = "\n".join(lines[first + 1 : last]).strip("\n")
        frame = "\n".join([*lines[:first], *lines[last + 1 :]]).strip("\n")
        return (own, frame) if own.strip() else (text, "")

    def key(self, order_id: str) -> str:
        """Give what mails of one buyer about one order have in common, in place of a subject."""
        return f"{self.name} {order_id}"

    def evidence(self, order_id: str) -> Evidence:
        """Give the pointer that joins an alias's mail about an order to its open conversation."""
        return Evidence(kind=EvidenceKind.SUBJECT, value=self.key(order_id))


class Relays:
    """The profiles of one account."""

    def __init__(self, configured: Mapping[str, RelaySettings]) -> None:
        self._profiles = [_profile(name, settings) for name, settings in configured.items()]

    def of(self, address: str) -> RelayProfile | None:
        """Give the profile an address is an alias of."""
        domain = address.rpartition("@")[2].lower()
        return next((each for each in self._profiles if domain in each.domains), None)


def _profile(name: str, settings: RelaySettings) -> RelayProfile:
    own = {**_built_in().get(name, {}), **settings.model_dump(exclude_unset=True)}
    facts = RelaySettings.model_validate(
        {key: value for key, value in own.items() if key in RelaySettings.model_fields}
    )
    return RelayProfile(
        name=name,
        domains=frozenset(domain.lower() for domain in facts.domains),
        order_id=facts.order_id,
        begins=_lines(facts.begins),
        ends=_lines(facts.ends),
        max_mail_bytes=facts.max_mail_bytes,
        max_chars=facts.max_chars,
    )


@cache
def _built_in() -> Mapping[str, Mapping[str, object]]:
    """Read the data file that comes with the package."""
    text = files("router_email").joinpath("relays.toml").read_text("utf-8")
    profiles: Mapping[str, Mapping[str, object]] = tomllib.loads(text)
    return profiles


def _lines(patterns: Sequence[str]) -> LinePattern | None:
    return LinePattern(patterns) if patterns else None


@cache
def _order_pattern(order_id: str) -> re2._Regexp:
    """Look for the number where it stands alone, not inside a longer one."""
    return re2.compile(rf"(?:^|[^0-9A-Za-z-])({order_id})(?:$|[^0-9A-Za-z-])")
