"""Build messages for tests; in: what matters to the test, out: whole objects with harmless defaults."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from router.messages import (
    AnsweredMessage,
    Author,
    Block,
    DeliveryReport,
    DeliveryState,
    Evidence,
    EvidenceKind,
    Identity,
    InboundEvent,
    JsonObject,
    OutboundAttempt,
    RawInbound,
    Role,
)
from router.testing.fake_clock import START


def make_raw(
    raw: bytes = b"hello", *, key: str = "", at: datetime = START, envelope: JsonObject | None = None
) -> RawInbound:
    """Build a raw item; its dedupe key is the text itself unless one is given."""
    return RawInbound(
        dedupe_key=key or raw.decode("utf-8", "replace"), raw=raw, received_at=at, envelope=envelope or {}
    )


def make_event(
    text: str = "hello", *, sender: str = "customer-1", thread: str = "", external_id: str = ""
) -> InboundEvent:
    """Build a customer's message."""
    evidence = [Evidence(kind=EvidenceKind.THREAD, value=thread)] if thread else []
    return InboundEvent(
        external_id=external_id,
        author=Author(role=Role.CUSTOMER, identities=[Identity(kind="name", value=sender)], display=sender),
        blocks=[Block(text=text)],
        evidence=evidence,
    )


def make_attempt(
    text: str = "We are looking into it.",
    *,
    number: int = 1,
    message_id: str = "message-1",
    account: str = "account-1",
    recipient: str = "customer-1",
    thread: str = "",
    blocks: Sequence[Block] | None = None,
    outgoing_ref: str = "",
    reply_token: str = "",
    seq: int = 1,
    answers: AnsweredMessage | None = None,
) -> OutboundAttempt:
    """Build one try to send a reply."""
    return OutboundAttempt(
        attempt_id=f"{message_id}-try-{number}",
        number=number,
        account=account,
        conversation_id="conversation-1",
        message_id=message_id,
        outgoing_ref=outgoing_ref or message_id,
        seq=seq,
        recipient=recipient,
        blocks=[Block(text=text)] if blocks is None else blocks,
        created_at=START,
        author_name="Mei",
        subject="Your order",
        thread=thread,
        reply_token=reply_token,
        answers=answers,
    )


def make_report(
    outgoing_ref: str = "message-1", state: DeliveryState = DeliveryState.DELIVERED
) -> DeliveryReport:
    """Build a delivery report."""
    return DeliveryReport(outgoing_ref=outgoing_ref, state=state, at=START)
