"""Approved texts; in: the provider's list of them, out: neutral templates, and the part of a message that uses one.

Gaps of the body keep their names, those of the header get `header.` before theirs: `{1}`, `{header.1}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from router import Template, TemplateUse, TemplateVariable
from router_whatsapp.parsing import object_of, objects, text_of

HEADER = "header."
_GAP = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
_SHOWN = {"APPROVED": True, "PENDING": False, "IN_APPEAL": False}


def template_of(one: Mapping[str, Any]) -> Template | None:
    """Read one template; None when it is refused or needs what cannot be filled in here (files, codes, links)."""
    parts = {text_of(part.get("type")).upper(): part for part in objects(one.get("components"))}
    status = text_of(one.get("status")).upper()
    name = text_of(one.get("name"))
    if status not in _SHOWN or not name or not _is_fillable(parts):
        return None
    header, body = parts.get("HEADER", {}), parts.get("BODY", {})
    footer = text_of(parts.get("FOOTER", {}).get("text"))
    texts = [_shown(header, HEADER), _shown(body, ""), footer]
    return Template(
        id=name,
        title=name.replace("_", " "),
        body="\n\n".join(filter(None, texts)),
        language=text_of(one.get("language")),
        category=text_of(one.get("category")).lower(),
        approved=_SHOWN[status],
        variables=(*_variables(header, HEADER), *_variables(body, "")),
    )


def _is_fillable(parts: Mapping[str, Mapping[str, Any]]) -> bool:
    if parts.keys() - {"HEADER", "BODY", "FOOTER", "BUTTONS"} or "BODY" not in parts:
        return False
    if text_of(parts.get("HEADER", {}).get("format")) not in ("", "TEXT"):
        return False
    buttons = objects(parts.get("BUTTONS", {}).get("buttons"))
    plain = {"QUICK_REPLY", "PHONE_NUMBER", "URL"}
    return all(text_of(one.get("type")) in plain and "{{" not in text_of(one.get("url")) for one in buttons)


def _shown(part: Mapping[str, Any], before: str) -> str:
    return _GAP.sub(lambda gap: f"{{{before}{gap[1]}}}", text_of(part.get("text")))


def _variables(part: Mapping[str, Any], before: str) -> list[TemplateVariable]:
    names = list(dict.fromkeys(_GAP.findall(text_of(part.get("text")))))
    examples = _examples(object_of(part.get("example")), names, before)
    return [
        TemplateVariable(name=before + name, title=name.replace("_", " "), example=examples.get(name, ""))
        for name in names
    ]


def _examples(example: Mapping[str, Any], names: Sequence[str], before: str) -> dict[str, str]:
    where = "header_text" if before else "body_text"
    named = {
        text_of(one.get("param_name")): text_of(one.get("example"))
        for one in objects(example.get(f"{where}_named_params"))
    }
    listed = example.get(where)
    while isinstance(listed, list) and listed and isinstance(listed[0], list):
        listed = listed[0]
    in_order = [text_of(one) for one in listed] if isinstance(listed, list) else []
    return named or dict(zip(names, in_order, strict=False))


def template_part(use: TemplateUse) -> dict[str, Any]:
    """Write the part of a message that names a template and fills its gaps."""
    header = {
        name.removeprefix(HEADER): text for name, text in use.variables.items() if name.startswith(HEADER)
    }
    body = {name: text for name, text in use.variables.items() if not name.startswith(HEADER)}
    components = [
        {"type": kind, "parameters": _parameters(values)}
        for kind, values in (("header", header), ("body", body))
        if values
    ]
    part: dict[str, Any] = {
        "name": use.id,
        "language": {"policy": "deterministic", "code": use.language},
    }
    return {**part, "components": components} if components else part


def _parameters(values: Mapping[str, str]) -> list[dict[str, str]]:
    if all(name.isdecimal() for name in values):
        return [{"type": "text", "text": values[name]} for name in sorted(values, key=int)]
    return [{"type": "text", "parameter_name": name, "text": text} for name, text in values.items()]
