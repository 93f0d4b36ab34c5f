"""The draw among people who are otherwise equal: ids on a ring, by hash, so that a seed alone decides.

In: a seed and ids. Out: places on the ring and how far apart they are.
"""

from __future__ import annotations

from hashlib import blake2b

_RING = 1 << 64


def ring_place(seed: int, word: str) -> int:
    """Give the place of an id on the ring that settles ties; the same in every run with the same seed."""
    digest = blake2b(word.encode(), digest_size=8, key=seed.to_bytes(16, "big", signed=True))
    return int.from_bytes(digest.digest(), "big")


def ring_distance(start: int, place: int) -> int:
    """Give how far `place` lies behind `start`, going round once."""
    return (place - start) % _RING
