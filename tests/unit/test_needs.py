import pytest

from router.engine.needs import Need, NeedKind, needs_from_json, needs_to_json
from router.errors import ConfigError

EVERY_KIND = (
    Need(kind=NeedKind.REQUIRE, skill="complaints", level=3),
    Need(kind=NeedKind.PREFER, skill="refunds", grade=1, drop_after_s=120.0),
    Need(kind=NeedKind.FORBID, skill="trainee"),
)


def test_needs_survive_the_way_through_json() -> None:
    assert needs_from_json(needs_to_json(EVERY_KIND)) == EVERY_KIND


def test_defaults_are_not_written() -> None:
    assert needs_to_json(EVERY_KIND[2:]) == [{"forbid": "trainee"}]


def test_rows_with_every_field_spelled_out_are_read() -> None:
    row = {"require": "lang-zh", "level": 1, "grade": 0, "drop_after_s": None}
    assert needs_from_json([row]) == (Need(kind=NeedKind.REQUIRE, skill="lang-zh"),)


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"require": "x"}, "needs:"),
        ("x", "needs:"),
        (["x"], r"needs\[0\]:"),
        ([{"require": "a"}, {"require": "a", "prefer": "b"}], r"needs\[1\]:"),
        ([{"level": 2}], r"needs\[0\]:"),
        ([{"require": ""}], r"needs\[0\]:"),
        ([{"require": "x", "levl": 2}], "levl"),
        ([{"require": "x", "level": -1}], r"needs\[0\].level:"),
        ([{"require": "x", "level": True}], r"needs\[0\].level:"),
        ([{"prefer": "x", "drop_after_s": float("inf")}], r"needs\[0\].drop_after_s:"),
        ([{"prefer": "x", "drop_after_s": "2m"}], r"needs\[0\].drop_after_s:"),
    ],
)
def test_a_wrong_need_is_refused_naming_its_place(value: object, place: str) -> None:
    with pytest.raises(ConfigError, match=place):
        needs_from_json(value)
