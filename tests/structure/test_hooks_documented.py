"""Every hook has its section in docs/hooks.md and a test of its own."""

import inspect
import re
from pathlib import Path

import pytest

from router.hookspecs import RouterHooks

ROOT = Path(__file__).parents[2]
HOOKS = [name for name, _ in inspect.getmembers(RouterHooks, inspect.isfunction)]
SECTIONS = dict(
    re.findall(r"^## (router_\w+)$(.*?)(?=^## |\Z)", (ROOT / "docs/hooks.md").read_text(), re.M | re.S)
)


def test_documented_hooks_are_exactly_the_hooks():
    assert sorted(SECTIONS) == sorted(HOOKS)


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize(
    "point", ["Since", "Colour", "Arguments", "Returns", "Several plugins", "On exception"]
)
def test_hook_section_says_what_a_plugin_author_asks(hook: str, point: str):
    assert f"- {point}: " in SECTIONS[hook]


@pytest.mark.parametrize("hook", HOOKS)
def test_hook_has_a_test_named_after_it(hook: str):
    tests = (ROOT / "tests").rglob("test_*.py")
    assert any(f"def test_hook_{hook}(" in path.read_text() for path in tests)


def test_no_hook_is_a_coroutine():
    assert [hook for hook in HOOKS if inspect.iscoroutinefunction(getattr(RouterHooks, hook))] == []
