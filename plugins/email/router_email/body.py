"""A tree of parts in; the text, the HTML and the attachments a person would name out (RFC 8621, 4.1.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from router.messages import Attachment
from router_email.html import sanitise, to_text
from router_email.tree import Part

MAX_TEXT_CHARS = 1_000_000

_SHOWN_INLINE = ("image/", "audio/", "video/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What one mail says: whole text with LF line ends, sanitised HTML, files."""

    text: str
    html: str
    attachments: Sequence[Attachment]
    warnings: Sequence[str]


@dataclass(slots=True)
class Choice:
    """The parts chosen for reading as text, for reading as HTML, and for keeping as files."""

    text: list[Part] = field(default_factory=list)
    html: list[Part] = field(default_factory=list)
    files: list[Part] = field(default_factory=list)


def choose(root: Part) -> Choice:
    """Sort all leaves into text, HTML and files as RFC 8621 says."""
    choice = Choice()
    _sort((root,), "mixed", False, choice.text, choice.html, choice)
    return choice


def _sort(
    parts: Sequence[Part],
    kind: str,
    in_alternative: bool,
    text: list[Part] | None,
    html: list[Part] | None,
    choice: Choice,
) -> None:
    text_before = len(text) if text is not None else -1
    html_before = len(html) if html is not None else -1
    for place, part in enumerate(parts):
        if part.children:
            below = part.kind.partition("/")[2]
            _sort(part.children, below, in_alternative or below == "alternative", text, html, choice)
        elif part.is_void:
            continue
        elif not _is_readable(part, kind, place):
            choice.files.append(part)
        else:
            if in_alternative and kind != "alternative":
                html = None if part.kind == "text/plain" else html
                text = None if part.kind == "text/html" else text
            _place(part, kind, text, html, choice)
    if kind == "alternative" and text is not None and html is not None:
        if text_before == len(text) and html_before != len(html):
            text.extend(html[html_before:])
        if html_before == len(html) and text_before != len(text):
            html.extend(text[text_before:])


def _is_readable(part: Part, kind: str, place: int) -> bool:
    """Tell whether a leaf is read in the message, not kept as a file."""
    if part.disposition == "attachment":
        return False
    if part.kind not in ("text/plain", "text/html") and not part.kind.startswith(_SHOWN_INLINE):
        return False
    return place == 0 or (kind != "related" and (part.kind.startswith(_SHOWN_INLINE) or not part.name))


def _place(part: Part, kind: str, text: list[Part] | None, html: list[Part] | None, choice: Choice) -> None:
    if kind == "alternative":
        target = {"text/plain": text, "text/html": html}.get(part.kind)
        if part.kind in ("text/plain", "text/html"):
            if target is not None:
                target.append(part)
        else:
            choice.files.append(part)
        return
    if text is not None:
        text.append(part)
    if html is not None:
        html.append(part)
    if part.kind.startswith(_SHOWN_INLINE):
        choice.files.append(part)


def read_body(root: Part) -> Body:
    """Read the text and HTML a person would see, and list what else the mail carries."""
    choice = choose(root)
    warnings: list[str] = []
    files = [part for part in root.walk() if not (part.children or part.is_void) and _is_file(part, choice)]
    content_ids = {part.content_id for part in files if part.content_id}
    html_parts = [part for part in choice.html if part.kind == "text/html"]
    markup = "\n".join(part.text() for part in html_parts)[:MAX_TEXT_CHARS]
    html = sanitise(markup, content_ids) if markup else ""
    readable = (part for part in choice.text if part.kind.startswith("text/"))
    text = "\n\n".join(filter(None, (_plain(part, html) for part in readable)))
    if not text.strip() and markup:
        text = to_text(markup, html)
    if markup.strip() and not html.strip():
        warnings.append("The HTML version holds nothing that can be shown safely; only text is shown.")
    if len(text) > MAX_TEXT_CHARS:
        warnings.append(f"The text is cut after {MAX_TEXT_CHARS} characters; the mail is kept whole.")
    return Body(
        text=text[:MAX_TEXT_CHARS],
        html=html,
        attachments=tuple(_announce(part, choice) for part in files),
        warnings=tuple(warnings),
    )


def _is_file(part: Part, choice: Choice) -> bool:
    return part in choice.files or not (part in choice.text or part in choice.html)


def _plain(part: Part, sanitised: str) -> str:
    if part.kind == "text/html":
        return to_text(part.text()[:MAX_TEXT_CHARS], sanitised)
    text = part.text()
    if part.parameters.get("format", "").lower() == "flowed":
        text = unflow(text, part.parameters.get("delsp", "").lower() == "yes")
    return text.strip("\n")


def unflow(text: str, drop_space: bool = False) -> str:
    """Join the soft line breaks of `format=flowed` (RFC 3676); quote depth and signatures stay."""
    lines: list[str] = []
    open_depth: int | None = None
    for line in text.split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        content = content.removeprefix(" ")
        if open_depth == depth and content != "-- ":
            lines[-1] += content
        else:
            lines.append(f"{'>' * depth} {content}" if depth else content)
        if content.endswith(" ") and content != "-- ":
            open_depth = depth
            if drop_space:
                lines[-1] = lines[-1][:-1]
        else:
            open_depth = None
    return "\n".join(lines)


def _announce(part: Part, choice: Choice) -> Attachment:
    kind = part.kind if part.kind.count("/") == 1 else "application/octet-stream"
    return Attachment(
        part=part.path,
        name=_file_name(part, kind),
        content_type=kind,
        size_bytes=len(part.content()),
        content_id=part.content_id,
        inline=part.disposition != "attachment" and bool(part.content_id),
    )


def _file_name(part: Part, kind: str) -> str:
    """Give a name that is no path: what stands after the last slash of either kind."""
    name = part.name.replace("\\", "/").rpartition("/")[2].strip(" .")[:200]
    if name:
        return name
    return "message.eml" if kind == "message/rfc822" else f"part-{part.path}"
