"""Each language's habits of quoting fold; a customer's own words never do."""

from __future__ import annotations

import pytest
from router_email.html import to_text
from router_email.marks import LinePattern, load_marks
from router_email.quotes import QuoteTrimmer

TRIMMER = QuoteTrimmer(load_marks())

ATTRIBUTIONS = {
    "Gmail en": "On Mon, Jan 5, 2026 at 10:00 AM Shop <s@shop.example> wrote:",
    "Gmail en wrapped": "On Mon, Jan 5, 2026 at 10:00 AM Shop with a long name <\ns@shop.example> wrote:",
    "Apple en": "On 5 Jan 2026, at 10:00, Shop <s@shop.example> wrote:",
    "Gmail zh": "Shop <s@shop.example> 于2026年1月5日周一 10:00写道：",
    "Apple zh": "在 2026年1月5日，上午10:00，Shop <s@shop.example> 写道：",
    "Gmail zh-TW": "Shop <s@shop.example> 於 2026年1月5日 週一 上午10:00寫道：",
    "163": '在 2026-01-05 10:00:00，"Shop" <s@shop.example> 写道：',
    "de": "Am Mo., 5. Jan. 2026 um 10:00 Uhr schrieb Shop <s@shop.example>:",
    "fr": "Le lun. 5 janv. 2026 à 10:00, Shop <s@shop.example> a écrit :",
    "es": "El lun, 5 ene 2026 a las 10:00, Shop (<s@shop.example>) escribió:",
    "it": "Il giorno lun 5 gen 2026 alle ore 10:00 Shop <s@shop.example> ha scritto:",
    "pt": "Em seg., 5 de jan. de 2026 às 10:00, Shop <s@shop.example> escreveu:",
    "nl": "Op ma 5 jan 2026 om 10:00 schreef Shop <s@shop.example>:",
    "ru": "пн, 5 янв. 2026 г. в 10:00, Shop <s@shop.example>:",
    "ja": "2026年1月5日(月) 10:00 Shop <s@shop.example>:",
    "ko": "2026년 1월 5일 (월) 오전 10:00, Shop <s@shop.example>님이 작성:",
    "pl": "pon., 5 sty 2026 o 10:00 Shop <s@shop.example> napisał(a):",
    "sv": "Den mån 5 jan. 2026 kl 10:00 skrev Shop <s@shop.example>:",
    "tr": "Shop <s@shop.example>, 5 Oca 2026 Pzt, 10:00 tarihinde şunu yazdı:",
}

ORIGINALS = {
    "Outlook en": "From: Shop <s@shop.example>\nSent: Monday, 5 January 2026 10:00\nTo: Ana\nSubject: Parcel",
    "Outlook old": "-----Original Message-----\nFrom: Shop\nSent: Monday\nTo: Ana\nSubject: Parcel",
    "Outlook rule": "________________________________\nFrom: Shop <s@shop.example>\nSent: Monday\nTo: Ana",
    "Outlook zh": "发件人: Shop <s@shop.example>\n发送时间: 2026年1月5日 10:00\n收件人: Ana\n主题: 退货",
    "QQ": '------------------ 原始邮件 ------------------\n发件人: "Shop"<s@shop.example>;\n发送时间: 2026年',
    "Outlook de": "Von: Shop <s@shop.example>\nGesendet: Montag, 5. Januar\nAn: Ana\nBetreff: Paket",
    "Outlook fr": "De : Shop <s@shop.example>\nEnvoyé : lundi 5 janvier 2026 10:00\nÀ : Ana\nObjet : Colis",
    "Outlook ja": "差出人: Shop <s@shop.example>\n送信日時: 2026年1月5日 10:00\n宛先: Ana\n件名: 返品",
    "Outlook bold": "*From:* Shop <s@shop.example>\n*Sent:* Monday\n*To:* Ana\n*Subject:* Parcel",
    "Gmail forward": "---------- Forwarded message ---------\nFrom: Shop <s@shop.example>\nDate: Mon",
}


@pytest.mark.parametrize("attribution", ATTRIBUTIONS.values(), ids=ATTRIBUTIONS.keys())
def test_quoted_history_folds_in_every_language(attribution: str) -> None:
    found = TRIMMER.trim(f"My answer.\n\n{attribution}\n\n> Is it fine?\n> Shop\n")
    assert found.own == "My answer."
    assert "> Is it fine?" in found.folded


@pytest.mark.parametrize("original", ORIGINALS.values(), ids=ORIGINALS.keys())
def test_unquoted_history_folds_from_its_header_on(original: str) -> None:
    found = TRIMMER.trim(f"My answer.\n\n{original}\n\nIs it fine?\nShop\n")
    assert found.own == "My answer."
    assert "Is it fine?" in found.folded


@pytest.mark.parametrize(
    "line", ["Sent from my iPhone", "发自我的iPhone", "Von meinem iPhone gesendet", "-- \nAna\nLtd"]
)
def test_signature_folds(line: str) -> None:
    assert TRIMMER.trim(f"My answer.\n\n{line}\n").own == "My answer."


@pytest.mark.parametrize(
    "text",
    [
        "On Monday you wrote:\nthat it would come. It did not.",
        "Мой заказ 12345 от 3 мая:\nне пришёл",
        "2021年3月4日に注文した商品：\n届きません",
        "Hello,\nFrom: Berlin\nTo: Paris\nOn 5 May, please.",
        "I bought:\n-- two shirts\n-- one hat\nand nothing came.",
        "El 5 de mayo su tienda escribió que vendría\nNo vino.",
        "--",
        "***",
        "> only a quotation",
        "Sent from my iPhone",
        "Look:\n```\n> not a quotation\n```\nEnd.",
    ],
)
def test_words_of_the_customer_stay(text: str) -> None:
    assert TRIMMER.trim(text).own == text


def test_answers_between_the_lines_keep_what_they_answer() -> None:
    found = TRIMMER.trim("On 5 Jan 2026 at 10:00 Shop wrote:\n> Red?\nYes.\n> Large?\nNo.\n")
    assert found.own == "Yes.\n> Large?\nNo."


def test_answer_below_the_quotation_is_kept() -> None:
    assert TRIMMER.trim("On 5 Jan 2026 at 10:00 Shop wrote:\n> Red?\n\nYes, red.\n").own == "Yes, red."


@pytest.mark.parametrize(
    "text", ["a\n\n> b\n\nc", "x\n-- \ny", "On 5 Jan 2026 at 10:00 a@b.example wrote:\n> c\n\nd\n"]
)
def test_no_line_is_ever_lost(text: str) -> None:
    found = TRIMMER.trim(text)
    assert sorted(filter(None, text.split("\n"))) == sorted(
        filter(None, (found.own + "\n" + found.folded).split("\n"))
    )


def test_quotation_in_html_becomes_quoted_lines() -> None:
    html = '<div>Yes.<div><blockquote class="gmail_quote">Red?<br>Large?</blockquote></div></div>'
    assert to_text(html).split("\n")[0] == "Yes."
    assert "> Red?" in to_text(html)
    assert "> Large?" in to_text(html)


def test_blockquote_of_the_customer_is_no_quotation() -> None:
    assert ">" not in to_text("<p>Look:</p><blockquote>my own words</blockquote>")


def test_marks_do_not_reach_from_one_line_into_the_next() -> None:
    assert LinePattern([r"on\s\d+", "sent.*"]).numbers(["on", "7", "on 7", "", "nothing sent", "SENT"]) == {
        2,
        5,
    }
