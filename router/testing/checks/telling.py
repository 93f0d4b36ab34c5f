"""Tell apart what a provider received; in: bytes of several messages, out: whether one says more than others.

Ids and times differ in every message, so what two plain messages have in common is what is compared.
"""

from __future__ import annotations

import re
from collections import Counter

_WORD = re.compile(rb"[\w-]+")
_DIGIT = re.compile(rb"\d")


def is_told_apart(other: bytes, plain: tuple[bytes, bytes]) -> bool:
    """Say whether a message has a word that neither plain one has, or lacks one that both have.

    A new word with a digit in it may be an id, and is no difference.
    """
    one, two = (Counter(_WORD.findall(each)) for each in plain)
    found = Counter(_WORD.findall(other))
    added = (word for word in found - (one | two) if not _DIGIT.search(word))
    return any(added) or bool((one & two) - found)
