"""Plugins of somebody else: built from their own folders, installed beside the router, certified."""

import os
import subprocess
import sys
from pathlib import Path

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


@pytest.mark.parametrize(
    ("name", "left_out", "outcome"),
    [
        ("telnet", (), "17 passed, 10 skipped"),
        # Their contract is what the certificate above runs; `description` needs Prism, see the test beside this.
        ("flood", ("test_contract.py",), " passed in "),
        ("whatsapp", ("test_contract.py", "description"), " passed in "),
    ],
)
def test_plugins_own_tests_pass_against_the_installed_plugin(
    installed: Path, tmp_path: Path, name: str, left_out: tuple[str, ...], outcome: str
):
    arguments = [
        "-m",
        "pytest",
        "-q",
        "-o",
        "asyncio_mode=auto",
        "-o",
        "asyncio_default_fixture_loop_scope=function",
    ]
    arguments += ["-c", os.devnull, "--import-mode=importlib", "-p", "no:cacheprovider"]
    # Only what a plugin's author needs: loading every other plugin of pytest takes longer than the tests.
    arguments += ["-p", "pytest_asyncio.plugin", str(folder_of(name) / "tests")]
    arguments += [f"--ignore={folder_of(name) / 'tests' / file}" for file in left_out]
    ended = _run(arguments, installed, tmp_path, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert outcome in ended.stdout


def test_example_stays_short_enough_to_read_before_lunch():
    sources = (folder_of("telnet") / "router_telnet").glob("[!s]*.py")
    lines = sum(len(path.read_text().splitlines()) for path in sources)
    assert lines <= 200
