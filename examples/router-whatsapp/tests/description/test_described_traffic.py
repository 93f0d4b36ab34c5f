"""Every kind of call through `prism proxy`, which refuses what the description does not allow; needs `prism`."""

import asyncio
import re
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import ClientSession
from router_whatsapp.channel import WhatsAppChannel
from router_whatsapp.facts import FACTS
from router_whatsapp.samples import ANN
from router_whatsapp.simulator import WhatsAppSimulator

from router import MediaFile, TemplateUse
from router.messages import SendOutcome
from router.testing import MemoryContext, MemoryStore, make_attempt

LISTENING = re.compile(rb"listening on (http://[^\s\x1b]+)")
START_S = 40


async def keep_reading(lines: asyncio.StreamReader) -> None:
    """Empty the pipe, as a full one would stop the program."""
    while await lines.readline():
        pass


@asynccontextmanager
async def prism(spec, upstream: str):
    """Run the proxy on a free port; give its address."""
    command = ["prism", "proxy", str(spec), upstream, "--errors", "--port", "0", "--host", "127.0.0.1"]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    assert process.stdout is not None
    reading = None
    try:
        async with asyncio.timeout(START_S):
            while (found := LISTENING.search(await process.stdout.readline())) is None:
                assert process.returncode is None
        reading = asyncio.create_task(keep_reading(process.stdout))
        yield found[1].decode()
    finally:
        process.terminate()
        await process.wait()
        if reading is not None:
            await reading


@pytest.fixture
async def judged():
    """A number whose every call passes the judge, and its provider."""
    simulator = WhatsAppSimulator()
    await simulator.start()
    async with prism(simulator.spec(), simulator.url) as url:
        context = MemoryContext("main", store=MemoryStore())
        channel = WhatsAppChannel("main", simulator.settings_behind(url))
        context.store.know(channel)
        await channel.open(context)
        await simulator.deliver(channel, simulator.samples()[0])
        yield channel, simulator, url
        await channel.close()
        await context.close_http()
    await simulator.stop()


async def content():
    yield b"content of a file"


async def test_every_kind_of_message_and_file_is_as_described(judged):
    channel, simulator, _ = judged
    for kind in ("text", "location", "contact", "choice", *FACTS.media):
        block = simulator.block(kind)
        if kind in FACTS.media:
            file = MediaFile(name="a", content_type=min(FACTS.media[kind].types), size_bytes=17)
            block = replace(block, fields={**block.fields, **await channel.upload(file, content())})
        sent = await channel.send(make_attempt(recipient=ANN, thread=ANN, blocks=[block]))
        assert sent.outcome is SendOutcome.ACCEPTED
    assert len(simulator.sent()) == 4 + len(FACTS.media)


async def test_templates_are_listed_and_sent_as_described(judged):
    channel, simulator, _ = judged
    templates = await channel.list_templates(ANN)
    use = TemplateUse(id=templates[0].id, language="en_US", variables={"1": "Ann", "2": "1001"})
    await channel.send(replace(make_attempt(recipient=ANN, thread=ANN), template=use))
    assert b"order_left" in simulator.sent()[-1]


async def test_judge_stops_a_message_that_is_not_as_described(judged):
    _, simulator, url = judged
    headers = {"Authorization": f"Bearer {simulator.fake.token}", "User-Agent": "shop/1.0.0"}
    wrong = {
        "messaging_product": "whatsapp",
        "recipient_type": "nobody",
        "to": ANN,
        "type": "text",
        "text": {"body": "x"},
    }
    async with (
        ClientSession() as client,
        client.post(f"{url}/v23.0/1/messages", json=wrong, headers=headers) as answer,
    ):
        assert answer.status == 422
        assert "recipient_type" in str((await answer.json())["validation"])
    assert simulator.sent() == []
