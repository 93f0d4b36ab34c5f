"""`omnirouter demo --check`: real clients play a working day, and everything they see is checked.

Out: the transcript and the verdicts on standard output; True when all is good.
"""

from __future__ import annotations

import asyncio

from aiohttp import ClientError
from aiosmtplib import SMTPException

from router.demo.check_books import check_books
from router.demo.check_chat import play_chat
from router.demo.check_lease import play_silence
from router.demo.check_mail import play_mail
from router.demo.check_market import play_market
from router.demo.check_phone import play_phone
from router.demo.floor import staffed_floor
from router.demo.scenes import load_script
from router.demo.transcript import Transcript
from router.demo.world import PASSWORD, World, running_world
from router.errors import RouterError

DEADLINE_S = 300.0


async def play() -> bool:
    """Start a shop on free ports, play the day against the clock, print what was found."""
    transcript = Transcript()
    script = await asyncio.to_thread(load_script)
    try:
        async with (
            asyncio.timeout(DEADLINE_S),
            running_world(script, fixed_ports=False, one_at_a_time=True) as world,
        ):
            await _play(world, transcript)
    except TimeoutError:
        wrong = f"after “{transcript.last_act}” nothing more came"
        transcript.check(f"everything within {DEADLINE_S:.0f} s", False, wrong)
    except (RouterError, ClientError, SMTPException, OSError) as error:
        transcript.check(f"what follows “{transcript.last_act}”", False, error)
    return transcript.print_verdicts()


async def _play(world: World, transcript: Transcript) -> None:
    async with staffed_floor(world.url, world.logins, PASSWORD) as floor:
        transcript.act("the shop", f"is open at {world.url}; everybody is logged in, nobody available yet")
        conversations = await play_mail(world, floor, transcript)
        conversations.append(await play_chat(world, floor, transcript))
        conversations.append(await play_silence(world, floor, transcript))
        conversations += await play_market(world, floor, transcript)
        conversations += await play_phone(world, floor, transcript)
        await check_books(world, floor, transcript, conversations)
