"""Files of call records as they really are: growing, rotated, cut, broken, in other orders and encodings."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from router_phone_log.files.places import MOST_FILES, Place, Places

from router.errors import MalformedMessage, StoreUnavailable
from router.testing import MemoryContext

from .conftest import call_of, channel, opened
from .records import calls, drain, numbers, reading, row


@pytest.fixture
def master(tmp_path: Path) -> Path:
    return tmp_path / "Master.csv"


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


async def test_files_of_two_maps_in_one_folder_stay_what_they_are_when_renamed(tmp_path):
    centre = "call_id,caller,callee,begin,release\nC-{0},13800138000,4001,2025-03-03 14:00:00,2025-03-03 14:01:00\n"
    switch, export = tmp_path / "switch.csv", tmp_path / "export.csv"
    switch.write_text(row(1))
    export.write_text(centre.format(1))
    phone = channel(files=({"path": str(switch)}, {"path": str(tmp_path / "exp*.csv"), "map": "call-centre"}))
    async with opened(phone) as context:
        await drain(phone)
        with export.open("a") as file:
            file.write(centre.format(2).splitlines()[1] + "\n")
        export.rename(tmp_path / "done.csv")
        await drain(phone)
        assert context.store.quarantined == []
        assert sorted(call.key for call in calls(context)) == ["1740976200.1", "C-1", "C-2"]


async def test_a_file_without_a_known_header_says_what_is_missing(master):
    master.write_text("one,two\n1,2\n")
    phone = reading(master, "call-centre")
    async with opened(phone) as context:
        await drain(phone)
        with pytest.raises(MalformedMessage, match="name the file's `columns`"):
            phone.decode(context.store.quarantined[0])


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


def test_the_cursor_stays_small_and_what_it_forgets_is_done():
    places = Places()
    header: Sequence[str] = tuple(f"column-{number}" for number in range(35))
    for number in range(MOST_FILES + 50):
        place = Place(
            offset=9**9, line=10**6, tail="f" * 16, columns=tuple(header), changed_at_s=1e9 + number
        )
        places = places.with_place(f"fd00:{number:x}", place)
    assert len(json.dumps(places.to_json())) < 64_000
    assert 50 < len(places.files) < MOST_FILES
    assert places.settled_s == min(place.changed_at_s for place in places.files.values()) - 1
    assert Places.of_json(places.to_json()) == places


def test_a_cursor_of_another_version_begins_anew():
    assert Places.of_json({"v": 99, "files": {"a": [1]}}) == Places()
    assert Place.of_json({"offset": "bad"}) == Place()
    assert Places.of_json(None).settled_s == timedelta(0).total_seconds()
