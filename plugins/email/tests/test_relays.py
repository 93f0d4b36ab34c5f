"""Mail of marketplace buyers: the alias, the order, the frame, and what an answer may look like."""

from __future__ import annotations

from email import message_from_bytes

import pytest
from pydantic import ValidationError
from router_email.codec import MailCodec
from router_email.compose import Composer
from router_email.marks import load_marks
from router_email.relays import Relays
from router_email.settings import EmailSettings, RelaySettings
from router_email.subjects import Subjects

from router.errors import ContentRejected
from router.messages import AnsweredMessage, Block, EvidenceKind, Identity, InboundEvent, Role

from .conftest import ADDRESS, attempt_with, raw_of, settings_with

ALIAS = "k3j9x2+4f1c@marketplace.amazon.de"
ORDER = "305-1234567-7654321"
FRAMED = f"""You have a new message from a buyer.

------------- Begin message -------------

Where is my lamp?

------------- End message -------------

Order: {ORDER}
Report this message"""

SETTINGS = settings_with(relays={"amazon": {}}, quote_answered=True)
CODEC = MailCodec(SETTINGS, load_marks())


def read(
    sender: str = ALIAS, subject: str = "Inquiry", text: str = FRAMED, headers: str = ""
) -> InboundEvent:
    content = f"From: Buyer <{sender}>\r\nTo: {ADDRESS}\r\nSubject: {subject}\r\n"
    content += f"Message-ID: <m1@amazon.de>\r\n{headers}"
    content += "Content-Type: text/plain; charset=utf-8\r\n\r\n" + text.replace("\n", "\r\n")
    (event,) = CODEC.decode(raw_of(content))
    return event


def test_alias_is_one_buyer_at_one_marketplace_and_names_his_order():
    event = read()
    assert event.author.role is Role.CUSTOMER
    assert event.author.identities == (Identity(kind="relay", value=ALIAS),)
    assert event.context == {"marketplace": "amazon", "order_id": ORDER}


def test_buyers_words_are_taken_out_of_the_frame_and_the_frame_is_folded():
    (block,) = read().blocks
    assert block.text == "Where is my lamp?"
    assert ORDER in block.quoted
    assert "Report this message" in block.quoted


def test_mail_without_a_frame_is_the_buyers_as_a_whole():
    assert (
        read(text=f"My lamp of order {ORDER} is broken.").blocks[0].text
        == f"My lamp of order {ORDER} is broken."
    )


def test_same_alias_and_order_have_one_key_whatever_the_subject():
    first, second = read(subject=f"Order {ORDER}"), read(subject="Another question", text=f"{ORDER}?")
    assert first.subject_key == second.subject_key == f"amazon {ORDER}"
    assert [each.value for each in first.evidence if each.kind is EvidenceKind.SUBJECT] == [first.subject_key]


def test_a_message_of_ours_stays_the_stronger_pointer():
    event = read(headers="In-Reply-To: <ours@shop.example>\r\n")
    assert [each.kind for each in event.evidence] == [EvidenceKind.MESSAGE_ID, EvidenceKind.SUBJECT]


@pytest.mark.parametrize(
    ("subject", "text", "order"),
    [
        (f"Bestellung {ORDER}", "x 111-1111111-1111111", ORDER),
        ("Frage", f"({ORDER})", ORDER),
        ("Frage", "1305-1234567-76543210", ""),
        ("Frage", "call 305-1234567", ""),
    ],
)
def test_order_number_is_three_seven_and_seven_digits_standing_alone(subject: str, text: str, order: str):
    assert read(subject=subject, text=text).context.get("order_id", "") == order


@pytest.mark.parametrize(
    "sender",
    ["ann@example.org", "x@amazon.de", "x@marketplace.amazon.de.example.org", "x@fakemarketplace.amazon.de"],
)
def test_other_senders_are_ordinary_mail(sender: str):
    event = read(sender)
    assert event.author.identities[0].kind == "email"
    assert "marketplace" not in event.context


def test_account_without_relays_reads_an_alias_as_ordinary_mail():
    assert Relays({}).of(ALIAS) is None


def test_own_profile_of_another_marketplace_and_a_changed_built_in_one():
    relays = Relays(
        {
            "bazaar": RelaySettings(domains=("mail.bazaar.example",), order_id="BZ[0-9]{6}"),
            "amazon": RelaySettings(max_chars=200),
        }
    )
    bazaar, amazon = relays.of("q@MAIL.bazaar.example"), relays.of(ALIAS)
    assert bazaar is not None
    assert amazon is not None
    assert (bazaar.name, bazaar.order_in("re BZ123456")) == ("bazaar", "BZ123456")
    assert (amazon.max_chars, amazon.order_in(ORDER)) == (200, ORDER)


def test_pattern_that_is_none_is_refused_with_the_reason():
    with pytest.raises(ValidationError, match="is no RE2 pattern"):
        EmailSettings.model_validate(
            {"address": ADDRESS, "smtp_in": {"port": 0}, "relays": {"x": {"order_id": "([0-9]"}}}
        )


def test_profile_nobody_knows_has_to_name_its_domains():
    with pytest.raises(ValidationError, match="'amazn' needs `domains`; without them there are: amazon"):
        EmailSettings.model_validate({"address": ADDRESS, "smtp_in": {"port": 0}, "relays": {"amazn": {}}})


# --- answers --------------------------------------------------------------------------------------


def render(text: str = "It is on its way.", **fields: object):
    event = read()
    answers = AnsweredMessage(external_id=event.external_id, provider_data=event.provider_data)
    composer = Composer(SETTINGS, Subjects(load_marks()))
    return composer.render(
        attempt_with(
            recipient=ALIAS,
            answers=answers,
            blocks=(Block(text=text, html="<b>x</b>"),),
            reply_token="T" * 22,
            **fields,
        )
    )


def test_answer_goes_in_the_thread_from_the_approved_address_as_plain_text():
    rendered = render()
    mail = message_from_bytes(rendered.content)
    assert (rendered.mail_from, rendered.recipient) == (ADDRESS, ALIAS)
    assert ADDRESS in mail["From"]
    assert mail["Reply-To"] is None
    assert mail["In-Reply-To"] == "<m1@amazon.de>"
    assert mail["Subject"] == "Re: Inquiry"
    assert mail.get_content_type() == "text/plain"
    assert mail.get_payload(decode=True) == b"It is on its way.\r\n"


def test_answer_ignores_where_a_buyer_asks_it_to_go():
    event = read(headers="Reply-To: other@example.org\r\n")
    assert event.provider_data["reply_to"] == ""


def test_answer_too_long_for_the_marketplace_goes_back_to_its_author():
    with pytest.raises(ContentRejected, match="at most 4000 characters, this one has 4001"):
        render("x" * 4001)


def test_mail_too_large_for_the_marketplace_is_refused():
    settings = settings_with(relays={"amazon": {"max_mail_bytes": 1024}})
    composer = Composer(settings, Subjects(load_marks()))
    with pytest.raises(ContentRejected, match="at most 1024 bytes"):
        composer.render(attempt_with(recipient=ALIAS, blocks=(Block(text="x" * 2000),)))
