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
        (
            "failed",
            "5.1.0",
            "smtp; 5.1.0 - Unknown address 550-'5.2.2 Box full'",
            DeliveryState.FAILED,
            False,
        ),
        ("failed", "5.1.1", "smtp; 550 5.1.1 too many recipients this hour", DeliveryState.FAILED, False),
        ("failed", "5.0.0", "550 Unknown user (in reply to end of DATA)", DeliveryState.FAILED, False),
        ("delayed", "4.4.1", "smtp; 451 timed out", DeliveryState.HELD, False),
        ("delayed", "4.1.1", "smtp; 450 4.1.1 User unknown", DeliveryState.HELD, False),
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
    assert event.report is not None
    assert (event.report.outgoing_ref, event.report.state) == ("<message-1@shop.example>", state)
    assert event.report.address_gone is gone


def test_bounce_in_free_text_names_the_recipient() -> None:
    event = decode((FIXTURES / "lhost-qmail-01.eml").read_bytes())
    (failure,) = failures(event)
    assert isinstance(failure, dict)
    assert failure["recipient"] == "kijitora@example.ne.jp"
    assert event.report is not None


def test_unknown_user_under_a_temporary_code_marks_the_address_once_given_up() -> None:
    event = decode((FIXTURES / "lhost-postfix-05.eml").read_bytes())
    assert event.report is not None
    assert (event.report.state, event.report.address_gone) == (DeliveryState.BOUNCED, True)


def test_complaint_is_a_system_event_and_no_delivery_report() -> None:
    event = decode((FIXTURES / "arf-01.eml").read_bytes())
    assert (event.kind, event.context["complaint"], event.report) == (EventKind.SYSTEM, True, None)


def test_bounce_that_names_no_mail_stays_an_event_of_the_mail_system() -> None:
    head = b"From: mailer-daemon@relay.example\r\nSubject: failure notice\r\n\r\n"
    event = decode(head + b"<ana@example.org>:\r\nUser unknown\r\n")
    assert (event.kind, event.author.role) == (EventKind.MESSAGE, Role.SYSTEM)
    assert event.automatic is not Automatic.NO


def test_bounce_to_a_token_address_points_to_its_conversation() -> None:
    content = bounce().replace(b"To: support@", b"To: support+c.Tf4kq0c2Zt5mB7yXh1wP9g@", 1)
    assert decode(content).evidence[0].value == "Tf4kq0c2Zt5mB7yXh1wP9g"


def written(text: str, subject: str = "failure notice") -> InboundEvent:
    head = f"From: mailer-daemon@relay.example\nTo: support@shop.example\nSubject: {subject}\n\n"
    return decode((head + text).encode())


@pytest.mark.parametrize(
    "text",
    [
        "Sorry it did not work out.\n<ana@example.org>:\nhost said: 550 5.1.1 User unknown\n",
        "Could not deliver your message.\n  RCPT TO: ana@example.org\nno such user here\n",
        "Your mail could not be delivered to: <ana@example.org>\nUser unknown\n",
        "Your message:\n   From: support@shop.example\ncould not be delivered; affected:\n    ana@example.org\n",
        "ana@example.org: Domain does not exist\n\nReturn-Path: <x@y.example>\nTo: ben@y.example\n",
    ],
)
def test_report_without_a_standard_names_whom_it_did_not_reach(text: str) -> None:
    named = failures(written(text))
    assert [failure["recipient"] for failure in named if isinstance(failure, dict)] == ["ana@example.org"]


def test_address_to_turn_to_for_help_did_not_fail() -> None:
    text = "For help write to <support@relay.example>\n\nReturn-Path: <support@shop.example>\nTo: ana@example.org\n"
    (failure,) = failures(written(text))
    assert isinstance(failure, dict)
    assert failure["recipient"] == "ana@example.org"


def test_report_from_nowhere_with_a_plain_subject_is_known_by_what_it_returns() -> None:
    text = """From: no-reply@phone.example
Return-Path: <>
Subject: Mail
Content-Type: multipart/mixed; boundary="b"

--b

Could not be delivered to: <ana@phone.example>
As their mailbox is full.
--b
Content-Type: message/rfc822

Message-ID: <message-1@shop.example>
To: ana@phone.example
--b--
"""
    event = decode(text.encode())
    assert event.report is not None
    assert (event.report.outgoing_ref, event.report.address_gone) == ("<message-1@shop.example>", False)


NOTICE = """From: SNS <no-reply@sns.service.example>
X-Amz-Sns-Message-Id: 1
Subject: Notification Message

{"notificationType":"Bounce","bounce":{"bounceType":"%s","bounceSubType":"General","bouncedRecipients":
[{"emailAddress":"ana@example.org","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 user
 unknown"}]},"mail":{"headers":[{"name":"Message-ID","value":"<message-1@shop.example>"}]}}

--
Unsubscribe: https://sns.service.example/
"""


def test_notice_of_a_mail_service_is_a_receipt() -> None:
    event = decode((NOTICE % "Permanent").encode())
    assert event.report is not None
    assert (event.report.outgoing_ref, event.report.address_gone) == ("<message-1@shop.example>", True)


@pytest.mark.parametrize(
    "text", ["{" * 20_000, '{"mail":1}', '{"mail":1,"notificationType":"Bounce","bounce":[]}']
)
def test_broken_notice_stays_a_message(text: str) -> None:
    head = "From: no-reply@sns.service.example\nX-Amz-Sns-Message-Id: 1\nSubject: x\n\n"
    event = decode((head + text).encode())
    assert event.kind is EventKind.MESSAGE
