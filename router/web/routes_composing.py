"""Calls the composer makes before anybody writes: may it be sent, to whom, and which texts are approved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from router.web.asking import require_visible
from router.web.auth import Caller
from router.web.binder import Call, Line, Query
from router.web.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class MayWrite:
    """Whether an answer may be sent now.

    `why` is for the agent. `until` is when the window closes (when allowed) or opens again, `left` how many
    messages it still takes. `kinds` are block kinds, `audiences` who can be reached.
    """

    allowed: bool
    why: str
    until: datetime | None
    left: int | None
    kinds: Sequence[str]
    templates_only: bool
    audiences: Sequence[str]


class WhichMessage(Query):
    """The message that is to be answered; the customer's newest unless it is named."""

    answers: Line | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One gap in a template."""

    name: str
    title: str
    example: str
    required: bool
    max_chars: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedText:
    """A text the provider allows; `body` shows its gaps as `{name}`."""

    id: str
    title: str
    body: str
    language: str
    category: str
    variables: Sequence[Gap]


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateList:
    """The approved texts that may be used now."""

    templates: Sequence[ApprovedText]


class ComposingCalls:
    """Calls about what may be written."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def calls(self) -> list[Call]:
        """List the calls."""
        one = "/conversations/{conversation_id}"
        asks = ("provider_unavailable",)
        return [
            Call(method="GET", path=f"{one}/permission", action=self.read_permission),
            Call(method="GET", path=f"{one}/templates", action=self.list_templates, raises=asks),
        ]

    async def read_permission(self, caller: Caller, conversation_id: str, query: WhichMessage) -> MayWrite:
        """Say whether an answer may be sent now, and to whom."""
        await require_visible(self._services, caller, conversation_id)
        found = await self._services.composing.permission(conversation_id, query.answers)
        return MayWrite(
            allowed=found.allowed,
            why=found.why,
            until=found.until,
            left=found.left,
            kinds=sorted(found.kinds),
            templates_only=found.templates_only,
            audiences=sorted(found.audiences),
        )

    async def list_templates(self, caller: Caller, conversation_id: str, query: WhichMessage) -> TemplateList:
        """List the approved texts that may be used now."""
        await require_visible(self._services, caller, conversation_id)
        found = await self._services.composing.templates(conversation_id, query.answers)
        return TemplateList(
            templates=[
                ApprovedText(
                    id=one.id,
                    title=one.title,
                    body=one.body,
                    language=one.language,
                    category=one.category,
                    variables=[
                        Gap(
                            name=gap.name,
                            title=gap.title,
                            example=gap.example,
                            required=gap.required,
                            max_chars=gap.max_chars,
                        )
                        for gap in one.variables
                    ],
                )
                for one in found
                if one.approved
            ]
        )
