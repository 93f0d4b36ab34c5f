"""Write a small plugin that works; in: a name, a folder and a source shape, out: the files.

Each shape is a few folders of templates laid over each other. Nothing that exists is ever written over.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path
from string import Template
from types import MappingProxyType

from router.errors import ConfigError
from router.plugin_host import PluginHost
from router.plugin_template.shapes import Shape

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LONGEST_NAME = 24
_SUFFIX = ".tmpl"
# Files that add to one of an earlier layer instead of replacing it.
_ADDED_TO = frozenset({"README.md"})


_ONLINE_ACCOUNT = "    url: https://api.example.com\n"
_WORDS: Mapping[Shape, tuple[str, str]] = MappingProxyType(
    {
        Shape.PUSH: ("the provider calls `/hooks/<account>/`", _ONLINE_ACCOUNT),
        Shape.PULL: ("the provider is asked page by page", _ONLINE_ACCOUNT),
        Shape.STREAM: ("a long answer of the provider is listened to", _ONLINE_ACCOUNT),
        Shape.MANUAL: ("somebody at the desk fills a form", ""),
    }
)
_LAYERS: Mapping[Shape, Sequence[str]] = MappingProxyType(
    {
        Shape.PUSH: ("every", "online", "push"),
        Shape.PULL: ("every", "online", "pull"),
        Shape.STREAM: ("every", "online", "stream"),
        Shape.MANUAL: ("every", "manual"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPlugin:
    """A plugin as it will lie in its folder: text by path, relative to it."""

    name: str
    folder: Path
    texts: Mapping[str, str]


def new_plugin(name: str, into: Path, shape: Shape) -> NewPlugin:
    """Render a plugin without writing it; raises ConfigError for a name or a place that cannot be used."""
    _check_name(name)
    distribution = f"router-{name.replace('_', '-')}"
    folder = into / distribution
    if not into.is_dir():
        raise ConfigError("no such folder", path=str(into), hint="Create it, or name another with --into.")
    if folder.exists() or folder.is_symlink():
        raise ConfigError(
            "it is there already, and nothing is written over",
            path=str(folder),
            hint="Name another folder with --into, or take another name.",
        )
    return NewPlugin(name=name, folder=folder, texts=_rendered(shape, _values(name, distribution, shape)))


def write_plugin(plugin: NewPlugin) -> None:
    """Write the files; the folder must not exist yet."""
    try:
        plugin.folder.mkdir()
        for path, text in plugin.texts.items():
            place = plugin.folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
    except OSError as error:
        reason = error.strerror or "it cannot be written"
        raise ConfigError(reason, path=str(plugin.folder), hint="Name another folder with --into.") from None


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME or keyword.iskeyword(name):
        raise ConfigError(
            f"{name!r} cannot be a plugin's name",
            hint=f"Take lower-case letters, digits and single underscores, at most {_LONGEST_NAME},"
            " a letter first, and no word of Python: parcel_chat.",
        )
    host = PluginHost.load()
    owner = host.owner(name) or next((each for each in host.plugins if each.name == name), None)
    if owner is not None:
        raise ConfigError(
            f"{name!r} is taken by the installed plugin {owner.name} ({owner.distribution})",
            hint="Take another name; two channel types of one name cannot be installed together.",
        )
    if find_spec(f"router_{name}") is not None:
        raise ConfigError(f"a package router_{name} is installed already", hint="Take another name.")


def _values(name: str, distribution: str, shape: Shape) -> Mapping[str, str]:
    words = name.split("_")
    shape_in_words, account = _WORDS[shape]
    return {
        "name": name,
        "package": f"router_{name}",
        "distribution": distribution,
        "hyphened": name.replace("_", "-"),
        "title": " ".join(words).capitalize(),
        "class_name": "".join(word.capitalize() for word in words),
        "env": name.upper(),
        "shape": shape_in_words,
        "account": account,
    }


def _rendered(shape: Shape, values: Mapping[str, str]) -> Mapping[str, str]:
    texts: dict[str, str] = {}
    for layer in _LAYERS[shape]:
        for path, template in _templates(files(__package__) / "files" / layer):
            # `$account` and its like must all be known: substitute raises for one that is not.
            text = Template(template).substitute(values)
            place = _place(path, values)
            texts[place] = texts.get(place, "") + text if place in _ADDED_TO else text
    return dict(sorted(texts.items()))


def _templates(folder: Traversable, path: str = "") -> Iterator[tuple[str, str]]:
    for each in folder.iterdir():
        inner = f"{path}{each.name}"
        if each.is_dir():
            yield from _templates(each, f"{inner}/")
        elif inner.endswith(_SUFFIX):
            yield inner.removesuffix(_SUFFIX), each.read_text(encoding="utf-8")


def _place(path: str, values: Mapping[str, str]) -> str:
    if path == "gitignore":
        # Under its real name it would hide files of this repository from git.
        return ".gitignore"
    first, slash, rest = path.partition("/")
    return f"{values['package']}/{rest}" if slash and first == "package" else path
