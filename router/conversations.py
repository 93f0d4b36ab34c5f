"""Room 3, filing: each event finds its contact, its conversation and its episode.

In: decoded items and the `Shelf` of everything they point to. Out: rows on the shelf, and for each item
what became of it. Pure: ids come from a function that is passed in, times from the items.

What asks for an answer is decided in `demand.py`, where an event goes in `placing.py`. What asks for nothing
and comes first for its thread opens a quiet conversation: resolved, without work, its episode numbered 0.
The first who then asks makes it his, as episode 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from router.demand import (
    asks_for_answer,
    customer_of,
    is_ours,
    is_read_by_customer,
    says_only_state,
    stands_alone,
    waiting_since,
)
from router.entries import file_row, fold, message_row, subject_of_conversation, without_recalled_words
from router.messages import Automatic, EventKind, EvidenceKind, Identity, InboundEvent
from router.model.filing import (
    Decoded,
    Filed,
    FiledAs,
    Kin,
    LinkKind,
    Opened,
    Point,
    Pointer,
    PointKey,
    Row,
    Shelf,
    Shelved,
    StatedOrder,
    marketplace_of,
    own_pointer,
    reference_digest,
    thread_of,
)
from router.model.identity import IdentityAct, stronger
from router.placing import OTHER_CHANNEL_WINDOW, Place, find_place
from router.stated import claims_of, order_of
from router.thread_news import ThreadNews

MAX_ORDER_ID_CHARS = 100
SECOND_USE = "another message with other content came under the same Message-ID"


class Filing:
    """Files items one after the other on one shelf."""

    def __init__(
        self, shelf: Shelf, new_id: Callable[[], str], window: timedelta = OTHER_CHANNEL_WINDOW
    ) -> None:
        self._shelf = shelf
        self._new_id = new_id
        self._window = window
        self._news = ThreadNews(shelf)

    def file(self, item: Decoded) -> Filed:
        """File one item; later items see what earlier ones left on the shelf."""
        filed = Filed(inbound_id=item.inbound_id, account=item.account)
        for event in map(without_recalled_words, item.events):
            if event.report is not None:
                filed.reports.append(event.report)
                filed.outcome = FiledAs.REPORT
            customer = customer_of(event)
            if is_ours(event) and self._news.is_echo(item, event, filed):
                filed.outcome = FiledAs.ECHO
                self._news.note_state(item, event, filed)
            elif customer is not None and asks_for_answer(event):
                self._file_demand(item, event, customer, filed)
            elif customer is not None and event.kind is not EventKind.RECEIPT:
                self._file_remark(item, event, customer, filed)
            else:
                self._news.note_state(item, event, filed)
        return filed

    def _file_demand(self, item: Decoded, event: InboundEvent, customer: Identity, filed: Filed) -> None:
        point = self._point(item, event, customer)
        place = find_place(self._shelf, item, event, point, self._window)
        conversation, outcome = place.conversation, place.outcome
        if conversation is None and place.joins is not None:
            conversation = self._open_joined(item, event, point, place.joins)
        elif conversation is None:
            conversation = self._open(item, event, point, place)
            self._opened(filed, conversation, point, event, item, reopened=False)
        else:
            outcome = self._wake(item, event, conversation, point, filed) or outcome
        self._join(conversation.id, point.id)
        self._add_message(item, event, conversation, point, outcome, filed)
        self._remember(item, event, conversation, point.id)
        self._note_stated(item, event, conversation, point)
        self._news.note_state(item, event, filed)
        filed.outcome = outcome

    def _wake(
        self, item: Decoded, event: InboundEvent, conversation: Shelved, point: Point, filed: Filed
    ) -> FiledAs | None:
        """Let what stands still be work again, because its customer asks; None when it is work already."""
        whole = self._shelf.whole_of(conversation)
        is_first = whole.is_quiet
        if is_first:
            self._adopt(whole, point, event)
        elif whole.state == "open" or event.automatic is not Automatic.NO:
            return None
        self._reopen(whole, item.received_at)
        self._opened(filed, whole, point, event, item, reopened=not is_first)
        return FiledAs.OPENED if is_first else FiledAs.REOPENED

    def _file_remark(self, item: Decoded, event: InboundEvent, customer: Identity, filed: Filed) -> None:
        """Put what asks for no answer beside its conversation, or keep it in a quiet one."""
        point = self._shelf.points.get(PointKey.of(item.account, customer))
        place = find_place(self._shelf, item, event, point)
        conversation = place.conversation
        if conversation is None:
            if not stands_alone(event):
                return
            point = self._point(item, event, customer)
            conversation = self._open(item, event, point, place, is_quiet=True)
            self._join(conversation.id, point.id)
        self._remember(item, event, conversation, conversation.contact_point_id)
        is_news = self._news.note_state(item, event, filed)
        if is_news or conversation.new or not says_only_state(event):
            self._add_message(item, event, conversation, point, place.outcome, filed)
        filed.outcome = FiledAs.KEPT if place.conversation is None else place.outcome

    # --- who ------------------------------------------------------------------------------------

    def _point(self, item: Decoded, event: InboundEvent, identity: Identity) -> Point:
        key = PointKey.of(item.account, identity)
        known = self._shelf.points.get(key)
        if known is not None:
            known.returning = True
            risen = stronger(known.proof, identity.proof)
            known.is_raised = known.is_raised or risen is not known.proof
            known.proof = risen
            return known
        is_author = identity in event.author.identities
        name = (event.author.display if is_author else "") or identity.value
        kin, own_id = self._shelf.kin.get(key), self._new_id()
        point = Point(self._new_id(), own_id, name, "", returning=False, proof=identity.proof)
        if kin is not None:
            point = replace(
                point, contact_id=kin.contact_id, contact_name=kin.contact_name, tier=kin.tier, returning=True
            )
            self._note_kin(own_id, kin, item.received_at)
        self._shelf.points[key] = point
        own = {
            "id": own_id,
            "merged_into": None if kin is None else kin.contact_id,
            "display_name": name,
            "language": event.language,
            "created_at": item.received_at,
        }
        self._shelf.add("contact", own)
        self._add_point(key, point, identity, own)
        return point

    def _add_point(self, key: PointKey, point: Point, identity: Identity, own: Row) -> None:
        self._shelf.add(
            "contact_point",
            {
                "id": point.id,
                "contact_id": point.contact_id,
                "account": key.account,
                "kind": key.kind,
                "address": key.address,
                "own_contact_id": own["id"],
                "display": identity.value,
                "proof": identity.proof,
                "created_at": own["created_at"],
            },
        )

    def _note_kin(self, own_id: str, kin: Kin, at: datetime) -> None:
        """Keep that a new contact was recognised by proof, for people to see and to undo."""
        self._act(IdentityAct.CONTACTS_MERGED, own_id, kin.contact_id, kin.evidence, at)

    def _act(
        self, act: IdentityAct, subject_id: str, other_id: str, evidence: list[dict[str, str]], at: datetime
    ) -> None:
        row = {
            "id": self._new_id(),
            "act": act,
            "subject_id": subject_id,
            "other_id": other_id,
            "agent_id": None,
            "reason": "proof",
            "evidence": evidence,
            "at": at,
        }
        self._shelf.add("identity_act", row)

    def _note_stated(self, item: Decoded, event: InboundEvent, conversation: Shelved, point: Point) -> None:
        """Note what the customer says of himself."""
        self._shelf.claims += [(point.id, claim, item.received_at) for claim in claims_of(event)]
        order = order_of(item, event)
        if order is not None:
            scope, order_id, proof = order
            stated = StatedOrder(
                point_id=point.id,
                conversation_id=conversation.id,
                scope=scope,
                order_id=order_id,
                proof=proof,
                at=item.received_at,
            )
            self._shelf.stated_orders.append(stated)

    # --- open and reopen ------------------------------------------------------------------------

    def _open(
        self, item: Decoded, event: InboundEvent, point: Point, place: Place, *, is_quiet: bool = False
    ) -> Shelved:
        conversation = Shelved(
            id=self._new_id(),
            contact_id=point.contact_id,
            contact_point_id=point.id,
            account=item.account,
            subject_key=event.subject_key or fold(event.subject),
            state="resolved" if is_quiet else "open",
            episode_id=self._new_id(),
            episode_number=0 if is_quiet else 1,
            last_seq=0,
            last_message_at=item.received_at,
            resolved_at=item.received_at if is_quiet else None,
            thread=thread_of(event),
            new=True,
        )
        self._shelf.conversations[conversation.id] = conversation
        self._shelf.add(
            "conversation",
            {
                "id": conversation.id,
                "contact_id": point.contact_id,
                "account": item.account,
                "contact_point_id": point.id,
                "thread": conversation.thread,
                "marketplace": marketplace_of(event),
                "subject": subject_of_conversation(event),
                "subject_key": conversation.subject_key,
                "created_at": item.received_at,
            },
        )
        self._add_episode(conversation, item.received_at)
        for other_id, kind in place.links:
            self._link(conversation.id, other_id, kind, item.received_at)
        return conversation

    def _open_joined(self, item: Decoded, event: InboundEvent, point: Point, whole: Shelved) -> Shelved:
        """Open a conversation that is shown as part of the one the same person has open elsewhere."""
        place = Place(None, FiledAs.THREADED)
        conversation = self._open(item, event, point, place, is_quiet=True)
        conversation.leads_to = conversation.merged_into = whole.id
        evidence = [{"sign": "same_contact", "kind": "contact", "value": point.contact_name}]
        self._act(IdentityAct.CONVERSATIONS_MERGED, conversation.id, whole.id, evidence, item.received_at)
        return conversation

    def _adopt(self, conversation: Shelved, point: Point, event: InboundEvent) -> None:
        """Make a quiet conversation that of the first customer who asks for something in it."""
        conversation.contact_id = point.contact_id
        conversation.contact_point_id = point.id
        conversation.adopted_as = subject_of_conversation(event)

    def _reopen(self, conversation: Shelved, at: datetime) -> None:
        conversation.state = "open"
        conversation.resolved_at = None
        conversation.episode_id = self._new_id()
        conversation.episode_number += 1
        self._add_episode(conversation, at)

    def _add_episode(self, conversation: Shelved, at: datetime) -> None:
        self._shelf.add(
            "episode",
            {
                "id": conversation.episode_id,
                "conversation_id": conversation.id,
                "number": conversation.episode_number,
                "opened_at": at,
                "resolved_at": conversation.resolved_at,
            },
        )

    def _opened(
        self,
        filed: Filed,
        conversation: Shelved,
        point: Point,
        event: InboundEvent,
        item: Decoded,
        *,
        reopened: bool,
    ) -> None:
        filed.opened.append(
            Opened(
                conversation=conversation,
                episode_id=conversation.episode_id,
                point=point,
                event=event,
                reopened=reopened,
                opened_at=waiting_since(event, item.received_at),
            )
        )

    # --- what -----------------------------------------------------------------------------------

    def _link(self, conversation_id: str, other_id: str, kind: LinkKind, at: datetime) -> None:
        row = {"conversation_id": conversation_id, "other_id": other_id, "kind": kind, "created_at": at}
        if row not in self._shelf.new.get("conversation_link", []):
            self._shelf.add("conversation_link", row)

    def _join(self, conversation_id: str, point_id: str) -> None:
        if (conversation_id, point_id) not in self._shelf.participants:
            self._shelf.participants.add((conversation_id, point_id))
            self._shelf.add("participant", {"conversation_id": conversation_id, "contact_point_id": point_id})

    def _remember(self, item: Decoded, event: InboundEvent, conversation: Shelved, point_id: str) -> None:
        """Keep what later messages may point to."""
        evidence = own_pointer(event)
        if evidence is None:
            return
        key = reference_digest(item.account, evidence)
        if key in self._shelf.pointers:
            return
        self._shelf.pointers[key] = Pointer(evidence.kind, conversation.id, point_id)
        self._shelf.add(
            "reference",
            {
                "digest": key,
                "kind": evidence.kind,
                "conversation_id": conversation.id,
                "contact_point_id": point_id,
                "created_at": item.received_at,
            },
        )

    def _is_second_use(self, item: Decoded, event: InboundEvent) -> bool:
        """Say whether another message, with other content, already came under this one's id."""
        own = own_pointer(event)
        if own is None or own.kind is not EvidenceKind.MESSAGE_ID:
            return False
        return reference_digest(item.account, own) in self._shelf.pointers

    def _add_message(
        self,
        item: Decoded,
        event: InboundEvent,
        conversation: Shelved,
        point: Point | None,
        outcome: FiledAs,
        filed: Filed,
    ) -> None:
        whole = self._shelf.whole_of(conversation)
        if is_read_by_customer(event):
            conversation.last_seq += 1
            for one in (conversation, whole):
                one.last_message_at = max(one.last_message_at, item.received_at)
                one.changed = True
        row = message_row(item, event, conversation, whole, point, outcome) | {"id": self._new_id()}
        if self._is_second_use(item, event):
            row["warnings"] = [*event.warnings, SECOND_USE]
        self._shelf.add("message", row)
        self._note_order(item, event, conversation)
        filed.messages.append((row, conversation.thread))
        self._news.take_in(item, event, row, filed)
        for attachment in event.attachments:
            file = file_row(attachment, row["id"], item.inbound_id) | {"id": self._new_id()}
            self._shelf.add("attachment", file)
            filed.attachments.append(file)

    def _note_order(self, item: Decoded, event: InboundEvent, conversation: Shelved) -> None:
        """Keep that an order was named here, by the message or by looking it up."""
        named = event.context.get("order_id")
        order_id = item.order_of(event).id or (named.strip() if isinstance(named, str) else "")
        if 0 < len(order_id) <= MAX_ORDER_ID_CHARS and order_id.isprintable():
            row = {
                "conversation_id": conversation.id,
                "order_id": order_id,
                "seen_at": item.received_at,
            }
            self._shelf.add("conversation_order", row)
