"""Bounces and complaints say what became of our own mail, and never pose as customers."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.messages import Automatic, DeliveryState, EventKind, InboundEvent, JsonValue, Role

from .conftest import decode

FIXTURES = Path(__file__).parent / "fixtures"


def bounce(
    action: str = "failed", status: str = "5.1.1", said: str = "smtp; 550 5.1.1 User unknown"
) -> bytes:
    text = f"""From: MAILER-DAEMON@relay.example
To: support@shop.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <bounce-1@relay.example>
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b

Sorry.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example

Final-Recipient: rfc822; Ana@Example.org
Action: {action}
Status: {status}
Diagnostic-Code: {said}

--b
Content-Type: text/rfc822-headers

From: support@shop.example
To: ana@example.org
Message-ID: <message-1@shop.example>

--b--
"""
    return text.replace("\n", "\r\n").encode()


def failures(event: InboundEvent) -> list[JsonValue]:
    found = event.context["failures"]
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize(
    ("action", "status", "said", "state", "gone"),
    [
        ("failed", "5.1.1", "smtp; 550 5.1.1 User unknown", DeliveryState.BOUNCED, True),
        ("failed", "5.0.0", "smtp; 550 No such user here", DeliveryState.BOUNCED, True),
        ("failed", "5.2.2", "smtp; 552 5.2.2 Mailbox full", DeliveryState.FAILED, False),
        ("failed", "5.7.1", "smtp; 554 5.7.1 Spam", DeliveryState.FAILED, False),
        ("failed", "4.4.1", "smtp; 451 timed out", DeliveryState.FAILED, False),
        ("delayed", "4.4.1", "smtp; 451 timed out", DeliveryState.HELD, False),
        ("delivered", "2.0.0", "", DeliveryState.DELIVERED, False),
    ],
)
def test_report_is_a_receipt_for_the_mail_it_names(
    action: str, status: str, said: str, state: DeliveryState, gone: bool
) -> None:
    event = decode(bounce(action, status, said))
    assert (event.kind, event.author.role, event.automatic) == (
        EventKind.RECEIPT,
        Role.SYSTEM,
        Automatic.REPORT,
    )
    assert not event.may_answer_automatically
    assert event.report is not None
    assert (event.report.outgoing_ref, event.report.state) == ("<message-1@shop.example>", state)
    assert event.report.address_gone is gone


def test_bounce_in_free_text_names_the_recipient() -> None:
    event = decode((FIXTURES / "lhost-qmail-01.eml").read_bytes())
    (failure,) = failures(event)
    assert isinstance(failure, dict)
    assert failure["recipient"] == "kijitora@example.ne.jp"
    assert event.report is not None


def test_temporary_failure_does_not_mark_the_address() -> None:
    event = decode((FIXTURES / "lhost-postfix-05.eml").read_bytes())
    assert event.report is not None
    assert (event.report.state, event.report.address_gone) == (DeliveryState.FAILED, False)


def test_complaint_is_a_system_event_and_no_delivery_report() -> None:
    event = decode((FIXTURES / "arf-01.eml").read_bytes())
    assert (event.kind, event.context["complaint"], event.report) == (EventKind.SYSTEM, True, None)


def test_bounce_that_names_no_mail_stays_an_event_of_the_mail_system() -> None:
    head = b"From: mailer-daemon@relay.example\r\nSubject: failure notice\r\n\r\n"
    event = decode(head + b"<ana@example.org>:\r\nUser unknown\r\n")
    assert (event.kind, event.author.role) == (EventKind.MESSAGE, Role.SYSTEM)
    assert not event.may_answer_automatically


def test_bounce_to_a_token_address_points_to_its_conversation() -> None:
    content = bounce().replace(b"To: support@", b"To: support+c.Tf4kq0c2Zt5mB7yXh1wP9g@", 1)
    assert decode(content).evidence[0].value == "Tf4kq0c2Zt5mB7yXh1wP9g"
