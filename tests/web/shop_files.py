"""The shop's outgoing files, for channels that take pictures and PDF, and what its tasks do not need."""

from __future__ import annotations

from pathlib import Path

from router import Capabilities, ChannelType, MediaLimits
from router.clock import Clock
from router.file_folder import FileFolder
from router.outgoing_files import OutgoingFiles
from router.storage.store import Store
from router.testing.channels import NullChannel, NullSettings

CAN = Capabilities(
    channel_class="email",
    blocks=frozenset({"text", "image", "file"}),
    media={
        "image": MediaLimits(types=frozenset({"image/png", "image/jpeg"}), max_bytes=5_000),
        "file": MediaLimits(types=frozenset({"application/pdf", "text/html"}), max_bytes=2_000_000),
    },
)


class ShopDoors:
    """One kind of channel for every account; what it takes may be changed."""

    def __init__(self) -> None:
        self.can = CAN

    def kind(self, account: str) -> ChannelType:
        return ChannelType(
            id="email", title="E-mail", settings=NullSettings, capabilities=self.can, factory=NullChannel
        )


def shop_files(store: Store, clock: Clock, folder: Path) -> OutgoingFiles:
    """Open the room."""
    return OutgoingFiles(store, clock, FileFolder(folder), ShopDoors())


def no_work(opened: object, item: object) -> dict[str, object]:
    """Make no work of what was filed."""
    return {}


def untold(filed: object) -> None:
    """Tell nobody."""
