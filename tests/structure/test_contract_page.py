"""docs/contract.md holds every field and method of the contract, and none that is not there."""

import inspect
import re
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from router import abilities, calls, capabilities, channel, errors, fallbacks, messages, orders, threads
from router.messages import BlockKind, EventKind
from router.testing import simulators
from router.testing.certificate import Verdict
from router.testing.register import CHECKS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/contract.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### (.+?)\n(.*?)(?=^##|\Z)", PAGE, re.M | re.S))
NAME = re.compile(r"`(\w+)(?:\([^`]*\))?`")
MODULES = (abilities, calls, capabilities, channel, errors, messages, threads, orders)
# The values of orders belong to sources of context and notes as well, which have pages of their own.
BORDER = {module.__name__ for module in MODULES} - {orders.__name__}
CLASSES = {name: kind for module in MODULES for name, kind in vars(module).items() if inspect.isclass(kind)}
VALUES = [name for name in SECTIONS if is_dataclass(CLASSES.get(name))]
# What the base class of every simulator asks for, told on its own.
EVERY = {name for name, _ in inspect.getmembers(channel.Simulator, inspect.isfunction) if name[0] != "_"}


def column(section: str, number: int = 0) -> set[str]:
    """Give the names in one column of a section's table."""
    rows = [line.strip("|").split(" | ") for line in SECTIONS[section].splitlines() if line.startswith("|")]
    return {name for row in rows[2:] for name in NAME.findall(row[number])}


def methods(kind: type) -> set[str]:
    return {
        name
        for name, value in vars(kind).items()
        if name[0] != "_" and (inspect.isfunction(value) or isinstance(value, property))
    }


@pytest.mark.parametrize("name", VALUES)
def test_table_of_a_value_has_its_fields_and_no_others(name: str):
    assert column(name) == {each.name for each in fields(CLASSES[name])}


def test_every_value_that_crosses_the_border_has_a_table():
    there = {kind.__name__ for kind in CLASSES.values() if is_dataclass(kind) and kind.__module__ in BORDER}
    in_rows = set(re.findall(r"^\| `(\w+)` \|", SECTIONS["Parts of capabilities"], re.M))
    # How a call's facts were merged is the router's own.
    assert there - {"Told"} == set(VALUES) - {"ContextQuery", "ContextCard"} | in_rows


def test_kinds_of_events_are_those_there_are():
    assert column("Kinds of events") == set(EventKind)


def test_kinds_of_blocks_are_those_there_are():
    assert column("Kinds of blocks") == set(BlockKind)


def test_fields_of_blocks_the_router_reads_are_told():
    card = (ROOT / "ui/desk/src/components/CardView.tsx").read_text(encoding="utf-8")
    shown = re.search(r"const SHOWN = \[(.*?)\]", card)
    assert shown is not None
    read = set(fallbacks._TELLING) | set(re.findall(r'"(\w+)"', shown[1])) | {"options", "attachment"}
    read |= set(re.findall(r'fields\["(\w+)"\]', card))
    assert read <= column("Kinds of blocks", 1)


@pytest.mark.parametrize("name", ["Channel", "ChannelContext", "Simulator"])
def test_table_of_methods_has_them_and_no_others(name: str):
    assert column(name) == methods(getattr(channel, name))


def test_base_classes_have_their_methods():
    told = re.findall(r"^\| `(\w+)` \| (.+?) \|", SECTIONS["Base classes"], re.M)
    there = {name: methods(CLASSES[name]) for name, _ in told}
    assert {name: set(NAME.findall(written)) for name, written in told} == there
    mine = [
        kind for kind in vars(abilities).values() if getattr(kind, "__module__", "") == abilities.__name__
    ]
    assert {kind.__name__ for kind in mine if inspect.isabstract(kind)} <= set(there)


def test_parts_of_capabilities_have_their_fields():
    told = re.findall(r"^\| `(\w+)` \| (.+?) \|$", SECTIONS["Parts of capabilities"], re.M)
    for name, written in told:
        assert {each.name for each in fields(CLASSES[name])} <= set(NAME.findall(written)), name
    assert {name for name, _ in told} == {
        name
        for name, kind in vars(capabilities).items()
        if is_dataclass(kind) and name not in ("Capabilities", "Health")
    }


def test_arguments_of_a_send_error_are_told():
    arguments = set(inspect.signature(errors.SendError).parameters)
    assert column("SendError") == arguments - {"message"}


def test_methods_a_simulator_may_have_are_told():
    kinds = [
        kind for kind in vars(simulators).values() if getattr(kind, "__module__", "") == simulators.__name__
    ]
    there = {name for kind in kinds if inspect.isclass(kind) for name in methods(kind)}
    assert column("What a simulator may have besides") == there - EVERY


def test_certificate_page_tells_of_every_test_there_is():
    page = (ROOT / "docs/certificate.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| (\d+) \| (.+?) \| .+ \|$", page, re.M)
    assert told == [(str(check.number), check.title) for check in CHECKS]
    assert all(f"`{verdict.value}`" in page for verdict in Verdict)
