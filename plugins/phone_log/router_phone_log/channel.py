"""The channel of one phone system that tells of its calls afterwards: files, posts and entries by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from router import Capabilities, Health, HealthState
from router.capabilities import PushTerms
from router.channel import (
    Channel,
    ChannelContext,
    HttpReply,
    HttpRequest,
    ManualSource,
    Pulled,
    PullSource,
    PushSource,
    Signal,
)
from router.errors import InboundRejected, Permanent
from router.messages import (
    AcceptResult,
    InboundEvent,
    JsonObject,
    OutboundAttempt,
    RawInbound,
    Receipt,
)
from router_phone_log import manual
from router_phone_log.decoding import LOG_SOURCES, Decode, Decoder
from router_phone_log.files.importer import Importer
from router_phone_log.files.places import Places
from router_phone_log.manual_form import form_schema
from router_phone_log.posts.webhook import Webhook
from router_phone_log.settings import PhoneLogSettings

CAPABILITIES = Capabilities(
    channel_class="phone",
    outbound=False,
    blocks=frozenset(),
    thread_kinds=frozenset(),
    events=frozenset({"call"}),
    identity_kinds=frozenset({"phone"}),
    # Twilio waits 15 s and repeats what it got no answer to.
    push=PushTerms(ack_within_ms=15_000),
)

SettingsT = TypeVar("SettingsT", bound=PhoneLogSettings)


class PhoneChannel(Channel[SettingsT], PullSource, PushSource, ManualSource):
    """What every phone account has: the records of its calls, and the form to enter one."""

    sources: Mapping[str, Decode] = LOG_SOURCES

    def __init__(self, account: str, settings: SettingsT) -> None:
        super().__init__(account, settings)
        self.poll_interval_s = settings.poll_s
        self._decoder = Decoder(settings, self.sources)
        self._importer = Importer(settings, self._decoder.reading)
        self._webhook: Webhook | None = None
        self._troubles: Sequence[str] = ()

    async def open(self, ctx: ChannelContext) -> None:
        """Check what only now can be checked: the maps the files name, and the webhook's secret."""
        await super().open(ctx)
        for file in self.settings.files:
            self._importer.map_named(file.map)
        if self.settings.webhook is not None:
            self._webhook = Webhook(self.settings.webhook, self.settings.zone, ctx)

    async def pull(self, signal: Signal | None = None) -> Pulled:
        """Store the next rows of the files, and the place behind them in the same commit."""
        if not self.settings.files:
            return Pulled()
        places = Places.of_json(await self.ctx.cursor())
        # Blocking, but short: an account has a thread of its own, and a batch is bounded.
        batch = self._importer.next_batch(places, self.ctx.clock.now())
        self._tell(batch.troubles)
        if batch.places != places:
            await self.ctx.accept(batch.items, cursor=batch.places.to_json())
        return Pulled(items=len(batch.items), more=batch.more)

    async def handle_http(self, request: HttpRequest) -> HttpReply:
        """Store a post of the phone system."""
        if self._webhook is None:
            raise InboundRejected("this account takes no posts; set webhook")
        return await self._webhook.take(request)

    def form_schema(self) -> JsonObject:
        """Describe the form for one call."""
        return form_schema()

    async def submit(self, form: JsonObject) -> AcceptResult:
        """Store one filled form."""
        now = self.ctx.clock.now()
        item = manual.form_item(form, self.settings.zone, self._decoder.reading, now)
        [result] = await self.ctx.accept([item])
        return result

    def decode(self, raw: RawInbound) -> Sequence[InboundEvent]:
        """Read one stored row, post, event or form."""
        return self._decoder.decode(raw)

    async def send(self, attempt: OutboundAttempt) -> Receipt:
        """Refuse: nobody reads a text on a phone, an answer is a call back."""
        raise Permanent(
            "a phone takes no text; call the customer back", code="no_text", alternatives=("call_back",)
        )

    async def health(self) -> Health:
        """Say whether every file is there."""
        if self._troubles:
            return Health(state=HealthState.DEGRADED, cause="; ".join(self._troubles)[:300])
        return Health(state=HealthState.OK)

    def _tell(self, troubles: Sequence[str]) -> None:
        """Report what cannot be read, once for each change."""
        if tuple(troubles) == tuple(self._troubles):
            return
        self._troubles = tuple(troubles)
        cause = "; ".join(troubles)[:300]
        state = HealthState.DEGRADED if troubles else HealthState.OK
        self.ctx.set_health(Health(state=state, cause=cause, since=self.ctx.clock.now()))


class PhoneLogChannel(PhoneChannel[PhoneLogSettings]):
    """A phone system that is not watched live."""
