"""Parts as careless programs write them: what was said is shown, what is nothing is not."""

from .conftest import decode

HEAD = "From: Ana <ana@example.org>\nSubject: Parcel\nMIME-Version: 1.0\n"


def test_boundary_after_a_forgotten_semicolon_is_found() -> None:
    text = (
        HEAD
        + """Content-Type: multipart/mixed
\tboundary="b"

--b
Content-Type: text/plain

Hello.
--b
Content-Type: image/png; name="parcel.png"
Content-Transfer-Encoding: base64

aGVsbG8=
--b--
"""
    )
    event = decode(text.encode())
    assert event.blocks[0].text == "Hello."
    assert [(file.name, file.content_type) for file in event.attachments] == [("parcel.png", "image/png")]


def test_boundaries_with_nothing_behind_them_are_no_parts() -> None:
    text = (
        HEAD
        + """Content-Type: multipart/mixed; boundary="b"

--b
Content-Type: text/plain

First.
--b
Content-Type: multipart/mixed; boundary="b"

--b
Content-Type: text/plain

Second.
--b
"""
    )
    event = decode(text.encode())
    assert event.blocks[0].text == "First.\n\nSecond."
    assert event.attachments == ()


def test_multipart_without_any_boundary_is_shown_as_text() -> None:
    text = HEAD + 'Content-Type: multipart/mixed; boundary="b"\n\nWhere is my parcel?\n'
    assert decode(text.encode()).blocks[0].text == "Where is my parcel?"
