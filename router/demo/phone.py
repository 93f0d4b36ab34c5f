"""The phone system of the demo: calls in, the posts and the file of records a real one would make of them out.

A post is signed with a secret of this run, as an IP-PBX signs it; a record is a row that Asterisk writes.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import json
import os
import secrets
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import StringIO
from itertools import count
from pathlib import Path
from typing import Any, Literal, TypeAlias
from zoneinfo import ZoneInfo

from aiohttp import ClientSession, ClientTimeout, DummyCookieJar

from router.clock import Clock
from router.errors import RouterError

ACCOUNT = "hotline"
SECRET_VARIABLE = "OMNIROUTER_DEMO_PHONE"
HOTLINE = "+861089000000"
EXTENSION = "4001"
ZONE = "Asia/Shanghai"
KEPT_CALLS = 100
POST_WITHIN_S = 60.0
LENGTH_S = 4

Outcome: TypeAlias = Literal["missed", "voicemail", "answered", "called_back"]
Way: TypeAlias = Literal["post", "file"]

_STATUS = {
    "missed": "NO ANSWER",
    "voicemail": "VOICEMAIL",
    "answered": "ANSWERED",
    "called_back": "ANSWERED",
}
_APPLICATION = {"voicemail": "VoiceMail"}


class PostRefused(RouterError):
    """The router did not take a post of the phone system."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedCall:
    """One call that the phone system has told of."""

    number: int
    customer: str
    outcome: Outcome
    way: Way
    at: datetime


class Phone:
    """One phone system: `calls` are the latest, oldest first."""

    def __init__(self, folder: Path, clock: Clock, url: str) -> None:
        self.file = folder / "Master.csv"
        self.calls: deque[PlayedCall] = deque(maxlen=KEPT_CALLS)
        self._clock = clock
        self._url = url
        self._numbers = count(1)
        self._secret = secrets.token_urlsafe(24)
        self._http: ClientSession | None = None

    async def open(self) -> None:
        """Begin the file of records, and put the secret where the router's account looks for it."""
        self.file.touch()
        os.environ[SECRET_VARIABLE] = self._secret
        self._http = ClientSession(cookie_jar=DummyCookieJar(), timeout=ClientTimeout(total=POST_WITHIN_S))

    async def close(self) -> None:
        """Hang up and take the secret back."""
        os.environ.pop(SECRET_VARIABLE, None)
        if self._http is not None:
            await self._http.close()

    def account(self) -> Mapping[str, Any]:
        """Give the configuration of the router's account."""
        return {
            "channel": "phone_log",
            "region": "CN",
            "zone": ZONE,
            "own_numbers": [HOTLINE],
            "poll_s": 0.5,
            "files": [{"path": str(self.file)}],
            "webhook": {"format": "ip-pbx", "secret_env": SECRET_VARIABLE, "proof": "hmac"},
        }

    async def tell(
        self, outcome: Outcome, customer: str, way: Way, *, ago_s: float = LENGTH_S, times: int = 1
    ) -> PlayedCall:
        """Tell the router of a call that began a while ago; `times` repeats a post without its answer."""
        call = PlayedCall(
            number=next(self._numbers),
            customer=customer,
            outcome=outcome,
            way=way,
            at=self._clock.now() - timedelta(seconds=ago_s),
        )
        self.calls.append(call)
        if way == "file":
            with self.file.open("a", encoding="utf-8", newline="") as file:
                file.write(_row(call))
        else:
            for _ in range(times):
                await self._post(json.dumps(_record(call)).encode())
        return call

    async def _post(self, body: bytes) -> None:
        if self._http is None:
            raise RuntimeError("open the phone system first")
        signature = hmac.new(self._secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {"X-Webhook-Secret": signature, "Content-Type": "application/json"}
        address = f"{self._url}/hooks/{ACCOUNT}/calls"
        async with self._http.post(address, data=body, headers=headers) as answer:
            if answer.status >= 300:
                raise PostRefused(f"the post was answered {answer.status}")


def _parties(call: PlayedCall) -> tuple[str, str]:
    """Give who called whom."""
    return (EXTENSION, call.customer) if call.outcome == "called_back" else (call.customer, EXTENSION)


def _talk_s(call: PlayedCall) -> int:
    return 0 if call.outcome == "missed" else LENGTH_S - 1


def _time(at: datetime) -> str:
    return at.astimezone(ZoneInfo(ZONE)).strftime("%Y-%m-%d %H:%M:%S")


def _record(call: PlayedCall) -> Mapping[str, str]:
    """Write a call as an IP-PBX posts it."""
    caller, callee = _parties(call)
    return {
        "callid": f"demo-{call.number}",
        "timestart": _time(call.at),
        "callfrom": caller,
        "callto": callee,
        "callduration": str(LENGTH_S),
        "talkduration": str(_talk_s(call)),
        "status": _STATUS[call.outcome],
        "type": "Outbound" if call.outcome == "called_back" else "Inbound",
    }


def _row(call: PlayedCall) -> str:
    """Write a call as Asterisk writes it into `Master.csv`."""
    caller, callee = _parties(call)
    is_ours = call.outcome == "called_back"
    trunk, phone = f"PJSIP/trunk-{call.number:08x}", f"PJSIP/{EXTENSION}-{call.number:08x}"
    answered_at = _time(call.at + timedelta(seconds=1)) if _talk_s(call) else ""
    cells: Sequence[object] = (
        *("", caller, callee, "from-internal" if is_ours else "from-trunk", ""),
        *((phone, trunk) if is_ours else (trunk, phone)),
        *(_APPLICATION.get(call.outcome, "Dial"), ""),
        *(_time(call.at), answered_at, _time(call.at + timedelta(seconds=LENGTH_S))),
        *(LENGTH_S, _talk_s(call), "ANSWERED" if answered_at else "NO ANSWER", "DOCUMENTATION"),
        *(f"{call.at.timestamp():.0f}.{call.number}", ""),
    )
    text = StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(cells)
    return text.getvalue()
