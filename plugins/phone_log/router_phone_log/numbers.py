"""Phone numbers as systems write them in; the number, what kind it is and its extension out.

Numbering plans come from the `phonenumbers` metadata; what only the shop can know (its extensions, its own
numbers, further emergency numbers, the digit for an outside line) from the account's settings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from urllib.parse import unquote

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

from router.calls import NumberKind
from router_phone_log.settings import PhoneLogSettings

MAX_NUMBER_CHARS = 128

_URI = re.compile(r"<?\s*(?:sips?|tel|callto):([^>]*)>?", re.IGNORECASE)
_NAMED = re.compile(r"^[^<]*<([^<>]*)>\s*$")
# Said words and signs for an extension; the hyphen is judged apart, as it also groups digits.
_EXTENSION = re.compile(
    r"^(?P<number>.*?\d.*?)(?:;\s*ext=|;\s*isub=|\s*(?:ext(?:ension)?\.?|x|#|,+|转|轉|分机|内线)\s*:?\s*)(?P<extension>\d{1,8})#?$",
    re.IGNORECASE,
)
_HYPHEN = re.compile(r"^(?P<number>.*\d)\s*[-_]\s*(?P<extension>\d{1,8})$")
_DIALLABLE = re.compile(r"^[+\d\s().\-/*#]+$")
_FULLWIDTH = str.maketrans("０１２３４５６７８９＋－（）＃＊", "0123456789+-()#*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number as it was written (`raw`), in E.164 where that can be known, and what kind it is.

    `short` is the bare number or name without address and extension: what patterns are compared with.
    """

    raw: str
    short: str = ""
    e164: str = ""
    extension: str = ""
    kind: NumberKind = NumberKind.PUBLIC


class Numbers:
    """Reads numbers for one account."""

    def __init__(self, settings: PhoneLogSettings) -> None:
        self._region = settings.region
        self._internal = [re.compile(pattern) for pattern in settings.internal]
        self._emergency = frozenset(settings.emergency)
        self._prefix = settings.outside_prefix
        self._own = frozenset(self._comparable(number) for number in settings.own_numbers)

    def read(self, written: str) -> Number:
        """Read one number or address."""
        raw = written.strip()[:MAX_NUMBER_CHARS]
        bare, extension = self._split(address_user(raw))
        if bare.strip("()<>\"' ").lower() in withheld_words():
            return Number(raw=raw, kind=NumberKind.ANONYMOUS)
        if self._is_emergency(bare):
            return Number(raw=raw, short=bare, kind=NumberKind.EMERGENCY)
        if self._is_internal(bare):
            return Number(raw=raw, short=bare, extension=extension, kind=NumberKind.INTERNAL)
        return Number(raw=raw, short=bare, e164=self._e164(bare), extension=extension)

    def to_dial(self, written: str, form: str) -> str:
        """Give a customer's number as the line has to dial it; empty when it must not, or cannot, be called."""
        number = self.read(written)
        if number.kind is not NumberKind.PUBLIC:
            return ""
        if not number.e164:
            return _digits(number.short) if _DIALLABLE.match(number.short) else ""
        if form == "e164":
            return number.e164
        if form == "digits":
            return number.e164.removeprefix("+")
        parsed = phonenumbers.parse(number.e164)
        local = phonenumbers.format_out_of_country_calling_number(parsed, self._region)
        return self._prefix + _digits(local)

    def is_inside(self, number: Number) -> bool:
        """Tell whether a number is the shop's: an extension, or one of its public numbers."""
        if number.kind is NumberKind.INTERNAL:
            return True
        return (number.e164 or number.short) in self._own and bool(number.short)

    def _split(self, text: str) -> tuple[str, str]:
        """Take an extension off; a hyphen parts one only from what is a whole number without it."""
        found = _EXTENSION.match(text)
        if found is None:
            found = _HYPHEN.match(text)
            if found is None or self._e164(text) or not self._e164(found["number"]):
                return text, ""
        return found["number"].strip(), found["extension"]

    def _is_internal(self, bare: str) -> bool:
        return any(pattern.fullmatch(bare) for pattern in self._internal)

    def _is_emergency(self, bare: str) -> bool:
        digits = _digits(bare)
        if not digits or len(digits) > 6:
            return False
        return digits in self._emergency or phonenumbers.is_emergency_number(digits, self._region)

    def _e164(self, bare: str) -> str:
        """Give the number in E.164, empty when it is not certain: a national one must be a valid one."""
        if not _DIALLABLE.match(bare):
            return ""
        candidates = [bare]
        if self._prefix and bare.startswith(self._prefix):
            candidates.append(bare.removeprefix(self._prefix))
        for candidate in candidates:
            written = _e164_of(candidate, self._region)
            if written:
                return written
        return ""

    def _comparable(self, written: str) -> str:
        bare = address_user(written.strip())
        return self._e164(bare) or bare


def address_user(text: str) -> str:
    """Give the number inside a SIP or tel address, a display form, or the text itself."""
    text = text.translate(_FULLWIDTH)
    named = _NAMED.match(text)
    if named is not None:
        text = named[1]
    uri = _URI.fullmatch(text.strip())
    if uri is None:
        return text.strip()
    user, at, _ = uri[1].partition("@")
    # In a tel address the parameters follow the number; in a SIP address without a user there is none.
    return unquote(user if at or _URI.fullmatch(text) is not None else "").strip()


def _e164_of(text: str, region: str) -> str:
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        return ""
    is_international = text.lstrip(" (").startswith("+")
    if is_international:
        known = phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE
    else:
        known = phonenumbers.is_valid_number(number)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164) if known else ""


def _digits(text: str) -> str:
    return "".join(one for one in text if one.isdigit())


@lru_cache(maxsize=1)
def withheld_words() -> frozenset[str]:
    """Read the words and numbers systems write for a caller who withholds the number."""
    text = files(__package__).joinpath("lists/withheld.txt").read_text(encoding="utf-8")
    lines = (line.partition("#")[0].strip().lower() for line in text.splitlines())
    return frozenset({"", *(line for line in lines if line)})
