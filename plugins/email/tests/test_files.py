"""Files of a mail: what leaves is what was attached, under its own name, the same on every attempt."""

from __future__ import annotations

from email import message_from_bytes
from email.message import Message
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st
from router_email.channel import EmailChannel
from router_email.compose import Composer
from router_email.marks import load_marks
from router_email.simulator import EmailSimulator
from router_email.subjects import Subjects

from router.errors import ContentRejected
from router.messages import Block, BlockKind, FileContent, OutboundAttempt

from .conftest import MemoryContext, attempt_with, settings_with

COMPOSER = Composer(settings_with(relays={"amazon": {}}), Subjects(load_marks()))
PDF = FileContent(name="label.pdf", content_type="application/pdf", content=b"%PDF-1.7\r\n.\r\n\0\xff" * 1000)


def block(id: str = "f1") -> Block:
    return Block(kind=BlockKind.FILE, text="label.pdf", fields={"attachment": id})


def render(*files: FileContent, **fields: object) -> bytes:
    blocks = (Block(text="Here it is."), *(block(f"f{number}") for number in range(len(files))))
    attempt = attempt_with(**{"blocks": blocks, **fields})  # type: ignore[arg-type]
    return COMPOSER.render(attempt, files).content


def parts(mail: bytes) -> list[Message]:
    read = message_from_bytes(mail, policy=default)
    assert not read.defects
    return [part for part in read.walk() if not part.is_multipart()]


def test_a_file_arrives_byte_for_byte_beside_the_words() -> None:
    words, file = parts(render(PDF))
    assert words.get_payload(decode=True) == b"Here it is.\r\n"
    assert (file.get_content_type(), file.get_filename()) == ("application/pdf", "label.pdf")
    assert file.get_content_disposition() == "attachment"
    assert file.get_payload(decode=True) == PDF.content


def test_every_attempt_with_files_and_markup_is_the_same_mail() -> None:
    blocks = (Block(text="Hello", html="<p>Hello</p>"), block())
    mails = {COMPOSER.render(attempt_with(number=number, blocks=blocks), [PDF]).content for number in (1, 2)}
    assert len(mails) == 1


@given(name=st.text(min_size=1, max_size=150))
def test_any_name_is_read_back_or_at_least_harms_nothing(name: str) -> None:
    mail = render(FileContent(name=name, content_type="text/plain", content=b"x"))
    head, _, rest = mail.partition(b"\r\n\r\n")
    assert max(map(len, (head + rest).split(b"\r\n"))) < 998
    _, file = parts(mail)
    assert [key for key in file if key not in ("MIME-Version", "Content-Transfer-Encoding")] == [
        "Content-Type",
        "Content-Disposition",
    ]
    if name.isprintable() and name.strip() == name:
        assert file.get_filename() == name


@pytest.mark.parametrize(
    "name", ["订单 2026 年发票.pdf", "Ünïcode räksmörgås " * 6 + ".pdf", 'say "hi".pdf', "😟.pdf"]
)
def test_a_name_beyond_ascii_is_read_by_the_rules_of_mime(name: str) -> None:
    _, file = parts(render(FileContent(name=name, content_type="application/pdf", content=b"x")))
    assert file.get_filename() == name


def test_what_may_not_be_encoded_goes_as_plain_bytes() -> None:
    _, file = parts(render(FileContent(name="a.eml", content_type="message/rfc822", content=b"From: x\n")))
    assert (file.get_content_type(), file.get_payload(decode=True)) == (
        "application/octet-stream",
        b"From: x\n",
    )


def test_a_file_may_go_without_words_but_nothing_may_not() -> None:
    _, file = parts(render(PDF, blocks=(block(),)))
    assert file.get_filename() == "label.pdf"
    with pytest.raises(ContentRejected):
        render(blocks=(Block(text=" "),))


def test_a_marketplaces_relay_takes_files_up_to_its_limit() -> None:
    buyer = "abc@marketplace.amazon.com"
    assert len(parts(render(PDF, recipient=buyer))) == 2
    large = FileContent(name="a.pdf", content_type="application/pdf", content=b"x" * 8_000_000)
    with pytest.raises(ContentRejected, match="at most 10485760 bytes"):
        render(large, recipient=buyer)


async def test_the_channel_fetches_what_the_blocks_name_and_the_relay_gets_it(
    channel: EmailChannel, ctx: MemoryContext, simulator: EmailSimulator
) -> None:
    def attempt(id: str) -> OutboundAttempt:
        return attempt_with(blocks=(Block(text="Here"), block(id)))

    ctx.files["f1"] = PDF
    await channel.send(attempt("f1"))
    [mail] = simulator.sent()
    assert parts(mail)[1].get_payload(decode=True) == PDF.content
    with pytest.raises(ContentRejected, match="attach it again"):
        await channel.send(attempt("gone"))
    assert len(ctx.marked) == 1
