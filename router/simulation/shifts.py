"""When people are there by their shifts.

In: a roster, its zone, and a span of time. Out: presence events, in the order of time and of the roster.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from router.engine.calendars import read_days, read_period
from router.engine.events import PresenceChanged
from router.engine.roster import RosterAgent
from router.model.presence import PresenceState

Span = tuple[datetime, datetime]

_DAY = timedelta(days=1)


def shift_spans(shifts: Sequence[str], zone: ZoneInfo, since: datetime, until: datetime) -> list[Span]:
    """Give when somebody with these shifts is there between two moments; shifts that touch are one."""
    spans = sorted(_spans(shifts, zone, since, until))
    joined: list[Span] = []
    for starts_at, ends_at in spans:
        if joined and starts_at <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], ends_at))
        else:
            joined.append((starts_at, ends_at))
    return [(max(start, since), end) for start, end in joined if end > since and start <= until]


def shift_events(
    agents: Sequence[RosterAgent], zone: ZoneInfo, since: datetime, until: datetime
) -> list[PresenceChanged]:
    """Let people come at the start of their shifts and go at the end; those without one are offline."""
    events: list[PresenceChanged] = []
    for agent in agents:
        spans = shift_spans(agent.shifts, zone, since, until)
        if not spans or spans[0][0] > since:
            events.append(_presence(agent, since, PresenceState.OFFLINE))
        for starts_at, ends_at in spans:
            events.append(_presence(agent, starts_at, PresenceState.AVAILABLE))
            if ends_at <= until:
                events.append(_presence(agent, ends_at, PresenceState.OFFLINE))
    return sorted(events, key=lambda event: event.at)


def _presence(agent: RosterAgent, at: datetime, state: PresenceState) -> PresenceChanged:
    return PresenceChanged(at=at, agent_id=agent.login, state=state)


def _spans(shifts: Sequence[str], zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[Span]:
    day = since.astimezone(zone).date() - _DAY
    last = until.astimezone(zone).date()
    while day <= last:
        for shift in shifts:
            days, _, period = shift.partition(" ")
            minutes = read_period(period)
            if minutes is not None and day.weekday() in (read_days(days) or ()):
                yield _moment(day, minutes[0], zone), _moment(day, minutes[1], zone)
        day += _DAY


def _moment(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """Give a minute of a day; 24:00 is the next day's midnight."""
    on = day + _DAY if minute == 24 * 60 else day
    minute %= 24 * 60
    return datetime.combine(on, time(minute // 60, minute % 60), zone).astimezone(UTC)
