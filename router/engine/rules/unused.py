"""Find what a rules document defines and nothing in it uses.

In: loaded rules with their places and the names of all lists. Out: a problem for each name: queues no work
can reach, and, apart from them, what only stands ready.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from router.documents.places import Located, Path
from router.documents.problems import Problem
from router.engine.rules.references import find_references
from router.engine.rules.schema import RulesModel
from router.engine.rules.tokens import tokens_of

_HINTS: Mapping[str, str] = {
    "skill": "Name it in a need, or take it away.",
    "list": "Name it in a condition, or take it away.",
    "sla policy": "Name it in a rule, or take it away.",
    "calendar": "Name it in a policy, a queue or a condition, or take it away.",
    "fact": "Look at it in a condition, or take it away.",
}


def unfilled(document: Located, model: RulesModel) -> Iterator[Problem]:
    """Give a problem for every queue that neither a rule nor an overflow fills."""
    used = _used(model)["queue"]
    for name in model.queues:
        if name not in used:
            hint = "Name it in a rule or as an overflow, or take it away."
            yield _problem(document, ("queues", name), f"no rule fills the queue `{name}`", hint)


def unused(document: Located, model: RulesModel, lists: Sequence[str]) -> Iterator[Problem]:
    """Give a problem for every other name that nothing uses."""
    used = _used(model)
    sections: Mapping[str, tuple[str, Sequence[str], str]] = {
        "skill": ("skills", list(model.skills), "nothing needs the skill"),
        "list": ("lists", lists, "no condition names the list"),
        "sla policy": ("sla_policies", list(model.sla_policies), "no rule promises the sla policy"),
        "calendar": ("calendars", list(model.calendars), "nothing runs by the calendar"),
        "fact": ("facts", list(model.facts), "no condition looks at the fact"),
    }
    for noun, (section, names, message) in sections.items():
        for name in names:
            if name not in used[noun]:
                yield _problem(document, (section, name), f"{message} `{name}`", _HINTS[noun])


def _problem(document: Located, path: Path, message: str, hint: str) -> Problem:
    if path[0] == "lists" and path not in document.values:
        return Problem(line=1, column=1, path="", message=message, hint=hint, source=f"lists/{path[1]}.txt")
    return document.problem(path, message, hint, place=document.key_place(path))


def _used(model: RulesModel) -> Mapping[str, set[str]]:
    """Collect every name that something uses, by what it names."""
    settings = [rule.settings for rule in model.rules]
    queues = {each.queue for each in settings} | {
        queue.overflow.to for queue in model.queues.values() if queue.overflow
    }
    # where no rule sets a queue, the last rule's or the first one of the file is taken
    if model.rules[-1].settings.queue is None:
        queues.add(next(iter(model.queues)))
    skills = {need.skill for each in settings for need in each.needs}
    skills |= {queue.protect.skill for queue in model.queues.values() if queue.protect}
    skills |= {skill for incident in model.incidents.values() for skill in incident.relax}
    calendars = {policy.calendar for policy in model.sla_policies.values()}
    calendars |= {queue.calendar for queue in model.queues.values()}
    lists: set[str] = set()
    words: set[str] = set()
    for rule in model.rules:
        for reference in find_references(rule.when):
            (calendars if reference.function == "business_open" else lists).add(reference.name or "")
        words |= {token.text for token in tokens_of(rule.when) if token.is_word}
    if "now" in words:
        # `now` is read in the zone of the first one
        calendars |= set(list(model.calendars)[:1])
    return {
        "queue": {name for name in queues if name},
        "skill": skills,
        "list": lists,
        "sla policy": {name for each in settings for name in each.sla or ()},
        "calendar": {name for name in calendars if name},
        "fact": words,
    }
