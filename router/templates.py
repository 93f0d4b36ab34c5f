"""Approved texts with their gaps filled. In: templates a provider allows and what an agent chose. Out: words.

Pure. The words are what the timeline shows; the provider gets the choice itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from router.errors import ContentRejected
from router.threads import Template, TemplateUse, TemplateVariable

_GAP = re.compile(r"\{([^{}]+)\}")


def filled(templates: Sequence[Template], use: TemplateUse) -> str:
    """Give the words of a template with its gaps filled; ContentRejected names the gap that is wrong."""
    template = _find(templates, use)
    known = {variable.name for variable in template.variables}
    for name in use.variables:
        if name not in known:
            raise _refused(f"the template {use.id} has no gap {name!r}", part=f"template.variables.{name}")
    values = {variable.name: _value(variable, use) for variable in template.variables}
    # in one pass, so that words put into one gap are not taken for another
    return _GAP.sub(lambda found: values.get(found[1], found[0]), template.body)


def _value(variable: TemplateVariable, use: TemplateUse) -> str:
    value, title = use.variables.get(variable.name, "").strip(), variable.title or variable.name
    part = f"template.variables.{variable.name}"
    if variable.required and not value:
        raise _refused(f"fill in {title}", part=part)
    if variable.max_chars is not None and len(value) > variable.max_chars:
        raise _refused(f"{title} takes at most {variable.max_chars} characters", part=part)
    return value


def _find(templates: Sequence[Template], use: TemplateUse) -> Template:
    found = [one for one in templates if one.id == use.id and use.language in ("", one.language)]
    if not found:
        raise _refused(f"the provider offers no template {use.id!r} here now", part="template.id")
    if not found[0].approved:
        raise _refused(f"the template {use.id!r} is not approved yet", part="template.id")
    return found[0]


def _refused(message: str, *, part: str) -> ContentRejected:
    return ContentRejected(message, code="template", part=part)
