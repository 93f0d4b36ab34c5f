"""Order notes on Taobao and Pinduoduo: what is on the wire, and what each refusal means."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import ClientSession
from pydantic import BaseModel
from router_marketplace.notes import NOTE_TARGETS
from router_marketplace.notes.pinduoduo import PINDUODUO
from router_marketplace.notes.taobao import TAOBAO
from router_marketplace.simulators.fake_notes import (
    KEY,
    ROUTE,
    SECRET,
    TOKEN,
    FakeGateway,
    FakePinduoduo,
    FakeTaobao,
    Order,
)

from router import errors
from router.orders import Memo, NoteColour, NoteTarget
from router.testing import (
    FakeClock,
    Fault,
    cut_after_commit,
    cut_before_commit,
    garbage,
    rate_limited,
    server_error,
)

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def note_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTES_SECRET", SECRET)
    monkeypatch.setenv("NOTES_TOKEN", TOKEN)


@dataclass
class At:
    """A shop's target and its platform."""

    platform: FakeGateway
    target: NoteTarget
    settings: BaseModel


@pytest.fixture(params=["taobao", "pinduoduo"])
async def at(request: pytest.FixtureRequest) -> AsyncIterator[At]:
    is_taobao = request.param == "taobao"
    platform: FakeGateway = FakeTaobao(FakeClock(NOW)) if is_taobao else FakePinduoduo(FakeClock(NOW))
    await platform.start()
    kind = TAOBAO if is_taobao else PINDUODUO
    own = {"app_key": KEY} if is_taobao else {"client_id": KEY}
    settings = kind.settings.model_validate(
        {**own, "secret_env": "NOTES_SECRET", "token_env": "NOTES_TOKEN", "api_url": platform.url}
    )
    target = kind.factory("shop", settings)
    async with ClientSession() as http:
        await target.open(http, FakeClock(NOW))
        yield At(platform, target, settings)
    await platform.stop()


async def test_written_note_reads_back_with_its_colour(at: At):
    memo = Memo(text="请发顺丰 & co=1\n换货--小美--2026-11-22", colour=NoteColour.BLUE)
    await at.target.write("4101", memo)
    assert await at.target.read("4101") == memo


@pytest.mark.parametrize(
    ("colour", "tag", "name"), [(NoteColour.RED, "1", "售前"), (NoteColour.BLUE, "4", "售后")]
)
async def test_red_and_blue_are_the_platforms_flags_and_tags(at: At, colour: NoteColour, tag: str, name: str):
    await at.target.write("4101", Memo(text="x", colour=colour))
    order = at.platform.orders["4101"]
    assert order.flag == tag
    assert order.name in ("", name)
    assert isinstance(at.platform, FakeTaobao) or order.name == name


async def test_write_without_a_colour_leaves_the_flag(at: At):
    at.platform.orders["4101"] = Order(text="", flag="3", name="x")
    await at.target.write("4101", Memo(text="y"))
    assert at.platform.orders["4101"] == Order(text="y", flag="3", name="x")


async def test_flag_nobody_knows_is_no_colour(at: At):
    at.platform.orders["4101"] = Order(text="a", flag="9")
    assert await at.target.read("4101") == Memo(text="a", colour=None)


async def test_unknown_order_is_said_to_be_unknown(at: At):
    with pytest.raises(errors.RecipientGone):
        await at.target.read("4999")
    with pytest.raises(errors.RecipientGone):
        await at.target.write("4999", Memo(text="x"))


async def test_wrong_secret_is_for_an_admin_to_mend(at: At, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NOTES_SECRET", "another")
    with pytest.raises(errors.AuthInvalid):
        await at.target.read("4101")


async def test_expired_token_is_for_an_admin_to_mend(at: At, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NOTES_TOKEN", "old")
    with pytest.raises(errors.AuthInvalid):
        await at.target.write("4101", Memo(text="x"))
    assert at.platform.writes == []


async def test_secret_that_is_not_set_is_named_by_its_variable(at: At, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("NOTES_TOKEN")
    with pytest.raises(errors.AuthInvalid, match="NOTES_TOKEN"):
        await at.target.read("4101")


@pytest.mark.parametrize(
    ("fault", "reading", "writing"),
    [
        (cut_after_commit(), errors.Retryable, errors.UnknownOutcome),
        (cut_before_commit(), errors.Retryable, errors.UnknownOutcome),
        (garbage(), errors.Retryable, errors.UnknownOutcome),
        (server_error(502), errors.Retryable, errors.UnknownOutcome),
        (rate_limited(), errors.RateLimited, errors.RateLimited),
    ],
    ids=lambda each: getattr(each, "name", ""),
)
async def test_fault_of_the_line_tells_certain_from_doubtful(
    at: At, fault: Fault, reading: Any, writing: Any
):
    at.platform.server.fail_next(fault, ROUTE)
    with pytest.raises(reading):
        await at.target.read("4101")
    at.platform.server.fail_next(fault, ROUTE)
    with pytest.raises(writing) as raised:
        await at.target.write("4101", Memo(text="x"))
    assert all(each not in str(raised.value) + raised.value.public_text for each in (SECRET, TOKEN))


async def test_shop_nobody_listens_at_has_certainly_not_written(at: At):
    await at.platform.stop()
    with pytest.raises(errors.Retryable):
        await at.target.write("4101", Memo(text="x"))


TABLE = [
    ({"code": 7, "sub_msg": "This ban will last for 12 more seconds"}, "taobao", "RateLimited", 12.0),
    ({"code": 7, "sub_code": "accesscontrol.limited-by-api-access-count"}, "taobao", "RateLimited", 5.0),
    ({"code": 15, "sub_code": "isp.top-remote-service-timeout"}, "taobao", "UnknownOutcome", None),
    ({"code": 15, "sub_code": "isp.top-remote-service-unavailable"}, "taobao", "Retryable", None),
    ({"code": 15, "sub_code": "isv.invalid-parameter"}, "taobao", "ContentRejected", None),
    ({"code": 11, "sub_code": "isv.permission-api-package-limit"}, "taobao", "AuthInvalid", None),
    ({"code": 9999, "sub_code": "isv.news"}, "taobao", "Permanent", None),
    ({"error_code": 70031}, "pinduoduo", "RateLimited", 5.0),
    ({"error_code": 50000}, "pinduoduo", "UnknownOutcome", None),
    ({"error_code": 52001}, "pinduoduo", "Retryable", None),
    ({"error_code": 20004}, "pinduoduo", "AuthInvalid", None),
    ({"error_code": 4}, "pinduoduo", "Permanent", None),
]


@pytest.mark.parametrize(("refusal", "at", "kind", "wait_s"), TABLE, indirect=["at"])
async def test_refusal_is_the_class_the_core_acts_on(
    at: At, refusal: dict[str, Any], kind: str, wait_s: float | None
):
    at.platform.refusals.append(refusal)
    with pytest.raises(getattr(errors, kind)) as raised:
        await at.target.write("4101", Memo(text="x"))
    assert raised.value.retry_after_s == wait_s
    assert "The platform refuses" in raised.value.public_text


async def test_order_number_with_letters_is_refused_before_it_is_asked_for():
    target = TAOBAO.factory("shop", None)
    with pytest.raises(errors.RecipientGone, match="no order number"):
        await target.read("4101&fields=*")


def test_targets_are_two_and_say_what_fits():
    assert {kind.id: (kind.limits.max, kind.limits.unit) for kind in NOTE_TARGETS} == {
        "taobao_memo": (1000, "bytes"),
        "pinduoduo_note": (300, "chars"),
    }
    assert all({NoteColour.RED, NoteColour.BLUE} <= kind.limits.colours for kind in NOTE_TARGETS)


async def test_settings_never_show_a_secret(at: At):
    assert all(each not in repr(at.settings) for each in (SECRET, TOKEN))
