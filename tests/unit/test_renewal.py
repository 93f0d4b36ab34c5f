"""An account whose access token runs out, in a supervised channel against a provider that refuses old tokens."""

import asyncio
from dataclasses import replace
from random import Random

import pytest

from router import Capabilities, Channel, ChannelType, HealthState, Pulled, PullSource, RenewsAccess, Signal
from router.accounts.judgement import Limits
from router.clock import SystemClock
from router.config import Account
from router.errors import AuthExpired, AuthInvalid, Retryable
from router.messages import InboundEvent, OutboundAttempt, RawInbound, Receipt, SendOutcome
from router.supervisor import Supervisor
from router.testing import MemoryStore, make_attempt
from router.testing.channels import NullSettings

LIMITS = Limits(open_s=60, close_s=60, send_s=60, spare_s=60, first_delay_s=0.001, longest_delay_s=0.01)


class Provider:
    """Takes one token at a time; `renewing` lets a test hold a renewal open."""

    def __init__(self) -> None:
        self.good = "t0"
        self.issued = 0
        self.sent: list[str] = []
        self.useless = False
        self.error: Exception | None = None
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()

    def check(self, token: str) -> None:
        if token != self.good:
            raise AuthExpired("token out of date", code="105002")

    async def issue(self) -> str:
        self.begun.set()
        await self.go_on.wait()
        if self.error:
            raise self.error
        self.issued += 1
        token = f"t{self.issued}"
        self.good = "another" if self.useless else token
        return token


PROVIDERS: dict[str, Provider] = {}


class Tokened(Channel[NullSettings], PullSource, RenewsAccess):
    poll_interval_s = 0.005

    def __init__(self, account: str, settings: NullSettings) -> None:
        super().__init__(account, settings)
        self.provider = PROVIDERS[account]
        self.token = "t0"

    def decode(self, raw: RawInbound) -> list[InboundEvent]:
        return []

    async def pull(self, signal: Signal | None = None) -> Pulled:
        if signal is not None:
            self.provider.check(self.token)
            self.provider.sent.append(f"pulled with {self.token}")
        return Pulled()

    async def send(self, attempt: OutboundAttempt) -> Receipt:
        token = self.token
        await asyncio.sleep(0)
        self.provider.check(token)
        self.provider.sent.append(attempt.message_id)
        return Receipt(outcome=SendOutcome.ACCEPTED)

    async def renew_access(self) -> None:
        self.token = await self.provider.issue()


KIND = ChannelType(
    id="tokened",
    title="Tokened",
    settings=NullSettings,
    capabilities=Capabilities(channel_class="chat"),
    factory=Tokened,
)


@pytest.fixture
def provider(request: pytest.FixtureRequest):
    PROVIDERS["shop"] = Provider()
    yield PROVIDERS["shop"]
    PROVIDERS.clear()


class Told:
    def __init__(self) -> None:
        self.changed = asyncio.Event()

    def __call__(self, account: str, health: object) -> None:
        self.changed.set()


def supervise(told: Told, kind: ChannelType = KIND) -> Supervisor:
    return Supervisor(
        [Account(name="shop", channel_type=kind, settings=NullSettings())],
        intake=MemoryStore(clock=SystemClock()),
        clock=SystemClock(),
        public_url="http://127.0.0.1",
        random=Random(1),
        on_health=told,
        limits=LIMITS,
    )


async def until(supervisor: Supervisor, told: Told, state: HealthState) -> None:
    async with asyncio.timeout(60):
        while supervisor.health()["shop"].state is not state:
            told.changed.clear()
            await told.changed.wait()


SHARED = replace(KIND, shares_loop=True)


@pytest.mark.parametrize("kind", [SHARED, KIND], ids=["shared loop", "own thread"])
async def test_twenty_sends_that_find_the_token_expired_renew_it_once(provider: Provider, kind: ChannelType):
    told = Told()
    async with supervise(told, kind) as supervisor:
        await until(supervisor, told, HealthState.OK)
        provider.good = "nobody's"
        channel = supervisor.channel("shop")
        await asyncio.gather(*(channel.send(make_attempt(message_id=f"m{number}")) for number in range(20)))
    assert (provider.issued, sorted(provider.sent)) == (1, sorted(f"m{number}" for number in range(20)))


async def test_pull_that_finds_the_token_expired_goes_on_with_a_new_one(provider: Provider):
    told = Told()
    async with supervise(told, SHARED) as supervisor:
        await until(supervisor, told, HealthState.OK)
        provider.good = "nobody's"
        supervisor.channel("shop")._kept.ring(Signal())
        async with asyncio.timeout(60):
            while not provider.sent:  # noqa: ASYNC110 - the provider rings no bell
                await asyncio.sleep(0.001)
        assert supervisor.health()["shop"].state is HealthState.OK
    assert (provider.issued, provider.sent) == (1, ["pulled with t1"])


async def test_renewed_token_refused_as_well_parks_the_account(provider: Provider):
    told = Told()
    async with supervise(told, SHARED) as supervisor:
        await until(supervisor, told, HealthState.OK)
        provider.good, provider.useless = "nobody's", True
        with pytest.raises(AuthInvalid, match="the renewed access is refused") as refused:
            await supervisor.channel("shop").send(make_attempt())
        await until(supervisor, told, HealthState.AUTH_NEEDED)
    assert (refused.value.code, provider.issued) == ("105002", 1)


@pytest.mark.parametrize("error", [RuntimeError("a bug"), Retryable("the token server is away")])
async def test_renewal_that_fails_leaves_no_doubt_about_the_send(provider: Provider, error: Exception):
    told = Told()
    async with supervise(told, SHARED) as supervisor:
        await until(supervisor, told, HealthState.OK)
        provider.good, provider.error = "nobody's", error
        with pytest.raises(Retryable, match=str(error)):
            await supervisor.channel("shop").send(make_attempt())
        provider.error = None
        assert await supervisor.channel("shop").send(make_attempt())
    assert provider.issued == 1


async def test_caller_that_gives_up_does_not_cut_the_renewal(provider: Provider):
    told = Told()
    async with supervise(told, SHARED) as supervisor:
        await until(supervisor, told, HealthState.OK)
        provider.good = "nobody's"
        provider.go_on.clear()
        first = asyncio.ensure_future(supervisor.channel("shop").send(make_attempt()))
        await provider.begun.wait()
        first.cancel()
        await asyncio.wait({first})
        provider.go_on.set()
        await supervisor.channel("shop").send(make_attempt(message_id="second"))
    assert (provider.issued, provider.sent) == (1, ["second"])
