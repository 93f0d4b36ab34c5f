"""Pure decoding: what a stored frame means."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from router_webchat.codec import decode

from router.errors import MalformedMessage
from router.messages import BlockKind, EventKind, EvidenceKind, Proof, RawInbound

SHARED = Path(os.environ.get("OMNIROUTER_SHARED", Path(__file__).parents[4] / "shared"))
STRINGS = SHARED / "corpus" / "text-blns" / "strings.json"
AT = datetime(2026, 1, 2, tzinfo=UTC)


def stored(frame, **envelope):
    raw = frame if isinstance(frame, bytes) else json.dumps(frame).encode()
    envelope = {"visitor": "v1", **envelope}
    return RawInbound(dedupe_key="v1:c", raw=raw, received_at=AT, envelope=envelope)


def message(text, **changes):
    return {"type": "msg", "cid": "cid-00001", "kind": "text", "body": {"text": text}, **changes}


def test_message_names_its_visitor_its_thread_and_its_page():
    page = {"url": "https://shop.example/kettle", "title": "Kettle", "referrer": ""}
    [event] = decode(stored(message("hello"), locale="zh-CN", page=page, name="Customer", order="1001"))
    assert event.kind is EventKind.MESSAGE
    assert [block.text for block in event.blocks] == ["hello"]
    assert [(one.kind, one.value) for one in event.evidence] == [(EvidenceKind.THREAD, "v1")]
    [identity] = event.author.identities
    assert (identity.kind, identity.value, identity.proof) == ("visitor", "v1", Proof.CHANNEL)
    assert (event.external_id, event.language, event.author.display) == ("cid-00001", "zh-CN", "Customer")
    assert event.context == {"page": page, "locale": "zh-CN", "name": "Customer", "order": "1001"}
    assert event.occurred_at == AT


def test_decoding_twice_gives_the_same():
    raw = stored(message("hello"))
    assert decode(raw) == decode(raw)


def test_unknown_kind_of_message_is_kept_as_unsupported():
    [event] = decode(stored(message("[sticker]", kind="sticker")))
    [block] = event.blocks
    assert (block.kind, block.text, block.fields) == (
        BlockKind.UNSUPPORTED,
        "[sticker]",
        {"platform_kind": "sticker"},
    )


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"\xff\xfe", b"[]", b'{"type":"msg"}', b'{"type":"ping"}', b'{"type":"x"}', b"[" * 50_000],
)
def test_bytes_that_are_no_stored_frame_are_malformed(raw):
    with pytest.raises(MalformedMessage):
        decode(stored(raw))


def test_item_without_a_visitor_is_malformed():
    with pytest.raises(MalformedMessage) as refused:
        decode(stored(message("x"), visitor=""))
    assert refused.value.code == "no_sender"


@pytest.mark.skipif(not STRINGS.is_file(), reason=f"no naughty strings at {STRINGS}")
def test_naughty_strings_come_through_unchanged():
    strings = [text for text in json.loads(STRINGS.read_text()) if text.strip()]
    changed = [text for text in strings if decode(stored(message(text)))[0].blocks[0].text != text]
    assert [text.replace("\0", "") for text in changed] == changed[:0]
    assert len(strings) > 100


def test_nul_which_no_database_text_can_hold_is_replaced():
    assert decode(stored(message("a\0b")))[0].blocks[0].text == "a\N{REPLACEMENT CHARACTER}b"
