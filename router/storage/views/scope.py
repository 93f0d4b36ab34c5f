"""What one agent may see: the single condition every query of a desk carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, true

from router.storage import schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The view of one agent.

    Conversations of all queues are visible to every agent; offers, drafts and API tokens belong to one.
    `channel_of` gives the channel kind of each configured account.
    """

    agent_id: str
    sees_all_tokens: bool
    channel_of: Mapping[str, str]

    def conversations(self) -> ColumnElement[bool]:
        """Give the condition on `conversation` rows this agent may see."""
        return true()

    def tokens(self) -> ColumnElement[bool]:
        """Give the condition on `api_token` rows this agent may see and revoke."""
        return true() if self.sees_all_tokens else schema.api_token.c.agent_id == self.agent_id

    def offers(self) -> ColumnElement[bool]:
        """Give the condition on `offer` rows this agent may see."""
        return schema.offer.c.agent_id == self.agent_id
