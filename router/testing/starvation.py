"""Tell a slow channel from a busy machine: how long the calling thread stood in line for a processor."""

from __future__ import annotations

from pathlib import Path

_COUNTS = Path("/proc/thread-self/schedstat")


def starved_s() -> float:
    """Give how long this thread has waited for a processor since it began; 0 where nobody counts that."""
    try:
        _, waited_ns, _ = _COUNTS.read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return 0.0
    return int(waited_ns) / 1e9
