"""Calls about the rules: which are in force and how they fare, and routing waiting work by them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from router.model.desk import Rerouting, RulesChange
from router.storage.rules import Change, list_changes
from router.web.asking import WhetherPreview, require_visible
from router.web.auth import Caller
from router.web.binder import Call
from router.web.services import Services

CHANGES_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCount:
    """How often a rule failed on a message since the router started; a failing rule does not match."""

    version: int
    rule: str
    errors: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The version in force, one that is staged beside it, every rule of both, and the newest changes."""

    version: int
    staged_version: int | None
    stage: str
    author: str
    note: str
    since: datetime | None
    rules: Sequence[RuleCount]
    changes: Sequence[RulesChange]


class RulesCalls:
    """Calls about the rules."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def calls(self) -> list[Call]:
        """List the calls."""
        path = "/conversations/{conversation_id}/reroute"
        return [
            Call(method="GET", path="/rules", action=self.read_rules, supervisor=True),
            Call(method="POST", path=path, action=self.reroute, supervisor=True, raises=("stale_version",)),
        ]

    async def read_rules(self, caller: Caller) -> Rules:
        """Read which rules are in force, who put them there, and how often each failed."""
        book = self._services.rulebook
        in_use = [(book.rules.version, book.rules.ruleset)]
        if book.rules.staged is not None:
            in_use.append((book.rules.staged.version, book.rules.staged.ruleset))
        async with self._services.store.reading() as conn:
            changes = await list_changes(conn, CHANGES_SHOWN)
        now = next((each for each in changes if each.number == book.rules.number), None)
        return Rules(
            version=book.rules.version,
            staged_version=book.rules.staged.version if book.rules.staged else None,
            stage=str(book.rules.staged.stage) if book.rules.staged else "",
            author=now.author if now else "",
            note=now.note if now else "",
            since=now.at if now else None,
            rules=[
                RuleCount(version=version, rule=rule.name, errors=book.failures.get((version, rule.name), 0))
                for version, ruleset in in_use
                for rule in ruleset.model.rules
            ],
            changes=[_shown(each) for each in changes],
        )

    async def reroute(self, caller: Caller, conversation_id: str, query: WhetherPreview) -> Rerouting:
        """Route waiting work by the rules in force, or with `preview=1` only say what would change."""
        await require_visible(self._services, caller, conversation_id)
        if query.preview == "1":
            return await self._services.reroutes.preview(conversation_id)
        return await self._services.reroutes.reroute(conversation_id, agent_id=caller.agent_id)


def _shown(change: Change) -> RulesChange:
    return RulesChange(
        act=change.act,
        version=change.version,
        staged_version=change.staged_version,
        author=change.author,
        note=change.note,
        at=change.at,
    )
