"""Calls nobody could verify: counted by reason for operators, quiet in the log, and no part of an account's health."""

import logging
from collections.abc import Sequence

import pytest

from router import Capabilities, Channel, ChannelType, HealthState, HttpReply, HttpRequest, PushSource
from router.accounts.refusals import MOST_REASONS, Refusals
from router.config import Account
from router.errors import InboundRejected
from router.messages import InboundEvent, RawInbound
from router.testing import FakeClock
from router.testing.channels import NullSettings
from tests.integration.house import NOW
from tests.unit.supervised import REQUEST, Watcher, supervise


class Guarded(Channel[NullSettings], PushSource):
    """Takes calls whose body is the secret."""

    def decode(self, raw: RawInbound) -> Sequence[InboundEvent]:
        return []

    async def handle_http(self, request: HttpRequest) -> HttpReply:
        if request.body == b"nonsense":
            return HttpReply(status=400)
        if request.body != b"secret":
            raise InboundRejected("the signature does not match; check SHOP_SECRET")
        return HttpReply()


def call(body: bytes) -> HttpRequest:
    return HttpRequest(method="POST", path="/", query={}, headers={}, body=body, remote="192.0.2.1")


def test_refusals_are_counted_by_reason_with_the_last_words_and_times():
    clock = FakeClock(NOW)
    refusals = Refusals("shop", clock)
    refusals.refused(InboundRejected("check the secret"))
    clock.advance(5)
    refusals.refused(InboundRejected("check the clock", code="stale"))
    clock.advance(5)
    refusals.refused(InboundRejected("check the other secret"))
    refusals.took()
    signature, stale = refusals.list()
    assert (signature.reason, signature.count, signature.why) == ("signature", 2, "check the other secret")
    assert (signature.since, (signature.last_at - NOW).total_seconds()) == (NOW, 10)
    assert (stale.reason, stale.count, stale.taken_at) == ("stale", 1, clock.now())


def test_flood_is_counted_whole_and_logged_at_every_tenfold(caplog: pytest.LogCaptureFixture):
    refusals = Refusals("shop", FakeClock(NOW))
    with caplog.at_level(logging.WARNING):
        for _ in range(1_234):
            refusals.refused(InboundRejected("check the secret"))
    assert refusals.list()[0].count == 1_234
    assert [record.getMessage().split(" ", 1)[0] for record in caplog.records] == ["1", "10", "100", "1000"]
    assert "check the secret" in caplog.text


def test_reasons_and_words_of_a_channel_are_bounded():
    refusals = Refusals("shop", FakeClock(NOW))
    for number in range(50):
        refusals.refused(InboundRejected("x" * 5_000, code=f"{number}" * 500))
    told = refusals.list()
    assert len(told) == MOST_REASONS + 1
    assert sum(one.count for one in told) == 50
    assert max(len(one.reason) + len(one.why) for one in told) < 300


@pytest.mark.parametrize("shares_loop", [True, False], ids=["shared loop", "own thread"])
async def test_strangers_calls_are_told_of_and_leave_the_account_well(shares_loop: bool):
    kind = ChannelType(
        id="guarded", title="Guarded", settings=NullSettings, capabilities=Capabilities(channel_class="chat"),
        factory=Guarded, shares_loop=shares_loop,
    )  # fmt: skip
    watcher = Watcher()
    account = Account(name="shop", channel_type=kind, settings=NullSettings())
    async with supervise(account, watcher=watcher) as supervisor:
        await watcher.until("shop", HealthState.OK)
        channel = supervisor.channel("shop")
        for _ in range(2):
            with pytest.raises(InboundRejected):
                await channel.handle_http(REQUEST)
        await channel.handle_http(call(b"nonsense"))
        (refused,) = channel.refused
        assert (refused.count, refused.taken_at) == (2, None)
        assert refused.why == "the signature does not match; check SHOP_SECRET"
        await channel.handle_http(call(b"secret"))
        assert channel.refused[0].taken_at is not None
        assert channel.health.state is HealthState.OK
        assert {health.state for _, health in watcher.told} <= {HealthState.STARTING, HealthState.OK}
