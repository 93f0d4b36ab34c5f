"""Rooms 4 and 5: an episode that has just begun becomes a work item in its queue.

In: an opened episode. Out: the work item's row, with the rules that decided, ready to be written in the
same commit as the conversation. The engine takes it up after that commit.
"""

from __future__ import annotations

from collections.abc import Callable

from router.clock import Clock
from router.engine.rules import RuleSet, shown_facts
from router.ids import new_id
from router.model.filing import Decoded, Opened, Row
from router.triage import FilingFacts, triage_message


class Queues:
    """Puts opened episodes into queues by the rules in force; `rules()` gives version and rule set."""

    def __init__(
        self, clock: Clock, rules: Callable[[], tuple[int, RuleSet]], language: Callable[[str], str]
    ) -> None:
        self._clock = clock
        self._rules = rules
        self._language = language

    def work_item(self, opened: Opened, item: Decoded) -> Row:
        """Triage the first message of an episode and give its work item."""
        version, ruleset = self._rules()
        now = self._clock.now()
        triaged = triage_message(ruleset, opened.event, self._known(opened, item), now)
        triage = triaged.triage
        return {
            "id": new_id(),
            "conversation_id": opened.conversation.id,
            "episode_id": opened.episode_id,
            "state": "waiting",
            "queue": triage.queue,
            "channel_class": triage.channel_class,
            "needs": list(triage.needs),
            "boost_s": triage.boost_s,
            "sla_policy": triage.sla_policies[0] if triage.sla_policies else "",
            "due_at": triaged.due_at,
            "lead_s": triage.lead_s,
            "max_advance_s": triage.max_advance_s,
            "eligible_since": opened.opened_at,
            "entered_queue_at": now,
            "entered_system_at": opened.opened_at,
            "token": 0,
            "offers_made": 0,
            "declined": {},
            "triage": {
                "matched": list(triage.matched),
                "errors": list(triage.errors),
                "sla": list(triage.sla_policies),
                "facts": shown_facts(triaged.facts),
            },
            "ruleset_version": version,
        }

    def _known(self, opened: Opened, item: Decoded) -> FilingFacts:
        return FilingFacts(
            channel=item.channel,
            account=item.account,
            channel_class=item.channel_class,
            customer_id=opened.point.contact_id,
            tier=opened.point.tier,
            returning=opened.point.returning,
            reopened=opened.reopened,
            default_language=self._language(item.account),
        )
