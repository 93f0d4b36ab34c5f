"""The files of the demo shop: its folder, ports and doors in, configuration, rules and roster out."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from router.config import Config, load_config
from router.demo.ports import HOST
from router.documents.reading import read_document

SHOP_ADDRESS = "support@shop.example"
SITE_KEY = "demo-shop"
SUPPORT = "support"
SITE = "shop"

_HERE = Path(__file__).parent
_LEASE_OF_CHAT = re.compile(r"(?<=^leases:\n  chat: ).*$", re.MULTILINE)
_HASTY_LEASE = "{nudge: 1s, supervisor: 3s, hand_back: 6s, absent: 6s}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Where the router listens, and where its mail goes."""

    http: int
    smtp: int
    relay: int


def read_roster_file(one_at_a_time: bool) -> dict[str, Any]:
    """Read who works in the shop; `one_at_a_time` gives everybody room for one conversation."""
    path = _HERE / "roster.yaml"
    roster: Any = read_document(path.read_text(encoding="utf-8"), source=str(path)).value
    agents: dict[str, Any] = roster["agents"]
    for agent in agents.values() if one_at_a_time else ():
        agent["max_claims"] = 1
    return {**roster, "agents": agents}


def write_rules(folder: Path, *, is_hasty: bool) -> None:
    """Put the rules with their lists into the folder; `is_hasty` lets nobody be silent in a chat for long."""
    rules = (_HERE / "rules.yaml").read_text(encoding="utf-8")
    (folder / "rules.yaml").write_text(
        _LEASE_OF_CHAT.sub(_HASTY_LEASE, rules) if is_hasty else rules, encoding="utf-8"
    )
    shutil.copytree(_HERE / "lists", folder / "lists")


def write_config(
    folder: Path, roster: Mapping[str, Any], ports: Ports, sections: Mapping[str, Mapping[str, Any]]
) -> Config:
    """Write configuration and roster; `sections` add to those of the shop's own mail and chat."""
    support = {
        "channel": "email",
        "address": SHOP_ADDRESS,
        "name": "Kettle & Leaf",
        "smtp_in": {"host": HOST, "port": ports.smtp},
        "smtp_out": {"host": HOST, "port": ports.relay, "security": "none"},
    }
    site = {
        "channel": "webchat",
        "site_key": SITE_KEY,
        "allow_loopback": True,
        # all customers of the demo share one address
        "sockets_per_address": 200,
        "new_visitors_per_minute": 120,
    }
    config: dict[str, Any] = {
        "store": {"url": f"sqlite:///{folder / 'router.db'}"},
        "web": {"host": HOST, "port": ports.http, "public_url": f"http://{HOST}:{ports.http}"},
        **sections,
        "accounts": {SUPPORT: support, SITE: site, **sections.get("accounts", {})},
        "rules": "rules.yaml",
        "roster": "roster.yaml",
    }
    (folder / "roster.yaml").write_text(json.dumps(roster, indent=2), encoding="utf-8")
    file = folder / "omnirouter.yaml"
    file.write_text(json.dumps(config, indent=2), encoding="utf-8")
    return load_config(file, {})
