"""The documents speak of what is there: commands, error codes, links, tables, change fragments."""

import ast
import re
from pathlib import Path

import pytest
import typer

from router.cli import app
from router.storage.schema import metadata
from router.web.problems import TITLES

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "changes").glob("README.md")]
    + [page for folder in ("plugins", "examples", "ui") for page in (ROOT / folder).glob("*/README.md")]
    + [ROOT / "ui/README.md"]
)
COMMANDS = (ROOT / "docs/commands.md").read_text()
FENCES = re.compile(r"^```.*?^```$|`[^`\n]+`", re.M | re.S)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def commands(group, path: str = "omnirouter"):
    """List each command with its parameters; a group that does something by itself is one too."""
    for name, command in sorted(group.commands.items()):
        full = f"{path} {name}"
        if not hasattr(command, "commands"):
            yield full, command
            continue
        if command.invoke_without_command:
            yield full, command
        yield from commands(command, full)


ALL = list(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("command", [name for name, _ in ALL])
def test_command_is_described(command: str):
    assert f"`{command}" in COMMANDS


@pytest.mark.parametrize(("name", "command"), ALL, ids=[name for name, _ in ALL])
def test_options_of_a_command_stand_in_its_description(name: str, command):
    lines = [line for line in COMMANDS.splitlines() if f"`{name}" in line]
    for option in (one for one in command.params if one.param_type_name == "option" and one.name != "help"):
        assert any(spelling in line for spelling in option.opts for line in lines), option.opts


def test_no_command_is_described_that_does_not_exist():
    known = {name for name, _ in ALL}
    for written in re.findall(r"^#+ (omnirouter [a-z ]+)$", COMMANDS, re.M):
        assert any(name == written or name.startswith(f"{written} ") for name in known), written
    for page in (ROOT / "README.md", ROOT / "docs/commands.md"):
        for written in re.findall(r"omnirouter ([a-z]+)", page.read_text()):
            assert any(name.split()[1] == written for name in known), f"{page.name}: {written}"


def test_readme_shows_what_the_demo_prints():
    transcript = re.search(r"^```\n(  Desk .*?)^```$", (ROOT / "README.md").read_text(), re.M | re.S)
    source = (ROOT / "router/demo/command.py").read_text()
    assert transcript
    for line in transcript[1].splitlines():
        # what differs from run to run (address, port, folder) stands at the front or is left out
        words = re.split(r"(?:http://|/tmp/)\S*|127[.0-9]+:\d+|\bdemo; also .*|\S+@\S+", line)
        assert all(part.strip() in source for part in words), line


def test_error_codes_of_the_api_page_are_those_of_the_code():
    page = (ROOT / "docs/http-api.md").read_text()
    section = page.split("## Errors")[1].split("## ")[0].split("`code` is stable:")[1].split("\n\n")[0]
    assert set(re.findall(r"`([a-z_]+)`", section)) == set(TITLES)


@pytest.mark.parametrize("table", sorted(metadata.tables))
def test_table_is_in_the_glossary_or_the_architecture(table: str):
    pages = [(ROOT / "docs" / name).read_text() for name in ("glossary.md", "ARCHITECTURE.md")]
    assert any(f"`{table}`" in page or f"`{table}." in page for page in pages)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files(page: Path):
    for target in LINK.findall(FENCES.sub("", page.read_text())):
        if target.startswith("https://"):
            continue
        name, _, heading = target.partition("#")
        found = (page.parent / name).resolve() if name else page
        assert found.exists(), target
        assert not heading or heading in headings(found), target


def headings(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("name", ["ARCHITECTURE.md", "glossary.md", "threat-model.md"])
def test_files_named_in_a_page_are_there(name: str):
    missing = []
    for written in re.findall(
        r"`([\w./-]+\.(?:py|ts|tsx|toml|md|yaml))`", (ROOT / "docs" / name).read_text()
    ):
        if not any(path.is_file() for path in _places(written)):
            missing.append(written)
    assert missing == []


def _places(written: str):
    """Pages leave out what is the same in every line: `router/`, the engine's or a plugin's folder, `ui/desk/src`."""
    engine = ("router/engine", "router/engine/rules")
    roots = (
        "",
        "docs",
        "router",
        "router/storage",
        *engine,
        "plugins/email",
        "plugins/webchat",
        "ui/desk/src",
    )
    yield from (ROOT / root / written for root in roots)
    yield from ROOT.glob(f"plugins/*/router_*/{written}")
    yield from (path for folder in ("tests", "plugins") for path in (ROOT / folder).rglob(written))


@pytest.mark.parametrize(
    "page", [ROOT / "docs/threat-model.md", *sorted((ROOT / "docs/decisions").glob("0*.md"))]
)
def test_tests_named_as_evidence_are_there(page: Path):
    tests = "\n".join(
        path.read_text() for folder in ("tests", "plugins") for path in (ROOT / folder).rglob("test_*.py")
    )
    named = re.findall(r"[`:](?:test_)?([a-z0-9]+(?:_[a-z0-9]+){3,})(_…)?`", page.read_text())
    assert named
    assert [
        name for name, cut in named if not re.search(rf"def test_{name}{'_' if cut else '[(]'}", tests)
    ] == []


def test_import_order_of_the_architecture_is_the_one_that_is_checked():
    layout = ast.parse((ROOT / "tests/structure/test_layout.py").read_text())
    order = next(
        ast.literal_eval(node.value)
        for node in layout.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "ORDER"
    )
    page = (ROOT / "docs/ARCHITECTURE.md").read_text().split("## Who may import whom")[1]
    rows = [re.split(r" {3,}", row)[0] for row in page.split("```")[1].strip().splitlines()]
    shown = [tuple(name.removesuffix("/*") for name in row.split()) for row in rows]
    assert shown == [row for row in order if row != ("__main__",)]


def test_decisions_are_numbered_without_a_gap_and_listed():
    pages = sorted((ROOT / "docs/decisions").glob("0*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    listed = re.findall(r"\]\((0[^)]+)\)", (ROOT / "docs/decisions/README.md").read_text())
    assert listed == [page.name for page in pages]
    for page in pages:
        for part in ("**Context.**", "**Choice.**", "**What we gave up.**", "**Evidence.**"):
            assert part in page.read_text(), f"{page.name}: {part}"


def test_change_fragments_are_well_named_and_say_something():
    wrong = []
    for path in (ROOT / "changes").iterdir():
        if path.name == "README.md":
            continue
        well_named = re.fullmatch(r"[a-z0-9][a-z0-9-]*\.(feature|fix|breaking|docs)\.md", path.name)
        if not well_named or not path.read_text().strip().endswith("."):
            wrong.append(path.name)
    assert wrong == []


def test_commit_hook_fetches_nothing():
    assert re.findall(r"^ +- repo: (.+)$", (ROOT / ".pre-commit-config.yaml").read_text(), re.M) == ["local"]
