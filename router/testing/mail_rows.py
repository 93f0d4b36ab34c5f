"""Write the rows that lead up to a queued reply, as filing and the desk's pen do; for the kit's mail room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert

from router.ids import new_id
from router.messages import Block, DeliveryState, InboundEvent, JsonObject
from router.storage.schema import contact, contact_point, conversation, message, metadata, outbox


@dataclass(slots=True, kw_only=True)
class Place:
    """Where an account's replies go; `seq` counts its conversation."""

    account: str
    conversation_id: str
    point_id: str
    answered_id: str
    seq: int = 1


def create(connection: Connection) -> None:
    """Make every table."""
    # Of an empty database nothing has to be asked first.
    metadata.create_all(connection, checkfirst=False)


def file_first(connection: Connection, account: str, event: InboundEvent | None, at: datetime) -> Place:
    """File a customer's message as room 3 does."""
    place = Place(account=account, conversation_id=new_id(), point_id=new_id(), answered_id=new_id())
    contact_id = _contact(connection, place, event, at)
    threads = [each.value for each in event.evidence if each.kind == "thread"] if event else []
    connection.execute(
        insert(conversation).values(
            id=place.conversation_id,
            contact_id=contact_id,
            account=account,
            contact_point_id=place.point_id,
            thread=threads[0] if threads else "",
            subject=event.subject if event else "",
            subject_key="",
            state="open",
            episode_id="",
            last_seq=1,
            created_at=at,
            last_message_at=at,
        )
    )
    connection.execute(
        insert(message).values(
            **_entry(place, place.answered_id, "inbound", at),
            external_id=event.external_id if event else "",
            provider_data=event.provider_data if event else {},
            occurred_at=event.occurred_at if event else None,
            blocks=[],
        )
    )
    return place


def _contact(connection: Connection, place: Place, event: InboundEvent | None, at: datetime) -> str:
    identity = next(iter(event.author.identities), None) if event else None
    address = identity.value if identity else "customer-1"
    contact_id = new_id()
    connection.execute(insert(contact).values(id=contact_id, display_name=address, created_at=at))
    connection.execute(
        insert(contact_point).values(
            id=place.point_id,
            contact_id=contact_id,
            own_contact_id=contact_id,
            account=place.account,
            kind=identity.kind if identity else "name",
            address=address,
            display=address,
            proof="channel",
            created_at=at,
        )
    )
    return contact_id


def queue_reply(
    connection: Connection,
    place: Place,
    ids: tuple[str, Sequence[str]],
    ref: str,
    blocks: Sequence[Block],
    at: datetime,
) -> None:
    """Store a message of a reply with its outbox row as room 7 does; `ids` are its own and those of the reply."""
    message_id, parts = ids
    place.seq += 1
    connection.execute(
        insert(message).values(
            **_entry(place, message_id, "outbound", at),
            external_id=ref,
            provider_data={},
            blocks=_stored(blocks),
        )
    )
    connection.execute(
        insert(outbox).values(
            message_id=message_id,
            account=place.account,
            contact_point_id=place.point_id,
            state=DeliveryState.QUEUED,
            outgoing_ref=ref,
            reply_token="contract-token-5f2a",
            answers_message_id=place.answered_id,
            automatic=False,
            attempts=0,
            next_try_at=at,
            detail="",
            created_at=at,
            **_part_of(message_id, parts),
        )
    )


def _stored(blocks: Sequence[Block]) -> list[JsonObject]:
    return [
        {
            "kind": each.kind,
            "text": each.text,
            "html": each.html,
            "quoted": each.quoted,
            "fields": each.fields,
        }
        for each in blocks
    ]


def _part_of(message_id: str, ids: Sequence[str]) -> dict[str, object]:
    if len(ids) == 1:
        return {}
    return {"first_part_id": ids[0], "part": ids.index(message_id) + 1, "parts": len(ids)}


def _entry(place: Place, message_id: str, direction: str, at: datetime) -> dict[str, object]:
    return {
        "id": message_id,
        "conversation_id": place.conversation_id,
        "strand_id": place.conversation_id,
        "home_id": place.conversation_id,
        "episode_id": "",
        "seq": place.seq,
        "direction": direction,
        "kind": "message",
        "role": "customer" if direction == "inbound" else "agent",
        "author_name": "Mei",
        "account": place.account,
        "contact_point_id": place.point_id,
        "subject": "",
        "preview": "",
        "automatic": "no",
        "guest": False,
        "warnings": [],
        "created_at": at,
    }
