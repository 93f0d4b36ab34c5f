"""The free text of a mail system in; the addresses it says it could not reach out, the surest first."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from router_email.addresses import read_addresses

MAX_NAMES = 50
_MAX_TEXT_CHARS = 16 * 1024

_ADDRESS = r"((?:\"[^\"\s]{1,64}\"|[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64})@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+)"
_ANY = re.compile(_ADDRESS)
# Nothing but the address on its line, or the address and then what is said about it.
_ON_ITS_LINE = re.compile(
    rf"^[ \t>]{{0,20}}(?:[45]\d\d[ -](?:\d\.\d{{1,3}}\.\d{{1,3}} )?)?<?{_ADDRESS}>?[ \t]{{0,20}}(?:$|:|\.\.\.)",
    re.MULTILINE,
)
_IN_DIALOGUE = re.compile(rf"\bRCPT TO:[ \t]?<?{_ADDRESS}>?", re.IGNORECASE)
_UNDELIVERED = re.compile(
    r"(?:could not|couldn't|cannot|can't|unable to|was not|wasn't|not|error) (?:be )?deliver(?:ed|ing)?"
    rf"(?: your)?(?: mail| message)?(?: to)?:?\s{{1,20}}<?{_ADDRESS}>?",
    re.IGNORECASE,
)
_TO_LINE = re.compile(r"^[> \t]{0,8}To:[ \t]*(\S.{2,300})$", re.MULTILINE | re.IGNORECASE)
_ORIGINAL_FROM = re.compile(
    r"^[> \t]{0,8}(?:Received|Return-Path|Message-ID|From):[ \t]", re.MULTILINE | re.IGNORECASE
)
_RETURNED_FROM = re.compile(
    r"^[> \t]{0,8}(?:Received|Return-Path):[ \t]|^[-= \t]{2,40}[^\n]{0,30}"
    r"(?:returned message|message follows|copy of the message|original message)",
    re.MULTILINE | re.IGNORECASE,
)
_MACHINE = re.compile(r"(postmaster|mailer-daemon|abuse|support|info|root)@|\d{6,}@|.*\.(jpg|png|local)$")


def before_returned(text: str) -> str:
    """Give what a report says before the mail it returns begins."""
    return text[: _start(_RETURNED_FROM, text, len(text))]


def undelivered(text: str) -> list[str]:
    """Give the addresses that a text says in so many words it could not deliver to."""
    return _unique(_UNDELIVERED.findall(text[:_MAX_TEXT_CHARS]))


def failed_names(text: str, sent_to: Sequence[str], not_these: Collection[str]) -> list[str]:
    """Give whom a report names as not reached: by form, else who the mail was for, else whoever comes first.

    `sent_to` holds the values of the returned mail's To fields.
    """
    text = text[:_MAX_TEXT_CHARS]
    values = (*sent_to[:10], *_TO_LINE.findall(text)[:10])
    recipients = [found.address.lower() for value in values for found in read_addresses(value[:2000])[0]]
    recipients = [name for name in _unique(recipients) if name not in not_these]

    def chosen(names: Sequence[str]) -> list[str]:
        names = [name for name in _unique(names) if name not in not_these and not _MACHINE.match(name)]
        return [name for name in names if name in recipients] or names

    shown = before_returned(text)
    dialogue = _IN_DIALOGUE.findall(text)
    sure = chosen([*undelivered(shown), *_ON_ITS_LINE.findall(shown), *dialogue])
    if sure:
        return sure
    loose = chosen(_ANY.findall(text[: _start(_ORIGINAL_FROM, text, 4000)])[:MAX_NAMES])
    return [name for name in loose if name in recipients] or recipients or loose[:1]


def _start(pattern: re.Pattern[str], text: str, otherwise: int) -> int:
    found = pattern.search(text)
    return found.start() if found else otherwise


def _unique(names: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(name.lower().rstrip(".") for name in names))[:MAX_NAMES]
