"""Files of call records as they really are: growing, rotated, cut, broken, in other orders and encodings."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from router_phone_log.channel import PhoneLogChannel
from router_phone_log.files.column_maps import shipped_map, shipped_names
from router_phone_log.files.places import MOST_FILES, Place, Places

from router.calls import Call, CallDirection, CallOutcome
from router.errors import ConfigError, MalformedMessage, StoreUnavailable
from router.testing import MemoryContext

from .conftest import call_of, channel, opened


def row(number: int, **changes: str) -> str:
    cells = {
        "accountcode": "", "src": f"139{number:08}", "dst": "4001", "dcontext": "from-trunk", "clid": "",
        "channel": f"PJSIP/trunk-{number:08x}", "dstchannel": "PJSIP/4001-0000000a", "lastapp": "Dial",
        "lastdata": "", "start": "2025-03-03 12:30:00", "answer": "", "end": "2025-03-03 12:30:41",
        "duration": "41", "billsec": "0", "disposition": "NO ANSWER", "amaflags": "DOCUMENTATION",
        "uniqueid": f"1740976200.{number}", "userfield": "",
    }  # fmt: skip
    return ",".join(f'"{cell}"' for cell in {**cells, **changes}.values()) + "\n"


def calls(context: MemoryContext) -> list[Call]:
    return [call_of(event) for one in context.accepted for event in one.events]


def numbers(context: MemoryContext) -> list[str]:
    return [call.customer_raw.removeprefix("139").lstrip("0") for call in calls(context)]


async def drain(phone: PhoneLogChannel) -> None:
    while (await phone.pull()).more:
        pass


@pytest.fixture
def master(tmp_path: Path) -> Path:
    return tmp_path / "Master.csv"


def reading(path: Path, columns: str = "asterisk-master", **changes: object) -> PhoneLogChannel:
    return channel(files=({"path": str(path), "map": columns, **changes},), maps=changes.pop("maps", {}))


async def test_only_new_rows_are_read_and_a_row_being_written_waits(master):
    master.write_text(row(1) + row(2)[:40])
    phone = reading(master)
    async with opened(phone) as context:
        await drain(phone)
        assert numbers(context) == ["1"]
        with master.open("a") as file:
            file.write(row(2)[40:] + row(3))
        await drain(phone)
        assert numbers(context) == ["1", "2", "3"]
        assert context.store.duplicates == 0


async def test_a_last_row_without_a_line_end_is_taken_once_the_file_rests(master):
    master.write_text((row(1) + row(2)).rstrip("\n"))
    phone = reading(master)
    async with opened(phone) as context:
        now = context.clock.now().timestamp()
        os.utime(master, (now, now))
        await drain(phone)
        assert numbers(context) == ["1"]
        context.clock.advance(61)
        await drain(phone)
        assert numbers(context) == ["1", "2"]


async def test_a_rotated_file_is_read_to_its_end_and_the_new_one_from_its_beginning(master):
    master.write_text(row(1))
    phone = reading(master)
    async with opened(phone) as context:
        await drain(phone)
        with master.open("a") as file:
            file.write(row(2))
        master.rename(master.with_suffix(".csv.1"))
        master.write_text(row(3))
        await drain(phone)
        assert sorted(numbers(context)) == ["1", "2", "3"]
        assert context.store.duplicates == 0


async def test_a_file_cut_in_place_is_read_again_even_when_it_has_grown_past_the_place(master):
    master.write_text(row(1))
    phone = reading(master)
    async with opened(phone) as context:
        await drain(phone)
        with master.open("r+") as file:
            file.truncate(0)
            file.write(row(2) + row(3))
        await drain(phone)
        assert numbers(context) == ["1", "2", "3"]


async def test_an_export_written_anew_every_hour_adds_only_what_is_new(master):
    master.write_text(row(1) + row(2))
    phone = reading(master)
    async with opened(phone) as context:
        await drain(phone)
        master.unlink()
        master.write_text(row(1) + row(2) + row(3))
        await drain(phone)
        assert numbers(context) == ["1", "2", "3"]


async def test_after_a_restart_reading_goes_on_where_the_store_says(master):
    master.write_text(row(1))
    context = MemoryContext("hotline")
    for number in (2, 3):
        phone = reading(master)
        context.store.know(phone)
        await phone.open(context)
        await drain(phone)
        await phone.close()
        with master.open("a") as file:
            file.write(row(number))
    assert numbers(context) == ["1", "2"]
    assert context.store.duplicates == 0


async def test_rows_the_store_did_not_take_come_again(master):
    master.write_text(row(1) + row(2))
    phone = reading(master)
    async with opened(phone) as context:
        context.fail_accept_next()
        with pytest.raises(StoreUnavailable):
            await phone.pull()
        context.store.lose_answer_next()
        with pytest.raises(StoreUnavailable):
            await phone.pull()
        await drain(phone)
        assert numbers(context) == ["1", "2"]


async def test_a_bad_row_is_set_aside_with_its_line_and_the_rest_goes_on(master):
    master.write_text(row(1) + "garbage\n" + row(2, start="yesterday") + '"open quote\n' + row(3))
    phone = reading(master)
    async with opened(phone) as context:
        await drain(phone)
        assert numbers(context) == ["1", "3"]
        said = []
        for raw in context.store.quarantined:
            with pytest.raises(MalformedMessage) as caught:
                phone.decode(raw)
            said.append((raw.raw, str(caught.value)))
    assert said[0][0] == b"garbage"
    assert [text.split(" ")[0] for _, text in said] == ["Master.csv:2:", "Master.csv:3:", "Master.csv:4:"]
    assert "no time the router can read" in said[1][1]


async def test_a_line_without_end_is_bounded_and_the_rows_after_it_are_read(master):
    master.write_bytes(row(1).encode() + b"x" * 700_000 + b"\n" + row(2).encode())
    phone = reading(master)
    async with opened(phone) as context:
        await drain(phone)
        assert numbers(context) == ["1", "2"]
        assert all(len(raw.raw) <= 32 * 1024 for raw in context.store.quarantined)


async def test_a_thousand_rows_come_in_batches_and_in_order(master):
    master.write_text("".join(row(number) for number in range(1, 1001)))
    phone = reading(master)
    async with opened(phone) as context:
        first = await phone.pull()
        assert (first.items, first.more) == (100, True)
        await drain(phone)
        assert numbers(context) == [str(number) for number in range(1, 1001)]


async def test_calls_before_the_first_day_are_read_over(master):
    master.write_text(row(1, start="2024-12-31 23:59:00") + row(2))
    phone = reading(master, since="2025-01-01")
    async with opened(phone) as context:
        await drain(phone)
        assert numbers(context) == ["2"]


async def test_a_folder_is_read_file_by_file_without_packed_ones(tmp_path):
    for number, name in enumerate(("b.csv", "a.csv", "old.csv.gz"), 1):
        (tmp_path / name).write_text(row(number))
        os.utime(tmp_path / name, (number, number))
    phone = reading(tmp_path)
    async with opened(phone) as context:
        await drain(phone)
        assert numbers(context) == ["1", "2"]


async def test_a_missing_file_is_told_and_read_when_it_comes(master):
    phone = reading(master)
    async with opened(phone) as context:
        await drain(phone)
        assert "there is no file" in (await phone.health()).cause
        master.write_text(row(1))
        await drain(phone)
        assert [one.state.value for one in context.health] == ["degraded", "ok"]
        assert numbers(context) == ["1"]


async def test_legs_of_one_call_name_it(master):
    extra = ',"","1740976200.1","7"\n'
    master.write_text(row(1).rstrip() + extra + row(2).rstrip() + extra)
    phone = reading(master)
    async with opened(phone) as context:
        await drain(phone)
        assert [call.linked_keys for call in calls(context)] == [(), ("1740976200.1",)]


@pytest.mark.parametrize(
    ("changes", "outcome", "agent"),
    [
        ({"disposition": "ANSWERED", "answer": "2025-03-03 12:30:10", "billsec": "31"}, "answered", "4001"),
        ({"disposition": "ANSWERED", "lastapp": "Queue", "dstchannel": "", "billsec": "40"}, "abandoned", ""),
        (
            {"disposition": "ANSWERED", "lastapp": "VoiceMail", "dstchannel": "", "billsec": "9"},
            "voicemail",
            "",
        ),
        ({"disposition": "CONGESTION"}, "failed", ""),
        ({"disposition": "BUSY"}, "busy", ""),
        ({"dstchannel": "Local/4003@from-queue-00000012;1"}, "missed", ""),
    ],
)
async def test_what_asterisk_calls_answered_is_not_always_an_answer(master, changes, outcome, agent):
    master.write_text(row(1, **changes))
    phone = reading(master)
    async with opened(phone) as context:
        await drain(phone)
        [call] = calls(context)
    assert (call.outcome, call.agent) == (outcome, agent)
    assert call.talk_s == (float(changes["billsec"]) if outcome in ("answered", "voicemail") else 0)


async def test_sixteen_columns_without_an_id_still_make_one_call_each(master):
    short = [",".join(row(number).rstrip().split(",")[:16]) + "\n" for number in (1, 2)]
    master.write_text("".join(short) + short[0])
    phone = reading(master)
    async with opened(phone) as context:
        await drain(phone)
        assert numbers(context) == ["1", "2"]
        assert len({call.key for call in calls(context)}) == 2


HEADER = "坐席工号;主叫号码;被叫号码;呼叫ID;开始时间;结束时间;通话时长;通话状态;订单号"
CENTRE = (
    "1001;13800138000;4001;C-1;2025/3/3 9:00:00;2025/3/3 9:03:42;0:03:30;已接听;20250301001",
    "1002;13900139000;4001;C-2;2025/3/3 12:30:00;2025/3/3 12:30:41;0;未接听;",
    ";;4001;C-3;2025/3/3 12:31:00;2025/3/3 12:31:05;0;排队放弃;",
)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "gb18030"])
async def test_a_chinese_export_is_read_by_its_header_in_any_usual_encoding(tmp_path, encoding):
    path = tmp_path / "export.csv"
    path.write_bytes("\r\n".join((HEADER, *CENTRE, "")).encode(encoding))
    phone = reading(path, "call-centre")
    async with opened(phone) as context:
        await drain(phone)
        answered, missed, abandoned = calls(context)
    assert (answered.key, answered.agent, answered.talk_s, answered.order_hints) == (
        "C-1", "1001", 210, ("20250301001",),
    )  # fmt: skip
    assert [call.outcome for call in (answered, missed, abandoned)] == ["answered", "missed", "abandoned"]
    assert abandoned.number_kind.value == "anonymous"
    assert all(call.direction is CallDirection.INBOUND for call in (answered, missed, abandoned))


async def test_exports_put_behind_each_other_may_have_other_columns(tmp_path):
    path = tmp_path / "export.csv"
    lines = (
        "caller,callee,call_id,begin,release,agent_id",
        "13800138000,4001,C-8,2025-03-03 14:00:00,2025-03-03 14:01:00,1001",
        "call_id,caller,callee,begin,release,agent_id",
        "C-9,13700137000,4001,2025-03-03 15:00:00,2025-03-03 15:01:00,",
    )
    path.write_text("\n".join((*lines, "")))
    phone = reading(path, "call-centre")
    async with opened(phone) as context:
        await drain(phone)
        assert [(call.key, call.outcome, call.agent) for call in calls(context)] == [
            ("C-8", CallOutcome.ANSWERED, "1001"),
            ("C-9", CallOutcome.MISSED, ""),
        ]


async def test_an_index_of_recordings_adds_them_to_the_calls_it_names(tmp_path):
    path = tmp_path / "x_record_1.csv"
    times = ("2025-03-03 09:00:12", "2025-03-03 09:03:42")
    cells = ("dev", "acc", "1", "1001", "C-1", "13800138000", "4001", *times, "/10/1/record/0903379.wav")
    path.write_text(",".join(cells) + "\n")
    phone = reading(path, "huawei-cec-recordings")
    async with opened(phone) as context:
        await drain(phone)
        [call] = calls(context)
    assert (call.key, call.version, call.outcome) == ("C-1", -1, None)
    assert call.recordings[0].ref.endswith("0903379.wav")


async def test_a_map_of_the_admins_own_reads_a_file_nobody_else_writes(tmp_path):
    path = tmp_path / "own.txt"
    path.write_text("A7|in|03.03.2025 12:30|0139 13900139000|ring 41\nB1|test|x|y|z\n")
    own = {
        "columns": ["id", "way", "at", "who", "how"],
        "delimiter": "|",
        "times": ["%d.%m.%Y %H:%M"],
        "call": {
            "key": "id",
            "started": "at",
            "caller": {"columns": ["who"], "pattern": r"\S+$"},
            "ring": {"columns": ["how"], "pattern": r"ring (\d+)"},
            "direction": "way",
        },
        "directions": [{"direction": "inbound", "when": {"@direction": "in"}}],
        "skip": [{"when": {"way": "test"}}],
    }
    phone = channel(files=({"path": str(path), "map": "own"},), maps={"own": own})
    async with opened(phone) as context:
        await drain(phone)
        [call] = calls(context)
    assert (call.key, call.ring_s, call.customer_e164) == ("A7", 41, "+8613900139000")


async def test_a_note_over_several_lines_is_one_row_where_the_map_says_so(tmp_path):
    path = tmp_path / "notes.csv"
    path.write_text(
        "call_id,caller,begin,release,note\n"
        'C-1,13800138000,2025-03-03 09:00:00,2025-03-03 09:01:00,"two\nlines"\n'
        "C-2,13900139000,2025-03-03 10:00:00,2025-03-03 10:01:00,one\n"
    )
    own = shipped_map("call-centre").model_copy(update={"multiline": True})
    phone = channel(files=({"path": str(path), "map": "own"},), maps={"own": own})
    async with opened(phone) as context:
        await drain(phone)
        assert [call.key for call in calls(context)] == ["C-1", "C-2"]
        assert [one.raw.envelope["line"] for one in context.accepted] == [2, 4]


async def test_the_two_occurrences_of_an_hour_are_told_apart_by_the_rows_around_them(tmp_path):
    # In Berlin 02:00 to 03:00 came twice on 2024-10-27, first at UTC+2.
    path = tmp_path / "Master.csv"
    times = (
        ("01:50:00", "02:10:00"),
        ("02:30:00", "02:40:00"),
        ("02:05:00", "02:06:00"),
        ("02:50:00", "02:55:00"),
    )
    rows = [
        row(number, start=f"2024-10-27 {start}", end=f"2024-10-27 {end}", duration="")
        for number, (start, end) in enumerate(times, 1)
    ]
    path.write_text("".join(rows))
    phone = channel(zone="Europe/Berlin", region="DE", files=({"path": str(path)},))
    async with opened(phone) as context:
        await drain(phone)
        began = [call.started_at.strftime("%H:%M") for call in calls(context) if call.started_at]
        again = [call_of(phone.decode(one.raw)[0]) for one in context.accepted]
    assert began == ["23:50", "00:30", "01:05", "01:50"]
    assert again == calls(context)


def test_a_map_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(ConfigError, match=r"no column map 'avaya'.*asterisk-master"):
        shipped_map("avaya")


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_map_says_what_it_is_from_and_since_when(name):
    columns = shipped_map(name)
    assert columns.title
    assert columns.source
    assert columns.dated is not None


def test_the_cursor_stays_small_and_what_it_forgets_is_done():
    places = Places()
    header: Sequence[str] = tuple(f"column-{number}" for number in range(35))
    for number in range(MOST_FILES + 50):
        place = Place(
            offset=9**9, line=10**6, tail="f" * 16, columns=tuple(header), changed_at_s=1e9 + number
        )
        places = places.with_place(f"fd00:{number:x}", place)
    assert len(places.files) == MOST_FILES
    assert places.settled_s == 1e9 + 49
    assert len(str(places.to_json())) < 60_000
    assert Places.of_json(places.to_json()) == places


def test_a_cursor_of_another_version_begins_anew():
    assert Places.of_json({"v": 99, "files": {"a": [1]}}) == Places()
    assert Place.of_json(["bad"]) == Place()
    assert Places.of_json(None).settled_s == timedelta(0).total_seconds()
