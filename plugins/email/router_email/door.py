"""Mail handed to us by SMTP or LMTP in, committed raw items out: 250 is said only after the commit."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Callable

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session, syntax

from router.channel import ChannelContext
from router.errors import StoreUnavailable
from router.messages import RawInbound
from router_email.identity import dedupe_key
from router_email.settings import EmailSettings, Listener
from router_email.threads import TOKEN_SUFFIX

MAX_CONNECTIONS = 200
MAX_RECIPIENTS = 100
MAX_LINE_BYTES = 256 * 1024
IDLE_CONNECTION_S = 120.0
CLOSE_GRACE_S = 5.0

_ANY_LINE_END = re.compile(rb"\r\n|\r|\n")


class Connections:
    """The open connections of one listener, so that closing can wait for the last."""

    def __init__(self) -> None:
        self._open: set[asyncio.BaseTransport] = set()
        self._none = asyncio.Event()
        self._none.set()

    def __len__(self) -> int:
        return len(self._open)

    def add(self, connection: asyncio.BaseTransport) -> None:
        """Count one more."""
        self._open.add(connection)
        self._none.clear()

    def discard(self, connection: asyncio.BaseTransport) -> None:
        """Count one less."""
        self._open.discard(connection)
        if not self._open:
            self._none.set()

    async def close(self) -> None:
        """Hang up on everybody and wait until that is done."""
        for connection in list(self._open):
            connection.close()
        await self._none.wait()


class Reception:
    """Answers the questions of the SMTP dialogue for one account."""

    def __init__(self, settings: EmailSettings, ctx: ChannelContext, protocol: str) -> None:
        self._settings = settings
        self._ctx = ctx
        self._protocol = protocol
        self._own = frozenset(settings.own_addresses())
        self._domains = frozenset(domain.lower() for domain in settings.domains)
        self._in_flight = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def takes(self, recipient: str) -> bool:
        """Tell whether mail to this address is ours; a plus part does not matter."""
        local, at, domain = recipient.strip().lower().rpartition("@")
        if not at:
            return False
        plain = f"{TOKEN_SUFFIX.sub('', local).partition('+')[0]}@{domain}"
        return domain in self._domains or f"{local}@{domain}" in self._own or plain in self._own

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        """Accept or refuse one recipient."""
        if not self.takes(address):
            return "550 5.1.1 No such mailbox here"
        if len(envelope.rcpt_tos) >= MAX_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Commit one mail, then say so; anything else is a temporary failure and the sender keeps it."""
        content = envelope.original_content or b""
        # Bare CR and LF are how one mail is smuggled inside another; past this door only CRLF ends a line.
        raw = _ANY_LINE_END.sub(b"\r\n", content)
        item = RawInbound(
            dedupe_key=dedupe_key(raw),
            raw=raw,
            received_at=self._ctx.clock.now(),
            envelope={
                "door": self._protocol,
                "mail_from": (envelope.mail_from or "").strip("<>"),
                "rcpt_to": list(envelope.rcpt_tos),
                "peer": str(session.peer[0]) if session.peer else "",
            },
        )
        self._in_flight += 1
        self._idle.clear()
        try:
            async with asyncio.timeout(self._settings.accept_timeout_s):
                results = await self._ctx.accept([item])
        except StoreUnavailable:
            return "451 4.3.0 Cannot store mail at the moment, try again later"
        except TimeoutError:
            return "451 4.3.0 Storing took too long, try again later"
        finally:
            self._in_flight -= 1
            if not self._in_flight:
                self._idle.set()
        return f"250 2.0.0 OK {results[0].inbound_id}"

    async def finish(self, grace_s: float) -> None:
        """Wait until no mail is being committed any more, but no longer than the grace."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace_s):
                await self._idle.wait()

    async def handle_exception(self, error: Exception) -> str:
        """Keep the sender's copy alive whatever breaks here; tell the log, not the peer."""
        self._ctx.log.error("mail door failed", exc_info=error)
        return "451 4.3.0 Local error, try again later"


class Connection(SMTP):
    """One SMTP connection; long lines are taken, because real mail has them."""

    line_length_limit = MAX_LINE_BYTES
    open_connections: Connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection, and drop it when there are too many."""
        if len(self.open_connections) >= MAX_CONNECTIONS:
            transport.close()
            return
        self.open_connections.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the connection."""
        if self.transport is None:
            return
        self.open_connections.discard(self.transport)
        super().connection_lost(error)


class LmtpConnection(Connection, LMTP):
    """One LMTP connection: after the data every recipient gets a reply of its own (RFC 2033, 4.2)."""

    _copies = 1

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:
        """Take the data, remembering how many replies are due."""
        self._copies = max(1, len(self.envelope.rcpt_tos)) if self.envelope else 1
        try:
            await super().smtp_DATA(arg)
        finally:
            self._copies = 1

    async def push(self, status: str | bytes) -> None:
        """Say a status, as often as recipients wait for it."""
        text = status.decode("ascii", "replace") if isinstance(status, bytes) else status
        copies = 1 if text.startswith("354") else self._copies
        await super().push("\r\n".join([text] * copies))


class Door:
    """A listener for one account, by SMTP or LMTP."""

    def __init__(self, settings: EmailSettings, ctx: ChannelContext, protocol: str) -> None:
        self._settings = settings
        self._reception = Reception(settings, ctx, protocol)
        self._class: type[Connection] = LmtpConnection if protocol == "lmtp" else Connection
        self._connections = Connections()
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """Give the port that is listened on, once open."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def open(self, listener: Listener) -> None:
        """Listen. OSError when the port is taken."""
        # aiosmtpd names senders and recipients at INFO; addresses do not belong in our log.
        logging.getLogger("mail.log").setLevel(logging.WARNING)
        loop = asyncio.get_running_loop()
        # Cancelled while it starts to serve, a listener that nobody holds would stay open.
        self._server = await loop.create_server(
            self._factory(loop), listener.host, listener.port, start_serving=False
        )
        await self._server.start_serving()

    def _factory(self, loop: asyncio.AbstractEventLoop) -> Callable[[], Connection]:
        def make() -> Connection:
            connection = self._class(
                self._reception,
                data_size_limit=self._settings.max_bytes,
                enable_SMTPUTF8=True,
                hostname=self._settings.domain,
                ident="Omnirouter",
                timeout=IDLE_CONNECTION_S,
                loop=loop,
            )
            connection.open_connections = self._connections
            return connection

        return make

    async def close(self) -> None:
        """Stop listening, let mails that are being committed finish, drop the rest."""
        if self._server is None:
            return
        self._server.close()
        await self._reception.finish(CLOSE_GRACE_S)
        await self._connections.close()
        self._server = None
