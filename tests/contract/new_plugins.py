"""Plugins fresh from `plugin new`, installed as pip leaves them but without waiting for pip."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from router.plugin_template.shapes import Shape
from router.plugin_template.writing import new_plugin, write_plugin

Laid = Callable[[str, Shape], Path]


def lay(folder: Path, name: str, site: Path) -> None:
    """Write what pip would write into a site folder for a plugin that is installed with `-e`."""
    distribution = folder.name
    metadata = site / f"{distribution.replace('-', '_')}-0.1.0.dist-info"
    metadata.mkdir(exist_ok=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 0.1.0\n")
    (metadata / "entry_points.txt").write_text(f"[router.plugins]\n{name} = router_{name}\n")
    (metadata / "top_level.txt").write_text(f"router_{name}\n")
    (site / f"{distribution}.pth").write_text(f"{folder}\n")


@pytest.fixture
def laid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Laid]:
    """Give a function that writes a new plugin and installs it into this process."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    before = set(sys.modules)

    def _laid(name: str, shape: Shape) -> Path:
        plugin = new_plugin(name, tmp_path, shape)
        write_plugin(plugin)
        lay(plugin.folder, name, site)
        monkeypatch.syspath_prepend(str(plugin.folder))
        return plugin.folder

    yield _laid
    for module in set(sys.modules) - before:
        if module.startswith("router_new_"):
            del sys.modules[module]
