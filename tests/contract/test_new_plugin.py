"""`omnirouter plugin new`: what it writes passes the contract at once, and it never harms what is there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from router.cli import app
from router.errors import ConfigError
from router.plugin_host import PluginHost
from router.plugin_template.shapes import Shape
from router.plugin_template.writing import new_plugin, write_plugin
from router.testing import certify
from router.testing.register import CHECKS
from tests.contract.new_plugins import Laid, laid

__all__ = ["laid"]

SOURCES = {Shape.PUSH: "push", Shape.PULL: "poll", Shape.STREAM: "inbound", Shape.MANUAL: "inbound"}
# Each shape goes through these as well in the long form; here they would take longer than all others.
SLOW = {1, 3, 23}
LONGEST = "a23456789_b23456789_c234"


@pytest.mark.parametrize("shape", Shape)
def test_new_plugin_of_each_shape_is_certified_at_once(shape: Shape, laid: Laid):
    name = f"new_{shape}"
    laid(name, shape)
    numbers = {check.number for check in CHECKS} - SLOW
    certificate = certify(PluginHost.load().channel_types[name], only=numbers)
    assert certificate.passed, certificate.render()
    verdicts = {one.name: one.verdict.value for one in certificate.capabilities}
    assert verdicts[SOURCES[shape]] == "PROVEN"
    assert "not run" not in {result.verdict.value for result in certificate.results}


def run(folder: Path, *command: str, site: Path | None = None) -> str:
    environment = {**os.environ, "PYTHONPATH": str(site or folder)}
    ended = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.mark.parametrize("name", ["a", LONGEST])
@pytest.mark.parametrize("shape", Shape)
def test_written_code_is_as_the_formatter_would_have_it(name: str, shape: Shape, tmp_path: Path):
    plugin = new_plugin(name, tmp_path, shape)
    write_plugin(plugin)
    run(plugin.folder, "ruff", "check", "--no-cache", ".")
    run(plugin.folder, "ruff", "format", "--check", "--no-cache", ".")


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("shape", Shape)
def test_installed_new_plugin_is_certified_typed_and_tested(shape: Shape, tmp_path: Path):
    name, site = f"new_{shape}", tmp_path / "site"
    plugin = new_plugin(name, tmp_path, shape)
    write_plugin(plugin)
    pip = ["install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation"]
    run(tmp_path, "pip", *pip, "--target", str(site), str(plugin.folder))
    said = run(tmp_path, "router", "channels", "certify", name, site=site)
    assert f"{name} (New {shape}): certified\nplugin {name} 0.1.0 ({plugin.folder.name}), kit" in said
    assert "passed" in run(plugin.folder, "pytest", "-q", "-p", "no:cacheprovider", site=site)
    assert "Success" in run(plugin.folder, "mypy", site=site)


def command(*arguments: str) -> tuple[int, str]:
    ended = CliRunner().invoke(app, ["plugin", "new", *arguments], catch_exceptions=False)
    return ended.exit_code, ended.stdout


def test_command_names_the_files_and_what_comes_next(tmp_path: Path):
    code, said = command("parcel_chat", "--into", str(tmp_path), "--source", "manual")
    written = [
        str(path.relative_to(tmp_path / "router-parcel-chat"))
        for path in (tmp_path / "router-parcel-chat").rglob("*")
        if path.is_file()
    ]
    assert code == 0
    assert sorted(written) == sorted(line.strip() for line in said.split("\n\n")[0].splitlines()[1:])
    assert ".gitignore" in written
    assert "omnirouter channels certify parcel_chat" in said


def test_source_nobody_knows_is_wrong_use_and_writes_nothing(tmp_path: Path):
    code, _ = command("parcel_chat", "--into", str(tmp_path), "--source", "telepathy")
    assert (code, list(tmp_path.iterdir())) == (2, [])


@pytest.mark.parametrize(
    "name",
    ["", "Parcel", "parcel-chat", "7parcels", "_a", "a_", "a__b", "class", "../a", "päckchen", f"{LONGEST}x"],
)
def test_name_no_package_can_have_is_refused_with_one_that_can(name: str, tmp_path: Path):
    with pytest.raises(ConfigError, match="cannot be a plugin's name.*parcel_chat"):
        new_plugin(name, tmp_path, Shape.PUSH)


def test_name_of_an_installed_channel_type_is_refused_with_its_owner(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"'webchat' is taken by the installed plugin webchat \(omnirouter"):
        new_plugin("webchat", tmp_path, Shape.PUSH)


def test_name_of_a_plugin_without_such_a_channel_type_is_refused(tmp_path: Path):
    with pytest.raises(ConfigError, match="'marketplace' is taken"):
        new_plugin("marketplace", tmp_path, Shape.PULL)


def test_folder_that_is_there_is_left_as_it_is(tmp_path: Path):
    mine = tmp_path / "router-parcels" / "pyproject.toml"
    mine.parent.mkdir()
    mine.write_text("mine")
    with pytest.raises(ConfigError, match="router-parcels: it is there already.*--into"):
        new_plugin("parcels", tmp_path, Shape.PUSH)
    assert [path.read_text() for path in mine.parent.iterdir()] == ["mine"]


def test_folder_made_meanwhile_is_not_written_into(tmp_path: Path):
    plugin = new_plugin("parcels", tmp_path, Shape.PUSH)
    plugin.folder.mkdir()
    with pytest.raises(ConfigError, match="File exists"):
        write_plugin(plugin)
    assert list(plugin.folder.iterdir()) == []


def test_folder_that_is_missing_is_named_with_the_remedy(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"nowhere: no such folder.*--into"):
        new_plugin("parcels", tmp_path / "nowhere", Shape.PUSH)


def test_plugin_installed_twice_under_one_name_is_refused(laid: Laid, tmp_path: Path):
    laid("new_twice", Shape.MANUAL)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with pytest.raises(ConfigError, match=r"taken by the installed plugin new_twice \(router-new-twice\)"):
        new_plugin("new_twice", elsewhere, Shape.MANUAL)
