"""Recorded traffic, real mails and signed pushes, played into channels."""

import base64
import json
from pathlib import Path

import pytest
from router_email.channel import EmailChannel
from router_email.settings import EmailSettings, Listener

from router.errors import ConfigError, PluginContractError
from router.messages import Automatic
from router.testing import MemoryContext, Player, read_traffic
from tests.contract.parcels import Parcels
from tests.contract.parcels_provider import Settings

FIXTURES = Path(__file__).parents[1] / "fixtures"


def parcels() -> tuple[Parcels, MemoryContext]:
    channel, context = Parcels("shop", Settings()), MemoryContext("shop")
    context.store.know(channel)
    channel.ctx = context
    return channel, context


def test_recorded_mails_decode_or_say_why_not():
    channel = EmailChannel("support", EmailSettings(address="support@shop.example", smtp_in=Listener(port=0)))
    player = Player(read_traffic(FIXTURES / "mail"))
    names = [item.raw.dedupe_key for item in player.items if item.raw]
    results = dict(zip(names, player.decode(channel), strict=True))
    assert sorted(results) == ["bounce.eml", "malformed-header.eml", "no-sender.eml", "obsolete-syntax.eml"]
    (bounce,) = results["bounce.eml"]
    assert (bounce.automatic, bounce.report is None) == (Automatic.REPORT, False)
    assert results["no-sender.eml"] == "no_sender"
    assert player.decode(channel) == list(results.values())


async def test_recorded_pushes_are_good_at_the_time_they_came():
    channel, context = parcels()
    assert await Player(read_traffic(FIXTURES / "parcels")).play(channel, context) == ["200"] * 3
    texts = [event.blocks[0].text for item in context.accepted for event in item.events]
    assert texts == ["Where is my parcel?", "A picture", "Сколько ждать? 还要多久？"]


async def test_pushes_repeated_and_out_of_order_give_the_same_items():
    player = Player(read_traffic(FIXTURES / "parcels")).duplicated(3).shuffled(2)
    orders = []
    for _ in range(2):
        channel, context = parcels()
        assert await player.play(channel, context) == ["200"] * 9
        assert context.store.duplicates == 6
        orders.append([item.raw.dedupe_key for item in context.accepted])
    assert orders[0] == orders[1]
    assert sorted(orders[0]) == ["p1", "p2", "p3"] != orders[0]


async def test_split_traffic_goes_on_after_a_restart():
    channel, context = parcels()
    first, second = Player(read_traffic(FIXTURES / "parcels")).split(2)
    await first.play(channel, context)
    again = Parcels("shop", Settings())
    again.ctx = context
    await second.play(again, context)
    assert [item.raw.dedupe_key for item in context.accepted] == ["p1", "p2", "p3"]


async def test_lines_hold_calls_and_items_and_bytes_that_are_no_text(tmp_path: Path):
    (call, *_) = read_traffic(FIXTURES / "parcels")
    assert call.request
    assert (call.request.path, call.request.query) == ("/events", {"shop": "7"})
    assert call.request.target == "/events?shop=7"
    lines = [
        {
            "received_at": "2026-03-02T09:00:01Z",
            "request": "POST /events?shop=7",
            "headers": dict(call.request.headers),
            "body": call.request.body.decode(),
        },
        {
            "received_at": "2026-03-02T10:00:01+01:00",
            "raw_base64": base64.b64encode(b"\xff").decode(),
            "key": "x",
        },
    ]
    path = tmp_path / "traffic.ndjson"
    path.write_text("\n".join(json.dumps(line) for line in lines) + "\n\n")
    read = read_traffic(path)
    assert read[1].raw
    assert (read[1].raw.raw, read[1].raw.dedupe_key, read[1].received_at) == (
        b"\xff",
        "x",
        read[0].received_at,
    )
    channel, context = parcels()
    assert await Player(read).play(channel, context) == ["200", "quarantined"]


async def test_forged_call_is_answered_by_the_class_that_refused_it():
    channel, context = parcels()
    (late, *_) = read_traffic(FIXTURES / "parcels")
    assert late.request
    late.request.headers["X-Sign"] = "forged"  # type: ignore[index]
    assert await Player([late]).play(channel, context) == ["InboundRejected"]
    with pytest.raises(PluginContractError, match="has to be played"):
        Player([late]).decode(channel)


@pytest.mark.parametrize("line", ["{", "[]", '{"raw": "x"}', '{"received_at": "noon", "raw": "x"}'])
def test_line_that_is_no_item_is_named_with_its_place(tmp_path: Path, line: str):
    path = tmp_path / "traffic.ndjson"
    path.write_text(f'{{"received_at": "2026-03-02T09:00:01Z", "raw": "x"}}\n{line}\n')
    with pytest.raises(ConfigError, match=r"traffic\.ndjson:2: no recorded item"):
        read_traffic(path)


def test_call_without_its_time_is_named(tmp_path: Path):
    (tmp_path / "1.http").write_bytes(b"POST / HTTP/1.1\r\nHost: x\r\n\r\nbody\r\n")
    with pytest.raises(ConfigError, match=r"1\.http: a header Received-At"):
        read_traffic(tmp_path)
