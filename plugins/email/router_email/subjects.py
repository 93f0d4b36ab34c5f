"""A subject in; the subject as the matter is known by, and whether it claims to be a reply, out."""

from __future__ import annotations

import re

from router_email.marks import Marks

_TAG = re.compile(r"\[[^\[\]]{1,40}\]\s*")
_COUNT = r"(?:\s?[\[(（]\d{1,3}[\])）]|\s?[*^]\d{1,3}|\d{1,2})?"


class Subjects:
    """Reads reply and forward prefixes of the known languages."""

    def __init__(self, marks: Marks) -> None:
        reply = "|".join(map(re.escape, sorted(marks.reply_prefixes, key=len, reverse=True)))
        forward = "|".join(map(re.escape, sorted(marks.forward_prefixes, key=len, reverse=True)))
        self._prefix = re.compile(
            rf"\s*(?:(?P<reply>{reply})|(?:{forward})){_COUNT}\s*[:：]\s*", re.IGNORECASE
        )

    def normalise(self, subject: str) -> tuple[str, bool]:
        """Give the subject without prefixes and `[tags]`, casefolded, and whether it had a reply prefix."""
        is_reply = False
        rest = subject[:500]
        while True:
            prefix = self._prefix.match(rest)
            tag = _TAG.match(rest)
            if prefix:
                is_reply = is_reply or prefix["reply"] is not None
                rest = rest[prefix.end() :]
            elif tag and tag.end() < len(rest):
                rest = rest[tag.end() :]
            else:
                return " ".join(rest.casefold().split()), is_reply
