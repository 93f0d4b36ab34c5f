"""Judge a channel's send rules; in: the rules and when a thread last spoke, out: whether sending is allowed.

A window opens with an event (a customer's message, or the provider's own word), lasts a time and holds a
number of messages. Several may be open at once and one is enough. Pure: the time is handed in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from router.capabilities import SendRule
from router.threads import Permission

CUSTOMER_MESSAGE = "customer_message"


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadTimes:
    """When each kind of opening event last came, by its name, and when we sent, in any order.

    An event that nobody watches is not in `opened`; one that is watched and never came is there with None.
    """

    opened: Mapping[str, datetime | None] = field(default_factory=dict)
    sent: Sequence[datetime] = ()


def judge(
    rules: Sequence[SendRule], times: ThreadTimes, now: datetime, kinds: frozenset[str] = frozenset({"text"})
) -> Permission:
    """Say whether a message of these block kinds may be sent now.

    Where a rule hangs on an event that nobody watches, only the provider can refuse: it is then allowed.
    """
    fitting = [rule for rule in rules if kinds <= rule.kinds]
    if not rules or any(rule.opened_by not in times.opened for rule in fitting):
        return Permission(allowed=True)
    if not fitting:
        return Permission(allowed=False, why=f"this channel does not send {', '.join(sorted(kinds))}")
    open_ones = [window for rule in fitting if (window := _window(rule, times, now)) is not None]
    if not open_ones:
        return Permission(allowed=False, why=_why(fitting, times, now))
    until = max(ends_at for ends_at, _ in open_ones)
    counts = [left for _, left in open_ones if left is not None]
    return Permission(allowed=True, until=until, left=max(counts) if len(counts) == len(open_ones) else None)


def _window(rule: SendRule, times: ThreadTimes, now: datetime) -> tuple[datetime, int | None] | None:
    """Give when the rule's window ends and how many messages are left in it; None when it is shut."""
    opened_at = times.opened[rule.opened_by]
    if opened_at is None:
        return None
    ends_at = opened_at + timedelta(seconds=rule.lasts_s)
    if now >= ends_at:
        return None
    if rule.max_sends is None:
        return ends_at, None
    left = rule.max_sends - sum(1 for at in times.sent if at >= opened_at)
    return (ends_at, left) if left > 0 else None


def _why(rules: Sequence[SendRule], times: ThreadTimes, now: datetime) -> str:
    ends = [
        opened_at + timedelta(seconds=rule.lasts_s)
        for rule in rules
        if (opened_at := times.opened[rule.opened_by]) is not None
    ]
    if not ends:
        return "the provider allows a message only after the customer has written"
    last = max(ends)
    if now < last:
        return "the provider allows no more messages until the customer writes again"
    return f"the provider's window closed at {last:%Y-%m-%d %H:%M} UTC; the customer has to write first"
