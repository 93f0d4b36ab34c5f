"""The verdict names each kind of broken promise, so that a campaign can fail."""

from collections import Counter

from tests.crash.cases import Case, mail_case
from tests.crash.verdict import Reply, Row, Stored, judge, too_many_copies


def _accepted_case() -> Case:
    case = mail_case("K3", 1, 2)
    for mail in case.messages:
        mail.trying()
        mail.accepted()
    return case


def _stored(case: Case, *places: list[str], replies: list[Reply] | None = None) -> Stored:
    ids = [mail.external_id for mail in case.messages]
    return Stored(places=dict(zip(ids, places, strict=True)), replies={"one": replies or []}, unfinished=0)


def _reply(*, state: str = "accepted", doubted: bool = False) -> Reply:
    return Reply(message_id="1", account="support", outgoing_ref="<1>", state=state, doubted=doubted)


def test_everything_in_its_place_gives_no_finding() -> None:
    case = _accepted_case()
    stored = _stored(case, ["one"], ["one"], replies=[_reply()])

    [row] = judge([case], {"K3": 1}, stored, Counter({"<1>": 1}))

    assert row.findings == []
    assert (row.kills, row.sent, row.accepted, row.stored, row.replies) == (1, 2, 2, 2, 1)


def test_accepted_but_not_stored_is_lost() -> None:
    case = _accepted_case()

    [row] = judge([case], {}, _stored(case, ["one"], []), Counter())

    assert row.lost == 1
    assert "accepted and is lost" in row.findings[0]


def test_stored_twice_is_a_duplicate() -> None:
    case = _accepted_case()

    [row] = judge([case], {}, _stored(case, ["one", "one"], ["one"]), Counter())

    assert row.duplicated == 1
    assert row.findings


def test_one_matter_in_two_conversations_is_a_finding() -> None:
    case = _accepted_case()

    [row] = judge([case], {}, _stored(case, ["one"], ["two"]), Counter())

    assert row.double_conversations == 1
    assert row.findings


def test_reply_that_went_out_twice_unflagged_is_a_finding() -> None:
    case = _accepted_case()
    stored = _stored(case, ["one"], ["one"], replies=[_reply()])

    [row] = judge([case], {"K3": 1}, stored, Counter({"<1>": 2}))

    assert row.outbound_duplicates == 1
    assert any("not flagged" in finding for finding in row.findings)


def test_reply_called_sent_that_never_arrived_is_a_finding() -> None:
    case = _accepted_case()
    stored = _stored(case, ["one"], ["one"], replies=[_reply()])

    [row] = judge([case], {}, stored, Counter())

    assert row.findings == ["<1> is accepted and never arrived"]


def test_reply_flagged_unknown_may_or_may_not_have_arrived() -> None:
    case = _accepted_case()
    stored = _stored(case, ["one"], ["one"], replies=[_reply(state="unknown", doubted=True)])

    [row] = judge([case], {}, stored, Counter())

    assert (row.unknown, row.findings) == (1, [])


def test_more_copies_than_doubtful_deaths_is_a_finding() -> None:
    rows = [Row("K3", kills=3, outbound_duplicates=2), Row("K15", kills=1)]

    assert too_many_copies(rows) == ["2 outbound duplicates after 1 doubtful deaths"]
    assert too_many_copies([*rows, Row("K16", kills=1)]) == []
