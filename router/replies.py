"""Room 7, the desk's pen: store what an agent writes, and hand replies to the mail room.

In: text from an agent who holds the claim. Out: message and outbox row in one transaction, then a wake-up
for the account the customer wrote to.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, select

from router.capabilities import Capabilities, TextLimits
from router.clock import Clock
from router.companions import through_companion
from router.composing import Doors
from router.crash import crash_point
from router.entries import PREVIEW_CHARS, audience_json, block_json, preview
from router.errors import ContentRejected, NotAllowedNow, NotFound
from router.ids import new_id
from router.messages import Block, BlockKind
from router.model.outgoing_files import OutgoingFile, bodies
from router.splitting import split
from router.storage.outbound import (
    Answered,
    NewReply,
    add_reply,
    answered_message,
    known_reply,
)
from router.storage.outgoing_files import Whose, attached_files
from router.storage.resending import resend, take_as_arrived
from router.storage.schema import outbox
from router.storage.store import Store
from router.storage.timeline import Entry, add_entry
from router.templates import filled
from router.threads import Audience, TemplateUse
from router.unbroken import Unbroken

NOTE_CHARS = 100_000
MOST_PARTS = 20
TOKEN_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was stored for a conversation; `account` names the mail room's lane to wake.

    `agent_id` is who wrote something new that the customer reads, with the time of it.
    """

    conversation_id: str
    message_id: str
    account: str
    again: bool = False
    agent_id: str | None = None
    at: datetime | None = None


class Replies:
    """Takes replies and notes; `written(what)` is called after each commit."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        doors: Doors,
        outgoing_ref: Callable[[str, str], str],
        written: Callable[[Written], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._doors = doors
        self._outgoing_ref = outgoing_ref
        self._written = written
        self._unbroken = Unbroken()

    async def reply(
        self,
        conversation_id: str,
        agent_id: str,
        token: int,
        text: str,
        *,
        key: str | None = None,
        answers: str | None = None,
        audience: Collection[Audience] | None = None,
        template: TemplateUse | None = None,
        files: Sequence[str] = (),
    ) -> str:
        """Store a reply and queue it; give its message id. A repeated `key` gives the first one.

        A text too long for one message becomes several, sent in order, `files` (ids) after it; the id is that of
        the first. With a `template` its words are sent instead. Raises StaleVersion without the claim,
        ContentRejected for what cannot be sent, NotAllowedNow where no text is carried, NotFound without
        anything to answer.
        """
        answered = await self._answered(conversation_id, answers)
        answered, template = await self._through(conversation_id, answered, template)
        can = self._sending(answered.account)
        taken = await self._files(files, Whose(agent_id=agent_id, conversation_id=conversation_id))
        is_bare = bool(taken) and not (text or template)
        parts = [] if is_bare else await self._parts(answered, text, can.text, template)
        common = partial(
            NewReply,
            conversation_id=conversation_id,
            agent_id=agent_id,
            claim_token=token,
            answered=answered,
            at=self._clock.now(),
            audience=audience_json(_readers(audience, can)),
            template=_template_json(template, answered.thread),
        )
        replies = self._replies(common, bodies(parts, taken, can), key or "", answered.account)
        return await self._unbroken.run(self._store_and_tell(replies))

    def _replies(
        self, common: Callable[..., NewReply], messages: Sequence[Sequence[Block]], key: str, account: str
    ) -> list[NewReply]:
        """Make one reply of each message; the first one stands for all of them under `key`."""
        mints = self._doors.kind(account).capabilities.reply_token
        ids = _ids(messages)
        texts = sum(blocks[0].kind is BlockKind.TEXT for blocks in messages)
        return [
            common(
                message_id=message_id,
                **_part(place, texts, ids[0]),
                blocks=[block_json(block) for block in blocks],
                preview=preview(blocks, PREVIEW_CHARS),
                files=[str(block.fields["attachment"]) for block in blocks if block.fields],
                key=key if place == 0 else "",
                reply_token=secrets.token_hex(TOKEN_BYTES) if mints else "",
                outgoing_ref=self._outgoing_ref(account, message_id),
            )
            for place, (message_id, blocks) in enumerate(zip(ids, messages, strict=True))
        ]

    async def _files(self, ids: Sequence[str], whose: Whose) -> list[OutgoingFile]:
        if not ids:
            return []
        async with self._store.reading() as connection:
            return await connection.run_sync(attached_files, ids, whose)

    async def _answered(self, conversation_id: str, answers: str | None) -> Answered:
        async with self._store.reading() as connection:
            return await connection.run_sync(answered_message, conversation_id, answers)

    def _sending(self, account: str) -> Capabilities:
        """Give what an account's channel can send; raises NotAllowedNow where nobody reads a text."""
        kind = self._doors.kind(account)
        if not kind.capabilities.outbound:
            why = f"nobody reads a text here ({kind.title}); call the customer back"
            raise NotAllowedNow(why, code="no_text", alternatives=("call_back",))
        return kind.capabilities

    async def _through(
        self, conversation_id: str, answered: Answered, template: TemplateUse | None
    ) -> tuple[Answered, TemplateUse | None]:
        """Let a companion's template leave by the companion, with the order for a thread."""
        if template is None:
            return answered, None
        found = await through_companion(self._store, self._doors, conversation_id, answered.account, template)
        if found is None:
            return answered, template
        return replace(answered, account=found.account, thread=found.order_id), found.template

    async def _parts(
        self, answered: Answered, text: str, limits: TextLimits, template: TemplateUse | None
    ) -> list[str]:
        if template is None:
            return _parts(_sendable(text), limits)
        allowed = await self._doors.list_templates(answered.account, answered.thread)
        return [_sendable(filled(allowed, template))]

    async def _store_and_tell(self, replies: Sequence[NewReply]) -> str:
        written = await self._store.write(_store_replies, replies)
        crash_point("K13")
        for each in written:
            self._written(each)
        return written[0].message_id

    async def note(self, conversation_id: str, agent_id: str, text: str) -> str:
        """Store a note for colleagues; give its message id."""
        text = _sendable(text)
        if len(text) > NOTE_CHARS:
            raise ContentRejected(f"a note has at most {NOTE_CHARS} characters", code="too_long")
        message_id = new_id()
        note = Entry(
            message_id=message_id,
            conversation_id=conversation_id,
            direction="note",
            kind="note",
            agent_id=agent_id,
            at=self._clock.now(),
            blocks=_text_blocks(text),
            preview=_preview(text),
        )
        await self._store.write(add_entry, note)
        self._written(Written(conversation_id=conversation_id, message_id=message_id, account=""))
        return message_id

    async def resend(self, message_id: str, agent_id: str) -> None:
        """Queue an unknown or failed message once more, under the same id outside.

        Of a text in parts all that is missing goes out, from the first such part on.
        """
        await self._decide(resend, message_id)

    async def take_as_arrived(self, message_id: str) -> None:
        """Settle a message of unknown outcome that somebody has seen at its provider."""
        await self._decide(take_as_arrived, message_id)

    async def _decide(
        self, act: Callable[[Connection, str, datetime], list[tuple[str, str]]], message_id: str
    ) -> None:
        async with self._store.reading() as connection:
            account = (
                await connection.execute(select(outbox.c.account).where(outbox.c.message_id == message_id))
            ).scalar()
        if account is None:
            raise NotFound
        for conversation_id, changed in await self._store.write(act, message_id, self._clock.now()):
            self._written(
                Written(conversation_id=conversation_id, message_id=changed, account=account, again=True)
            )


def _store_replies(connection: Connection, replies: Sequence[NewReply]) -> list[Written]:
    """Store the parts of one reply, all or none; a reply known by its key is not stored again."""
    key, conversation_id = replies[0].key, replies[0].conversation_id
    known = known_reply(connection, conversation_id, key) if key else None
    if known is not None:
        account = replies[0].answered.account
        return [Written(conversation_id=conversation_id, message_id=known, account=account, again=True)]
    for reply in replies:
        add_reply(connection, reply)
    return [
        Written(
            conversation_id=conversation_id,
            message_id=reply.message_id,
            account=reply.answered.account,
            agent_id=reply.agent_id,
            at=reply.at,
        )
        for reply in replies
    ]


def _sendable(text: str) -> str:
    """Refuse an empty text; drop what no encoding can carry (lone surrogates, NUL)."""
    clean = text.encode("utf-8", "ignore").decode().replace("\x00", "")
    if not clean.strip():
        raise ContentRejected("the text is empty", code="empty")
    return clean


def _part(place: int, texts: int, first_id: str) -> Mapping[str, object]:
    """Say which part of a text too long for one message this is; files that follow it are none."""
    if texts == 1 or place >= texts:
        return {}
    return {"first_part_id": first_id, "part": place + 1, "parts": texts}


def _ids(messages: Sequence[Sequence[Block]]) -> list[str]:
    """Make an id for each message, in order: the mail room keeps the order of a conversation by them."""
    return sorted(new_id() for _ in messages)


def _parts(text: str, limits: TextLimits) -> list[str]:
    parts = split(text, limits)
    if len(parts) > MOST_PARTS:
        raise ContentRejected(
            f"the text would take {len(parts)} messages of {limits.max} {limits.unit} here, the most is"
            f" {MOST_PARTS}; shorten it",
            code="too_long",
            part="text",
        )
    return parts


def _readers(audience: Collection[Audience] | None, can: Capabilities) -> frozenset[Audience]:
    """Give who is to read a reply; ContentRejected for somebody this channel does not reach."""
    readers = frozenset(audience or {Audience.CUSTOMER})
    if unknown := readers - can.audiences:
        raise ContentRejected(
            f"nobody is reached as {', '.join(sorted(unknown))} here; there is {', '.join(sorted(can.audiences))}",
            code="audience",
            part="audience",
        )
    return readers


def _template_json(template: TemplateUse | None, thread: str) -> dict[str, object] | None:
    if template is None:
        return None
    return {
        "id": template.id,
        "language": template.language,
        "variables": dict(template.variables),
        "thread": thread,
    }


def _text_blocks(text: str) -> list[dict[str, object]]:
    return [block_json(Block(text=text))]


def _preview(text: str) -> str:
    return preview([Block(text=text)], PREVIEW_CHARS)
