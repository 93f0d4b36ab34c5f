"""Install plugins from their own folders; in: folders, out: a site folder as pip leaves it, without pip's start."""

import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from hatchling.builders.wheel import WheelBuilder


def install_wheels(site: Path, *folders: Path) -> None:
    """Build each folder's wheel by its own recipe and unpack it, which is how a wheel is installed."""
    with TemporaryDirectory(dir=site.parent) as built:
        for folder in folders:
            for wheel in WheelBuilder(str(folder)).build(directory=built, versions=["standard"]):
                with zipfile.ZipFile(wheel) as archive:
                    archive.extractall(site)
