"""Room 3, call-backs: what the calls of a number ask for, once all facts of a batch are known.

In: the calls on their shelf with what is known of their numbers. Out: tasks to make, to change and to close,
and the conversations they open. Pure.

A task exists because of calls, not because of the order in which they were heard of: it is open exactly
while there is a call nobody answered and no later one somebody did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from router.call_filing import CallFiling, Told
from router.model.call_shelf import CallShelf, KnownMoment, NumberBook, OpenTask, TaskClosing
from router.model.calls import CallBackTerms, TaskKind, dialled_form, waiting_misses


class CallBacks:
    """Plans the tasks of the numbers a batch has touched."""

    def __init__(
        self,
        filing: CallFiling,
        calls: CallShelf,
        terms: CallBackTerms,
        new_id: Callable[[], str],
        now: datetime,
    ) -> None:
        self._filing = filing
        self._calls = calls
        self._terms = terms
        self._new_id = new_id
        self._now = now

    def plan(self) -> None:
        """Decide for every number the batch has touched."""
        for number in sorted(self._calls.books):
            told = self._filing.last.get(number)
            book = self._calls.books[number]
            if told is not None:
                self._plan_misses(number, book, told)
            for task in book.tasks:
                spoken = None if task.is_of_calls else closing_call(task, book.moments.values())
                if spoken is not None:
                    self._close(task, "done", "answered", spoken.call_id, told)

    def _plan_misses(self, number: str, book: NumberBook, told: Told) -> None:
        moments = [known.moment for known in book.moments.values()]
        waiting = waiting_misses(moments, book.settled_at, self._terms.window)
        task = next((one for one in book.tasks if one.is_of_calls), None)
        if task is not None and not waiting:
            spoken = closing_call(task, book.moments.values())
            if spoken is None:
                # what was heard first of a call was wrong: it asks for nothing
                self._close(task, "done", "corrected", None, told)
            else:
                self._close(task, "done", "answered", spoken.call_id, told)
        elif task is not None and self._is_new_wish(task, waiting[0]):
            self._close(task, "expired", "called_again", None, told)
            self._make(number, book, waiting, told)
        elif task is not None:
            self._count(task, waiting)
        elif waiting and waiting[-1] + self._terms.expires_after > self._now:
            self._make(number, book, waiting, told)

    def _is_new_wish(self, task: OpenTask, first: datetime) -> bool:
        return task.first_missed_at is not None and first >= task.first_missed_at + self._terms.window

    def _count(self, task: OpenTask, waiting: list[datetime]) -> None:
        seen = (task.counter, task.first_missed_at, task.last_missed_at)
        if seen != (len(waiting), waiting[0], waiting[-1]):
            task.counter, task.first_missed_at, task.last_missed_at = len(waiting), waiting[0], waiting[-1]
            self._calls.changed_tasks.append(task)

    def _close(self, task: OpenTask, state: str, reason: str, call_id: str | None, told: Told | None) -> None:
        item_id = "" if told is None else told.filed.inbound_id
        closing = TaskClosing(task_id=task.id, state=state, reason=reason, call_id=call_id)
        self._calls.closings.append((item_id, closing))

    def _make(self, number: str, book: NumberBook, waiting: list[datetime], told: Told) -> None:
        """Make the one task these calls ask for, and the work it is."""
        newest = self._newest(book, waiting[-1])
        conversation = self._filing.conversation_of(newest, told)
        if conversation is None:
            return
        self._filing.open_for(conversation, told)
        call = told.stored.call
        self._calls.new_tasks.append(
            {
                "id": self._new_id(),
                "kind": TaskKind.CALL_BACK,
                "conversation_id": conversation.id,
                "episode_id": conversation.episode_id,
                "account": told.item.account,
                "number": number,
                "dial": dialled_form(call),
                "reason": call.reason,
                "script": "",
                "best_from": None,
                "best_until": None,
                "due_at": told.item.received_at,
                "expires_at": waiting[-1] + self._terms.expires_after,
                "attempt_limit": self._terms.attempt_limit,
                "attempts": 0,
                "counter": len(waiting),
                "first_missed_at": waiting[0],
                "last_missed_at": waiting[-1],
                "state": "open",
                "closed_at": None,
                "closed_by": None,
                "closed_call_id": None,
                "closed_reason": "",
                "created_by": None,
                "created_at": told.item.received_at,
            }
        )

    def _newest(self, book: NumberBook, at: datetime) -> KnownMoment:
        return next(known for known in book.moments.values() if known.moment.asks and known.moment.at == at)


def closing_call(task: OpenTask, moments: Iterable[KnownMoment]) -> KnownMoment | None:
    """Give the call in which the customer was spoken to, after which a task is no longer needed."""
    since = task.last_missed_at or (task.due_at if task.kind is TaskKind.FOLLOW_UP else task.created_at)
    spoken = [known for known in moments if known.moment.answers and known.moment.at >= since]
    return min(spoken, key=lambda known: (known.moment.at, known.call_id), default=None)
