"""Calls about single messages: answer, note, send again, the original, attachments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from router.errors import ContentRejected, NotFound
from router.model.outgoing_files import MOST_FILES
from router.model.timeline import Message, Version
from router.storage.views.messages import find_attachment, read_message, read_raw, read_versions
from router.threads import Audience, TemplateUse
from router.web.asking import reading, require_visible
from router.web.auth import Caller
from router.web.binder import Body, Call, Line, Name, Prose
from router.web.files import Download
from router.web.routes_work import Token
from router.web.services import Services

Reader = Literal["customer", "operator", "mediator"]


class TemplateChoice(Body):
    """A template and what fills its gaps."""

    id: Name
    language: Line = ""
    variables: Annotated[dict[Name, Line], Field(max_length=50)] = {}


class Reply(Body):
    """An answer to the customer.

    `token` is the claim's fencing token, `key` makes a repeat harmless, `answers` is the id of the message
    answered (the newest inbound one if absent). `audience` is who reads it (the customer alone if absent). With
    a `template` its words are sent, and `text` is left out. `files` are the ids of what was attached, which may
    go without a text.
    """

    text: Prose | None = None
    token: Token
    key: Name | None = None
    answers: Name | None = None
    audience: Annotated[list[Reader], Field(min_length=1, max_length=3)] | None = None
    template: TemplateChoice | None = None
    files: Annotated[list[Name], Field(max_length=MOST_FILES)] = []


class Note(Body):
    """A note, never sent."""

    text: Prose


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionList:
    """What a message said, oldest first; the last one is what it says now."""

    versions: Sequence[Version]


class MessageCalls:
    """Calls about single messages."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def calls(self) -> list[Call]:
        """List the calls."""
        conversation, message = "/conversations/{conversation_id}", "/messages/{message_id}"
        rejected = ("stale_version", "content_rejected", "provider_unavailable")
        return [
            Call(
                method="POST",
                path=f"{conversation}/replies",
                action=self.reply,
                status=201,
                raises=rejected,
            ),
            Call(method="POST", path=f"{conversation}/notes", action=self.write_note, status=201),
            Call(method="POST", path=f"{message}/resend", action=self.resend, raises=rejected),
            Call(method="POST", path=f"{message}/arrived", action=self.take_as_arrived, raises=rejected),
            Call(method="POST", path=f"{message}/recall", action=self.recall, raises=rejected),
            Call(method="POST", path=f"{conversation}/read", action=self.mark_read, status=204),
            Call(method="POST", path=f"{message}/remap", action=self.remap, raises=("stale_version",)),
            Call(method="GET", path=f"{message}/versions", action=self.read_versions),
            Call(method="GET", path=f"{message}/raw", action=self.read_original),
            Call(
                method="GET",
                path="/attachments/{attachment_id}",
                action=self.read_attachment,
                raises=("content_rejected", "provider_unavailable"),
            ),
        ]

    async def reply(self, caller: Caller, conversation_id: str, body: Reply) -> Message:
        """Answer on the channel the customer wrote from."""
        await require_visible(self._services, caller, conversation_id)
        if body.template is not None and (body.text is not None or body.files):
            raise ContentRejected("a template goes without a text and files", code="empty", part="text")
        if body.text is None and body.template is None and not body.files:
            raise ContentRejected("give a text, files or a template", code="empty", part="text")
        message_id = await self._services.replies.reply(
            conversation_id,
            caller.agent_id,
            body.token,
            body.text or "",
            key=body.key,
            answers=body.answers,
            audience=[Audience(one) for one in body.audience or ("customer",)],
            template=_use(body.template),
            files=body.files,
        )
        return await self._read(caller, message_id)

    async def write_note(self, caller: Caller, conversation_id: str, body: Note) -> Message:
        """Write a note."""
        await require_visible(self._services, caller, conversation_id)
        message_id = await self._services.replies.note(conversation_id, caller.agent_id, body.text)
        return await self._read(caller, message_id)

    async def resend(self, caller: Caller, message_id: str) -> Message:
        """Send an outbound message again whose fate is unknown or failed, under the same id.

        Of a text in parts the missing part goes first, whichever is named, and the rest behind it.
        """
        await self._read(caller, message_id)
        await self._services.replies.resend(message_id, caller.agent_id)
        return await self._read(caller, message_id)

    async def take_as_arrived(self, caller: Caller, message_id: str) -> Message:
        """Say of an outbound message whose fate is unknown that it was seen at its provider."""
        await self._read(caller, message_id)
        await self._services.replies.take_as_arrived(message_id)
        return await self._read(caller, message_id)

    async def recall(self, caller: Caller, message_id: str) -> Message:
        """Take a message back from the customer, where the channel can; its words stay in its history."""
        await self._read(caller, message_id)
        await self._services.acts.recall(message_id, caller.agent_id)
        return await self._read(caller, message_id)

    async def mark_read(self, caller: Caller, conversation_id: str) -> None:
        """Let the customer see that I, who hold the conversation, have read it; where the channel shows that."""
        await require_visible(self._services, caller, conversation_id)
        await self._services.acts.read(conversation_id, caller.agent_id)

    async def remap(self, caller: Caller, message_id: str) -> Message:
        """Read a message once more that held something its channel did not know."""
        await self._read(caller, message_id)
        await self._services.remapping.remap(message_id)
        return await self._read(caller, message_id)

    async def read_versions(self, caller: Caller, message_id: str) -> VersionList:
        """Read all a message has ever said, also what was edited away or recalled."""
        async with reading(self._services, caller) as (conn, scope):
            return VersionList(versions=await read_versions(conn, scope, message_id))

    async def read_original(self, caller: Caller, message_id: str) -> Download:
        """Save the bytes a message came as."""
        async with reading(self._services, caller) as (conn, scope):
            raw = await read_raw(conn, scope, message_id)
        return Download(body=raw, name=f"message-{message_id}.bin")

    async def read_attachment(self, caller: Caller, attachment_id: str) -> Download:
        """Save an attachment."""
        async with reading(self._services, caller) as (conn, scope):
            file = await find_attachment(conn, scope, attachment_id)
        try:
            if file.inbound_id is None:
                body = await self._services.files.content(file.part)
            else:
                body = await self._services.channels.attachment(file.inbound_id, file.part)
        except LookupError:
            raise NotFound(f"the bytes of attachment {attachment_id} are not where they should be") from None
        return Download(body=body, name=file.name, content_type=file.content_type)

    async def _read(self, caller: Caller, message_id: str) -> Message:
        async with reading(self._services, caller) as (conn, scope):
            return await read_message(conn, scope, message_id)


def _use(chosen: TemplateChoice | None) -> TemplateUse | None:
    if chosen is None:
        return None
    return TemplateUse(id=chosen.id, language=chosen.language, variables=chosen.variables)
