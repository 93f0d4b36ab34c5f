"""Amazon's permitted messages: the sandbox cases of its own model, tokens, limits and what is refused."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from router_marketplace.amazon.actions import post_of
from router_marketplace.amazon.channel import CAPABILITIES, AmazonChannel
from router_marketplace.amazon.facts import FACTS
from router_marketplace.simulators.amazon import DENIED, NOT_NOW, AmazonSimulator, said
from router_marketplace.simulators.fake_amazon import EXPIRED, ORDER, REFRESH, SECRET, SEND, FakeAmazon

from router import errors
from router.messages import SendOutcome
from router.testing import (
    FakeClock,
    Fault,
    MemoryContext,
    MemoryStore,
    cut_after_commit,
    cut_before_commit,
    make_attempt,
    make_raw,
    rate_limited,
    refused,
    server_error,
)
from router.threads import TemplateUse

BAD_ORDER = "123-1234567-0000000"
CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "fixtures/amazon/sandbox.json").read_text(encoding="utf-8")
)
ROOT = Path(__file__).parents[3]
MODELS = Path(os.environ.get("OMNIROUTER_SHARED", ROOT.parent / "shared")) / "specs/amazon-sp-api"


@dataclass
class Seller:
    """An open channel at a fake Amazon."""

    amazon: FakeAmazon
    channel: AmazonChannel
    clock: FakeClock

    async def send(self, template: str, text: str = "My Message", order: str = ORDER):
        variables = {"text": text} if text else {}
        use = TemplateUse(id=template, variables=variables)
        return await self.channel.send(replace(make_attempt(thread=order), template=use))


@pytest.fixture
async def seller() -> AsyncIterator[Seller]:
    simulator = AmazonSimulator()
    await simulator.start()
    clock = FakeClock()
    ctx = MemoryContext("amazon", store=MemoryStore(clock))
    channel = AmazonChannel("amazon", simulator.settings())
    await channel.open(ctx)
    yield Seller(simulator.fake, channel, clock)
    await channel.close()
    await ctx.close_http()
    await simulator.stop()


async def test_simulated_amazon_answers_every_sandbox_case_as_the_model_does(seller: Seller):
    query = {"marketplaceIds": "ATVPDKIKX0DER"}
    headers = {"x-amz-access-token": seller.amazon.issue_token()}
    tried: Counter[str] = Counter()
    async with ClientSession(seller.amazon.url) as http:
        for case in CASES:
            path = case["path"].replace("{amazonOrderId}", case["order"])
            call = http.request(case["method"], path, params=query, json=case["body"], headers=headers)
            async with call as answer:
                found = (answer.status, await answer.json())
            assert found == (case["status"], case["response"]), path
            tried[case["method"]] += 1
    assert tried == {"GET": 5, "POST": 19}


async def test_sandbox_order_gives_its_permitted_messages_as_templates_in_the_buyers_language(seller: Seller):
    found = {each.id: each for each in await seller.channel.list_templates(ORDER)}
    assert set(found) == {
        "messages:confirmCustomizationDetails",
        "messages:confirmDeliveryDetails",
        "messages:confirmOrderDetails",
        "messages:confirmServiceDetails",
        "messages:digitalAccessKey",
        "messages:unexpectedProblem",
        "solicitations:productReviewAndSellerFeedback",
    }
    assert {each.language for each in found.values()} == {"en-US"}
    (gap,) = found["messages:digitalAccessKey"].variables
    assert (gap.name, gap.max_chars) == ("text", 400)
    assert found["solicitations:productReviewAndSellerFeedback"].variables == ()


@pytest.mark.parametrize("name", sorted(FACTS.messages))
async def test_sandbox_case_of_each_message_is_sent_and_refused_as_the_model_says(seller: Seller, name: str):
    receipt = await seller.send(f"messages:{name}")
    assert (receipt.outcome, receipt.remote_ref) == (SendOutcome.ACCEPTED, "request-m1")
    assert [(each.kind, each.text) for each in seller.amazon.messages] == [(name, "My Message")]
    with pytest.raises(errors.ContentRejected, match="InvalidInput") as raised:
        await seller.send(f"messages:{name}", order=BAD_ORDER)
    assert raised.value.public_text == "Amazon refuses: Invalid Input"


@pytest.mark.parametrize("name", sorted(FACTS.messages))
def test_longest_text_is_that_of_the_model(name: str):
    limits = {case["path"].rpartition("/")[2]: case["max_text"] for case in CASES if case["method"] == "POST"}
    assert FACTS.messages[name].max_chars == limits[name]


def test_cases_and_limits_are_those_of_the_published_model():
    if not MODELS.is_dir():
        pytest.skip(f"the published model is not at {MODELS}")
    messaging = json.loads((MODELS / "messaging.json").read_text(encoding="utf-8"))
    for case in CASES:
        if case["path"].startswith("/messaging"):
            answer = messaging["paths"][case["path"]][case["method"].lower()]["responses"][
                str(case["status"])
            ]
            assert case["response"] in [each["response"] for each in answer["x-amzn-api-sandbox"]["static"]]


async def test_request_for_a_review_leaves_once_for_an_order_and_is_offered_no_more(seller: Seller):
    request = "solicitations:productReviewAndSellerFeedback"
    await seller.send(request, text="")
    with pytest.raises(errors.NotAllowedNow):
        await seller.send(request, text="")
    assert request not in [each.id for each in await seller.channel.list_templates(ORDER)]
    assert len(seller.amazon.messages) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("x" * 2001, "2001 characters, Amazon takes 2000"),
        ("<b>hello</b>", "no HTML"),
        ("write to me@shop.example", "no mail addresses"),
    ],
)
async def test_text_amazon_would_refuse_goes_back_before_a_call(seller: Seller, text: str, said: str):
    with pytest.raises(errors.ContentRejected, match=said) as raised:
        await seller.send("messages:confirmDeliveryDetails", text)
    assert raised.value.part == "template.variables.text"
    assert seller.amazon.http.calls == []


@pytest.mark.parametrize("order", ["", "1/../../x", "123-1234567-123456", "x" * 90])
async def test_thread_that_is_no_order_number_never_gets_into_a_path(seller: Seller, order: str):
    with pytest.raises(errors.ContentRejected, match="no number of an Amazon order"):
        await seller.send("messages:unexpectedProblem", order=order)
    with pytest.raises(errors.ContentRejected):
        await seller.channel.list_templates(order)


async def test_message_without_a_template_is_refused(seller: Seller):
    with pytest.raises(errors.ContentRejected):
        await seller.channel.send(make_attempt(thread=ORDER))


def test_kind_of_message_amazon_does_not_have_is_refused():
    with pytest.raises(errors.NotAllowedNow):
        post_of(ORDER, TemplateUse(id="messages:negativeFeedbackRemoval"))


async def test_token_is_fetched_once_and_again_shortly_before_it_runs_out(seller: Seller):
    await seller.channel.list_templates(ORDER)
    assert seller.amazon.tokens_issued == 1
    seller.clock.advance(3541)
    await seller.channel.list_templates(ORDER)
    assert seller.amazon.tokens_issued == 2


async def test_token_that_ran_out_early_is_said_so_and_renewed_once(seller: Seller):
    await seller.channel.list_templates(ORDER)
    seller.amazon.expire_tokens()
    with pytest.raises(errors.AuthExpired):
        await seller.send("messages:unexpectedProblem")
    await seller.channel.renew_access()
    await seller.send("messages:unexpectedProblem")
    assert len(seller.amazon.messages) == 1


async def test_seller_who_withdrew_access_is_for_an_admin_to_mend(seller: Seller):
    seller.amazon.refuses_refresh = True
    with pytest.raises(errors.AuthInvalid) as raised:
        await seller.channel.list_templates(ORDER)
    assert SECRET not in str(raised.value)
    assert REFRESH not in str(raised.value)


async def test_sixth_call_within_the_bucket_waits_instead_of_being_refused(seller: Seller):
    for _ in range(5):
        await seller.send("messages:unexpectedProblem")
    with pytest.raises(errors.RateLimited) as raised:
        await seller.send("messages:unexpectedProblem")
    assert 0 < (raised.value.retry_after_s or 0) <= 5
    await seller.send("messages:confirmOrderDetails")
    seller.clock.advance(5)
    await seller.send("messages:unexpectedProblem")


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (rate_limited(7), "RateLimited"),
        (Fault(name="rate", status=429, headers={"x-amzn-RateLimit-Limit": "0.5"}), "RateLimited"),
        (server_error(500), "UnknownOutcome"),
        (server_error(503), "Retryable"),
        (cut_before_commit(), "UnknownOutcome"),
        (cut_after_commit(), "UnknownOutcome"),
        (said(403, EXPIRED), "AuthExpired"),
        (said(403, DENIED), "AuthInvalid"),
        (said(403, NOT_NOW), "NotAllowedNow"),
        (refused(404, b"{}"), "RecipientGone"),
        (refused(413, b"{}"), "ContentRejected"),
        (refused(409, b"<html>"), "Permanent"),
    ],
    ids=lambda each: each if isinstance(each, str) else f"{each.status} {each.name}",
)
async def test_refusal_is_the_class_the_core_acts_on(seller: Seller, fault: Fault, kind: str):
    seller.amazon.fail_with(fault, f"POST {SEND}")
    with pytest.raises(getattr(errors, kind)) as raised:
        await seller.send("messages:unexpectedProblem")
    if kind == "RateLimited":
        assert raised.value.retry_after_s in (7.0, 2.0)
    assert all(each not in str(raised.value) + raised.value.public_text for each in ("token-", SECRET))


def test_nothing_comes_in_and_templates_are_all_there_is():
    assert not CAPABILITIES.inbound
    assert CAPABILITIES.templates == "remote"
    channel = AmazonChannel("amazon", None)  # type: ignore[arg-type]
    with pytest.raises(errors.MalformedMessage):
        channel.decode(make_raw(b"{}"))
