"""docs/writing-a-channel.md, followed word for word: every block written, every command run, every output compared.

The quick form installs without pip and runs the first and the last of the shorter commands in this process; the
long form has a shell and leaves nothing out, up to the answer that arrives at the provider. Only the ports are
others, as theirs may be taken.
"""

import asyncio
import os
import shlex
import subprocess
import sys
import venv
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from importlib.metadata import distribution
from pathlib import Path

import pytest
from typer.testing import CliRunner

from router.cli import app
from router.demo.desk import Desk
from router.testing.loopback import free_ports
from tests.contract.new_plugins import lay
from tests.contract.tutorial import Step, prints, steps_of

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/writing-a-channel.md"
PLUGIN, PACKAGE = "router-parcel-chat", "router_parcel_chat"
CERTIFY = "omnirouter channels certify parcel_chat"
SCRIPTS = {
    "omnirouter": "from router.cli import main; main()",
    # No network: what the plugin and its build need is there already.
    "pip": "import sys; from pip._internal.cli.main import main;"
    " sys.exit(main([*sys.argv[1:], '--quiet', '--no-deps', '--no-build-isolation']))",
}


class Reader:
    """Somebody with the page and a folder, who runs its commands in this process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def place(self, step: Step) -> Path:
        return self.folder / (PLUGIN if step.path.startswith("router_") else "") / step.path

    def run(self, command: str, shown: str) -> None:
        ended = CliRunner().invoke(app, shlex.split(command)[1:], catch_exceptions=False)
        compare(command, ended.output, ended.exit_code, shown)

    def edit(self, step: Step, before: Step) -> None:
        """Write a file, change one, or find what the page shows of one."""
        place = self.place(step)
        if step.is_written:
            place.write_text(step.block, encoding="utf-8")
            return
        text = place.read_text(encoding="utf-8")
        shown = before.block if step.is_change else step.block
        assert text.count(shown) == 1, f"{step.path} has not once:\n{shown}"
        if step.is_change:
            place.write_text(text.replace(shown, step.block), encoding="utf-8")


class ReaderAtAShell(Reader):
    """The same, with a shell and an environment of his own that has Omnirouter in it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        environment = folder / ".venv"
        venv.create(environment)
        programs = environment / "bin"
        site = next(environment.glob("lib/python*/site-packages"))
        installed = [str(distribution("omnirouter").locate_file("")), *sys.path]
        (site / "beside.pth").write_text("\n".join(path for path in installed if Path(path).is_dir()))
        for name, code in SCRIPTS.items():
            (programs / name).write_text(f"#!{programs}/python\n{code}\n")
            (programs / name).chmod(0o755)
        self.variables = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}

    def run(self, command: str, shown: str) -> None:
        if command.startswith("export "):
            self.variables |= dict(each.split("=") for each in command.split()[1:])
            return
        shell = ["bash", "-c", command]
        ended = subprocess.run(
            shell, cwd=self.folder, env=self.variables, capture_output=True, text=True, timeout=120
        )
        compare(command, ended.stdout + ended.stderr, ended.returncode, shown)


def compare(command: str, said: str, code: int, shown: str) -> None:
    assert prints(said, shown), f"$ {command}\n{said}\nis not what the page shows:\n{shown}"
    assert (code == 0) is ("NOT certified" not in shown), f"$ {command}\n{said}"


def commands_of(step: Step) -> list[tuple[str, str]]:
    return step.commands if step.word == "console" else []


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    """Give a reader in a folder this process looks for plugins in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield Reader(tmp_path)
    for module in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[module]


def test_reader_of_the_page_ends_with_a_certified_channel(reader: Reader, monkeypatch: pytest.MonkeyPatch):
    steps = steps_of(PAGE)
    last = [step for step in steps if any(command == CERTIFY for command, _ in commands_of(step))][-1]
    for before, step in zip([steps[0], *steps], steps, strict=False):
        for command, shown in commands_of(step):
            if command.startswith("pip install"):
                lay(reader.folder / PLUGIN, "parcel_chat", reader.folder)
                monkeypatch.syspath_prepend(str(reader.folder / PLUGIN))
            elif command.startswith("omnirouter plugin new") or (command == CERTIFY and step is last):
                reader.run(command, shown)
        if step.word in ("python", "yaml"):
            reader.edit(step, before)
    assert len(steps) > 25
    for tool in (["check"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *tool, "--no-cache", PLUGIN]
        ended = subprocess.run(ruff, cwd=reader.folder, capture_output=True, text=True)
        assert ended.returncode == 0, ended.stdout


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """Give the page with ports that are free here."""
    text = PAGE.read_text(encoding="utf-8")
    for written, free in zip(("8080", "9009"), free_ports(2), strict=True):
        text = text.replace(written, str(free))
    copy = tmp_path / "page.md"
    copy.write_text(text, encoding="utf-8")
    return copy


@asynccontextmanager
async def running(reader: Reader, command: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run one of the page's commands that go on."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command.split(), cwd=reader.folder, env=reader.variables, stdin=pipe, stdout=pipe, stderr=None
    )
    try:
        yield process
    finally:
        process.terminate()
        await process.wait()


async def line_with(process: asyncio.subprocess.Process, words: str) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(240):
        async for line in process.stdout:
            if words in line.decode():
                return line.decode().strip()
    raise AssertionError(f"it ended without saying {words!r}")


async def answer_at_the_desk(url: str, text: str) -> None:
    """Log in as mei, accept what is offered, answer it."""
    async with Desk(url) as desk, asyncio.timeout(240):
        await desk.log_in("mei", "a-long-enough-password")
        async with aclosing(desk.events()) as events:
            await anext(events)  # the stream is open; from here on no offer goes by unseen
            await desk.call("PUT", "/me/presence", {"state": "available"})
            offer = await anext(content["id"] async for topic, content in events if topic == "offer")
        taken = (await desk.call("POST", f"/offers/{offer}/accept"))["conversation"]
        token = taken["work_item"]["token"]
        await desk.call("POST", f"/conversations/{taken['id']}/replies", {"text": text, "token": token})


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_reader_of_the_whole_page_sees_his_answer_arrive_at_the_provider(tmp_path: Path, page: Path):
    reader, steps = ReaderAtAShell(tmp_path), steps_of(page)
    going_on: list[tuple[str, str]] = []
    for before, step in zip([steps[0], *steps], steps, strict=False):
        for command, shown in commands_of(step):
            if command in ("omnirouter serve", "python play.py"):
                going_on.append((command, shown))
            else:
                await asyncio.to_thread(reader.run, command, shown)
        if step.word in ("python", "yaml"):
            reader.edit(step, before)
    (serve, ready), (play, typed) = going_on
    question, answered = typed.splitlines()
    async with running(reader, serve) as router:
        url = (await line_with(router, "ready")).removeprefix("ready ")
        assert f"ready {url}" in ready
        async with running(reader, play) as provider:
            assert provider.stdin is not None
            provider.stdin.write(f"{question}\n".encode())
            assert await line_with(provider, "router") == answered
            await answer_at_the_desk(url, "It left this morning.")
            assert await line_with(provider, "shop") == "shop: It left this morning."
