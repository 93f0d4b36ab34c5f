"""Every code and status of TikTok Shop, and the class it stands for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from router_marketplace.calls import Answer, Call
from router_marketplace.tiktok.errors import refusal_of
from router_marketplace.tiktok.facts import FACTS

from router import errors

NOW = datetime(2026, 3, 1, 22, 0, tzinfo=UTC)
SEND = Call(method="POST", path="/x", writes=True)
READ = Call(method="GET", path="/x")

TABLE = [
    (36009002, 200, "RateLimited"),
    (45101004, 200, "RateLimited"),
    (45111012, 200, "RateLimited"),
    (36009003, 200, "Retryable"),
    (36009007, 200, "Retryable"),
    (105002, 401, "AuthExpired"),
    (106001, 401, "AuthInvalid"),
    (36009004, 400, "AuthInvalid"),
    (105005, 403, "AuthInvalid"),
    (36009033, 403, "AuthInvalid"),
    (45101006, 200, "ContentRejected"),
    (45109001, 200, "NotAllowedNow"),
    (45109003, 200, "NotAllowedNow"),
    (45101001, 400, "Permanent"),
    (45101003, 404, "Permanent"),
    (45111017, 200, "Permanent"),
    (99999999, 200, "Permanent"),
    (99999999, 503, "Retryable"),
    (None, 429, "RateLimited"),
    (None, 500, "Retryable"),
    (None, 504, "Retryable"),
    (None, 401, "AuthExpired"),
    (None, 403, "AuthInvalid"),
    (None, 404, "Permanent"),
    (0, 500, "Retryable"),
]


def _said(code: int | None, status: int, **headers: str) -> Answer:
    document = {} if code is None else {"code": code, "message": "words of the platform"}
    return Answer(status=status, document=document, headers=headers)


@pytest.mark.parametrize(("code", "status", "name"), TABLE)
def test_code_and_status_stand_for_their_class(code: int | None, status: int, name: str) -> None:
    found = refusal_of(SEND, _said(code, status), NOW)
    assert type(found) is getattr(errors, name)


def test_table_names_every_code_of_the_facts() -> None:
    assert set(FACTS.codes) <= {str(code) for code, _, _ in TABLE}


def test_success_is_no_error() -> None:
    assert refusal_of(SEND, Answer(status=200, document={"code": 0, "message": "Success"}), NOW) is None


def test_spent_day_pauses_until_the_next_one_and_not_longer() -> None:
    found = refusal_of(SEND, _said(45101004, 200), NOW)
    assert found is not None
    assert found.retry_after_s == 2 * 3600


def test_retry_after_counts_and_nonsense_in_it_does_not() -> None:
    told = refusal_of(SEND, _said(None, 429, **{"retry-after": "7"}), NOW)
    strange = refusal_of(SEND, _said(36009002, 200, **{"retry-after": "soon"}), NOW)
    assert told is not None
    assert strange is not None
    assert told.retry_after_s == 7
    assert strange.retry_after_s == 1


def test_answer_without_a_verdict_leaves_a_send_in_doubt_and_a_read_to_be_repeated() -> None:
    empty = Answer(status=200)
    assert type(refusal_of(SEND, empty, NOW)) is errors.UnknownOutcome
    assert type(refusal_of(READ, empty, NOW)) is errors.Retryable


def test_agent_reads_the_platforms_words() -> None:
    found = refusal_of(SEND, _said(45109001, 200), NOW)
    assert found is not None
    assert found.public_text == "words of the platform"
    assert found.code == "45109001"
