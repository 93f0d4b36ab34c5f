"""What Amazon permits for an order, as templates; in: its lists of actions, out: templates, and what to post.

A message is words of the shop with a limit of their own; a solicitation has no words but Amazon's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from router.errors import ContentRejected, NotAllowedNow
from router.threads import Template, TemplateUse, TemplateVariable
from router_marketplace.amazon.facts import FACTS
from router_marketplace.parsing import object_of, objects, text_of

MESSAGES, SOLICITATIONS = "messages", "solicitations"
ORDER_ID = re.compile(r"[0-9]{3}-[0-9]{7}-[0-9]{7}")

_ADDRESS = re.compile(r"[^\s@]{1,64}@[^\s@]{1,255}\.[a-zA-Z]{2,24}")
_MARKUP = re.compile(r"</?[a-zA-Z][^<>]{0,500}>|&[a-zA-Z]{2,10};")


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """The one call that sends a template; `once` may be sent a single time for an order."""

    path: str
    operation: str
    document: Mapping[str, Any] | None = field(default=None, repr=False)
    once: bool = False


def actions_path(kind: str, order_id: str) -> str:
    """Give where Amazon lists what is permitted for an order."""
    api = "messaging" if kind == MESSAGES else "solicitations"
    return f"/{api}/v1/orders/{checked_order(order_id)}"


def permitted(document: Mapping[str, Any]) -> list[str]:
    """Read the names of the permitted actions."""
    links = objects(object_of(document.get("_links")).get("actions"))
    return [name for link in links if (name := text_of(link.get("name")))]


def templates_of(kind: str, names: list[str], language: str) -> Iterator[Template]:
    """Make templates of what is permitted; what cannot be sent as words alone is left out."""
    for name in names:
        if kind == MESSAGES and name in FACTS.messages:
            facts = FACTS.messages[name]
            gap = TemplateVariable(name="text", title=facts.title, max_chars=facts.max_chars)
            yield Template(
                id=f"{kind}:{name}",
                title=facts.title,
                body="{text}",
                language=language,
                category=kind,
                variables=(gap,),
            )
        elif kind == SOLICITATIONS and name in FACTS.solicitations:
            request = FACTS.solicitations[name]
            yield Template(
                id=f"{kind}:{name}", title=request.title, body=request.body, language=language, category=kind
            )


def post_of(order_id: str, use: TemplateUse) -> Post:
    """Build the call that sends a template. Raises ContentRejected with the place."""
    kind, _, name = use.id.partition(":")
    path = f"{actions_path(kind, order_id)}/{kind}/{name}"
    if kind == SOLICITATIONS and name in FACTS.solicitations:
        return Post(path=path, operation=name, once=True)
    if kind != MESSAGES or name not in FACTS.messages:
        raise NotAllowedNow(f"Amazon has no message {use.id[:60]!r}", code="unknown_template")
    text = use.variables.get("text", "").strip()
    return Post(path=path, operation=name, document={"text": _sendable(text, FACTS.messages[name].max_chars)})


def checked_order(order_id: str) -> str:
    """Give an order's number that may stand in a path; raises ContentRejected for anything else."""
    if not ORDER_ID.fullmatch(order_id):
        raise ContentRejected(
            f"{order_id[:40]!r} is no number of an Amazon order", code="no_order", part="thread"
        )
    return order_id


def _sendable(text: str, most: int) -> str:
    """Refuse what Amazon would: nothing, too much, HTML, mail addresses."""
    problems = (
        (not text, "the text is empty"),
        (len(text) > most, f"the text has {len(text)} characters, Amazon takes {most} here"),
        (_MARKUP.search(text), "Amazon takes no HTML"),
        (_ADDRESS.search(text), "Amazon takes no mail addresses"),
    )
    for wrong, said in problems:
        if wrong:
            raise ContentRejected(said, code="text", part="template.variables.text")
    return text
