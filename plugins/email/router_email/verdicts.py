"""What a mail system said about one recipient in; the status code, and whether the address is dead, out.

Only words about the address itself mark it as dead. Full boxes, refused content and vague codes may change,
and an address wrongly marked costs an answer.
"""

from __future__ import annotations

import re

# RFC 3463 and Microsoft's additions: the address, its domain or its mail route does not exist.
_LASTING = frozenset(
    {"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.1.351", "5.4.1", "5.4.4", "5.4.310"}
)
_VAGUE = frozenset({"", "4.1.1", "5.0.0", "5.2.1", "5.3.0", "5.5.0"})
_STATUS = re.compile(r"(?<![\w.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
_REPLY_CODE = re.compile(r"(?:^|[\s:<\[(])([45]\d\d)[\s-](?![\d.])")
_UNKNOWN_ADDRESS = re.compile(
    r"(user|mailbox|recipient|account|address(ee)?|alias)s?( name)? (is )?(unknown|not (found"
    r"|known|exist|recogni[sz]ed)"
    r"|does(n't| not) exist|invalid|rejected: user unknown|not listed|no longer (valid|available|exists)"
    r"|could(n't| not) be found)"
    r"|(unknown|no such|invalid|bad|non-?existent|not a valid|not a known|can't find"
    r"|no) (local )?(user|mailbox|recipient|account"
    r"|addressee|person|destination mailbox)|(host|domain)( name)? (unknown|not found"
    r"|is not reachable)|unknown (host|domain)"
    r"|unrouteable|unroutable|(name service|dns) error|no such domain|couldn't find any host"
    r"|host \S{1,250} not found|no mx (record|or a record)"
    r"|address (is )?unknown"
    r"|does not have an? .{1,40} account|doesn't have an? .{1,40} account|no mailbox here"
    r"|is not a (valid|known)"
    r"|domain (does not exist|is invalid)|null mx|does not accept mail"
    r"|name .{0,20}not recogni[sz]ed|RecipNotFound"
    r"|not listed in|unknown address|bad destination|存在し(ない|ません)|見つかりません|宛先不明"
    r"|550 requested action not taken: mailbox unavailable",
    re.IGNORECASE,
)
_ABOUT_SOMETHING_ELSE = re.compile(
    r"(mailbox|quota|storage)[^.;]{0,20} (is )?(full|exceeded)|over ?quota|too many (recipients|messages|connections)"
    r"|refused due|\bpolicy\b|\bspam\b|black ?list|block ?list|banned|rate limit",
    re.IGNORECASE,
)
# Whoever takes the recipient and refuses after the content has judged the content as well.
_AFTER_CONTENT = re.compile(r"(in reply to|after|response to)\s+(the\s+)?(end\s+of\s+)?data\b", re.IGNORECASE)


def status_of(status: str, said: str) -> str:
    """Give the enhanced status; the words of the other server are finer than a code that ends in zero."""
    given = _STATUS.search(status)
    if given and given[2] != "0" and given[3] != "0":
        return given[0]
    heard = list(_STATUS.finditer(said))
    exact = next((code for code in heard if code[2] != "0" and code[3] != "0"), None)
    if found := exact or (given if given and given[2] != "0" else None) or next(iter(heard), None):
        return found[0]
    code = _REPLY_CODE.search(said)
    return f"{code[1][0]}.0.0" if code else (given[0] if given else "")


def first_status(text: str) -> str:
    """Give the first enhanced status of a text; empty if there is none."""
    found = _STATUS.search(text[:8000])
    return found[0] if found else ""


def is_hard(status: str, said: str, context: str = "") -> bool:
    """Tell whether the address is dead, by the code, what was said of it, and the report around it."""
    if status in _LASTING:
        return _ABOUT_SOMETHING_ELSE.search(said) is None
    if status not in _VAGUE:
        return False
    if _UNKNOWN_ADDRESS.search(said) is None:
        return False
    return status == "4.1.1" or _AFTER_CONTENT.search(f"{said}\n{context}") is None
