"""Numbers as systems write them: what can be called back, what a contact is known by, who is inside."""

from __future__ import annotations

import pytest
from router_phone_log.numbers import Numbers
from router_phone_log.parties import parties_of

from router.calls import CallDirection, NumberKind

from .conftest import settings


def read(written: str, **changes: object):
    return Numbers(settings(**changes)).read(written)


@pytest.mark.parametrize(
    ("written", "e164", "extension"),
    [
        ("13800138000", "+8613800138000", ""),
        ("+86 138 0013 8000", "+8613800138000", ""),
        ("008613800138000", "+8613800138000", ""),
        ("013800138000", "+8613800138000", ""),
        ("010-89000000", "+861089000000", ""),
        ("１３８００１３８０００", "+8613800138000", ""),
        ("sip:13800138000@127.0.0.1:5083", "+8613800138000", ""),
        ('"Zhang" <sip:+8613800138000@pbx;user=phone>', "+8613800138000", ""),
        ("<sip:%2B8613800138000@pbx>", "+8613800138000", ""),
        ("tel:+8613800138000;ext=12", "+8613800138000", "12"),
        ("13800138000转8765", "+8613800138000", "8765"),
        ("13800138000 ext. 8765", "+8613800138000", "8765"),
        ("13800138000-8765", "+8613800138000", "8765"),
        ("13800138000,8765#", "+8613800138000", "8765"),
        ("+14158675309", "+14158675309", ""),
        ("service", "", ""),
        ("12345678901234567890", "", ""),
    ],
)
def test_a_number_is_read_as_it_was_meant(written, e164, extension):
    number = read(written)
    assert (number.raw, number.e164, number.extension) == (written, e164, extension)
    assert number.kind is NumberKind.PUBLIC


def test_a_number_is_read_by_the_accounts_region():
    assert read("030 1234567", region="DE").e164 == "+49301234567"
    assert read("(415) 867-5309", region="US").e164 == "+14158675309"
    assert read("8675309", region="US").e164 == ""


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("110", NumberKind.EMERGENCY),
        ("120", NumberKind.EMERGENCY),
        ("12395", NumberKind.EMERGENCY),
        ("4001", NumberKind.INTERNAL),
        ("sip:801@pbx", NumberKind.INTERNAL),
        ("95588", NumberKind.PUBLIC),
        ("Anonymous", NumberKind.ANONYMOUS),
        ("", NumberKind.ANONYMOUS),
        ("未知", NumberKind.ANONYMOUS),
        ("anonym", NumberKind.ANONYMOUS),
        ("Unbekannt", NumberKind.ANONYMOUS),
        ("Скрытый номер", NumberKind.ANONYMOUS),
        ("无来电显示", NumberKind.ANONYMOUS),
        ("sip:anonymous@anonymous.invalid", NumberKind.ANONYMOUS),
    ],
)
def test_a_number_nobody_may_call_back_is_known_as_such(written, kind):
    assert read(written, emergency=["12395"]).kind is kind


def test_the_digit_for_an_outside_line_is_taken_off_only_where_it_is_one():
    assert read("913800138000", outside_prefix="9").e164 == "+8613800138000"
    assert read("913800138000").e164 == ""
    assert read("95588", outside_prefix="9").short == "95588"


@pytest.mark.parametrize(
    ("written", "form", "dialled"),
    [
        ("+8613800138000", "national", "913800138000"),
        ("+14158675309", "national", "90014158675309"),
        ("+8613800138000", "e164", "+8613800138000"),
        ("+8613800138000", "digits", "8613800138000"),
        ("+8613800138000,8765", "digits", "8613800138000"),
        ("110", "e164", ""),
        ("4001", "e164", ""),
        ("anonymous", "e164", ""),
        ("service", "e164", ""),
    ],
)
def test_a_number_is_dialled_as_the_line_wants_it_or_not_at_all(written, form, dialled):
    assert Numbers(settings(outside_prefix="9")).to_dial(written, form) == dialled


@pytest.mark.parametrize(
    ("caller", "callee", "stated", "direction", "customer"),
    [
        ("13800138000", "4001", None, CallDirection.INBOUND, "13800138000"),
        ("4001", "13800138000", None, CallDirection.OUTBOUND, "13800138000"),
        ("4001", "4002", None, CallDirection.INTERNAL, "4001"),
        ("4001", "4002", CallDirection.OUTBOUND, CallDirection.INTERNAL, "4001"),
        ("13800138000", "4001", CallDirection.OUTBOUND, CallDirection.INBOUND, "13800138000"),
        ("010-89000000", "13800138000", None, CallDirection.OUTBOUND, "13800138000"),
        ("13800138000", "010-89000000", None, CallDirection.INBOUND, "13800138000"),
        ("13800138000", "13900139000", CallDirection.OUTBOUND, CallDirection.OUTBOUND, "13900139000"),
        ("", "4001", None, CallDirection.INBOUND, ""),
        ("201", "4001", CallDirection.INBOUND, CallDirection.INBOUND, "201"),
    ],
)
def test_who_is_the_customer_follows_from_the_numbers_first(caller, callee, stated, direction, customer):
    parties = parties_of(Numbers(settings(own_numbers=["+861089000000"])), caller, callee, stated)
    assert (parties.direction, parties.customer.raw) == (direction, customer)
