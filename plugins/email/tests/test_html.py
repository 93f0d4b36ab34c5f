"""Customers' HTML as text: the quick way lays out what the renderer would, and words stay as written."""

import nh3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from inscriptis import get_text  # type: ignore[import-untyped]
from inscriptis.css_profiles import CSS_PROFILES  # type: ignore[import-untyped]
from inscriptis.model.config import ParserConfig  # type: ignore[import-untyped]
from router_email.html import to_text

FLAT = [
    *("<p>", "</p>", "<div>", "</div>", "<br>", "<b>", "</b>", "<span>", "</span>"),
    *(" ", "\n", "\t", "word", "two words", "&nbsp;", "a &amp; b", "&lt;b&gt;", "退款", "\u3000", "<!-- x -->", "<hr>"),
]  # fmt: skip


def rendered(html: str) -> str:
    cleaned = nh3.clean(html).replace("&amp;", "&amp;amp;")
    text = get_text(cleaned, ParserConfig(css=CSS_PROFILES["strict"], display_links=False))
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


@given(st.lists(st.sampled_from(FLAT), max_size=25))
def test_markup_without_tables_and_lists_reads_as_the_renderer_lays_it_out(pieces: list[str]) -> None:
    html = "".join(pieces)
    assert to_text(html) == rendered(html)


@pytest.mark.parametrize("frame", ["{}", "<ul><li>{}</li></ul>", "<table><tr><td>{}</td></tr></table>"])
def test_entities_a_customer_writes_about_stay_as_written(frame: str) -> None:
    assert "type &lt; or &nbsp;, then <" in to_text(frame.format("type &amp;lt; or &amp;nbsp;, then &lt;"))


def test_table_and_list_keep_their_form() -> None:
    table = "<table><tr><td>Size</td><td>42</td></tr><tr><td>Colour</td><td>red</td></tr></table>"
    assert to_text(f"<p>Mine:</p>{table}<ul><li>late</li><li>wrong</li></ul>") == (
        "Mine:\n\nSize    42\nColour  red\n\n  * late\n  * wrong"
    )
