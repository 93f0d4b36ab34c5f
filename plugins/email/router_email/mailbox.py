"""A mailbox read by IMAP in; batches of raw mails with the place to go on from out.

Blocking code for one thread. Flags are never trusted: the place is UIDVALIDITY and the last UID taken.
"""

from __future__ import annotations

import imaplib
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass

from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import MailboxTaggedResponseError

from router_email.settings import ImapSettings, Security, secret

CONNECT_TIMEOUT_S = 30.0
BATCH_MAILS = 20
BATCH_BYTES = 8 * 1024 * 1024


class MailboxLost(Exception):
    """The connection to the mailbox is gone; connect again after a pause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How far a mailbox has been read; UIDs count only within one UIDVALIDITY."""

    uidvalidity: int
    last_uid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """One mail of the mailbox; `raw` is empty when the server could not give it."""

    uid: int
    raw: bytes


class MailboxReader:
    """One logged-in connection to one mailbox."""

    def __init__(self, settings: ImapSettings, max_bytes: int) -> None:
        self._settings = settings
        self._max_bytes = max_bytes
        self._box: BaseMailBox | None = None
        self.uidvalidity = 0

    def connect(self) -> None:
        """Log in and select the mailbox read-only."""
        settings = self._settings
        kinds: dict[Security, type[MailBox] | type[MailBoxStartTls] | type[MailBoxUnencrypted]] = {
            Security.TLS: MailBox,
            Security.STARTTLS: MailBoxStartTls,
            Security.NONE: MailBoxUnencrypted,
        }
        box = kinds[settings.tls](settings.host, settings.port, timeout=CONNECT_TIMEOUT_S)
        self._box = box
        box.login(settings.user, secret(settings.password_env), initial_folder=None)
        box.folder.set(settings.mailbox, readonly=True)
        answer = box.client.untagged_responses.get("UIDVALIDITY", [b"0"])[-1]
        self.uidvalidity = int(answer) if isinstance(answer, bytes) and answer.isdigit() else 0

    def start_from(self, place: Place | None) -> Place:
        """Give the place to go on from: another UIDVALIDITY voids every UID, so all is read again."""
        if place is None or place.uidvalidity != self.uidvalidity or not self.uidvalidity:
            return Place(uidvalidity=self.uidvalidity, last_uid=0)
        return place

    def fetch_after(self, place: Place) -> list[Fetched]:
        """Fetch the next mails after a place, oldest first, bounded in number and bytes."""
        fetched: list[Fetched] = []
        size = 0
        for uid in self._uids_after(place.last_uid)[:BATCH_MAILS]:
            raw = self._fetch(uid)
            fetched.append(Fetched(uid=uid, raw=raw))
            size += len(raw)
            if size >= BATCH_BYTES:
                break
        return fetched

    def wait(self, timeout_s: float) -> None:
        """Sleep until the server tells of something new or the time is over. MailboxLost when it is gone."""
        box = self._connected()
        if b"IDLE" not in b" ".join(_as_bytes(name) for name in box.client.capabilities):
            time.sleep(min(timeout_s, self._settings.poll_s))
            box.client.noop()
            return
        begun = time.monotonic()
        try:
            box.idle.start()  # type: ignore[no-untyped-call]
        except MailboxTaggedResponseError:
            # The server told of something new before it agreed to tell of something new.
            box.idle.stop()  # type: ignore[no-untyped-call]
            return
        if "EXISTS" in box.client.untagged_responses or _read_ahead(box):
            box.idle.stop()  # type: ignore[no-untyped-call]
            return
        answers = box.idle.poll(timeout=timeout_s)
        # A connection that has died answers "nothing" at once, for ever: that must not become a spin.
        if any(answer.startswith(b"* BYE") for answer in answers) or (
            not answers and time.monotonic() - begun < timeout_s / 2
        ):
            raise MailboxLost("the server closed the connection")
        box.idle.stop()  # type: ignore[no-untyped-call]

    def interrupt(self) -> None:
        """Wake the thread from whatever it waits for, from another thread; the connection is then dead."""
        box = self._box
        if box is not None:
            try:
                box.client.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                return

    def close(self) -> None:
        """Log out, or just close when the server does not answer."""
        box, self._box = self._box, None
        if box is None:
            return
        try:
            box.logout()
        except (imaplib.IMAP4.error, OSError):
            try:
                box.client.shutdown()
            except OSError:
                return

    def _connected(self) -> BaseMailBox:
        if self._box is None:
            raise MailboxLost("not connected")
        return self._box

    def _uids_after(self, last_uid: int) -> list[int]:
        # What arrives from here on is noted by the client, and `wait` then does not wait for it.
        self._connected().client.untagged_responses.pop("EXISTS", None)
        # `n:*` always names the newest mail, also when it is older than n.
        uids = self._connected().uids(f"UID {last_uid + 1}:*")
        return sorted(uid for uid in map(int, uids) if uid > last_uid)

    def _fetch(self, uid: int) -> bytes:
        """Fetch one mail without touching its flags; one the server cannot give is empty."""
        try:
            status, answer = self._connected().client.uid(
                "FETCH", str(uid), f"(BODY.PEEK[]<0.{self._max_bytes + 1}>)"
            )
        except imaplib.IMAP4.abort as error:
            raise MailboxLost(str(error)) from error
        except imaplib.IMAP4.error:
            return b""
        if status != "OK":
            return b""
        return _literal(answer)


def _read_ahead(box: BaseMailBox) -> bytes:
    """Give a line the client has already read from the socket: waiting on the socket would not see it."""
    sock = box.client.sock
    timeout = sock.gettimeout()
    sock.settimeout(0)
    try:
        return box.client.readline()
    except OSError:
        return b""
    finally:
        sock.settimeout(timeout)


def _literal(answer: Sequence[object]) -> bytes:
    for piece in answer:
        if isinstance(piece, tuple) and len(piece) > 1 and isinstance(piece[1], bytes):
            return piece[1]
    return b""


def _as_bytes(name: object) -> bytes:
    return name if isinstance(name, bytes) else str(name).encode("ascii", "replace")
