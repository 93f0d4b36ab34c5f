"""`omnirouter plugin …`: begin a plugin of your own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from router.plugin_template.shapes import Shape

plugin_app = typer.Typer(no_args_is_help=True, help="Write plugins of your own.")


@plugin_app.callback()
def plugin() -> None:
    """Write plugins of your own."""


@plugin_app.command("new")
def plugin_new(
    name: Annotated[str, typer.Argument(help="Of the plugin and its channel type, as parcel_chat.")],
    into: Annotated[Path, typer.Option(help="The folder the plugin's own folder is made in.")] = Path(),
    source: Annotated[Shape, typer.Option(help="Where messages come from.")] = Shape.PUSH,
) -> None:
    """Write a small plugin that works: a channel, its simulated provider, and tests that pass."""
    from router.plugin_template.writing import new_plugin, write_plugin

    plugin = new_plugin(name, into, source)
    write_plugin(plugin)
    print(f"{plugin.folder}:")
    for path in plugin.texts:
        print(f"  {path}")
    print(
        f"\nNext: pip install -e {plugin.folder}\n"
        f"      omnirouter channels certify {name}\n"
        "Then make it yours, file by file: docs/writing-a-channel.md"
    )
