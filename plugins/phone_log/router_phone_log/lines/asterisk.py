"""An Asterisk server's manager interface: its events become facts, and it calls when told to."""

from __future__ import annotations

import hashlib
import re
from typing import ClassVar

from router.calls import CallDirection
from router.channel import ChannelContext
from router.errors import AuthInvalid, Permanent
from router.messages import Receipt, SendOutcome
from router_phone_log.facts import Reading
from router_phone_log.lines.asterisk_events import GONE, SOURCE, advance, key_of
from router_phone_log.lines.calls import LineCall
from router_phone_log.lines.connection import LineConnection
from router_phone_log.lines.line import Line
from router_phone_log.lines.wires import AmiWire, Message
from router_phone_log.settings import AsteriskSettings, secret

_AGENT = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,100}")
RING_MS = 30_000
_LEGS_KEPT = 5000


class AsteriskLine(Line):
    """One login to one server."""

    source: ClassVar[str] = SOURCE
    greeting: ClassVar[bytes] = b"Asterisk Call Manager"

    def __init__(self, ctx: ChannelContext, zone: str, settings: AsteriskSettings, reading: Reading) -> None:
        connection = LineConnection(AmiWire(), settings.host, settings.port, settings.timeout_s)
        super().__init__(ctx, zone, connection, settings.ping_s)
        self._settings = settings
        self._reading = reading
        self._key_by_leg: dict[str, str] = {}
        self._still_up: set[str] = set()

    async def greet(self) -> None:
        """Log in, without the secret on the wire unless `plain` is asked for; then see what calls still are."""
        password = secret(self._settings.secret_env)
        login = {"Action": "Login", "Username": self._settings.user, "Events": "call,cdr,agent"}
        if self._settings.login == "md5":
            asked = await self.connection.ask({"Action": "Challenge", "AuthType": "MD5"})
            challenge = asked.fields.get("Challenge", "")
            # The interface knows no better digest; the README says to keep the port on a private network.
            key = hashlib.md5((challenge + password).encode(), usedforsecurity=False).hexdigest()
            login |= {"AuthType": "MD5", "Key": key}
        else:
            login["Secret"] = password
        answer = await self.connection.ask(login)
        if answer.fields.get("Response") != "Success":
            raise AuthInvalid(
                f"Asterisk refuses the login: {answer.fields.get('Message', 'no reason given')}",
                code="login_refused",
            )
        if self.open_calls():
            self._still_up.clear()
            await self.connection.ask({"Action": "CoreShowChannels"})

    async def idle(self) -> None:
        """Ping."""
        answer = await self.connection.ask({"Action": "Ping"})
        if answer.fields.get("Response") != "Success":
            raise ConnectionError("Asterisk does not answer a ping")

    async def take(self, message: Message) -> None:
        """Deal with one event."""
        event = dict(message.fields)
        kind = event.get("Event", "")
        if kind == "CoreShowChannel":
            self._still_up.add(key_of(event))
        elif kind == "CoreShowChannelsComplete":
            await self._end_gone_calls()
        elif kind == "Newchannel":
            self._note_leg(event.get("Uniqueid", ""), key_of(event))
        key = self._key_by_leg.get(key_of(event), key_of(event))
        if kind == "OriginateResponse" and event.get("Uniqueid", "<null>") == "<null>":
            # The channel never came to be; the action was asked under the id it was to have.
            key = event.get("ActionID", "")
        if key:
            await self._learn(key, event, message.raw)

    async def call(self, number: str, agent: str, ref: str) -> Receipt:
        """Ring the agent's phone, then the customer; the channel's id is the attempt's."""
        if not _AGENT.fullmatch(agent):
            raise Permanent("say which extension is to ring first", code="no_line")
        channel_id = (
            ref if _SAFE_ID.fullmatch(ref) else hashlib.blake2b(ref.encode(), digest_size=16).hexdigest()
        )
        await self.keep(
            LineCall(
                key=channel_id, stated=CallDirection.OUTBOUND, caller=agent, callee=number, agent=agent,
                attempt_ref=ref,
            )
        )  # fmt: skip
        action = {
            "Action": "Originate",
            "Channel": self._settings.line.replace("{agent}", agent),
            "Exten": number,
            "Context": self._settings.context,
            "Priority": "1",
            "Timeout": str(RING_MS),
            "Async": "true",
            "ChannelId": channel_id,
            "Variable": f"CDR(userfield)=attempt={channel_id}",
        }
        if self._settings.caller_id:
            action["CallerID"] = self._settings.caller_id
        answer = await self.connection.ask(action, token=channel_id)
        said = answer.fields.get("Message", "")
        if answer.fields.get("Response") != "Success":
            raise Permanent(f"Asterisk does not place the call: {said}", code="originate_refused")
        return Receipt(outcome=SendOutcome.ACCEPTED, remote_ref=channel_id, detail=said)

    async def _learn(self, key: str, event: dict[str, str], raw: bytes) -> None:
        """Store an event if it tells of a call."""
        before = await self.known(key)
        at = self.ctx.clock.now()
        after = advance(before, event, at, self._reading)
        if after is not None:
            await self.store(raw, before, after, at)

    async def _end_gone_calls(self) -> None:
        """End the calls that ended while we were not connected."""
        for call in self.open_calls():
            # A call we placed has no beginning until its channel is there.
            if call.started_at is not None and call.key not in self._still_up:
                event = {"Event": GONE, "Linkedid": call.key}
                await self._learn(call.key, event, f"Event: {GONE}\r\nLinkedid: {call.key}\r\n".encode())

    def _note_leg(self, leg: str, key: str) -> None:
        """Remember which call a leg is of, as its record names the leg only."""
        if leg and leg != key:
            self._key_by_leg[leg] = key
            if len(self._key_by_leg) > _LEGS_KEPT:
                del self._key_by_leg[next(iter(self._key_by_leg))]
