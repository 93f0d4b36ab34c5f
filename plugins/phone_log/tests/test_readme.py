"""The settings the README shows are settings the plugin takes."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
from router_phone_log.files.column_maps import shipped_map, shipped_names
from router_phone_log.settings import PhoneLineSettings, PhoneLogSettings
from ruamel.yaml import YAML

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
BLOCKS = [textwrap.dedent(block) for block in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)]
KINDS = {"phone_log": PhoneLogSettings, "phone_line": PhoneLineSettings}


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_an_example_of_the_readme_is_valid(block):
    document = YAML(typ="safe", pure=True).load(block)
    accounts = document["accounts"].values() if "accounts" in document else [document]
    for account in accounts:
        kind = KINDS[account.pop("channel", "phone_log")]
        settings = kind.model_validate({"region": "CN", "zone": "Asia/Shanghai", **account})
        for file in settings.files:
            assert settings.maps.get(file.map) or shipped_map(file.map)


def test_the_readme_names_every_shipped_map():
    assert [name for name in shipped_names() if f"`{name}`" not in README] == []
