"""The story of a conversation's routing, for a customer-service lead. In: what was kept of it. Out: a text.

Decision records are said by `words.say`, as at the desk; here stand the sentences around them: who wrote,
how the rules sorted the work, and where it stands now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from types import MappingProxyType

from router.engine.times import from_iso
from router.engine.words import Names, say
from router.messages import JsonObject, JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One decision: when, which act, its record and what it says."""

    at: datetime
    act: str
    record: JsonObject
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """One piece of work of a conversation, from its first message until it was done.

    `sorted` says which rules decided, `told` what happened, `now` where it stands if it is not done.
    """

    item: str
    sorted: Sequence[str]
    told: Sequence[Told]
    now: Told | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A conversation and its pieces of work, oldest first."""

    conversation: str
    customer: str
    subject: str
    channel: str
    began_at: datetime
    chapters: Sequence[Chapter]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sentences:
    head: str
    no_subject: str
    by_rules: str
    by_none: str
    failed: str
    needs: str
    wishes: str
    level: str
    boost: str
    promised: str
    comma: str
    now: str
    again: str
    empty: str


_SENTENCES: Mapping[str, _Sentences] = MappingProxyType(
    {
        "en": _Sentences(
            head="{customer} wrote by {channel} on {day}: {subject}",
            no_subject="(no subject)",
            by_rules="Sorted into {queue} by these rules: {rules}{needs}{boost}{promised}.",
            by_none="No rule matched, so it was put into {queue}{needs}{boost}{promised}.",
            failed="This rule could not be judged and counted as not matching: {error}",
            needs="; needs {needs}",
            wishes="; wishes for {needs}",
            level="{skill} (level {level})",
            boost="; counts as {minutes} min older",
            promised="; answer promised by {at}",
            comma=", ",
            now="Now",
            again="The customer came back:",
            empty="Nothing has been decided about it: it opened no work.",
        ),
        "zh": _Sentences(
            head="{customer}于{day}通过{channel}来信：{subject}",
            no_subject="（无主题）",
            by_rules="按规则{rules}进入“{queue}”队列{needs}{boost}{promised}。",
            by_none="没有规则匹配，进入“{queue}”队列{needs}{boost}{promised}。",
            failed="此规则无法判断，按不匹配处理：{error}",
            needs="；需要{needs}",
            wishes="；优先{needs}",
            level="{skill}（{level}级）",
            boost="；按早到{minutes}分钟计算",
            promised="；承诺在{at}前答复",
            comma="、",
            now="目前",
            again="客户再次来信：",
            empty="尚无任何决定：没有产生待办。",
        ),
    }
)


def sort_sentences(
    rules: Sequence[str],
    errors: Sequence[str],
    queued: JsonObject,
    lang: str,
    names: Names,
    zone: tzinfo,
) -> list[str]:
    """Say which rules sorted the work and which failed, with the record of its queueing."""
    words = _of(lang)
    due_at = queued.get("due_at")
    boost_s = queued.get("boost_s")
    minutes = round(boost_s / 60) if isinstance(boost_s, int | float) else 0
    asked = _needs(queued, "require", words, names)
    wished = _needs(queued, "prefer", words, names)
    sentence = words.by_rules if rules else words.by_none
    queue = str(queued.get("queue") or "")
    said = sentence.format(
        queue=names.get(queue, queue),
        rules=words.comma.join(f"“{rule}”" for rule in rules),
        needs=(words.needs.format(needs=asked) if asked else "")
        + (words.wishes.format(needs=wished) if wished else ""),
        boost=words.boost.format(minutes=minutes) if minutes else "",
        promised=words.promised.format(at=_clock(from_iso(due_at), zone)) if isinstance(due_at, str) else "",
    )
    return [said, *(words.failed.format(error=error) for error in errors)]


def tell(records: Sequence[JsonObject], lang: str, names: Names) -> list[Told]:
    """Say records in order; one that repeats the words of the one before is left out."""
    told: list[Told] = []
    for record in records:
        text = say(record, lang, names)
        if not told or told[-1].text != text:
            act = str(record.get("act"))
            told.append(Told(at=from_iso(str(record["at"])), act=act, record=record, text=text))
    return told


def is_routine(record: JsonObject) -> bool:
    """Say whether a record only follows a promise that goes as it should; a story for people leaves it out."""
    if record.get("act") == "promise_due":
        step = record.get("step")
        return isinstance(step, int) and step < 100
    is_declared = "declared" in _list(record.get("paused_by")) or bool(record.get("reason"))
    is_broken = record.get("state") == "late" or record.get("change") == "changed"
    return record.get("act") == "clock" and not is_declared and not is_broken


def story_text(story: Story, lang: str, zone: tzinfo) -> str:
    """Give the whole story as lines, times on the clock of the shop."""
    words = _of(lang)
    day = f"{story.began_at.astimezone(zone):%Y-%m-%d %H:%M}"
    subject = story.subject or words.no_subject
    lines = [words.head.format(customer=story.customer, channel=story.channel, day=day, subject=subject)]
    for number, chapter in enumerate(story.chapters):
        lines += ["", words.again] if number else []
        lines += [f"  {sentence}" for sentence in chapter.sorted]
        lines += [
            f"  {_clock(one.at, zone)}  {one.text}" for one in chapter.told if not is_routine(one.record)
        ]
        lines += [] if chapter.now is None else [f"  {words.now}: {chapter.now.text}"]
    return "\n".join(lines if story.chapters else [*lines, f"  {words.empty}"])


def story_json(story: Story) -> JsonObject:
    """Give the same for programs, with the records."""
    return {
        "conversation": story.conversation,
        "customer": story.customer,
        "subject": story.subject,
        "channel": story.channel,
        "items": [
            {
                "item": chapter.item,
                "sorted": list(chapter.sorted),
                "decisions": [_told_json(one) for one in chapter.told],
                "now": None if chapter.now is None else _told_json(chapter.now),
            }
            for chapter in story.chapters
        ],
    }


def _told_json(told: Told) -> JsonObject:
    return {"at": told.at.isoformat(), "act": told.act, "text": told.text, "record": told.record}


def _needs(queued: JsonObject, verb: str, words: _Sentences, names: Names) -> str:
    asked = []
    for need in _list(queued.get("needs")):
        skill = isinstance(need, Mapping) and need.get(verb)
        if isinstance(need, Mapping) and isinstance(skill, str):
            level = need.get("level", 1)
            asked.append(words.level.format(skill=names.get(skill, skill), level=level))
    return words.comma.join(asked)


def _of(lang: str) -> _Sentences:
    return _SENTENCES["zh" if lang.lower().startswith("zh") else "en"]


def _clock(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%H:%M:%S}"


def _list(value: JsonValue) -> Sequence[JsonValue]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()
