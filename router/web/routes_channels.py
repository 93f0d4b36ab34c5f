"""Calls about channel accounts: their health, starting anew and pausing, and entries by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from router.messages import AcceptOutcome
from router.model.refusals import RefusedCalls
from router.threads import ActionKind
from router.web.auth import Caller
from router.web.binder import Body, Call
from router.web.services import AccountHealth, Services


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelHealth:
    """How one account is doing; `refused` is for admins and supervisors."""

    account: str
    channel: str
    title: str
    state: str
    cause: str
    since: datetime | None
    next_try: datetime | None
    acts: Sequence[ActionKind]
    refused: Sequence[RefusedCalls]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelList:
    """All configured accounts; `stray_calls` named none of them."""

    channels: Sequence[ChannelHealth]
    stray_calls: Sequence[RefusedCalls]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryForm:
    """The JSON Schema of what can be entered by hand."""

    form: Mapping[str, Any]


class Entry(Body):
    """What an agent has filled in."""

    form: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What became of an entry."""

    outcome: AcceptOutcome
    inbound_id: str


class ChannelCalls:
    """Calls about channel accounts."""

    def __init__(self, services: Services) -> None:
        self._channels = services.channels

    def calls(self) -> list[Call]:
        """List the calls."""
        one = "/channels/{account}"
        return [
            Call(method="GET", path="/channels", action=self.list_channels),
            Call(method="POST", path=f"{one}/restart", action=self.restart, status=204, admin=True),
            Call(method="POST", path=f"{one}/pause", action=self.pause, status=204, admin=True),
            Call(method="GET", path=f"{one}/form", action=self.read_form),
            Call(method="POST", path=f"{one}/entries", action=self.enter, status=201),
        ]

    async def list_channels(self, caller: Caller) -> ChannelList:
        """List the configured accounts with their health."""
        sees = caller.supervises
        return ChannelList(
            channels=[self._channel(one, sees) for one in self._channels.health()],
            stray_calls=self._channels.stray_calls() if sees else (),
        )

    async def restart(self, caller: Caller, account: str) -> None:
        """Close an account and open it anew, also a failed or paused one."""
        self._channels.restart(account)

    async def pause(self, caller: Caller, account: str) -> None:
        """Close an account until it is restarted."""
        self._channels.pause(account)

    async def read_form(self, caller: Caller, account: str) -> EntryForm:
        """Read the form of an account whose items are entered by hand."""
        return EntryForm(form=self._channels.form_schema(account))

    async def enter(self, caller: Caller, account: str, body: Entry) -> Entered:
        """Enter an item by hand."""
        result = await self._channels.submit(account, body.form)
        return Entered(outcome=result.outcome, inbound_id=result.inbound_id)

    def _channel(self, one: AccountHealth, sees_refused: bool) -> ChannelHealth:
        return ChannelHealth(
            account=one.account,
            channel=one.channel,
            title=one.title,
            state=one.health.state,
            cause=one.health.cause,
            since=one.health.since,
            next_try=one.health.next_try,
            acts=[act for act in ActionKind if self._channels.can(one.account, act)],
            refused=one.refused if sees_refused else (),
        )
