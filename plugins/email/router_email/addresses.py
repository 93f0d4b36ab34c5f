"""Address fields in, addresses out: a strict, linear reading that prefers no address to a wrong one.

`email.utils.getaddresses` of the oldest supported Python takes the wrong one of two addresses
(CVE-2023-27043) and its strict mode is missing there, hence our own scanner. Comments are counted, not
recursed into; the whole field is read once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from router_email.headers import clean, decode_words

MAX_ADDRESSES = 1_000

_LOCAL = re.compile(r"[^\s\x00-\x1f\x7f()<>\[\]:;@\\,\"]+")
_QUOTED_LOCAL = re.compile(r'"(?:[^"\\\x00-\x1f\x7f]|\\[^\x00-\x1f\x7f]){0,62}"')
_DOMAIN = re.compile(
    r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?(?:\.[^\W_](?:[\w-]{0,61}[^\W_])?)*\.?|\[[0-9A-Za-z:.]{2,64}\])"
)
# Telephone companies once sold such names, so they are read, but not without a word.
_IRREGULAR = re.compile(r"^\.|\.\.|\.@|\.$")
_PLAIN = re.compile(r'[^"(<>,;:]+')
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One mailbox of an address field; `address` has a lower-cased domain and is never empty."""

    name: str
    address: str


def is_address(text: str) -> bool:
    """Tell whether the text is one plain mail address and nothing else."""
    local, at, domain = text.rpartition("@")
    if not at or len(text) > 320 or not local or len(domain) > 255:
        return False
    if not _DOMAIN.fullmatch(domain):
        return False
    if _QUOTED_LOCAL.fullmatch(local):
        return True
    return bool(_LOCAL.fullmatch(local)) and len(local) <= 128


def read_addresses(value: str, charsets: Sequence[str] = ()) -> tuple[list[Address], bool]:
    """Read an address field: the mailboxes, and whether every item of it was understood."""
    found: list[Address] = []
    complete = True
    for words, route in _items(value):
        if len(found) >= MAX_ADDRESSES:
            return found, False
        target, name = (route, words) if route is not None else (words, "")
        address = _plain_address(target, charsets)
        if not address and route is None:
            address, name = _among_words(words, charsets)
            complete = complete and not (address or words.strip())
        elif not address:
            complete = False
        if address:
            found.append(Address(name=_display(name, charsets), address=address))
            complete = complete and ('"' in target or not _IRREGULAR.search(target))
    return found, complete


def _among_words(words: str, charsets: Sequence[str]) -> tuple[str, str]:
    """Find the one address among words that should have stood outside brackets; none if there are two."""
    tokens = words.split()
    named = [token for token in tokens if "@" in token]
    if len(tokens) < 2 or len(named) != 1 or words.count("@") != 1:
        return "", ""
    return _plain_address(named[0], charsets), " ".join(token for token in tokens if token != named[0])


def _plain_address(text: str, charsets: Sequence[str]) -> str:
    """Give the address in its comparable form, or nothing when it is not exactly one address."""
    address = text.strip()
    if "=?" in address or not address.isascii():
        address = decode_words(address, charsets).strip()
    address = re.sub(r"\s*([.@])\s*", r"\1", address) if '"' not in address else address
    if address.startswith("@") and ":" in address:  # an obsolete source route: <@relay:user@domain>
        address = address.rpartition(":")[2]
    if address.lower().startswith("mailto:"):
        address = address[7:]
    if not is_address(address):
        return ""
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.rstrip('.').lower()}"


def _display(name: str, charsets: Sequence[str]) -> str:
    plain = _QUOTED.sub(lambda quoted: _ESCAPED.sub(r"\1", quoted[1]), name)
    text = clean(decode_words(plain, charsets)).replace('"', " ")
    return " ".join(text.split()).strip("'").strip()


class _Item:
    """One item while it is being read: the words outside and the text inside angle brackets."""

    __slots__ = ("inside", "route", "words")

    def __init__(self) -> None:
        self.words: list[str] = []
        self.route: list[str] | None = None
        self.inside = False

    def put(self, text: str) -> None:
        target = self.route if self.inside and self.route is not None else self.words
        target.append(text)

    def result(self) -> tuple[str, str | None]:
        words = "".join(self.words).strip()
        return words, None if self.route is None else "".join(self.route).strip()


def _items(value: str) -> list[tuple[str, str | None]]:
    """Cut a field into items at commas and semicolons outside quotes, comments and brackets."""
    items: list[tuple[str, str | None]] = []
    item = _Item()
    place = 0
    while place < len(value) and len(items) <= MAX_ADDRESSES:
        if plain := _PLAIN.match(value, place):
            item.put(plain[0])
            place = plain.end()
            continue
        char = value[place]
        if char == '"':
            text, place = _quoted(value, place)
            item.put(text)
            continue
        if char == "(":
            comment, place = _comment(value, place)
            if item.route is None and "@" in "".join(item.words):
                item.route, item.words = item.words, [comment]
            continue
        if char == "<":
            # A second bracket in one item is a trick: keep both, so that the strict check refuses.
            item.route = ["<"] if item.route else []
            item.inside = True
        elif char == ">":
            item.inside = False
        elif char in ",;" and not item.inside:
            items.append(item.result())
            item = _Item()
        elif char == ":" and not item.inside and "@" not in "".join(item.words) and item.words:
            item = _Item()  # the name of a group
        else:
            item.put(char)
        place += 1
    items.append(item.result())
    return [(words, route) for words, route in items if words or route is not None]


def _quoted(value: str, start: int) -> tuple[str, int]:
    """Give a quoted string as it stands there, closed if it was not, and the place behind it."""
    place = start + 1
    while place < len(value) and value[place] != '"':
        place += 2 if value[place] == "\\" else 1
    text = value[start : place + 1]
    return (text if place < len(value) else f'{text}"'), place + 1


def _comment(value: str, start: int) -> tuple[str, int]:
    depth = 0
    for place in range(start, len(value)):
        if value[place] == "(":
            depth += 1
        elif value[place] == ")":
            depth -= 1
            if depth == 0:
                return value[start + 1 : place], place + 1
    return value[start + 1 :], len(value)
