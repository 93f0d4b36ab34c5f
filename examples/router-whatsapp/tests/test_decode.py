"""What a webhook says, kind by kind."""

import json

import pytest
from router_whatsapp.decode import event_of
from router_whatsapp.samples import ANN, HIDDEN, messages, stored

from router.errors import MalformedMessage
from router.messages import BlockKind, DeliveryState, EventKind, Role
from router.testing import make_raw

EVENTS = [event_of(stored(one)) for one in messages()]


@pytest.mark.parametrize(
    ("place", "kinds", "text"),
    [
        (0, ["text"], "Where is my parcel? 😟"),
        (1, ["image"], "It came like this"),
        (2, ["audio"], ""),
        (3, ["video"], ""),
        (4, ["file"], ""),
        (5, ["image"], ""),
        (6, ["location"], "Home"),
        (7, ["contact"], "Bob Ray, +1 650 555 9999"),
        (8, ["choice"], "Yes"),
        (9, ["choice"], "Tomorrow"),
        (10, ["choice"], "Stop"),
        (11, ["text", "product_card"], "Please"),
        (13, ["unsupported"], ""),
    ],
)
def test_message_of_each_kind_becomes_its_block(place, kinds, text):
    event = EVENTS[place]
    assert event.kind is EventKind.MESSAGE
    assert event.author.role is Role.CUSTOMER
    assert [block.kind.value for block in event.blocks] == kinds
    assert event.blocks[0].text == text


def test_file_names_what_is_fetched_at_the_provider():
    voice = EVENTS[2]
    assert voice.blocks[0].fields["attachment"] == voice.attachments[0].part == "2754859441498129"
    assert voice.attachments[0].name == "audio.ogg"
    assert voice.blocks[0].fields["platform_kind"] == "voice"
    assert EVENTS[4].attachments[0].name == "bill.pdf"


def test_cart_keeps_product_count_and_price():
    product = EVENTS[11].blocks[1]
    assert product.fields["product_id"] == "SKU-1"
    assert product.fields["price"] == "29.5 USD"
    assert product.text == "2 × SKU-1, 29.5 USD"


def test_unsupported_kind_keeps_the_providers_words():
    (block,) = EVENTS[13].blocks
    assert (block.fields["platform_kind"], block.fields["hint"]) == ("edit", "Not supported.")


def test_reaction_names_its_message_and_one_without_emoji_takes_it_back():
    given = EVENTS[12]
    assert (given.kind, given.target, given.blocks[0].text) == (EventKind.REACTION, "wamid.C1", "👍")
    taken = {**messages()[12], "reaction": {"message_id": "wamid.C1"}}
    assert event_of(stored(taken)).blocks == ()


def test_new_number_is_told_beside_the_conversation_and_asks_for_nothing():
    event = EVENTS[14]
    assert (event.kind, event.visible) == (EventKind.SYSTEM, False)
    assert "new number" in event.blocks[0].text


def test_customer_who_hides_his_number_is_known_by_his_name_for_this_business():
    (identity,) = EVENTS[15].author.identities
    assert (identity.kind, identity.value) == ("whatsapp_user", HIDDEN)
    assert EVENTS[15].evidence[0].value == HIDDEN


def test_name_for_this_business_in_the_place_of_the_number_is_no_number():
    one = {**messages()[0], "from": HIDDEN}
    assert [identity.kind for identity in event_of(stored(one)).author.identities] == ["whatsapp_user"]


def test_item_with_a_number_json_does_not_have_is_malformed():
    with pytest.raises(MalformedMessage):
        event_of(make_raw(b'{"id": "x", "from": "1", "timestamp": NaN}', envelope={"what": "message"}))


def test_text_no_database_keeps_is_mended():
    one = {**messages()[0], "text": {"body": "a\x00b\ud83d"}}
    raw = make_raw(json.dumps(one).encode(), envelope={"what": "message"})
    assert event_of(raw).blocks[0].text == "a\ufffdb?"


def status(word: str, **more) -> dict:
    told = {"id": "wamid.S1", "status": word, "timestamp": "1772442000", "recipient_id": ANN}
    return {**told, **more}


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("sent", "accepted"),
        ("delivered", "delivered"),
        ("read", "read"),
        ("played", "read"),
        ("failed", "failed"),
    ],
)
def test_status_becomes_a_delivery_report(word, state):
    event = event_of(stored(status(word), "status"))
    assert event.report is not None
    assert (event.report.state, event.report.outgoing_ref) == (DeliveryState(state), "wamid.S1")


def test_status_with_our_own_word_names_the_message_by_it():
    event = event_of(stored(status("sent", biz_opaque_callback_data="message-7"), "status"))
    assert event.report is not None
    assert event.report.outgoing_ref == "message-7"


def failed(code: int) -> dict:
    return status("failed", errors=[{"code": code, "title": "t", "error_data": {"details": "Words."}}])


@pytest.mark.parametrize(("code", "gone"), [(131026, True), (131047, False), (999999, False)])
def test_failure_keeps_code_and_words_and_marks_who_is_gone(code, gone):
    report = event_of(stored(failed(code), "status")).report
    assert report is not None
    assert (report.detail, report.address_gone) == (f"{code}: Words.", gone)


def test_status_nobody_knows_is_kept_and_reports_nothing():
    event = event_of(stored(status("teleported"), "status"))
    assert (event.kind, event.report, event.visible) == (EventKind.SYSTEM, None, False)


@pytest.mark.parametrize(
    "broken",
    [
        {"id": "wamid.1", "type": "text"},
        {"from": ANN, "type": "text", "text": {"body": "x"}},
        {"from": ANN, "id": "wamid.1", "type": "reaction", "reaction": {}},
    ],
)
def test_message_without_id_sender_or_target_is_malformed(broken):
    with pytest.raises(MalformedMessage):
        event_of(make_raw(json.dumps(broken).encode(), envelope={"what": "message"}))


@pytest.mark.parametrize("part", [None, 7, "text", [], {"body": 9}, {"body": None}, {"body": {"a": 1}}])
@pytest.mark.parametrize("kind", ["text", "image", "location", "contacts", "interactive", "order", "button"])
def test_part_of_another_shape_never_breaks_reading(kind, part):
    one = {"from": ANN, "id": "wamid.1", "timestamp": "soon", "type": kind, kind: part}
    event = event_of(stored(one))
    assert event.occurred_at is None
    assert all(isinstance(block.kind, BlockKind) for block in event.blocks)
