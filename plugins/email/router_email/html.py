"""A customer's HTML in; safe HTML for the desk and readable text out. Nothing remote survives.

nh3's cost is quadratic in nesting, so markup beyond a tag count is read as text only. The renderer's cost is
some twenty microseconds a tag, so markup without tables and lists, which most mail is, is laid out in one pass.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from html import unescape

import nh3
from inscriptis import get_text  # type: ignore[import-untyped]
from inscriptis.css_profiles import CSS_PROFILES  # type: ignore[import-untyped]
from inscriptis.model.config import ParserConfig  # type: ignore[import-untyped]

MAX_TAGS = 20_000
MAX_NESTING_TAGS = 2_000
MAX_RENDERED_TAGS = 4_000

_TAGS = frozenset(
    [
        "a",
        "b",
        "blockquote",
        "br",
        "caption",
        "center",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "div",
        "dl",
        "dt",
        "em",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "ins",
        "li",
        "ol",
        "p",
        "pre",
        "q",
        "s",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "tt",
        "u",
        "ul",
    ]
)
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "width", "height"},
    "blockquote": {"type"},
    "td": {"colspan", "rowspan", "align"},
    "th": {"colspan", "rowspan", "align"},
    "ol": {"start"},
    "*": {"dir", "lang"},
}
_DROPPED_WITH_CONTENT = frozenset(
    {"script", "style", "title", "noscript", "template", "iframe", "object", "textarea"}
)
# What the renderer lays out; every other tag changes nothing in the text.
_LAID_OUT = frozenset([
    "blockquote", "br", "caption", "col", "colgroup", "div", "h1", "h2", "h3", "h4", "h5", "h6",
    "li", "ol", "p", "pre", "q", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
])  # fmt: skip
_NOT_FLAT = re.compile(r"<(?!(?:blockquote|br|div|p)>|/)")
_FLAT_TAG = re.compile(r"</?([a-z]+)>")
_SIZE = re.compile(r"\d{1,4}%?")
_MARKUP = re.compile(r"<[^<>]*>")
_BREAK = re.compile(r"<(?:br|/p|/div|/tr|/li|/h\d)\b[^<>]*>", re.IGNORECASE)
# How mail programs mark the message they quote; everything inside is shown as quoted lines.
_CITED = re.compile(
    r"<blockquote\b[^>]*(?:type\s*=\s*[\"']?cite|gmail_quote|mail-?(?:app|ru)|yahoo|protonmail|tutanota"
    r"|border-left|isReplyContent|cite\s*=)[^>]*>",
    re.IGNORECASE,
)
_BLOCKQUOTE = re.compile(r"<(/?)blockquote\b[^<>]*>", re.IGNORECASE)
# They stand for something while the text is laid out.
_OPEN, _CLOSE, _AMPERSAND = "\ue0f0", "\ue0f1", "\ue0f2"
_RESERVED = re.compile(f"[{_OPEN}-{_AMPERSAND}]")


def sanitise(html: str, content_ids: Collection[str] = ()) -> str:
    """Give harmless HTML; empty when the markup is too much to be cleaned in time.

    Images are kept only as `cid:` of the mail's own parts.
    """
    if html.count("<") > MAX_TAGS or _nests_too_deep(html):
        return ""

    def keep(tag: str, attribute: str, value: str) -> str | None:
        if attribute == "src":
            return value if value[:4].lower() == "cid:" and value[4:] in content_ids else None
        if attribute in ("width", "height"):
            return value if _SIZE.fullmatch(value) else None
        if attribute == "href":
            return (
                value
                if value.strip().lower().startswith(("http://", "https://", "mailto:", "tel:"))
                else None
            )
        return value

    return nh3.clean(
        html,
        tags=set(_TAGS),
        clean_content_tags=set(_DROPPED_WITH_CONTENT),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        attribute_filter=keep,
        url_schemes={"http", "https", "mailto", "tel", "cid"},
        strip_comments=True,
        link_rel="noopener noreferrer nofollow",
    )


def _nests_too_deep(html: str) -> bool:
    """Tell whether so many tags stay open that cleaning would take long: nesting is what costs."""
    return html.count("<") - 2 * html.count("</") - html.lower().count("<br") > MAX_NESTING_TAGS


def to_text(html: str, sanitised: str = "") -> str:
    """Give the readable text; quoted originals come out as lines that start with `> `.

    Very much markup is only stripped of its tags, from the sanitised form if the caller has it.
    """
    if html.count("<") > MAX_RENDERED_TAGS:
        return unescape(_MARKUP.sub("", _BREAK.sub("\n", sanitised or html))).strip("\n")
    marked = _mark_quotes(_RESERVED.sub("", html))
    if not _nests_too_deep(html):
        marked = nh3.clean(
            marked,
            tags=set(_LAID_OUT),
            clean_content_tags=set(_DROPPED_WITH_CONTENT),
            attributes={"*": set()},
            link_rel=None,
        )
        if not _NOT_FLAT.search(marked):
            return _prefix_quotes(_flat_text(marked))
        # The renderer takes entities for characters as it parses, as it writes, and once more for each table.
        marked = marked.replace("&amp;", _AMPERSAND)
    if not marked.strip():
        return ""
    text = get_text(marked, ParserConfig(css=CSS_PROFILES["strict"], display_links=False))
    return _prefix_quotes(text.replace(_AMPERSAND, "&"))


def _flat_text(cleaned: str) -> str:
    """Lay out paragraphs, divisions and breaks as the renderer does, without a tree."""
    lines: list[str] = []
    has_gap = True
    pieces = _FLAT_TAG.split(cleaned)
    for text, tag in zip(pieces[::2], [*pieces[1::2], "div"], strict=True):
        line = " ".join(unescape(text).split())
        if line:
            lines.append(line)
            has_gap = False
        if tag == "br" and not line:
            lines.append("")
        elif tag == "p" and not has_gap:
            lines.append("")
            has_gap = True
    return "\n".join(lines)


def _mark_quotes(html: str) -> str:
    """Put a mark at both ends of every cited block, keeping the stack of blocks right."""
    stack: list[bool] = []
    pieces: list[str] = []
    end = 0
    for tag in _BLOCKQUOTE.finditer(html):
        pieces.append(html[end : tag.start()])
        end = tag.end()
        if not tag[1]:
            stack.append(bool(_CITED.fullmatch(tag[0])))
            pieces.append(f"<p>{_OPEN}</p><div>" if stack[-1] else "<div>")
        elif stack:
            pieces.append(f"</div><p>{_CLOSE}</p>" if stack.pop() else "</div>")
    return "".join((*pieces, html[end:]))


def _prefix_quotes(text: str) -> str:
    if _OPEN not in text and _CLOSE not in text:
        return "\n".join(map(str.rstrip, text.split("\n"))).strip("\n")
    depth = 0
    lines: list[str] = []
    for line in text.split("\n"):
        plain = line.replace(_OPEN, "").replace(_CLOSE, "").rstrip()
        depth += line.count(_OPEN)
        closes = line.count(_CLOSE)
        is_mark = not plain and (closes or _OPEN in line)
        if depth and not plain and not closes and lines and not lines[-1].strip("> "):
            continue
        if not is_mark:
            lines.append(f"{'> ' * min(depth, 3)}{plain}".rstrip() if depth else plain)
        elif closes and lines and lines[-1] == ">":
            lines.pop()
        depth = max(0, depth - closes)
    return "\n".join(lines).strip("\n")
