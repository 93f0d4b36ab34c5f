"""A mail that came through a marketplace's relay, said as what it is: a buyer's message about an order.

In: the event of a mail and the profile of the alias it came from. Out: the same with the alias as the buyer's
identity, the order as context and as what joins mails, and the frame around the buyer's words folded.
"""

from __future__ import annotations

from dataclasses import replace

from router.messages import BlockKind, EvidenceKind, Identity, InboundEvent, Role
from router_email.relays import IDENTITY_KIND, RelayProfile


def relayed(event: InboundEvent, relay: RelayProfile) -> InboundEvent:
    """Read a mail again as a buyer's message.

    A marketplace counts and forwards every answer, so no machine answers; an alias is one buyer at one seller,
    and means nothing anywhere else.
    """
    if event.author.role is not Role.CUSTOMER:
        return event
    text = next((block.text for block in event.blocks if block.kind is BlockKind.TEXT), "")
    quoted = next((block.quoted for block in event.blocks if block.kind is BlockKind.TEXT), "")
    order_id = relay.order_in(event.subject, text, quoted)
    alias = event.author.identities[0]
    buyer = Identity(kind=IDENTITY_KIND, value=alias.value, proof=alias.proof)
    stronger = tuple(each for each in event.evidence if each.kind is not EvidenceKind.SUBJECT)
    subject = tuple(each for each in event.evidence if each.kind is EvidenceKind.SUBJECT)
    return replace(
        event,
        author=replace(event.author, identities=(buyer,)),
        blocks=tuple(
            replace(block, text=own, quoted="\n\n".join(filter(None, (frame, block.quoted))))
            if block.kind is BlockKind.TEXT
            else block
            for block in event.blocks
            for own, frame in (relay.unframed(block.text),)
        ),
        evidence=(*stronger, *((relay.evidence(order_id),) if order_id else subject)),
        subject_key=relay.key(order_id) if order_id else event.subject_key,
        # What a buyer puts there would take the answer, and the order it tells of, out of the marketplace.
        provider_data={**event.provider_data, "reply_to": ""},
        context={**event.context, "marketplace": relay.name, **({"order_id": order_id} if order_id else {})},
    )
