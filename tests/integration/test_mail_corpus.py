"""Real mails through the listener of a whole router: none refused, none lost, each filed or set aside with a reason."""

import asyncio
import json
import logging
import os
import smtplib
from collections.abc import Sequence
from pathlib import Path

import pytest
from router_email.channel import EmailChannel

from router.bootstrap import Router, running_router
from router.channel import HealthState
from router.config import parse_config
from router.model.desk import AccountLedger
from router.storage.views.intake import list_quarantine, read_ledger

FIXTURES = Path(__file__).parents[1] / "fixtures" / "mail"
SHARED = Path(os.environ.get("OMNIROUTER_SHARED", Path(__file__).parents[3] / "shared"))
RECIPIENT = "support@shop.example"
CONFIG = """
store: {{url: "{url}"}}
web: {{port: 0}}
accounts:
  support: {{channel: email, address: {recipient}, smtp_in: {{port: 0}}}}
"""


def corpus_mails() -> list[Path]:
    if not (SHARED / "corpus").is_dir():
        pytest.skip(f"no {SHARED / 'corpus'} here; set OMNIROUTER_SHARED to bring the real mails through")
    found = []
    for listed in sorted((SHARED / "corpus").glob("*/expected-headers.json")):
        for name in json.loads(listed.read_text("utf-8")):
            path = listed.parent / name
            found.append(path if path.exists() else listed.parent / "eml" / name)
    return found


def deliver(port: int, mails: Sequence[Path]) -> dict[str, str]:
    """Hand the mails over one after another as a mail server does; give what was not answered 250."""
    refused = {}
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as peer:
        peer.ehlo("relay.example")
        for path in mails:
            lines = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
            peer.mail("customer@example.org")
            peer.rcpt(RECIPIENT)
            code, words = peer.data(b"\r\n".join(lines))
            if code != 250:
                refused[path.name] = f"{code} {words.decode('utf-8', 'replace')}"
    return refused


async def port(router: Router) -> int:
    """Give the port of the listener once it is open."""
    async with asyncio.timeout(60):
        while router.supervisor.health()["support"].state is not HealthState.OK:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.02)
    channel = router.supervisor.open_channels("email")["support"]
    assert isinstance(channel, EmailChannel)
    return channel.port("smtp")


async def ended(router: Router) -> AccountLedger:
    """Give the ledger once nothing waits to be filed."""
    async with asyncio.timeout(60):
        while True:
            async with router.store.reading() as conn:
                (ledger,) = await read_ledger(conn)
            if not ledger.unfiled:
                return ledger
            await asyncio.sleep(0.05)  # no event tells that the last item has gone to quarantine


async def bring(mails: Sequence[Path], url: str, caplog: pytest.LogCaptureFixture) -> AccountLedger:
    config = parse_config(CONFIG.format(url=url, recipient=RECIPIENT), "corpus.yaml")
    with caplog.at_level(logging.WARNING):
        async with running_router(config) as router:
            refused = await asyncio.to_thread(deliver, await port(router), mails)
            ledger = await ended(router)
            async with router.store.reading() as conn:
                set_aside = await list_quarantine(conn, len(mails))
    assert refused == {}
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []
    assert ledger.received + ledger.redeliveries == len(mails)
    assert ledger.filed + ledger.quarantined == ledger.received
    assert len(set_aside) == ledger.quarantined
    assert {item.code for item in set_aside} <= {"no_sender"}
    assert all(item.reason and item.reason.isprintable() for item in set_aside)
    return ledger


async def test_recorded_mails_are_filed_or_set_aside(ready_url: str, caplog: pytest.LogCaptureFixture):
    ledger = await bring(sorted(FIXTURES.glob("*.eml")), ready_url, caplog)
    assert (ledger.filed, ledger.quarantined) == (3, 1)


@pytest.mark.parametrize("every", [8, pytest.param(1, marks=pytest.mark.long)])
async def test_mails_of_the_corpus_are_filed_or_set_aside(
    ready_url: str, caplog: pytest.LogCaptureFixture, every: int
):
    mails = corpus_mails()[::every]
    ledger = await bring(mails, ready_url, caplog)
    assert len(mails) >= 500 // every
    assert ledger.quarantined <= 0.1 * len(mails)
