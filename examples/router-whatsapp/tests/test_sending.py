"""Replies, templates, files and acts against a provider that remembers and refuses."""

import json
from dataclasses import replace

import pytest
from router_whatsapp.facts import FACTS
from router_whatsapp.fake_cloud import LINK_LASTS, MESSAGES, refused_with
from router_whatsapp.refusals import refusal_of
from router_whatsapp.samples import ANN, HIDDEN, PICTURE

from router import Action, ActionKind, MediaFile, TemplateUse, errors
from router.messages import Block, BlockKind, SendOutcome
from router.testing import Fault, make_attempt, refused


def reply(*blocks: Block, to: str = ANN, **more):
    return make_attempt("Hello", recipient=to, thread=to, blocks=list(blocks) or None, **more)


@pytest.fixture
async def ann(provider, number):
    """An open number whose customers have just written."""
    for raw in provider.samples():
        assert await provider.deliver(number, raw) == "200"
    return number


def last(provider) -> dict:
    return json.loads(provider.sent()[-1])


async def test_reply_after_a_day_of_silence_names_templates_as_the_way(provider, ann):
    provider.fake.clock.advance(FACTS.limits.window_s)
    with pytest.raises(errors.NotAllowedNow) as refusal:
        await ann.send(reply())
    assert (refusal.value.code, refusal.value.alternatives) == ("131047", ("template",))
    assert provider.sent() == []


async def test_template_goes_out_after_a_day_of_silence_with_its_gaps_filled(provider, ann):
    provider.fake.clock.advance(FACTS.limits.window_s)
    use = TemplateUse(id="order_left", language="en_US", variables={"2": "1001", "1": "Ann"})
    attempt = make_attempt(recipient=ANN, thread=ANN)
    receipt = await ann.send(replace(attempt, template=use))
    assert receipt.outcome is SendOutcome.ACCEPTED
    sent = last(provider)["template"]
    assert sent["language"] == {"policy": "deterministic", "code": "en_US"}
    assert [one["text"] for one in sent["components"][0]["parameters"]] == ["Ann", "1001"]


async def test_templates_of_all_pages_are_listed_without_refused_ones_and_those_with_files(ann):
    templates = {one.id: one for one in await ann.list_templates(ANN)}
    assert list(templates) == ["order_left", "coming_soon", "shop_hours"]
    left = templates["order_left"]
    assert left.body == "Hello {1}, your order {2} has left.\n\nThank you."
    assert [(one.name, one.example) for one in left.variables] == [("1", "Ann"), ("2", "1001")]
    assert not templates["coming_soon"].approved


async def test_customer_who_hides_his_number_is_answered_by_his_name(provider, ann):
    await ann.send(reply(to=HIDDEN))
    assert last(provider)["recipient"] == HIDDEN
    assert "to" not in last(provider)


async def test_message_under_review_is_held(provider, ann):
    provider.fake.hold_next()
    assert (await ann.send(reply())).outcome is SendOutcome.HELD


async def test_status_after_a_lost_answer_names_the_message_by_our_own_word(provider, ann):
    provider.fail_next("UnknownOutcome")
    attempt = reply(message_id="message-9")
    with pytest.raises(errors.UnknownOutcome):
        await ann.send(attempt)
    told = provider.fake.status_of(provider.fake.sent_by_shop()[-1], "delivered")
    assert told["biz_opaque_callback_data"] == attempt.outgoing_ref


def options(count: int) -> list[dict]:
    return [{"id": str(number), "title": f"Option {number}"} for number in range(count)]


@pytest.mark.parametrize(("count", "kind"), [(3, "button"), (4, "list"), (10, "list")])
async def test_question_has_buttons_and_with_many_options_a_list(provider, ann, count, kind):
    block = Block(kind=BlockKind.CHOICE, text="When?", fields={"options": options(count)})
    await ann.send(reply(block))
    assert last(provider)["interactive"]["type"] == kind


@pytest.mark.parametrize(
    ("blocks", "part"),
    [
        ([Block(text="x" * 4097)], "text"),
        ([Block(text="  ")], "text"),
        ([Block(kind=BlockKind.IMAGE, fields={"media_id": PICTURE}), Block(text="and this")], "blocks"),
        ([Block(kind=BlockKind.IMAGE)], "attachment"),
        ([Block(kind=BlockKind.IMAGE, text="x" * 1025, fields={"media_id": PICTURE})], "text"),
        ([Block(kind=BlockKind.CHOICE, text="?", fields={"options": options(11)})], "options"),
        ([Block(kind=BlockKind.CHOICE, text="?", fields={"options": ["x" * 21]})], "options"),
        ([Block(kind=BlockKind.LOCATION)], "location"),
        ([Block(kind=BlockKind.CONTACT)], "contact"),
    ],
)
async def test_content_whatsapp_does_not_take_is_refused_here_with_its_place(provider, ann, blocks, part):
    with pytest.raises(errors.ContentRejected) as refusal:
        await ann.send(reply(*blocks))
    assert refusal.value.part == part
    assert provider.sent() == []


async def chunks(*parts: bytes):
    for part in parts:
        yield part


async def test_file_goes_up_and_out_with_its_caption(provider, ann):
    file = MediaFile(name='bi"ll.pdf', content_type="application/pdf", size_bytes=6)
    fields = await ann.upload(file, chunks(b"%PD", b"F-1"))
    await ann.send(reply(Block(kind=BlockKind.FILE, text="Your bill", fields=fields)))
    sent = last(provider)["document"]
    assert (sent["id"], sent["filename"], sent["caption"]) == (fields["media_id"], 'bi"ll.pdf', "Your bill")
    assert provider.fake.files[sent["id"]].content == b"%PDF-1"


@pytest.mark.parametrize(
    ("content_type", "size_bytes", "code"),
    [("application/x-msdownload", 6, "type"), ("image/png", 5_242_881, "too_large")],
)
async def test_file_whatsapp_does_not_take_is_not_brought_up(provider, ann, content_type, size_bytes, code):
    file = MediaFile(name="a", content_type=content_type, size_bytes=size_bytes)
    with pytest.raises(errors.ContentRejected) as refusal:
        await ann.upload(file, chunks(b"x"))
    assert refusal.value.code == code


async def test_file_longer_than_it_said_is_cut_off(ann):
    file = MediaFile(name="a.png", content_type="image/png", size_bytes=1)
    with pytest.raises(errors.ContentRejected):
        await ann.upload(file, chunks(b"x" * 5_000_000, b"x" * 5_000_000))


async def test_customers_file_is_fetched_by_a_link_asked_for_anew(provider, ann):
    for _ in range(2):
        got = b"".join([chunk async for chunk in ann.download({"attachment": PICTURE})])
        assert got == provider.fake.files[PICTURE].content
        provider.fake.clock.advance(LINK_LASTS.total_seconds())


@pytest.mark.parametrize("media_id", ["404404", "../1065/messages", ""])
async def test_file_that_is_not_there_any_more_says_so(ann, media_id):
    with pytest.raises(errors.RecipientGone):
        _ = [chunk async for chunk in ann.download({"attachment": media_id})]


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/f",
        "https://evilfbsbx.com/f",
        "http://lookaside.fbsbx.com/f",
        "file:///etc/passwd",
        "x",
    ],
)
async def test_token_never_travels_to_an_unknown_host(provider, ann, link):
    answer = Fault(name="other link", answer=json.dumps({"url": link}).encode())
    provider.fake.fail_with(answer, "GET /{version}/{media}")
    with pytest.raises(errors.Permanent) as refusal:
        _ = [chunk async for chunk in ann.download({"attachment": PICTURE})]
    assert refusal.value.code == "media_link"


async def test_read_mark_and_reaction_reach_the_provider(provider, ann):
    await ann.act(Action(kind=ActionKind.READ, thread=ANN, target="wamid.C1"))
    await ann.act(Action(kind=ActionKind.REACT, thread=ANN, target="wamid.C1", text="🙏"))
    assert provider.fake.read == ["wamid.C1"]
    assert last(provider)["reaction"] == {"message_id": "wamid.C1", "emoji": "🙏"}


@pytest.mark.parametrize(
    ("code", "name", "scope"),
    [
        (190, "AuthInvalid", "account"),
        (10, "AuthInvalid", "account"),
        (250, "AuthInvalid", "account"),
        (4, "RateLimited", "account"),
        (130429, "RateLimited", "account"),
        (131048, "RateLimited", "account"),
        (131056, "RateLimited", "recipient"),
        (131047, "NotAllowedNow", "account"),
        (131050, "NotAllowedNow", "account"),
        (131026, "RecipientGone", "account"),
        (131016, "Retryable", "account"),
        (132001, "ContentRejected", "account"),
        (132999, "ContentRejected", "account"),
        (131053, "ContentRejected", "account"),
        (133004, "Retryable", "account"),
        (133999, "AuthInvalid", "account"),
        (100, "Permanent", "account"),
        (555555, "Permanent", "account"),
    ],
)
def test_code_has_its_class(code, name, scope):
    error = refusal_of(400, {}, refused_with(code, "words"), writes=True)
    assert (type(error).__name__, error.code, error.scope) == (name, str(code), scope)


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (429, "RateLimited"),
        (502, "UnknownOutcome"),
        (504, "UnknownOutcome"),
        (503, "Retryable"),
        (403, "NotAllowedNow"),
    ],
)
async def test_answer_of_something_in_between_is_judged_by_its_status(provider, ann, status, name):
    provider.fake.fail_with(refused(status, b"<html>", content_type="text/html"), MESSAGES)
    with pytest.raises(errors.SendError) as refusal:
        await ann.send(reply())
    assert type(refusal.value).__name__ == name


def test_wait_is_the_providers_own_where_it_says_one():
    usage = json.dumps({"102": [{"type": "messages", "estimated_time_to_regain_access": 19}]})
    error = refusal_of(400, {"x-business-use-case-usage": usage}, refused_with(80007, "words"), writes=True)
    assert error is not None
    assert error.retry_after_s == 19 * 60


async def test_account_without_its_secret_says_which_variable_is_missing(open_number):
    with pytest.raises(errors.AuthInvalid, match="NO_SUCH_VARIABLE"):
        async with open_number(access_token_env="NO_SUCH_VARIABLE"):
            pass
