"""Rendered mails in, one kept SMTP connection out, and every failure as the class the outbox acts on."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable

import aiosmtplib

from router.errors import (
    AuthInvalid,
    ConfigError,
    ContentRejected,
    Permanent,
    RateLimited,
    RecipientGone,
    Retryable,
    SendError,
    UnknownOutcome,
)
from router.messages import Receipt, SendOutcome
from router_email.compose import Rendered
from router_email.settings import Security, SmtpOutSettings, secret

IDLE_CONNECTION_S = 60.0
SLOW_LINE_BYTES_S = 250_000
_RATE_LIMIT_CODES = frozenset({"4.7.28", "4.2.1", "4.3.2"})
_GONE_CODES = ("5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")


class Relay:
    """Sends through one relay, one mail at a time over a connection that is kept."""

    def __init__(self, settings: SmtpOutSettings, domain: str) -> None:
        self._settings = settings
        self._domain = domain
        self._client: aiosmtplib.SMTP | None = None
        self._lock = asyncio.Lock()
        self._used_at = 0.0

    async def close(self) -> None:
        """Say goodbye to the relay."""
        async with self._lock:
            client, self._client = self._client, None
            if client is not None and client.is_connected:
                try:
                    await client.quit(timeout=2)
                except (aiosmtplib.SMTPException, OSError):
                    client.close()

    async def send(self, mail: Rendered, before_content: Callable[[], Awaitable[None]]) -> Receipt:
        """Send one mail; `before_content` is awaited when all but its content has been agreed."""
        async with self._lock:
            client = await self._announce(mail)
            await before_content()
            return await self._write(client, mail)

    async def _announce(self, mail: Rendered) -> aiosmtplib.SMTP:
        """Connect and agree on sender and recipient; until here a failure is always safe to retry."""
        kept = self._client is not None
        try:
            client = await self._connected()
            try:
                await self._envelope(client, mail)
            except (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPSenderRefused) as error:
                # A kept connection may have died or timed out (421) since; a new one decides.
                if not kept or getattr(error, "code", 421) != 421:
                    raise
                self._drop()
                client = await self._connected()
                await self._envelope(client, mail)
        except (aiosmtplib.SMTPException, OSError, ConfigError) as error:
            await self._reset(error)
            raise _before_content(error) from error
        except BaseException:
            self._drop()
            raise
        return client

    async def _connected(self) -> aiosmtplib.SMTP:
        now = asyncio.get_running_loop().time()
        if self._client is not None and self._client.is_connected and now - self._used_at < IDLE_CONNECTION_S:
            return self._client
        self._drop()
        settings = self._settings
        self._client = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.user or None,
            password=secret(settings.password_env) if settings.user else None,
            use_tls=settings.security is Security.TLS,
            start_tls=settings.security is Security.STARTTLS,
            local_hostname=self._domain,
            timeout=settings.timeout_s,
        )
        await self._client.connect()
        if self._client.is_ehlo_or_helo_needed:
            await self._client.ehlo()
        return self._client

    async def _envelope(self, client: aiosmtplib.SMTP, mail: Rendered) -> None:
        needs_utf8 = not (mail.mail_from.isascii() and mail.recipient.rpartition("@")[0].isascii())
        options = ["SMTPUTF8"] if needs_utf8 else []
        if needs_utf8 and not client.supports_extension("smtputf8"):
            raise aiosmtplib.SMTPNotSupported("the relay does not take addresses beyond ASCII")
        if client.supports_extension("size"):
            options.insert(0, f"size={len(mail.content)}")
        encoding = "utf-8" if needs_utf8 else "ascii"
        await client.mail(mail.mail_from, options=options, encoding=encoding)
        await client.rcpt(_wire_address(mail.recipient), encoding=encoding)

    async def _write(self, client: aiosmtplib.SMTP, mail: Rendered) -> Receipt:
        try:
            # the answer comes after the last byte: a slow line is no dead one
            patience_s = max(self._settings.timeout_s, len(mail.content) / SLOW_LINE_BYTES_S)
            response = await client.data(mail.content, timeout=patience_s)
        except aiosmtplib.SMTPResponseException as error:
            await self._reset(error)
            raise _answered(error.code, error.message, at_recipient=False) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            self._drop()
            raise UnknownOutcome(
                "the connection was cut after the mail was written",
                code="cut",
                public_text="The mail may or may not have arrived; the relay's answer was not read.",
            ) from error
        except BaseException:
            self._drop()
            raise
        self._used_at = asyncio.get_running_loop().time()
        return Receipt(outcome=SendOutcome.ACCEPTED, remote_ref="", detail=response.message[:500])

    async def _reset(self, error: Exception) -> None:
        """Make the connection ready for the next mail, or give it up."""
        client = self._client
        is_answer = isinstance(error, (aiosmtplib.SMTPResponseException, aiosmtplib.SMTPNotSupported))
        if client is None or not is_answer or not client.is_connected or getattr(error, "code", 0) == 421:
            self._drop()
            return
        try:
            await client.rset(timeout=2)
        except (aiosmtplib.SMTPException, OSError):
            self._drop()

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()


def _wire_address(recipient: str) -> str:
    local, _, domain = recipient.rpartition("@")
    return f"{local}@{domain if domain.isascii() else domain.encode('idna').decode('ascii')}"


def _before_content(error: Exception) -> SendError:
    """Name what went wrong before any content was written."""
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        if error.code < 500:
            return Retryable(
                f"the relay cannot check the log-in now: {error.code} {error.message}", code=str(error.code)
            )
        return AuthInvalid(
            f"the relay refuses the log-in: {error.code} {error.message}", code=str(error.code)
        )
    if isinstance(error, ConfigError):
        return AuthInvalid(str(error), code="no_password")
    if isinstance(error, aiosmtplib.SMTPRecipientRefused):
        return _answered(error.code, error.message, at_recipient=True)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return _answered(error.code, error.message, at_recipient=False)
    if isinstance(error, aiosmtplib.SMTPNotSupported):
        return Permanent(str(error), code="not_supported")
    if isinstance(error, ssl.SSLError):
        return Retryable(f"the relay's certificate or encryption is not accepted: {error}", code="tls")
    if "STARTTLS" in str(error):
        return Retryable(
            "the relay offers no encryption although the account demands it; nothing was sent",
            code="tls_missing",
        )
    return Retryable(f"the relay cannot be reached: {error}", code="unreachable")


def _answered(code: int, words: str, *, at_recipient: bool) -> SendError:
    """Turn the relay's answer into the class the outbox acts on, with the relay's own words."""
    text = f"{code} {' '.join(words.split())}"[:500]
    enhanced = words.split(" ", 1)[0]
    if 400 <= code < 500:
        if enhanced in _RATE_LIMIT_CODES or "rate" in words.lower():
            return RateLimited(text, code=str(code), retry_after_s=60)
        return Retryable(text, code=str(code))
    if code in (530, 535, 538):
        return AuthInvalid(text, code=str(code))
    if at_recipient and (
        enhanced in _GONE_CODES or (code in (550, 551, 553) and not enhanced.startswith("5."))
    ):
        return RecipientGone(text, code=str(code))
    if not at_recipient and (code in (552, 554) or enhanced.startswith(("5.7", "5.6", "5.3.4"))):
        return ContentRejected(text, code=str(code))
    return Permanent(text, code=str(code))
