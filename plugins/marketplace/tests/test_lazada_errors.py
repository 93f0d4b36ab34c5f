"""Every code, type and status of Lazada, and the class it stands for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from router_marketplace.calls import Answer, Call
from router_marketplace.lazada.errors import refusal_of
from router_marketplace.lazada.facts import FACTS

from router import errors

NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
SEND = Call(method="POST", path="/im/message/send", writes=True)
OPEN = Call(method="POST", path="/im/session/open")
RECALL = Call(method="POST", path="/im/message/recall")

GATEWAY = [
    ("IllegalAccessToken", "ISV", "AuthExpired"),
    ("AccessTokenExpired", "ISV", "AuthExpired"),
    ("IllegalRefreshToken", "ISV", "AuthInvalid"),
    ("IncompleteSignature", "ISV", "AuthInvalid"),
    ("InvalidAppKey", "ISV", "AuthInvalid"),
    ("MissingAppKey", "ISV", "AuthInvalid"),
    ("IllegalTimestamp", "ISV", "AuthInvalid"),
    ("InsufficientPermission", "ISV", "AuthInvalid"),
    ("AppWhiteIpLimit", "ISV", "AuthInvalid"),
    ("ApiCallLimit", "ISV", "RateLimited"),
    ("AppCallLimit", "ISV", "RateLimited"),
    ("SellerCallLimit", "ISV", "RateLimited"),
    ("ServiceTimeout", "SYSTEM", "Retryable"),
    ("SystemError", "SYSTEM", "Retryable"),
    ("InvalidPath", "ISV", "Permanent"),
    ("MissingParameter", "ISV", "Permanent"),
    ("InvalidParameter", "ISV", "Permanent"),
    ("NobodyKnows", "SYSTEM", "Retryable"),
    ("NobodyKnows", "ISV", "Permanent"),
    ("NobodyKnows", "ISP", "Retryable"),
    ("NobodyKnows", "", "Permanent"),
]


def _said(status: int = 200, **said: Any) -> Answer:
    return Answer(status=status, document=said)


@pytest.mark.parametrize(("code", "fault", "name"), GATEWAY)
def test_gateway_code_and_type_stand_for_their_class(code: str, fault: str, name: str) -> None:
    told = {"code": code, "message": "words"} | ({"type": fault} if fault else {})
    found = refusal_of(SEND, _said(**told), NOW)
    assert type(found) is getattr(errors, name)
    assert found.code == code


def test_table_names_every_code_of_the_facts() -> None:
    named = {code for code, _, _ in GATEWAY} | {fault for _, fault, _ in GATEWAY} | {"-22"}
    assert set(FACTS.codes) <= named


def test_order_too_old_for_a_chat_is_not_allowed_now_in_words() -> None:
    found = refusal_of(OPEN, _said(code="0", success=False, err_code="-22", err_message="30 days"), NOW)
    assert type(found) is errors.NotAllowedNow
    assert found.code == "-22"
    assert found.public_text == FACTS.rules.too_old


def test_recall_refused_by_the_service_is_too_late_not_an_error_for_good() -> None:
    found = refusal_of(RECALL, _said(code="0", success=False, err_code="-30", err_message="too late"), NOW)
    assert type(found) is errors.NotAllowedNow
    assert found.public_text == FACTS.rules.not_recalled


@pytest.mark.parametrize(
    ("status", "name"),
    [(429, "RateLimited"), (500, "Retryable"), (503, "Retryable"), (404, "Permanent")],
)
def test_status_without_a_body_stands_for_its_class(status: int, name: str) -> None:
    assert type(refusal_of(SEND, _said(status), NOW)) is getattr(errors, name)


def test_service_refusal_inside_a_200_is_no_success() -> None:
    found = refusal_of(SEND, _said(code="0", success=False), NOW)
    assert type(found) is errors.Permanent


def test_success_is_no_error() -> None:
    assert (
        refusal_of(SEND, _said(code="0", success=True, err_code="0", data={"message_id": "1"}), NOW) is None
    )
    assert refusal_of(OPEN, _said(code="0", session_id="s"), NOW) is None


def test_answer_without_a_verdict_leaves_a_send_in_doubt_and_a_read_to_be_repeated() -> None:
    assert type(refusal_of(SEND, _said(), NOW)) is errors.UnknownOutcome
    assert type(refusal_of(OPEN, _said(), NOW)) is errors.Retryable
