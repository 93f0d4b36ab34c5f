"""What `omnirouter channels` says of the plugins that are installed."""

import json

from typer.testing import CliRunner

from router.cli import app
from tests.conftest import Install

PLUGIN = """
from pydantic import BaseModel, ConfigDict
from router import ContextKind, ContextProviderType, NoteLimits, NoteTargetType, PluginDescriptor, hookimpl

class Nothing(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

@hookimpl
def router_plugin():
    return PluginDescriptor(name="ledger", version="3.2.1")

@hookimpl
def router_context_providers():
    kinds = frozenset({ContextKind.ORDERS})
    return [ContextProviderType(id="ledger", title="Ledger", settings=Nothing, kinds=kinds, factory=object)]

@hookimpl
def router_note_targets():
    limits = NoteLimits(max=500)
    return [NoteTargetType(id="slate", title="Slate", settings=Nothing, limits=limits, factory=object)]
"""


def run(*arguments: str) -> tuple[int, str]:
    ended = CliRunner().invoke(app, ["channels", *arguments], catch_exceptions=False)
    return ended.exit_code, ended.stdout


def test_plugin_without_a_channel_is_listed_with_what_it_brings(install: Install):
    install("fake-ledger", "ledger", PLUGIN)
    code, text = run()
    assert code == 0
    ours = text[text.index("ledger") :].splitlines()
    assert ours[0] == "ledger         fake-ledger 3.2.1"
    assert [line.strip() for line in ours[1:3]] == ["context providers: ledger", "note targets: slate"]
    (row,) = [row for row in json.loads(run("--json")[1])["plugins"] if row["plugin"] == "ledger"]
    assert row == {
        "plugin": "ledger",
        "distribution": "fake-ledger 3.2.1",
        "channels": [],
        "context_providers": ["ledger"],
        "note_targets": ["slate"],
        "strategies": [],
        "error": "",
    }


def test_plugin_that_failed_says_why_and_hides_no_other(install: Install):
    install("fake-torn", "torn", "raise RuntimeError('torn apart')")
    code, text = run()
    (line,) = [line for line in text.splitlines() if line.startswith("torn ")]
    assert (code, line.endswith("RuntimeError: torn apart")) == (1, True)
    assert "webchat" in text
