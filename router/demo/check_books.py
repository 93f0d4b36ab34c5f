"""The accounts of the check: nothing lost, nothing twice, everything explained."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from router.demo.floor import Floor
from router.demo.transcript import Transcript
from router.demo.world import World
from router.quarantine import listed

LOOK_AGAIN_S = 0.05
MAILS_ANSWERED = 4


async def check_books(
    world: World, floor: Floor, transcript: Transcript, conversations: Sequence[str]
) -> None:
    """Check ledger, quarantine, the customers' mailbox and the reasons of every conversation."""
    await _check_ledger(floor, transcript)
    items = await listed(world.config_file)
    transcript.equal("one item is in quarantine", [item["code"] for item in items], ["no_sender"])
    for item in items:
        transcript.act("quarantine", f"holds an item of {item['account']}")
        transcript.why(item["reason"])
    received = [letter for letter in world.mailbox.letters() if letter.direction == "received"]
    transcript.equal("every mail is answered once, the chat not by mail", len(received), MAILS_ANSWERED)
    await _check_reasons(floor, transcript, conversations)


async def _check_ledger(floor: Floor, transcript: Transcript) -> None:
    desk = floor.desks["mei"]
    while True:
        accounts = (await desk.call("GET", "/ledger"))["accounts"]
        if not sum(account["unfiled"] for account in accounts):
            break
        # no event tells that an item has gone to quarantine
        await asyncio.sleep(LOOK_AGAIN_S)
    for account in accounts:
        counts = {key: count for key, count in account.items() if key != "account"}
        transcript.act("ledger", f"{account['account']}: {counts}")
        ended = account["filed"] + account["quarantined"]
        transcript.equal(f"the ledger of {account['account']} balances", account["received"], ended)
    support = next(account for account in accounts if account["account"] == "support")
    transcript.equal("the ledger counts one repeated mail", support["redeliveries"], 1)


async def _check_reasons(floor: Floor, transcript: Transcript, conversations: Sequence[str]) -> None:
    silent = []
    for conversation_id in conversations:
        for lang in ("en", "zh-CN"):
            told = (await floor.desks["mei"].decisions(conversation_id, lang))["decisions"]
            acts = {one["act"] for one in told if one["text"].strip()}
            if not {"queued", "offered", "accepted", "completed"} <= acts:
                silent.append((conversation_id, lang, sorted(acts)))
    transcript.check("every decision can be read, in English and Chinese", not silent, silent)
