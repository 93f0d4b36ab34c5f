"""Files as vendors write them: other columns, headers, encodings, and maps of the admin's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from router_phone_log.files.column_maps import shipped_map, shipped_names

from router.calls import CallDirection, CallOutcome
from router.errors import ConfigError

from .conftest import channel, opened
from .records import calls, drain, numbers, reading, row


@pytest.fixture
def master(tmp_path: Path) -> Path:
    return tmp_path / "Master.csv"


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


async def test_the_record_of_a_call_the_router_placed_has_its_id_and_free_text_is_none(master):
    placed = "0192f0c4-7a51-7cc1-9d3e-5b8f00a1b2c3"
    text = row(2).rstrip().split(",")[:16]
    master.write_text(row(1, uniqueid=placed, userfield=f"attempt={placed}") + ",".join([*text, '"VIP"\n']))
    phone = reading(master)
    async with opened(phone) as context:
        await drain(phone)
        ours, other = calls(context)
    assert (ours.key, ours.attempt_ref) == (placed, placed)
    assert other.key.startswith("row-")


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


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("Not connected", "missed"),
        ("Call not answered", "missed"),
        ("unsuccessful", "missed"),
        ("没有接听", "missed"),
        ("无人接听", "missed"),
        ("未能接通", "missed"),
        ("呼叫不成功", "missed"),
        ("disconnected", "missed"),
        ("Connected", "answered"),
        ("Successful", "answered"),
        ("已接通", "answered"),
        ("拒绝接听", "rejected"),
        ("忙线", "busy"),
    ],
)
async def test_a_denied_word_for_an_answer_is_none(tmp_path, status, outcome):
    path = tmp_path / "export.csv"
    path.write_text(f"{HEADER}\n1001;13800138000;4001;C-1;2025/3/3 9:00:00;2025/3/3 9:00:42;0;{status};\n")
    phone = reading(path, "call-centre")
    async with opened(phone) as context:
        await drain(phone)
        [call] = calls(context)
    assert call.outcome == outcome


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


async def test_a_freeswitch_file_and_a_3cx_file_with_semicolons_are_read(tmp_path):
    switch, threecx = tmp_path / "fs.csv", tmp_path / "3cx.csv"
    switch.write_text(
        '"Zhang","13800138000","4001","public","2025-03-03 12:30:00","","2025-03-03 12:30:41",'
        '"41","0","ORIGINATOR_CANCEL","leg-a","","","PCMU","PCMU"\n'
    )
    threecx.write_text(
        "Call 7;C_7;00:00:30;2025/03/03 12:30:00;2025/03/03 12:30:10;2025/03/03 12:30:40;TerminatedByDst;"
        "Ext.13900139000;Ext.801;10000;801;4001;;Ext.4001;4001;;;;;Chain: a,b;ExternalLine;Queue;Extension\n"
    )
    phone = channel(
        files=({"path": str(switch), "map": "freeswitch-csv"}, {"path": str(threecx), "map": "3cx"})
    )
    async with opened(phone) as context:
        await drain(phone)
        found = {call.key: call for call in calls(context)}
    assert (found["leg-a"].outcome, found["leg-a"].ring_s) == (CallOutcome.MISSED, 41)
    assert (found["C_7"].outcome, found["C_7"].talk_s, found["C_7"].agent) == (
        CallOutcome.ANSWERED,
        30,
        "4001",
    )


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


def test_a_map_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(ConfigError, match=r"no column map 'avaya'.*asterisk-master"):
        shipped_map("avaya")


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_map_says_what_it_is_from_and_since_when(name):
    columns = shipped_map(name)
    assert columns.title
    assert columns.source
    assert columns.dated is not None
