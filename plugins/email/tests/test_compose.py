"""Whatever a customer or an agent types, the header that is sent is the header that was set."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes
from email.message import Message

import pytest
from hypothesis import given
from hypothesis import strategies as st
from router_email.compose import Composer, Rendered
from router_email.marks import load_marks
from router_email.subjects import Subjects

from router.errors import ContentRejected, RecipientGone
from router.messages import AnsweredMessage, Block, OutboundAttempt

from .conftest import answering, attempt_with, decode, mail, settings_with

COMPOSER = Composer(settings_with(quote_answered=True), Subjects(load_marks()))


def render(attempt: OutboundAttempt) -> Rendered:
    return COMPOSER.render(attempt)


def header(rendered: Rendered) -> Message:
    return message_from_bytes(rendered.content)


def answer_to(**fields: object) -> AnsweredMessage:
    return AnsweredMessage(external_id="<one@example.org>", provider_data=fields)  # type: ignore[arg-type]


PIECES = ["\r\n", "\n", "\r", "\0", "Bcc: x@example.net", "=?UTF-8?Q?=0A?=", "=?utf-8?b?DQo=?=", " ", "\t"]
PIECES += ["名", "\u2028", "\x85", "=?", "?=", '"', "\\", "<", ">", ",", ":", "a" * 60, "\ud800", "é", "\x0b"]
NASTY = st.one_of(st.text(max_size=120), st.lists(st.sampled_from(PIECES), max_size=12).map("".join))

EXPECTED = ["From", "To", "Subject", "Date", "Message-ID", "Reply-To", "In-Reply-To", "References"]
EXPECTED += ["X-Omnirouter-Loop"]


@given(subject=NASTY, name=NASTY, reference=NASTY, reply_to=NASTY)
def test_no_text_makes_a_header_of_its_own(subject: str, name: str, reference: str, reply_to: str) -> None:
    answers = answer_to(subject=subject, references=[reference, "<first@example.org>"], reply_to=reply_to)
    rendered = render(attempt_with(answers=answers, author_name=name, reply_token="T" * 22))
    read = header(rendered)
    assert [name for name in read if not name.startswith(("Content-", "MIME-"))] == EXPECTED
    assert not read.defects
    assert b"\n" not in rendered.content.replace(b"\r\n", b"")
    assert b"\r\n\r\nIt is on its way." in rendered.content


@given(text=NASTY.filter(str.strip))
def test_any_text_can_be_sent(text: str) -> None:
    try:
        rendered = render(attempt_with(blocks=(Block(text=text),)))
    except ContentRejected:
        assert not text.strip("\n").strip()
    else:
        assert header(rendered).get_payload(decode=True) is not None


def test_known_attack_on_old_pythons_stays_in_the_subject() -> None:
    question = decode(mail(subject="A =?UTF-8?Q?=0A?=Bcc: x@example.net"))
    read = header(render(attempt_with(answers=answering(question))))
    assert "Bcc" not in read
    assert read["Subject"] == "Re: A Bcc: x@example.net"


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("Parcel", "Re: Parcel"),
        ("Re: Parcel", "Re: Parcel"),
        ("AW: Paket", "AW: Paket"),
        ("回复：退货", "=?utf-8?b?5Zue5aSN77ya6YCA6LSn?="),
        ("Fwd: Parcel", "Re: Fwd: Parcel"),
        ("", "Re: Case 7"),
    ],
)
def test_subject_carries_one_reply_prefix_in_the_customers_language(theirs: str, ours: str) -> None:
    assert (
        header(render(attempt_with(answers=answer_to(subject=theirs), subject="Case 7")))["Subject"] == ours
    )


def test_answer_goes_to_reply_to() -> None:
    question = decode(mail(reply_to="Orders <orders@example.net>"))
    assert question.author.identities[0].value == "ana@example.org"
    assert render(attempt_with(answers=answering(question))).recipient == "orders@example.net"


def test_a_later_mail_cannot_send_the_next_answer_elsewhere() -> None:
    forged = decode(mail(in_reply_to="<known@shop.example>", reply_to="thief@example.net"))
    later = replace(answering(forged), opened=False)
    assert render(attempt_with(answers=later)).recipient == "ana@example.org"
    proven = replace(later, provider_data={**later.provider_data, "verified": True})
    assert render(attempt_with(answers=proven)).recipient == "thief@example.net"


@pytest.mark.parametrize("reply_to", ["a@example.net, b@example.net", "nonsense", "support@shop.example"])
def test_answer_goes_to_the_sender_when_reply_to_is_not_one_other_address(reply_to: str) -> None:
    question = decode(mail(reply_to=reply_to))
    assert render(attempt_with(answers=answering(question))).recipient == "ana@example.org"


def test_long_chain_keeps_the_first_and_the_last_references() -> None:
    chain = [f"<{number}@example.org>" for number in range(60)]
    read = header(render(attempt_with(answers=answer_to(references=chain))))
    kept = read["References"].split()
    assert (kept[0], kept[-1], len(kept)) == ("<0@example.org>", "<one@example.org>", 20)
    assert read["In-Reply-To"] == "<one@example.org>"


def test_every_attempt_is_the_same_mail() -> None:
    assert render(attempt_with(number=1)).content == render(attempt_with(number=2)).content


def test_customers_text_is_quoted_only_where_the_account_wants_it() -> None:
    question = decode(mail("One\n\nTwo"), settings_with(quote_answered=True))
    with_quote = render(attempt_with(answers=answering(question)))
    assert with_quote.content.endswith(b"> One\r\n>\r\n> Two\r\n")
    plain = Composer(settings_with(), Subjects(load_marks())).render(
        attempt_with(answers=answering(question))
    )
    assert b"> One" not in plain.content


def test_international_domain_is_written_in_ascii() -> None:
    assert header(render(attempt_with(recipient="ana@bücher.example")))["To"] == "ana@xn--bcher-kva.example"


@pytest.mark.parametrize(
    "recipient", ["", "nobody", "a@b@c", "x@" + "a" * 300 + ".example", "a\r\nb@example.org"]
)
def test_what_is_no_address_is_gone(recipient: str) -> None:
    with pytest.raises(RecipientGone):
        render(attempt_with(recipient=recipient))


def test_empty_message_goes_back_to_its_author() -> None:
    with pytest.raises(ContentRejected, match="empty"):
        render(attempt_with(blocks=(Block(text=" \n"),)))
