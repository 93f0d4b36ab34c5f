from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.engine.language import detect_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("你好，我的快递什么时候到？", "zh"),
        ("退款", "zh"),
        ("订单 TB20261122-7781 还没有收到", "zh"),
        ("我要退 iPhone 15 Pro Max 这个 order", "zh"),
        ("订单TB20261122还没有收到", "zh"),
        ("看这个https://example.org/where-is-my-order怎么退款", "zh"),
        ("投訴你們的服務", "zh"),
        ("注文した商品がまだ届きません", "ja"),
        ("キャンセル", "ja"),
        ("주문한 상품이 아직 안 왔어요", "ko"),
        ("Где мой заказ?", "ru"),
        ("Де моє замовлення? Ще не отримала її", "uk"),
        ("أين طلبي؟", "ar"),
        ("สินค้าของฉันอยู่ที่ไหน", "th"),
        ("איפה ההזמנה שלי?", "he"),
        ("Πού είναι η παραγγελία μου;", "el"),
        ("Where is my order?", "en"),
        ("I want a refund", "en"),
        ("hi, item is broken", "en"),
        ("Wo ist meine Bestellung?", "de"),
        ("Ich möchte mein Geld zurück", "de"),
        ("Où est ma commande ?", "fr"),
        ("Je voudrais un remboursement", "fr"),
        ("¿Dónde está mi pedido?", "es"),
        ("Quiero un reembolso por favor", "es"),
        ("Dove è il mio ordine?", "it"),
        ("Vorrei un rimborso, grazie", "it"),
        ("Onde está o meu pedido?", "pt"),
        ("Quero o meu dinheiro, ainda não chegou", "pt"),
        ("Waar is mijn bestelling?", "nl"),
        ("Ik heb het pakket nog niet ontvangen", "nl"),
        ("Gdzie jest moja paczka?", "pl"),
        ("Proszę o zwrot, nie mam zamówienia", "pl"),
        ("Hi 王芳, where is my order? It has not arrived yet", "en"),
        ("Please look at https://example.org/de/der-die-das and help me", "en"),
    ],
)
def test_text_of_a_customer_is_told_by_script_or_words(text, language):
    assert detect_language(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ok thx",
        "OK",
        "123456",
        "#A-1009 / 2231",
        "TB20261122",
        "😀👍",
        "!!!",
        "mei@example.org",
        "iPhone",
        "la",
        "Wang Fang",
        "The MIT License (MIT)",
    ],
)
def test_text_with_too_little_to_go_by_has_no_language(text):
    assert detect_language(text) == ""


@given(st.text(st.characters()))
def test_no_text_makes_detection_raise(text):
    assert len(detect_language(text)) in (0, 2)
