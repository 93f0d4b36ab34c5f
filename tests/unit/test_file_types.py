"""What a file is: by its bytes, and never by a name that says something else."""

from __future__ import annotations

import pytest

from router.file_types import content_type_of

OFFICE = "application/vnd.openxmlformats-officedocument."


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("a.png", b"\x89PNG\r\n\x1a\n", "image/png"),
        ("a.exe", b"\x89PNG\r\n\x1a\n", "image/png"),
        ("a", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("a.webp", b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        ("a.wav", b"RIFF\x00\x00\x00\x00WAVEfmt ", "audio/x-wav"),
        ("a.bmp", b"BM\x46\x00\x00\x00\x00\x00\x00\x00\x36\x00", "image/bmp"),
        ("prices.csv", b"BMW 320;12000\n", "text/csv"),
        ("bm.txt", b"BM", "text/plain"),
        ("short.bmp", b"BM\x46\x00\x00\x00\x00", "application/octet-stream"),
        ("sea.txt", b"The big WAVE came", "text/plain"),
        ("web.txt", b"We like WEBP a lot", "text/plain"),
        *((f"a{byte:x}.mp3", bytes([0xFF, byte]), "audio/mpeg") for byte in (0xFB, 0xFA, 0xF3, 0xF2)),
        ("a.avif", b"\x00\x00\x00\x1cftypavif", "image/avif"),
        ("a.mp4", b"\x00\x00\x00\x18ftypmp42", "video/mp4"),
        ("a.pdf", b"%PDF-1.7", "application/pdf"),
        ("a.docx", b"PK\x03\x04", OFFICE + "wordprocessingml.document"),
        ("a.zip", b"PK\x03\x04", "application/zip"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/vnd.ms-excel"),
        ("a.msi", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/octet-stream"),
        ("a.txt", "你好".encode(), "text/plain"),
        ("a.csv", b"a,b", "text/csv"),
        ("a.html", b"<html>", "text/html"),
        ("a.svg", b"<svg>", "image/svg+xml"),
        ("a.png", b"<html>", "application/octet-stream"),
        ("a.pdf", b"MZ\x90", "application/octet-stream"),
        ("a.docx", b"<html>", "application/octet-stream"),
        ("a.mp3", b"hello", "application/octet-stream"),
        (".pdf", b"hello", "application/octet-stream"),
        ("a", b"", "application/octet-stream"),
    ],
)
def test_a_file_is_what_its_bytes_say(name: str, head: bytes, kind: str) -> None:
    assert content_type_of(name, head) == kind
