"""Tokens from the command line."""

from pathlib import Path

import pytest

from router.errors import ConfigError
from router.staffing import make_token


@pytest.mark.parametrize("name", ["", "  ", "x" * 101])
async def test_token_without_a_usable_name_is_refused_before_anything_is_opened(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(ConfigError, match="the token needs a name"):
        await make_token(tmp_path / "missing.yaml", "mei", name)
