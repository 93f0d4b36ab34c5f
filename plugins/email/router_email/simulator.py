"""A relay that records and fails on demand, and a peer that delivers mail by real SMTP.

For the contract suite and the demo: loopback only, real sockets on both sides.
"""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import Sequence
from datetime import UTC, datetime

from aiosmtpd.smtp import SMTP, Envelope, Session
from pydantic import BaseModel

from router.channel import AnyChannel
from router.messages import RawInbound
from router_email.channel import EmailChannel
from router_email.door import Connection, Connections
from router_email.identity import dedupe_key
from router_email.settings import EmailSettings, Listener, Security, SmtpOutSettings

ADDRESS = "support@shop.example"

# What the relay answers at RCPT, after the data, or by hanging up.
_AT_RECIPIENT = {
    "Retryable": "451 4.3.0 Busy, try again later",
    "RateLimited": "450 4.7.28 Too fast, slow down",
    "AuthInvalid": "530 5.7.0 Log in first",
    "RecipientGone": "550 5.1.1 No such user",
    "Permanent": "550 5.7.1 Not from you",
}
_AFTER_CONTENT = {"ContentRejected": "554 5.6.0 Not this content"}
_HANGS_UP = "UnknownOutcome"


class _Relay:
    """The relay's side of the dialogue."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.envelopes: list[tuple[str, list[str]]] = []
        self.failures: list[str] = []

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        if self.failures and self.failures[0] in _AT_RECIPIENT:
            return _AT_RECIPIENT[self.failures.pop(0)]
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        failure = self.failures.pop(0) if self.failures else ""
        if failure in _AFTER_CONTENT:
            return _AFTER_CONTENT[failure]
        self.received.append(bytes(envelope.original_content or b""))
        self.envelopes.append(((envelope.mail_from or "").strip("<>"), list(envelope.rcpt_tos)))
        if failure == _HANGS_UP and server.transport is not None:
            server.transport.abort()  # type: ignore[attr-defined]
        return "250 2.0.0 Queued"


class EmailSimulator:
    """Implements `router.channel.Simulator` for the e-mail channel."""

    def __init__(self) -> None:
        self._relay = _Relay()
        self._server: asyncio.Server | None = None
        self._connections = Connections()

    def settings(self) -> BaseModel:
        """Give settings with both listeners on free ports and our relay; call after `start`."""
        relay = None
        if self._server is not None:
            port: int = self._server.sockets[0].getsockname()[1]
            relay = SmtpOutSettings(host="127.0.0.1", port=port, security=Security.NONE, timeout_s=60)
        return EmailSettings(
            address=ADDRESS, name="Shop", smtp_in=Listener(port=0), lmtp_in=Listener(port=0), smtp_out=relay
        )

    def samples(self) -> Sequence[RawInbound]:
        """Give a question, a reply, a mail in Chinese with HTML, and a report that one of ours arrived."""
        return tuple(_raw(text.encode("utf-8")) for text in _SAMPLES)

    def fresh(self, number: int) -> RawInbound:
        """Give one more question, with a Message-ID of its own."""
        return _raw(_SAMPLES[0].replace("<one@", f"<fresh-{number}@").encode())

    def forget(self) -> None:
        """Drop the mails the relay took."""
        self._relay.received.clear()
        self._relay.envelopes.clear()

    async def start(self) -> None:
        """Start the relay."""
        loop = asyncio.get_running_loop()

        def make() -> Connection:
            connection = Connection(self._relay, hostname="relay.example", enable_SMTPUTF8=True, loop=loop)
            connection.open_connections = self._connections
            return connection

        self._server = await loop.create_server(make, "127.0.0.1", 0, start_serving=False)
        await self._server.start_serving()

    async def stop(self) -> None:
        """Stop the relay and hang up on everybody."""
        if self._server is None:
            return
        self._server.close()
        await self._connections.close()
        self._server = None

    async def deliver(self, channel: AnyChannel, raw: RawInbound) -> str:
        """Deliver one mail through the channel's SMTP listener; give the final reply."""
        assert isinstance(channel, EmailChannel)
        return await asyncio.to_thread(_deliver, channel.port("smtp"), raw.raw)

    def sent(self) -> Sequence[bytes]:
        """Give the mails the relay took, oldest first."""
        return tuple(self._relay.received)

    def envelopes(self) -> Sequence[tuple[str, list[str]]]:
        """Give sender and recipients of the mails the relay took, oldest first."""
        return tuple(self._relay.envelopes)

    def fail_next(self, error: str) -> None:
        """Make the relay answer the next mail so that the named error class results."""
        if error not in self.errors():
            raise ValueError(f"the simulated relay cannot cause {error}; it can: {', '.join(self.errors())}")
        self._relay.failures.append(error)

    def errors(self) -> Sequence[str]:
        """Name the error classes the relay can cause."""
        return (*_AT_RECIPIENT, *_AFTER_CONTENT, _HANGS_UP)


def _deliver(port: int, raw: bytes) -> str:
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as peer:
        peer.ehlo("customer.example")
        peer.mail("customer@example.org")
        peer.rcpt(ADDRESS)
        code, words = peer.data(raw)
        return f"{code} {words.decode('utf-8', 'replace')}"


def _raw(content: bytes) -> RawInbound:
    raw = content.replace(b"\n", b"\r\n")
    return RawInbound(
        dedupe_key=dedupe_key(raw),
        raw=raw,
        received_at=datetime(2026, 1, 5, 9, 0, tzinfo=UTC),
        envelope={"door": "smtp", "mail_from": "customer@example.org", "rcpt_to": [ADDRESS]},
    )


_SAMPLES = (
    """From: Ana Example <ana@example.org>
To: support@shop.example
Subject: Where is my parcel?
Date: Mon, 05 Jan 2026 10:00:00 +0100
Message-ID: <one@example.org>

Hello, order 1001 has not arrived yet.
""",
    """From: Ben Example <ben@example.org>
To: support@shop.example
Subject: Re: Your order
Message-ID: <two@example.org>
In-Reply-To: <earlier@shop.example>
Date: Mon, 05 Jan 2026 10:05:00 +0100

Thank you, that works.

On Mon, 5 Jan 2026 at 09:00, Shop <support@shop.example> wrote:
> Please try again.
""",
    """From: =?UTF-8?B?546L5bCP5piO?= <ming@example.org>
To: support@shop.example
Subject: =?UTF-8?B?6YCA6LSn?=
Message-ID: <three@example.org>
Date: Mon, 05 Jan 2026 18:00:00 +0800
MIME-Version: 1.0
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: 8bit

<p>你好，<b>我想退货</b>。</p>
""",
    """From: Mail Delivery System <MAILER-DAEMON@relay.example>
To: support@shop.example
Subject: Successful Mail Delivery Report
Message-ID: <four@relay.example>
Date: Mon, 05 Jan 2026 10:10:00 +0000
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="report"

--report
Content-Type: text/plain; charset=us-ascii

Your message was delivered to <ana@example.org>.

--report
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example

Final-Recipient: rfc822; ana@example.org
Action: delivered
Status: 2.0.0
Diagnostic-Code: smtp; 250 2.0.0 OK

--report
Content-Type: text/rfc822-headers

From: support@shop.example
To: ana@example.org
Message-ID: <earlier@shop.example>

--report--
""",
)
