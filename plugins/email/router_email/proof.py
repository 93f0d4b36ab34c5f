"""What our own mail server found out about a sender in (RFC 8601); how well the address is proven out.

Anybody can write the field, so only the topmost one under the configured name counts. That server must
remove fields of its name from outside, as the RFC demands. DKIM and SPF count for exactly the domain in
From; what is merely related to it is for DMARC to judge, which knows whose domains are whose.
"""

from __future__ import annotations

import re

from router.messages import Proof
from router_email.headers import Fields

_FIELD = "authentication-results"
_RESULT = re.compile(r"([a-z0-9-]{1,40})(?:/\d+)?=([a-z]{1,20})")
_MEANT_AS_ONE_WORD = re.compile(r"[\s;=]")
# Which property names the domain that a method has vouched for.
_DOMAINS = {
    "dmarc": ("header.from",),
    "dkim": ("header.d", "header.i"),
    "spf": ("smtp.mailfrom", "smtp.mfrom"),
}


def proof_of(fields: Fields, address: str, authserv_id: str) -> Proof:
    """Tell whether our mail server vouches for the sender's domain; unverified when in doubt."""
    wanted = authserv_id.strip().lower()
    domain = address.rpartition("@")[2].lower()
    if not wanted or not domain:
        return Proof.UNVERIFIED
    for value in fields.every(_FIELD):
        head, *results = _sections(value.lower())
        if head[:1] == [wanted]:
            return Proof.VERIFIED if _vouches(results, domain) else Proof.UNVERIFIED
    return Proof.UNVERIFIED


def _vouches(results: list[list[str]], domain: str) -> bool:
    passed = False
    for words in results:
        method = _RESULT.fullmatch(words[0]) if words else None
        if method is None or method[1] not in _DOMAINS:
            continue
        if method[1] == "dmarc" and method[2] not in ("pass", "none"):
            return False
        named = dict(word.split("=", 1) for word in words[1:] if "=" in word)
        domains = [named[key].rpartition("@")[2] for key in _DOMAINS[method[1]] if key in named]
        passed = passed or (method[2] == "pass" and domains[:1] == [domain])
    return passed


def _sections(value: str) -> list[list[str]]:
    """Cut a value at its semicolons and blanks, without comments; a quoted string stays one word."""
    sections: list[list[str]] = [[]]
    word = ""
    depth = place = 0
    while place < len(value):
        char = value[place]
        if char == '"' and not depth:
            text, place = _quoted(value, place)
            word += _MEANT_AS_ONE_WORD.sub("_", text)
            continue
        depth += (char == "(") - (char == ")" and depth > 0)
        if depth or char in "(); \t\r\n":
            if word and not depth:
                sections[-1].append(word)
                word = ""
            if char == ";" and not depth:
                sections.append([])
        else:
            word += char
        place += 1
    if word:
        sections[-1].append(word)
    return sections


def _quoted(value: str, start: int) -> tuple[str, int]:
    """Give what stands between the quotes, and the place behind them."""
    place = start + 1
    while place < len(value) and value[place] != '"':
        place += 2 if value[place] == "\\" else 1
    return value[start + 1 : place], place + 1
