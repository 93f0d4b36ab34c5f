"""Rooms 4 and 5: an episode that has just begun becomes a work item in its queue.

In: an opened episode. Out: the work item's row, with the rules that decided, ready to be written in the
same commit as the conversation. The engine takes it up after that commit.
"""

from __future__ import annotations

from collections.abc import Callable

from router.clock import Clock
from router.engine.rules import shown_facts
from router.engine.rules.stage import RulesInForce
from router.ids import new_id
from router.model.filing import Decoded, Opened, Row, marketplace_of
from router.triage import FilingFacts, triage_message


class Queues:
    """Puts opened episodes into queues by the rules in force, which `rules()` gives."""

    def __init__(
        self, clock: Clock, rules: Callable[[], RulesInForce], language: Callable[[str], str]
    ) -> None:
        self._clock = clock
        self._rules = rules
        self._language = language

    def work_item(self, opened: Opened, item: Decoded) -> Row:
        """Triage the first message of an episode and give its work item."""
        now = self._clock.now()
        known = self._known(opened, item)
        version, ruleset = self._rules().choose(
            opened.conversation.id, lambda rules: triage_message(rules, opened.event, known, now).triage.queue
        )
        triaged = triage_message(ruleset, opened.event, known, now, since=opened.opened_at)
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
            "sla": list(triage.sla_policies),
            "due_at": triaged.due_at,
            "lead_s": int(triaged.lead_s),
            "max_advance_s": triage.max_advance_s,
            "eligible_since": opened.opened_at,
            "entered_queue_at": now,
            "entered_system_at": opened.opened_at,
            "token": 0,
            "offers_made": 0,
            "declined": {},
            "preferred_agent_id": None,
            "moved_from": None,
            "triage": {
                "matched": list(triage.matched),
                "errors": list(triage.errors),
                "failed": list(triage.failed),
                "facts": shown_facts(triaged.facts),
            },
            "ruleset_version": version,
        }

    def _known(self, opened: Opened, item: Decoded) -> FilingFacts:
        return FilingFacts(
            channel=marketplace_of(opened.event) or item.channel,
            account=item.account,
            channel_class=item.channel_class,
            customer_id=opened.point.contact_id,
            tier=opened.point.tier,
            returning=opened.point.returning,
            reopened=opened.reopened,
            default_language=self._language(item.account),
            order=item.order_of(opened.event),
        )
