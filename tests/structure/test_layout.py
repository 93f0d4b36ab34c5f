"""The house stays as it was cut: where files lie, who imports whom, how long things are."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[2]
TRACKED = subprocess.run(
    ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
    cwd=ROOT, capture_output=True, text=True, check=True,
).stdout.splitlines()  # fmt: skip
PYTHON = sorted(ROOT / name for name in TRACKED if name.endswith(".py") and (ROOT / name).exists())
TESTS = [path for path in PYTHON if "tests" in path.parts]
BENCH = [path for path in PYTHON if path.parts[len(ROOT.parts)] == "bench"]
PRODUCT = [path for path in PYTHON if path not in TESTS + BENCH]

# Read "a room may import every room on an earlier line, and its own line".
ORDER = (
    ("errors", "clock", "ids", "unbroken", "crash", "legible"),
    ("calls", "threads"),
    ("messages",),
    ("orders",),
    ("documents", "capabilities", "abilities", "channel", "playing", "strategy", "hookspecs"),
    ("model", "live", "splitting", "fallbacks", "windows", "pauses", "templates", "file_types"),
    ("engine",),
    ("storage",),
    (
        "text_files",
        "plugin_checks",
        "plugin_host",
        "plugin_list",
        "config",
        "sources",
        "rules_files",
        "people",
        "pooling",
        "drafts",
        "file_folder",
    ),
    ("context_source", "context", "order_facts"),
    (
        "backlog",
        "decoding",
        "triage",
        "demand",
        "entries",
        "echoes",
        "stated",
        "message_changes",
        "placing",
        "thread_news",
        "conversations",
    ),
    ("call_filing", "call_backs", "note_lane", "order_notes"),
    ("queues", "filing", "engine_room", "attempts"),
    (
        "intake",
        "outbox",
        "offers",
        "steering",
        "rerouting",
        "task_opening",
        "tasks",
        "platform_clocks",
        "remapping",
        "identities",
        "outgoing_files",
        "uploading",
        "acts",
    ),
    ("companions",),
    ("composing",),
    ("replies", "notices"),
    ("front_desk",),
    ("watchdog", "accounts", "supervisor"),
    ("doors", "startup", "routing_setup", "quarantine"),
    ("simulation",),
    ("rulebook", "rules_commands", "staffing", "plugin_template"),
    ("web",),
    ("bootstrap", "checking", "explaining", "logs"),
    ("serving",),
    ("demo",),
    ("cli",),
    ("__main__",),
)
RANK = {name: rank for rank, line in enumerate(ORDER) for name in line}
PURE = {"sqlalchemy", "aiohttp", "pluggy", "time", "random", "secrets", "asyncio", "socket", "os"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the tests ask of a file; its tree is let go, as a thousand of them burden every test behind these."""

    lines: int
    imports: frozenset[str]
    imports_inside: tuple[int, ...]
    functions: tuple[tuple[int, str, int], ...]


def statements(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """Give statements and those inside them; neither import nor function stands in an expression."""
    for statement in body:
        yield statement
        for part in ("body", "handlers", "orelse", "finalbody", "cases"):
            yield from statements(getattr(statement, part, ()))


def modules_of(statement: ast.AST) -> set[str]:
    if isinstance(statement, ast.Import):
        return {alias.name for alias in statement.names}
    if isinstance(statement, ast.ImportFrom):
        assert statement.level == 0, f"line {statement.lineno}: a relative import"
        return {statement.module or ""}
    return set()


@cache
def facts_of(path: Path) -> Facts:
    text = path.read_text(encoding="utf-8")
    found = list(statements(ast.parse(text, str(path)).body))
    functions = [one for one in found if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
    inside = {
        inner.lineno
        for function in functions
        for inner in statements(function.body)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    }
    return Facts(
        lines=text.count("\n"),
        imports=frozenset().union(*map(modules_of, found)),
        imports_inside=tuple(sorted(inside)),
        functions=tuple((one.lineno, one.name, (one.end_lineno or 0) - one.lineno + 1) for one in functions),
    )


def imports(path: Path) -> frozenset[str]:
    return facts_of(path).imports


def room_of(path: Path) -> str:
    return path.relative_to(ROOT / "router").parts[0].removesuffix(".py")


def core() -> list[Path]:
    return [path for path in PRODUCT if path.is_relative_to(ROOT / "router")]


def test_the_folders_the_customer_asked_for_are_there() -> None:
    for name in ("router", "plugins/email", "plugins/webchat", "tests"):
        assert (ROOT / name).is_dir(), name
    for name in ("pyproject.toml", "README.md", "scripts/check", ".ci/run"):
        assert (ROOT / name).is_file(), name


def test_no_module_lies_directly_in_a_plugin_folder() -> None:
    # A flat plugins/email/ would shadow the standard library's email as soon as plugins/ is on the path.
    assert [
        path for path in PYTHON if re.fullmatch(r"plugins/[^/]+/[^/]+\.py", str(path.relative_to(ROOT)))
    ] == []


def test_a_room_imports_only_rooms_before_it() -> None:
    wrong = []
    for path in core():
        room = room_of(path)
        if room in ("__init__", "testing"):
            continue
        for module in imports(path):
            parts = module.split(".")
            if parts[:2] == ["router", "testing"]:
                # Only the command line may, see the next test.
                continue
            if parts[0] == "router" and len(parts) > 1 and RANK[parts[1]] > RANK[room]:
                wrong.append(f"{path.relative_to(ROOT)} imports {module}")
    assert wrong == []


def test_the_core_knows_no_plugin_and_the_test_kit_stays_out_of_it() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in core()
        for module in imports(path)
        if module.split(".")[0].startswith("router_")
        or (module.startswith("router.testing") and room_of(path) not in ("testing", "cli"))
    ]
    assert wrong == []


def test_plugins_import_only_the_public_surface() -> None:
    allowed = {
        "router",
        "router.abilities",
        "router.calls",
        "router.capabilities",
        "router.channel",
        "router.clock",
        "router.errors",
        "router.hookspecs",
        "router.messages",
        "router.orders",
        "router.playing",
        "router.testing",
        "router.threads",
    }
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in PRODUCT
        if path.is_relative_to(ROOT / "plugins") or path.is_relative_to(ROOT / "examples")
        for module in imports(path)
        if module.split(".")[0] == "router" and module not in allowed
    ]
    assert wrong == []


def test_documents_model_and_engine_are_pure() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in core()
        if room_of(path) in ("documents", "model", "engine")
        for module in imports(path)
        if module.split(".")[0] in PURE
    ]
    assert wrong == []


def test_only_commands_import_inside_functions() -> None:
    assert [
        f"{path.relative_to(ROOT)}:{line}"
        for path in PRODUCT
        if path.name != "cli.py"
        for line in facts_of(path).imports_inside
    ] == []


def test_modules_and_functions_keep_their_budgets() -> None:
    facts = {
        path.relative_to(ROOT): facts_of(path) for path in PRODUCT + BENCH if "migrations" not in path.parts
    }
    assert {path: one.lines for path, one in facts.items() if one.lines > 400} == {}
    assert median(one.lines for one in facts.values()) <= 120
    assert [
        f"{path}:{line} {name} {lines}"
        for path, one in facts.items()
        for line, name, lines in one.functions
        if lines > 40
    ] == []


def test_files_of_tests_are_short_enough_to_find_a_test_in() -> None:
    lengths = {path.relative_to(ROOT): path.read_text(encoding="utf-8").count("\n") for path in TESTS}
    assert {path: count for path, count in lengths.items() if count > 400} == {}


@pytest.mark.parametrize(
    "line",
    [
        "python3 -m venv .venv && .venv/bin/pip install -e . && .venv/bin/omnirouter demo",
        "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest",
    ],
)
def test_the_set_up_lines_stand_in_the_readme_word_for_word(line: str) -> None:
    assert line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()


def test_no_committed_text_names_a_download_or_this_machine() -> None:
    places = re.compile(rf'"resolved":\s*"http|files\.[a-z]+hosted\.|{re.escape(str(ROOT))}')
    wrong = []
    for name in TRACKED:
        path = ROOT / name
        if "fixtures" in path.parts or not path.is_file() or path.stat().st_size > 2_000_000:
            continue
        found = places.search(path.read_text(encoding="utf-8", errors="replace"))
        if found:
            wrong.append(f"{name}: {found.group()}")
    assert wrong == []


def test_listing_commands_start_without_the_rest_of_the_house() -> None:
    code = "import sys, router.cli; print([m for m in ('sqlalchemy', 'aiosmtpd', 'alembic') if m in sys.modules])"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert answer.stdout.strip() == "[]"
