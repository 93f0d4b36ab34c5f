"""The demo's own parts: its script, letters, pages and verdicts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from router.demo.letters import Draft, read_letter, write_letter
from router.demo.scenes import Scene, load_script
from router.demo.shop_pages import render_mailbox, render_shop
from router.demo.transcript import Transcript
from router.engine.language import detect_language
from router.rules_files import read_roster

NOW = datetime(2026, 1, 2, 9, 0, tzinfo=UTC)
DRAFT = Draft(
    name="小蓝",
    address="xiaolan@customer.example",
    to="support@shop.example",
    subject="收到的茶杯碎了",
    text="您好，茶杯碎了。\n可以退款吗？",
    at=NOW,
)


@pytest.mark.parametrize("charset", ["utf-8", "gb18030"])
def test_chinese_letter_comes_back_as_it_was_written(charset: str) -> None:
    raw = write_letter(replace(DRAFT, charset=charset))
    assert DRAFT.text.partition("\n")[0].encode(charset) in raw or charset == "utf-8"
    letter = read_letter(raw, number=1, direction="sent", customer=DRAFT.address, at=NOW)
    assert (letter.text, letter.subject, letter.recipient) == (DRAFT.text, DRAFT.subject, DRAFT.to)


def test_reply_to_a_reply_names_the_whole_thread() -> None:
    first = read_letter(write_letter(DRAFT), number=1, direction="sent", customer="x", at=NOW)
    second = read_letter(
        write_letter(replace(DRAFT, answers=first)), number=2, direction="sent", customer="x", at=NOW
    )
    third = read_letter(
        write_letter(replace(DRAFT, answers=second)), number=3, direction="sent", customer="x", at=NOW
    )
    assert third.value("In-Reply-To") == second.message_id
    assert third.references == (first.message_id, second.message_id)


@pytest.mark.parametrize("scene", load_script().scenes, ids=lambda scene: scene.text[:20])
def test_scene_is_in_its_language_and_is_answered_in_it(scene: Scene) -> None:
    script = load_script()
    assert detect_language(f"{scene.subject}\n{scene.text}") == scene.language
    assert script.answer([scene.text], "en") == scene.answer
    assert script.answer([scene.text, scene.thanks], "en") == script.welcome[scene.language]


def test_unknown_matter_is_answered_in_the_language_asked_for() -> None:
    script = load_script()
    assert script.answer(["我想问别的"], "zh") == script.unknown["zh"]
    assert script.answer([], "en") == script.unknown["en"]


def test_pages_write_texts_as_texts() -> None:
    trouble = render_shop("en", "", '<script>alert("x")</script>', "support@shop.example")
    assert "<script>alert" not in trouble
    scene = load_script().mails()[0].model_copy(update={"subject": '"><b>x</b>', "names": ("<i>",)})
    page = render_mailbox("support@shop.example", [scene])
    assert "<b>x" not in page
    assert "<i>" not in page


def test_every_product_is_in_both_languages() -> None:
    english, chinese = (render_shop(language, "", "", "support@shop.example") for language in ("en", "zh"))
    assert english.count('class="product"') == chinese.count('class="product"') == 6
    assert '<html lang="zh-CN">' in chinese


def test_roster_has_somebody_for_each_language_and_craft() -> None:
    roster = read_roster(Path(__file__).parents[2] / "router" / "demo" / "roster.yaml")
    for language in ("lang-en", "lang-zh"):
        for craft in ("complaints", "refunds", "logistics", "presale"):
            able = [
                login
                for login, agent in roster.agents.items()
                if agent.skills.get(language, 0) >= 3 and agent.skills.get(craft, 0) >= 2
            ]
            assert able, (language, craft)


def test_one_wrong_verdict_makes_the_whole_wrong_and_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    transcript = Transcript()
    transcript.equal("收到的邮件", 1, 1)
    transcript.equal("the answer", "a", "b")
    assert transcript.print_verdicts() is False
    said = capsys.readouterr().out
    assert "the answer  WRONG: found 'a', expected 'b'" in said
    assert "收到的邮件  ok" in said
    assert "1 of 2 are wrong." in said
