"""A plugin of somebody else: built from its own folder, installed beside the router, certified."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "router-telnet"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--no-build-isolation", "--target", target, EXAMPLE], check=True, timeout=50)
    return target


def _run(arguments: list[str], site: Path, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(site), **more}
    command = [sys.executable, *arguments]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=55)


def test_plugin_installed_from_its_own_folder_is_found_and_certified(installed: Path, tmp_path: Path):
    ended = _run(["-m", "router", "channels", "certify", "telnet"], installed, tmp_path)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "telnet (Telnet): certified\nplugin telnet 1.0.0 (router-telnet), kit " in ended.stdout
    assert "22  PROVEN        what is declared is exercised" in ended.stdout
    assert ended.stderr == ""


def test_plugins_own_tests_pass_against_the_installed_plugin(installed: Path, tmp_path: Path):
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
    arguments += ["-p", "pytest_asyncio.plugin", str(EXAMPLE / "tests")]
    ended = _run(arguments, installed, tmp_path, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "17 passed, 10 skipped" in ended.stdout


def test_example_stays_short_enough_to_read_before_lunch():
    sources = (EXAMPLE / "router_telnet").glob("[!s]*.py")
    lines = sum(len(path.read_text().splitlines()) for path in sources)
    assert lines <= 200
