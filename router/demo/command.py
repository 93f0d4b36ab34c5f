"""`omnirouter demo` and `omnirouter demo --check`: coroutines that give an exit code."""

from __future__ import annotations

import asyncio

from router.demo.check import play
from router.demo.colleagues import Colleagues
from router.demo.customers import Customers
from router.demo.files import SHOP_ADDRESS
from router.demo.scenes import load_script
from router.demo.world import HTTP_PORT, PASSWORD, SMTP_PORT, World, running_world
from router.logs import configure_logs
from router.serving import stop_asked
from router.web.settings import WebSettings

SEED = 20260101


async def run_check() -> int:
    """Prove on free ports, without a person, that a shop works."""
    configure_logs("ERROR", "text")
    return 0 if await play() else 1


async def run_demo() -> int:
    """Run a shop with simulated customers and colleagues until told to stop."""
    configure_logs("ERROR", "text")
    stop = asyncio.create_task(stop_asked(), name="stop")
    life = asyncio.create_task(_live(), name="demo")
    await asyncio.wait((stop, life), return_when=asyncio.FIRST_COMPLETED)
    for task in (stop, life):
        task.cancel()
    ended = await asyncio.gather(life, return_exceptions=True)
    if isinstance(ended[0], Exception):
        raise ended[0]
    print("stopped; everything the demo wrote is removed")
    return 0


async def _live() -> None:
    script = await asyncio.to_thread(load_script)
    async with (
        running_world(script, fixed_ports=True) as world,
        Colleagues(world, script, SEED) as colleagues,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(colleagues.work(), name="colleagues")
        group.create_task(Customers(world, script, colleagues, SEED).come(), name="customers")
        print(_greeting(world), flush=True)


def _greeting(world: World) -> str:
    url = world.url
    lines = [
        "",
        f"  Desk       {url}/              log in as anna (English) or mei (Chinese, supervisor),",
        f"                                                 password {PASSWORD}; also {_others(world)}",
        f"  Shop       {url}/demo/shop     open the chat in the corner and write",
        f"  Mailbox    {url}/demo/mailbox  write to the shop as a customer, read the answers",
        f"  Market     {url}/demo/marketplace  write as a buyer, take messages back, see what is held",
        f"  Phone      {url}/demo/phone    let customers call; a missed call comes to the desk",
        f"  Orders     {url}/demo/shop-orders  what the desk looks up, and the notes agents write on orders",
        f"  SMTP       127.0.0.1:{world.smtp_port}, for {SHOP_ADDRESS}",
        f"  API        {url}/api/v1/docs",
        f"  Files      {world.config_file.parent} (removed at the end)",
        "",
        "  Try: log in as anna in one window, open the shop in another, ask something in the chat. The offer",
        "  comes to anna: press A to accept, answer, and press Y to read why it came to her. Then send a",
        "  complaint from the mailbox and see it go first.",
        "  Customers and colleagues here are simulated. Who you log in as is left to you.",
        "",
    ]
    lines += [f"  Note: port {wanted} is taken, so {what} uses {got}." for wanted, got, what in _moved(world)]
    if not (WebSettings().static / "desk" / "index.html").is_file():
        lines.append(
            "  Note: the desk was not built. Run `pip install -e .` in the checkout again (needs node)."
        )
    lines.append("  Stop with Ctrl-C.")
    return "\n".join([*lines, f"ready {url}"])


def _others(world: World) -> str:
    return ", ".join(login for login in world.logins if login not in ("anna", "mei"))


def _moved(world: World) -> list[tuple[int, int, str]]:
    http_port = int(world.url.rpartition(":")[2])
    ports = [(HTTP_PORT, http_port, "HTTP"), (SMTP_PORT, world.smtp_port, "SMTP")]
    return [(wanted, got, what) for wanted, got, what in ports if wanted != got]
