"""`omnirouter channels certify` over plugins as pip leaves them."""

import json

import pytest
from typer.testing import CliRunner

from router.cli import app
from router.errors import ConfigError
from router.testing.command import certify_named
from tests.conftest import Install

PLUGIN = """
from dataclasses import replace
from router import PluginDescriptor, hookimpl
from tests.contract.test_certificate import GOOD, {sin}

@hookimpl
def router_plugin():
    return PluginDescriptor(name="post", version="3.2.1")

@hookimpl
def router_channel_types():
    return [{types}]
"""


def run(*arguments: str) -> tuple[int, str]:
    ended = CliRunner().invoke(app, ["channels", "certify", *arguments], catch_exceptions=False)
    return ended.exit_code, ended.stdout


def test_every_type_of_a_plugin_gets_its_certificate(install: Install):
    types = "GOOD, replace(GOOD, id='letters', title='Letters')"
    install("fake-post", "post", PLUGIN.format(sin="Post", types=types))
    code, text = run("post")
    assert code == 0, text
    assert "postcards (Postcards): certified\nplugin post 3.2.1 (fake-post), kit" in text
    assert "letters (Letters): certified" in text


def test_failed_test_is_exit_1_and_told_to_programs(install: Install, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("POSTCARD_KEY", "hunter2-of-the-post")
    install("fake-sin", "sin", PLUGIN.format(sin="TellsItsKey", types="replace(GOOD, factory=TellsItsKey)"))
    code, text = run("postcards", "--json")
    assert code == 1
    told = json.loads(text)
    failed = [one for one in told["certificates"][0]["tests"] if one["verdict"] == "FAILED"]
    assert (told["ok"], [one["number"] for one in failed]) == (False, [2])
    assert failed[0]["detail"] == "a secret shows in the log"


def test_type_without_a_simulator_is_a_finding(install: Install):
    install("fake-bare", "bare", PLUGIN.format(sin="Post", types="replace(GOOD, simulator=None)"))
    code, text = run("postcards")
    assert (code, "it gives no simulator, so nothing can be proven" in text) == (1, True)


def test_name_nobody_has_lists_those_there_are():
    with pytest.raises(ConfigError, match=r"'nobody'\. Installed are .*webchat"):
        certify_named("nobody")


def test_plugin_that_failed_to_load_says_why(install: Install):
    install("fake-torn", "torn", "raise RuntimeError('torn apart')")
    with pytest.raises(ConfigError, match="the plugin 'torn' failed to load: .*torn apart"):
        certify_named("torn")
