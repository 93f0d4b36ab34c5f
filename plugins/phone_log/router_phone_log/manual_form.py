"""The form for a call an agent enters: what the desk shows, and its filled fields checked.

In: a filled form as JSON. Out: its fields, or MalformedMessage naming every field that is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from router.calls import CallOutcome
from router.errors import MalformedMessage
from router.messages import JsonObject
from router_phone_log.times import BadTime, read_seconds, read_time

MAX_FORM_BYTES = 64 * 1024


def _time(value: Any) -> datetime | None:
    if value in (None, ""):
        return None
    try:
        return read_time(str(value))
    except BadTime as error:
        raise ValueError(str(error)) from None


def _length(value: Any) -> float | None:
    if value in (None, ""):
        return None
    try:
        return read_seconds(str(value))
    except BadTime as error:
        raise ValueError(str(error)) from None


Time = Annotated[datetime | None, BeforeValidator(_time)]
Length = Annotated[float | None, BeforeValidator(_length)]


_LENGTHS: Mapping[str, int] = {
    "number": 100,
    "customer_name": 200,
    "order": 200,
    "reason": 2000,
    "result": 2000,
    "note": 8000,
    "promise": 2000,
    "agent": 200,
}


class CallForm(BaseModel):
    """What the form holds; times without a zone are in the account's.

    `entry_id` is for programs: entries with the same one are one entry, however often they come.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, str_strip_whitespace=True)

    direction: Literal["inbound", "outbound"]
    number: str = Field(default="", max_length=_LENGTHS["number"])
    outcome: CallOutcome
    started_at: Time = None
    ended_at: Time = None
    duration: Length = None
    customer_name: str = Field(default="", max_length=_LENGTHS["customer_name"])
    order: str = Field(default="", max_length=_LENGTHS["order"])
    reason: str = Field(default="", max_length=_LENGTHS["reason"])
    result: str = Field(default="", max_length=_LENGTHS["result"])
    note: str = Field(default="", max_length=_LENGTHS["note"])
    promise: str = Field(default="", max_length=_LENGTHS["promise"])
    promise_until: Time = None
    agent: str = Field(default="", max_length=_LENGTHS["agent"])
    entry_id: str = Field(default="", max_length=100)


_TEXTS: Mapping[str, tuple[str, str]] = {
    "direction": ("Who called", "呼叫方向"),
    "number": ("Customer's number (empty: withheld)", "客户号码（未显示时留空）"),
    "outcome": ("How it ended", "通话结果"),
    "started_at": ("Began at (empty: just now)", "开始时间（留空表示刚刚）"),
    "ended_at": ("Ended at", "结束时间"),
    "duration": ("Talked (seconds or mm:ss)", "通话时长（秒或 分:秒）"),
    "customer_name": ("Customer's name", "客户姓名"),
    "order": ("Order", "订单号"),
    "reason": ("Why the customer called", "来电原因"),
    "result": ("What was done", "处理结果"),
    "note": ("Note", "备注"),
    "promise": ("What was promised", "承诺事项"),
    "promise_until": ("Promised until", "承诺时限"),
    "agent": ("Agent's extension", "坐席分机"),
}
_CHOICES: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "direction": {"inbound": ("The customer", "客户来电"), "outbound": ("We", "我方去电")},
    "outcome": {
        "answered": ("Talked", "已接通"),
        "missed": ("Nobody answered", "未接听"),
        "abandoned": ("Hung up while waiting", "排队时挂断"),
        "busy": ("Busy", "占线"),
        "voicemail": ("Left a message", "语音留言"),
        "rejected": ("Refused", "拒接"),
        "failed": ("Could not be reached", "无法接通"),
    },
}
_FORMATS = {"started_at": "date-time", "ended_at": "date-time", "promise_until": "date-time"}
_LONG = frozenset({"reason", "result", "note", "promise"})


def form_schema() -> JsonObject:
    """Give the JSON Schema of the form: titles in English, those in Chinese under `x-titles`."""
    properties: dict[str, Any] = {}
    for name, (english, chinese) in _TEXTS.items():
        field: dict[str, Any] = {
            "type": "string",
            "title": english,
            "x-titles": {"en": english, "zh": chinese},
        }
        if name in _LENGTHS:
            field["maxLength"] = _LENGTHS[name]
        if name in _FORMATS:
            field["format"] = _FORMATS[name]
        if name in _LONG:
            field["x-lines"] = 3
        if name in _CHOICES:
            choices = _CHOICES[name]
            field["enum"] = list(choices)
            field["x-choices"] = {
                value: {"en": text, "zh": translated} for value, (text, translated) in choices.items()
            }
        properties[name] = field
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "title": "Phone call",
        "x-titles": {"en": "Phone call", "zh": "电话记录"},
        "required": ["direction", "outcome"],
        "additionalProperties": False,
        "properties": properties,
    }


def read_form(raw: bytes) -> CallForm:
    """Check a filled form."""
    if len(raw) > MAX_FORM_BYTES:
        raise MalformedMessage("the form is too large", code="form")
    try:
        return CallForm.model_validate_json(raw)
    except ValidationError as error:
        raise MalformedMessage("; ".join(_said(one) for one in error.errors()), code="form") from None
    except RecursionError:
        raise MalformedMessage("the form is nested too deeply", code="form") from None


def _said(problem: Any) -> str:
    where = ".".join(str(part) for part in problem["loc"]) or "form"
    what = "is no field of this form" if problem["type"] == "extra_forbidden" else problem["msg"]
    return f"{where}: {str(what).removeprefix('Value error, ')}"
