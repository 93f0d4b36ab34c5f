"""Templates that another account may send about an order of this conversation: Amazon's, beside a mail.

A channel with the ability `Accompanies` names the accounts in whose conversations its texts are offered; for it
a thread is an order. In: a conversation. Out: its companions' templates under ids that lead back, and from such an
id the account, the order and the template.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from sqlalchemy import Connection, select

from router.channel import ChannelType
from router.errors import ContentRejected, SendError
from router.storage.schema import conversation_order
from router.storage.store import Store
from router.threads import Template, TemplateUse

log = logging.getLogger(__name__)

ASKED_ORDERS = 3

_BAR = "|"


class Doors(Protocol):
    """What companions are asked by."""

    def kind(self, account: str) -> ChannelType:
        """Give the kind of an account's channel."""
        ...

    def companions(self, account: str) -> Sequence[str]:
        """Name the accounts that send about orders of an account's customers."""
        ...

    async def list_templates(self, account: str, thread: str) -> Sequence[Template]:
        """Give the texts the provider allows in a thread now. Raises a SendError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Through:
    """Where a chosen template leaves: the companion's account, the order as its thread, the template there."""

    account: str
    order_id: str
    template: TemplateUse


async def companion_templates(
    store: Store, doors: Doors, conversation_id: str, account: str
) -> list[Template]:
    """Ask every companion about the newest orders, at once; one that cannot be asked offers nothing."""
    companions = doors.companions(account)
    if not companions:
        return []
    async with store.reading() as connection:
        orders = await connection.run_sync(_newest_orders, conversation_id)
    asked = [_offered(doors, companion, order_id) for companion in companions for order_id in orders]
    return [template for found in await asyncio.gather(*asked) for template in found]


async def through_companion(
    store: Store, doors: Doors, conversation_id: str, account: str, use: TemplateUse
) -> Through | None:
    """Read where a template leaves; None for one of the account's own.

    Raises ContentRejected for an order this conversation is not about.
    """
    companion, _, rest = use.id.partition(_BAR)
    order_id, _, own_id = rest.partition(_BAR)
    if companion not in doors.companions(account):
        return None
    async with store.reading() as connection:
        if order_id not in await connection.run_sync(_newest_orders, conversation_id):
            raise ContentRejected(
                f"this conversation is not about the order {order_id[:40]!r}",
                code="order",
                part="template.id",
            )
    return Through(account=companion, order_id=order_id, template=replace(use, id=own_id))


async def _offered(doors: Doors, companion: str, order_id: str) -> list[Template]:
    try:
        found = await doors.list_templates(companion, order_id)
    except SendError as error:
        log.info("no templates of %s: %s", companion, error, extra={"account": companion})
        return []
    title = doors.kind(companion).title
    return [
        replace(
            template,
            id=_BAR.join((companion, order_id, template.id)),
            title=f"{title}, {order_id}: {template.title or template.id}",
        )
        for template in found
    ]


def _newest_orders(connection: Connection, conversation_id: str) -> list[str]:
    columns = conversation_order.c
    statement = select(columns.order_id).where(columns.conversation_id == conversation_id)
    newest = statement.order_by(columns.seen_at.desc(), columns.order_id).limit(ASKED_ORDERS)
    return list(connection.execute(newest).scalars())
