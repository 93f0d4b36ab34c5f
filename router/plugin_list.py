"""What `omnirouter channels` says; in: loaded plugins, out: what each brings or why it failed, as text or JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from router.plugin_host import LoadedPlugin

_WORDS: Mapping[str, str] = {
    "context_providers": "context providers",
    "note_targets": "note targets",
    "strategies": "strategies",
}
_NOTHING = "No channel is installed. After adding a plugin run `pip install -e .` again."


def plugins_json(plugins: Sequence[LoadedPlugin]) -> Mapping[str, Any]:
    """Write plugins as the command prints them for programs."""
    return {"plugins": [_row(plugin) for plugin in plugins]}


def plugins_text(plugins: Sequence[LoadedPlugin]) -> str:
    """Write a line for each plugin, and one more for each further sort of thing it brings."""
    lines = []
    for row in map(_row, plugins):
        lines.append(
            f"{row['plugin']:<14} {row['distribution']:<24} {row['error'] or ', '.join(row['channels'])}"
        )
        lines += [f"{'':<39} {words}: {', '.join(row[key])}" for key, words in _WORDS.items() if row[key]]
    return "\n".join(line.rstrip() for line in lines) or _NOTHING


def _row(plugin: LoadedPlugin) -> dict[str, Any]:
    brought = plugin.registered
    return {
        "plugin": plugin.name,
        "distribution": f"{plugin.distribution} {plugin.version}",
        "channels": [kind.id for kind in brought.channel_types],
        "context_providers": [kind.id for kind in brought.context_providers],
        "note_targets": [kind.id for kind in brought.note_targets],
        "strategies": [strategy.name for strategy in brought.strategies],
        "error": plugin.error or "",
    }
