"""One mail delivered twice has one key; another mail under the same id has another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from router_email.identity import dedupe_key

from .conftest import mail


@pytest.mark.parametrize(
    "trace",
    [
        b"Received: from a by b; Mon, 5 Jan 2026 10:00:00 +0000\r\n",
        b"Received: from a\r\n\tby b;\r\n Mon\r\n",
        b"Delivered-To: support@shop.example\r\n",
        b"Return-Path: <ana@example.org>\r\n",
        b"X-Spam-Score: 1\r\n",
        b"Authentication-Results: mx; spf=pass\r\n",
        b"ARC-Seal: i=1;\r\n a=rsa\r\n",
    ],
)
def test_redelivery_by_another_way_is_the_same_mail(trace: bytes) -> None:
    assert dedupe_key(trace + mail()) == dedupe_key(mail())


def test_line_ends_do_not_matter() -> None:
    kinds = (mail("a\nb"), mail("a\nb").replace(b"\r\n", b"\n"), mail("a\nb").replace(b"\r\n", b"\r"))
    assert len({dedupe_key(kind) for kind in kinds}) == 1


@pytest.mark.parametrize(
    "other", [mail("Other."), mail(subject="Other"), mail(message_id="<two@example.org>")]
)
def test_other_content_or_id_is_another_mail(other: bytes) -> None:
    assert dedupe_key(other) != dedupe_key(mail())


def test_mail_without_id_is_known_by_its_content() -> None:
    assert dedupe_key(mail(message_id="")) == dedupe_key(mail(message_id=""))
    assert dedupe_key(mail("Other.", message_id="")) != dedupe_key(mail(message_id=""))


@given(st.binary(max_size=500))
def test_any_bytes_have_a_key(content: bytes) -> None:
    assert dedupe_key(content)
    assert dedupe_key(content).isprintable()
