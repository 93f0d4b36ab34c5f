"""Reading files that people edit: bounded before they are read, faults named."""

from pathlib import Path

import pytest

from router.errors import ConfigError
from router.text_files import read_text


@pytest.mark.timeout(60)
def test_device_without_end_is_refused_as_too_large() -> None:
    with pytest.raises(ConfigError, match=r"/dev/zero: the file is too large\. Keep it below 1,000"):
        read_text(Path("/dev/zero"), max_chars=1000)


def test_mark_of_byte_order_and_foreign_line_ends_are_read_away(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\rc: 3\n")
    assert read_text(tmp_path / "rules.yaml", max_chars=1000) == "a: 1\nb: 2\nc: 3\n"
