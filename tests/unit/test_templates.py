"""Approved texts: filled where they fit, refused with the place where they do not."""

from dataclasses import replace

import pytest

from router.errors import ContentRejected
from router.templates import filled
from router.threads import Template, TemplateUse, TemplateVariable

SENT = Template(
    id="sent",
    title="Sent",
    body="Order {order} was sent{how}.",
    language="en",
    variables=[
        TemplateVariable(name="order", title="Order", max_chars=8),
        TemplateVariable(name="how", required=False),
    ],
)


def test_gaps_are_filled_and_those_that_need_not_be_may_stay_empty() -> None:
    assert filled([SENT], TemplateUse(id="sent", variables={"order": " 4711 "})) == "Order 4711 was sent."


def test_words_put_into_one_gap_are_not_taken_for_another() -> None:
    use = TemplateUse(id="sent", variables={"order": "{how}", "how": " {x}"})
    assert filled([SENT], use) == "Order {how} was sent{x}."


@pytest.mark.parametrize(
    ("use", "part"),
    [
        (TemplateUse(id="gone"), "template.id"),
        (TemplateUse(id="sent", language="zh"), "template.id"),
        (TemplateUse(id="sent"), "template.variables.order"),
        (TemplateUse(id="sent", variables={"order": "123456789"}), "template.variables.order"),
        (TemplateUse(id="sent", variables={"order": "1", "colour": "red"}), "template.variables.colour"),
    ],
)
def test_template_that_does_not_fit_names_the_place(use: TemplateUse, part: str) -> None:
    with pytest.raises(ContentRejected) as refused:
        filled([SENT], use)
    assert refused.value.part == part


def test_template_that_is_not_approved_yet_is_not_sent() -> None:
    with pytest.raises(ContentRejected, match="not approved"):
        filled([replace(SENT, approved=False)], TemplateUse(id="sent", variables={"order": "1"}))
