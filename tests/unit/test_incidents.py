from router.engine.config import IncidentConfig, Overflow, QueueConfig, Reserve
from router.engine.events import IncidentEnded, IncidentStarted
from tests.unit.lease_desk import acts, at
from tests.unit.needs_desk import NeedsDesk, prefer, require

STORM = IncidentConfig(
    overflow=frozenset({"q"}), relax=frozenset({"refunds"}), reserve={"complaints": 40}, lasts_s=3600
)


def desk_with(**incidents: IncidentConfig) -> NeedsDesk:
    overflow = Overflow(to="helpers", when_waiting=50, back_at=30)
    queues = {
        "q": QueueConfig(offer_timeout_s=600, overflow=overflow),
        "complaints": QueueConfig(reserve=Reserve(units=20, needs=(require("zh"),))),
    }
    desk = NeedsDesk(queues=queues, incidents={"storm": STORM, **incidents})
    desk.person(0, "mei", refunds=1, zh=1)
    desk.occupy(0, "mei")
    return desk


def test_an_incident_says_what_it_changes_and_ends_by_itself() -> None:
    desk = desk_with()
    desk.start(10, "storm", until=100)
    record = desk.record("incident")
    assert {key: record[key] for key in ("incident", "state", "until", "overflow", "relax", "reserve")} == {
        "incident": "storm",
        "state": "started",
        "until": "2026-01-05T09:01:40Z",
        "overflow": ["q"],
        "relax": ["refunds"],
        "reserve": {"complaints": 40},
    }
    assert [one.act.value for one in desk.last] == ["incident", "overflow"]
    assert desk.due() == 100
    desk.tick(100)
    assert [(one.act.value, one.record.get("state"), one.record.get("open")) for one in desk.last] == [
        ("incident", "ended", None),
        ("overflow", None, False),
    ]
    assert desk.record("incident")["reason"] == "time"
    assert desk.due() is None


def test_without_an_end_it_lasts_as_long_as_the_rules_say() -> None:
    desk = desk_with()
    desk.start(10, "storm")
    assert desk.due() == 3610


def test_it_gives_up_the_named_skills_for_who_waits_and_who_comes_and_asks_for_them_again_afterwards() -> (
    None
):
    desk = desk_with()
    desk.person(1, "tom")
    desk.ask(5, "waits", prefer("refunds", 600))
    desk.start(10, "storm")
    assert desk.why() == [("need_dropped", ["refunds"], "incident")]
    assert acts(desk.last)[-1] == ("offered", "waits", "tom")
    desk.ask(11, "comes", prefer("refunds", 600), queue="complaints")
    assert desk.why() == [("need_dropped", ["refunds"], "incident")]
    desk.stop(12, "storm")
    assert desk.record("incident")["reason"] == "told"
    assert desk.why() == [("need_restored", ["refunds"], "")]
    assert desk.skills_asked("comes", 12) == ["refunds"]


def test_a_required_skill_is_not_given_up() -> None:
    desk = desk_with()
    desk.ask(5, "i1", require("refunds"))
    desk.start(10, "storm")
    assert desk.why() == []
    assert desk.skills_asked("i1", 10) == ["refunds"]


def test_new_work_of_the_named_queues_overflows_at_once_and_no_more_afterwards() -> None:
    desk = desk_with()
    desk.ask(1, "before")
    desk.start(10, "storm")
    assert desk.ask(11, "during")[0] == ("moved", "during", None)
    assert desk.explain("before", 11)["queue"] == "q"
    desk.stop(12, "storm")
    assert desk.ask(13, "after") == [("queued", "after", None)]


def test_it_adds_to_what_is_kept_free_and_frees_it_again() -> None:
    desk = desk_with()
    desk.person(0, "lin", zh=1, claims=5)
    desk.start(10, "storm")
    offered = [id for number in range(5) for _, id, who in desk.ask(11, f"i{number}") if who == "lin"]
    assert offered == ["i0", "i1"], "60 of 100 units are kept free"
    assert [who for *_, who in desk.ask(12, "c", queue="complaints")][-1] == "lin"
    freed = desk.stop(13, "storm")
    assert [item for act, item, who in freed if (act, who) == ("offered", "lin")] == ["i2"]


def test_events_about_incidents_may_be_told_twice_and_unknown_ones_change_nothing() -> None:
    desk = desk_with()
    desk.start(10, "storm", until=100)
    for until in (None, 100):
        desk.start(11, "storm", until=until)
        assert desk.last == []
    desk.stop(12, "storm")
    assert desk.stop(13, "storm") == desk.last == []
    desk.start(14, "flood")
    assert desk.last == []
    desk.start(15, "storm", until=15)
    assert desk.last == []


def test_another_end_prolongs_or_shortens_it() -> None:
    desk = desk_with()
    desk.start(10, "storm", until=100)
    desk.start(20, "storm", until=200)
    assert [(one.act.value, one.record["state"]) for one in desk.last] == [("incident", "prolonged")]
    assert desk.due() == 200
    desk.tick(100)
    assert desk.last == []


def test_one_incident_ends_and_the_other_goes_on() -> None:
    desk = desk_with(flood=IncidentConfig(overflow=frozenset({"q"}), relax=frozenset({"refunds"})))
    desk.start(10, "storm", until=100)
    desk.start(11, "flood", until=200)
    assert [one.act.value for one in desk.last] == ["incident"]
    desk.ask(12, "i1", prefer("refunds", 600), queue="complaints")
    desk.tick(100)
    assert [one.act.value for one in desk.last] == ["incident"]
    assert desk.skills_asked("i1", 100) == []
    desk.tick(200)
    assert [one.act.value for one in desk.last] == ["incident", "need_restored", "overflow"]


def test_a_long_queue_stays_open_when_the_incident_ends() -> None:
    desk = desk_with()
    for number in range(50):
        desk.ask(1, f"i{number}")
    assert desk.record("overflow")["incident"] is False
    desk.start(10, "storm")
    desk.stop(11, "storm")
    assert [one.act.value for one in desk.last] == ["incident"]
    assert desk.ask(12, "new")[0] == ("moved", "new", None)


def test_preview_says_what_would_follow_and_changes_nothing() -> None:
    desk = desk_with()
    desk.person(1, "tom")
    desk.ask(5, "i1", prefer("refunds", 600))
    before = desk.explain("i1", 10)
    event = IncidentStarted(at=at(10), name="storm", until=at(50))
    shown = desk.engine.preview(event)
    assert [one.act.value for one in shown] == ["incident", "overflow", "need_dropped", "offered"]
    assert desk.explain("i1", 10) == before
    assert desk.due() == 605
    assert desk.engine.apply(event) == shown, "a preview is what happens"
    assert desk.engine.preview(IncidentEnded(at=at(11), name="storm"))[0].record["state"] == "ended"
