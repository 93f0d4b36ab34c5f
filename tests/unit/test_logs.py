"""What stands in the log: our faults, not a stranger's."""

import asyncio
import subprocess
import sys

PROGRAM = """
import asyncio
from aiohttp import web
from router.logs import configure_logs
from router.web.app import create_runner

async def broken(request):
    raise RuntimeError("a fault of ours")

async def main():
    configure_logs("INFO", "text")
    app = web.Application()
    app.router.add_get("/broken", broken)
    runner = create_runner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    for line in (b"\\x00\\x01", b"GET / HTTP/9.9", b"GET /broken HTTP/1.1\\r\\nHost: x\\r\\nConnection: close"):
        reader, writer = await asyncio.open_connection(*runner.addresses[0])
        writer.write(line + b"\\r\\n\\r\\n")
        print((await reader.readline()).split()[1].decode())
        writer.close()
    await runner.cleanup()

asyncio.run(main())
"""


async def test_broken_request_is_answered_and_logged_only_when_the_fault_is_ours() -> None:
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    answers, log = await program.communicate()
    assert answers.split() == [b"400", b"400", b"500"]
    assert log.count(b"Traceback") == 1
    assert b"a fault of ours" in log
