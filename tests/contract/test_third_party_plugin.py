"""Plugins of somebody else: built from their own folders, installed beside the router, certified."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.contract.installing import install_wheels

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
PLUGINS = ("telnet", "flood", "whatsapp")
NOTES_OF_PIP = {"INSTALLER", "REQUESTED", "direct_url.json"}


def folder_of(name: str) -> Path:
    return EXAMPLES / f"router-{name}"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install all of them into one folder: they also have to get on with each other."""
    site = tmp_path_factory.mktemp("site")
    install_wheels(site, *map(folder_of, PLUGINS))
    return site


def _files(site: Path) -> set[str]:
    files = {str(path.relative_to(site)) for path in site.rglob("*") if path.is_file()}
    return {file for file in files if "__pycache__" not in file and Path(file).name not in NOTES_OF_PIP}


@pytest.mark.long
def test_pip_lays_the_same_files(installed: Path, tmp_path: Path):
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    folders = [str(folder_of(name)) for name in PLUGINS]
    subprocess.run([*pip, "--no-build-isolation", "--target", tmp_path, *folders], check=True, timeout=240)
    assert _files(tmp_path) == _files(installed)


def _run(arguments: list[str], site: Path, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(site), **more}
    command = [sys.executable, *arguments]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=240)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        # Its own tests below hold the same contract; the flood's stands here alone.
        pytest.param("telnet", "Telnet", marks=pytest.mark.long),
        pytest.param("flood", "Flood", marks=pytest.mark.long),
        ("whatsapp", "WhatsApp"),
    ],
)
def test_plugin_installed_from_its_own_folder_is_found_and_certified(
    installed: Path, tmp_path: Path, name: str, title: str
):
    ended = _run(["-m", "router", "channels", "certify", name], installed, tmp_path)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"{name} ({title}): certified\nplugin {name} 1.0.0 (router-{name}), kit " in ended.stdout
    assert "22  PROVEN        what is declared is exercised" in ended.stdout
    assert ended.stderr == ""


# Their contract is what the certificates above run; `description` needs Prism, see the test beside this.
LEFT_OUT = {"telnet": (), "flood": ("test_contract.py",), "whatsapp": ("test_contract.py", "description")}
OPTIONS = {
    "asyncio_mode": "auto",
    "asyncio_default_fixture_loop_scope": "function",
}


@pytest.mark.long
def test_plugins_own_tests_pass_against_the_installed_plugins(installed: Path, tmp_path: Path):
    arguments = ["-m", "pytest", "-q", "--junitxml", str(tmp_path / "ends.xml"), "--rootdir", str(EXAMPLES)]
    arguments += ["-c", os.devnull, "--import-mode=importlib", "-p", "no:cacheprovider"]
    arguments += [word for name, value in OPTIONS.items() for word in ("-o", f"{name}={value}")]
    # Only what a plugin's author needs: loading every other plugin of pytest takes longer than the tests.
    arguments += ["-p", "pytest_asyncio.plugin"]
    for name, left_out in LEFT_OUT.items():
        tests = folder_of(name) / "tests"
        arguments += [str(tests), *(f"--ignore={tests / file}" for file in left_out)]
    ended = _run(arguments, installed, tmp_path, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    ends = {name: Counter[str]() for name in PLUGINS}
    for case in ElementTree.parse(tmp_path / "ends.xml").iter("testcase"):
        folder = case.attrib["classname"].partition(".")[0]
        ends[folder.removeprefix("router-")]["passed" if len(case) == 0 else case[0].tag] += 1
    assert ends.pop("telnet") == {"passed": 17, "skipped": 10}
    assert [set(one) for one in ends.values()] == [{"passed"}, {"passed"}]


def test_example_stays_short_enough_to_read_before_lunch():
    sources = (folder_of("telnet") / "router_telnet").glob("[!s]*.py")
    lines = sum(len(path.read_text().splitlines()) for path in sources)
    assert lines <= 200
