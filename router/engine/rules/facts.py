"""What a rule may look at: every CEL variable, its type, and where its value comes from.

In: `Facts`, filled by the triage room. Out: the variable values one evaluation sees, bounded in size.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

from router.engine.rules.schema import FactType
from router.messages import JsonObject

FactValue: TypeAlias = str | bool | int | float

MAX_TEXT_CHARS = 20_000
MAX_SUBJECT_CHARS = 1_000
MAX_WORD_CHARS = 300

ORDER_LOOKUP = "order.lookup"
"""Under this name a record keeps what became of the look-up."""

_LARGEST_INT = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything known about a message when it is triaged.

    `classified` holds what classifiers found; names the rules document does not declare are ignored.
    `order_lookup` is no variable: it says for the record whether the order was found, is unknown, or the
    source of orders did not answer in time.
    """

    at: datetime
    text: str = ""
    subject: str = ""
    channel: str = ""
    account: str = ""
    channel_class: str = ""
    language: str = ""
    kind: str = "message"
    automatic: str = "no"
    customer_id: str = ""
    customer_tier: str = ""
    customer_returning: bool = False
    order_id: str = ""
    order_stage: str = ""
    order_status: str = ""
    order_value: float = 0.0
    order_lookup: str = ""
    reopened: bool = False
    transfers: int = 0
    age_s: int = 0
    classified: Mapping[str, FactValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One variable of the rules language; `attribute` is its field in `Facts`, empty for the clock's."""

    name: str
    type: FactType
    attribute: str
    max_chars: int = MAX_WORD_CHARS


VARIABLES: tuple[Variable, ...] = (
    Variable(name="message.text", type="string", attribute="text", max_chars=MAX_TEXT_CHARS),
    Variable(name="message.subject", type="string", attribute="subject", max_chars=MAX_SUBJECT_CHARS),
    Variable(name="message.channel", type="string", attribute="channel"),
    Variable(name="message.account", type="string", attribute="account"),
    Variable(name="message.language", type="string", attribute="language"),
    Variable(name="message.kind", type="string", attribute="kind"),
    Variable(name="message.automatic", type="string", attribute="automatic"),
    Variable(name="customer.id", type="string", attribute="customer_id"),
    Variable(name="customer.tier", type="string", attribute="customer_tier"),
    Variable(name="customer.returning", type="bool", attribute="customer_returning"),
    Variable(name="order.id", type="string", attribute="order_id"),
    Variable(name="order.stage", type="string", attribute="order_stage"),
    Variable(name="order.status", type="string", attribute="order_status"),
    Variable(name="order.value", type="double", attribute="order_value"),
    Variable(name="conversation.reopened", type="bool", attribute="reopened"),
    Variable(name="conversation.transfers", type="int", attribute="transfers"),
    Variable(name="conversation.age_s", type="int", attribute="age_s"),
    Variable(name="now.hour", type="int", attribute=""),
    Variable(name="now.weekday", type="int", attribute=""),
)

_ZERO: dict[FactType, FactValue] = {"string": "", "bool": False, "int": 0, "double": 0.0}


def variable_types(classified: Mapping[str, FactType]) -> dict[str, FactType]:
    """Give the type of every variable, those of declared classifier facts included."""
    fixed: dict[str, FactType] = {variable.name: variable.type for variable in VARIABLES}
    return fixed | {f"facts.{name}": kind for name, kind in classified.items()}


def variable_values(facts: Facts, zone: ZoneInfo, classified: Mapping[str, FactType]) -> dict[str, FactValue]:
    """Give every variable a value of its type, cut to size; what is not known is empty, false or 0."""
    values: dict[str, FactValue] = {}
    for variable in VARIABLES:
        if variable.attribute:
            given = getattr(facts, variable.attribute)
            values[variable.name] = _fitting(given, variable.type, variable.max_chars)
    local = facts.at.astimezone(zone)
    values["now.hour"], values["now.weekday"] = local.hour, local.isoweekday()
    for name, kind in classified.items():
        values[f"facts.{name}"] = _fitting(facts.classified.get(name), kind, MAX_WORD_CHARS)
    return values


def shown_facts(facts: Facts) -> JsonObject:
    """Give what a decision record may keep: everything but the customer's own words."""
    shown = {
        variable.name: getattr(facts, variable.attribute)
        for variable in VARIABLES
        if variable.attribute and variable.name not in ("message.text", "message.subject")
    }
    if facts.order_lookup:
        shown[ORDER_LOOKUP] = facts.order_lookup
    return shown | {f"facts.{name}": value for name, value in facts.classified.items()}


def facts_from_shown(shown: JsonObject, *, at: datetime, text: str, subject: str) -> Facts:
    """Build facts from what a record kept of them and the customer's words; what is missing is not known."""
    known = {
        variable.attribute: shown[variable.name]
        for variable in VARIABLES
        if variable.attribute and is_of_type(shown.get(variable.name), variable.type)
    }
    lookup = shown.get(ORDER_LOOKUP)
    if isinstance(lookup, str):
        known["order_lookup"] = lookup
    classified = {
        name.removeprefix("facts."): value
        for name, value in shown.items()
        if name.startswith("facts.") and isinstance(value, str | bool | int | float)
    }
    return Facts(at=at, **{**known, "text": text, "subject": subject}, classified=classified)  # type: ignore[arg-type]


def is_of_type(value: object, kind: FactType) -> bool:
    """Say whether a value may stand for a variable of this type."""
    if kind == "string":
        return isinstance(value, str)
    if kind == "bool":
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    whole = isinstance(value, int) and abs(value) <= _LARGEST_INT
    return whole if kind == "int" else whole or isinstance(value, float)


def _fitting(value: object, kind: FactType, max_chars: int) -> FactValue:
    """Cut a value to what the evaluator takes; one of another type counts as not known."""
    if isinstance(value, str) and kind == "string":
        cut = value[:max_chars]
        # Halves of surrogate pairs cannot cross into the evaluator.
        return cut if cut.isascii() else cut.encode("utf-8", "replace").decode("utf-8")
    if not is_of_type(value, kind):
        return _ZERO[kind]
    return float(value) if kind == "double" else value  # type: ignore[arg-type,return-value]
