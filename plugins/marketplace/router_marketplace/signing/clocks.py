"""Clock values as platforms want them, and how far theirs may be from ours.

In: an aware time. Out: the text or number that is signed; whether a stamp is inside a window.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockWindow:
    """How much older or newer than the platform's clock a request may be stamped."""

    older_s: float
    newer_s: float

    def takes(self, stamped_at: datetime, now: datetime) -> bool:
        """Say whether a stamp is still, and already, good; both bounds are inside."""
        return -self.older_s <= (stamped_at - now).total_seconds() <= self.newer_s


TOP_WINDOW = ClockWindow(older_s=600, newer_s=600)
PINDUODUO_WINDOW = ClockWindow(older_s=600, newer_s=600)
LAZOP_WINDOW = ClockWindow(older_s=7200, newer_s=7200)
TIKTOK_WINDOW = ClockWindow(older_s=300, newer_s=30)
SHOPEE_WINDOW = ClockWindow(older_s=300, newer_s=300)


def unix_s(at: datetime) -> str:
    """Give whole seconds since 1970."""
    return str(int(at.timestamp()))


def unix_ms(at: datetime) -> str:
    """Give whole milliseconds since 1970, exactly."""
    return str((at - datetime.fromtimestamp(0, tz=at.tzinfo)) // timedelta(milliseconds=1))


def china_text(at: datetime) -> str:
    """Write a time as Chinese platforms do: local time of GMT+8, to the second."""
    return at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")


def china_text_ms(at: datetime) -> str:
    """Write a time of GMT+8 with milliseconds and zone, as JD does."""
    local = at.astimezone(CHINA)
    return f"{local:%Y-%m-%d %H:%M:%S}.{local.microsecond // 1000:03}+0800"
