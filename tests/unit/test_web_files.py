"""Names of files: what outsiders send, and what a browser is told to save under."""

from __future__ import annotations

import pytest
from aiohttp.multipart import content_disposition_filename, parse_content_disposition
from hypothesis import given
from hypothesis import strategies as st

from router.web.files import attachment_disposition, clean_name


@pytest.mark.parametrize(
    ("sent", "saved"),
    [
        ("invoice.pdf", "invoice.pdf"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("..\\..\\evil.exe", "_.._evil.exe"),
        ("a\r\nSet-Cookie: x=1.txt", "aSet-Cookie_ x=1.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("订单 2026.pdf", "订单 2026.pdf"),
        ('say "hi".txt', "say _hi_.txt"),
        ("", "file"),
        ("...", "file"),
        ("\x00", "file"),
        ("x" * 300 + ".pdf", "x" * 146 + ".pdf"),
    ],
)
def test_a_name_is_cleaned_of_what_deceives(sent, saved):
    assert clean_name(sent) == saved


@given(st.text(max_size=400))
def test_any_name_makes_a_header_that_reads_back_as_the_cleaned_name(name):
    header = attachment_disposition(name)
    kind, parameters = parse_content_disposition(header)
    assert header.isascii()
    assert header.isprintable()
    assert kind == "attachment"
    assert content_disposition_filename(parameters) == clean_name(name)
