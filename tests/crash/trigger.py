"""Kill points that lie outside the router: the peer who sees them pass pulls the trigger."""

from __future__ import annotations

from collections.abc import Callable


class Trigger:
    """Calls `kill` when the armed point passes for the n-th time, once."""

    def __init__(self, kill: Callable[[], None]) -> None:
        self._kill = kill
        self._point = ""
        self._left = 0

    def arm(self, point: str, nth: int) -> None:
        """Wait for the n-th pass of a point from now on."""
        self._point, self._left = point, nth

    def passed(self, point: str) -> None:
        """Tell that a point passes now."""
        if point != self._point or self._left <= 0:
            return
        self._left -= 1
        if self._left == 0:
            self._kill()
