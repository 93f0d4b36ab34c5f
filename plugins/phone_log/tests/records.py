"""Rows of a file of call records, and what became of them."""

from __future__ import annotations

from pathlib import Path

from router_phone_log.channel import PhoneLogChannel

from router.calls import Call
from router.testing import MemoryContext

from .conftest import call_of, channel


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


def reading(path: Path, columns: str = "asterisk-master", **changes: object) -> PhoneLogChannel:
    return channel(files=({"path": str(path), "map": columns, **changes},), maps=changes.pop("maps", {}))
