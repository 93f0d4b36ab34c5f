"""Which failures are retried, which end an account, and how long each waits."""

from random import Random

import pytest

from router import HealthState
from router.accounts.judgement import FailureRecord, Limits, cause_of
from router.errors import AuthExpired, AuthInvalid, RateLimited, Retryable


@pytest.fixture
def record() -> FailureRecord:
    return FailureRecord(limits=Limits(), random=Random(7))


def test_delays_grow_from_a_second_to_five_minutes_and_never_leave_that_range(record: FailureRecord):
    delays = [record.judge(ConnectionResetError(), at_s=0.0).delay_s for _ in range(200)]
    assert all(delay is not None and 1.0 <= delay <= 300.0 for delay in delays)
    assert max(delays[:2], key=lambda delay: delay or 0) <= 4.0  # type: ignore[operator]
    assert max(delay or 0.0 for delay in delays) > 200.0


def test_delays_differ_between_accounts():
    first, second = (
        [FailureRecord(limits=Limits(), random=Random(seed)).judge(OSError(), 0.0).delay_s for _ in range(3)]
        for seed in (1, 2)
    )
    assert first != second


def test_provider_that_names_a_delay_is_not_asked_earlier(record: FailureRecord):
    assert record.judge(RateLimited(retry_after_s=120.0), 0.0).delay_s == 120.0


def test_five_crashes_in_a_row_within_the_window_fail_the_account(record: FailureRecord):
    states = [record.judge(RuntimeError(), at_s=float(second)).state for second in range(5)]
    assert states == [HealthState.DOWN] * 4 + [HealthState.FAILED]


def test_crashes_apart_by_more_than_the_window_never_fail_the_account(record: FailureRecord):
    states = {record.judge(RuntimeError(), at_s=second * 100.0).state for second in range(50)}
    assert states == {HealthState.DOWN}


def test_success_between_crashes_starts_the_count_anew(record: FailureRecord):
    for second in range(4):
        record.judge(RuntimeError(), at_s=float(second))
    record.clear()
    assert record.judge(RuntimeError(), at_s=4.0).state is HealthState.DOWN


def test_refused_credentials_need_an_admin_at_once(record: FailureRecord):
    verdict = record.judge(AuthInvalid(), 0.0)
    assert (verdict.state, verdict.delay_s) == (HealthState.AUTH_NEEDED, None)


def test_expired_token_is_renewed_once_and_then_needs_an_admin(record: FailureRecord):
    assert record.judge(AuthExpired(), 0.0).state is HealthState.DOWN
    assert record.judge(AuthExpired(), 1.0).state is HealthState.AUTH_NEEDED


def test_cause_is_one_short_line():
    assert cause_of(Retryable("busy\nstack and body")) == "Retryable: busy"
    assert cause_of(ValueError()) == "ValueError"
    assert len(cause_of(ValueError("x" * 9000))) == 300
