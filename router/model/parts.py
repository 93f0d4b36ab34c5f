"""A long text sent in parts: which parts wait for an earlier one that did not arrive.

In: how far each part has come. Out: what each of them waits for, and from which one sending again goes on. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from router.messages import DeliveryState

_STOPPED = (DeliveryState.UNKNOWN, DeliveryState.FAILED, DeliveryState.EXPIRED, DeliveryState.BOUNCED)
AT_PROVIDER = (DeliveryState.HELD, DeliveryState.ACCEPTED, DeliveryState.DELIVERED, DeliveryState.READ)
"""States of what the provider has taken."""
_SENT_AGAIN = (DeliveryState.UNKNOWN, DeliveryState.FAILED, DeliveryState.EXPIRED)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartState:
    """How far one part has come; one that is withheld has `failed` and names the part it waits for."""

    message_id: str
    conversation_id: str
    number: int
    state: DeliveryState
    waits_for: int | None = None


def first_missing(parts: Sequence[PartState]) -> PartState | None:
    """Give the first part that stopped by itself: nothing behind it may go out."""
    return next((one for one in parts if one.waits_for is None and one.state in _STOPPED), None)


def withheld(parts: Sequence[PartState]) -> list[PartState]:
    """List the parts that are not to go out now, which are still to be sent or are withheld already."""
    missing = first_missing(parts)
    if missing is None:
        return []
    return [
        one
        for one in parts
        if one.number > missing.number and (one.waits_for is not None or one.state is DeliveryState.QUEUED)
    ]


def sent_again(parts: Sequence[PartState]) -> list[PartState]:
    """List what sending again covers: the first missing part and all behind it; nothing if that came back."""
    missing = first_missing(parts)
    if missing is None or missing.state not in _SENT_AGAIN:
        return []
    return [one for one in parts if one.number >= missing.number and one.state in _SENT_AGAIN]
