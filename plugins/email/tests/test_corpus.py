"""Gates over the real mails of ../shared/corpus: what was measured must not get worse.

Run with `--log-cli-level INFO` to see the figures.
"""

from __future__ import annotations

import json
import logging
import statistics
import time
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from router_email.addresses import is_address, read_addresses
from router_email.channel import EmailChannel
from router_email.codec import read_date
from router_email.html import sanitise, to_text
from router_email.marks import load_marks
from router_email.quotes import QuoteTrimmer
from router_email.threads import own_id
from router_email.tree import read_tree

from router.errors import MalformedMessage
from router.messages import Automatic, InboundEvent

from .conftest import mail, raw_of, settings_with

FIGURES = logging.getLogger("email.figures")
CHANNEL = EmailChannel("support", settings_with())
TRIMMER = QuoteTrimmer(load_marks())


def load(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def mails(corpus: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for expected in sorted(corpus.glob("*/expected-headers.json")):
        for name, wanted in load(expected).items():
            path = expected.parent / name
            yield (path if path.exists() else expected.parent / "eml" / name), wanted


def tags_of(markup: str) -> list[tuple[str, dict[str, str]]]:
    found: list[tuple[str, dict[str, str]]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append((tag, {name: value or "" for name, value in attrs}))

    reader = Reader()
    reader.feed(markup)
    reader.close()
    return found


@cache
def timed(path: Path) -> tuple[InboundEvent | None, float]:
    """Decode a mail once for all who ask; give how long that kept this thread busy too."""
    raw = raw_of(path.read_bytes())
    began_s = time.thread_time()
    try:
        event = CHANNEL.decode(raw)[0]
    except MalformedMessage:
        event = None
    return event, time.thread_time() - began_s


def try_decode(path: Path) -> InboundEvent | None:
    return timed(path)[0]


def test_every_mail_is_an_event_or_a_recorded_refusal_in_time(corpus: Path) -> None:
    times = [timed(path)[1] for path, _ in mails(corpus)]
    FIGURES.info(f"{len(times)} mails, median {statistics.median(times):.4f} s, longest {max(times):.3f} s")
    assert len(times) >= 500
    assert max(times) <= 10
    assert statistics.median(times) <= 0.1


def _squeeze(value: object) -> object:
    if isinstance(value, list):
        return [str(item).lower() for item in value]
    return " ".join(value.split()) if isinstance(value, str) else value or None


def _read(path: Path) -> dict[str, object]:
    fields = read_tree(path.read_bytes()).fields

    def addresses(name: str) -> list[str]:
        return [found.address for value in fields.every(name, 65_536) for found in read_addresses(value)[0]]

    at = read_date(fields)
    return {
        "from": addresses("from"),
        "to": addresses("to"),
        "cc": addresses("cc"),
        "replyTo": addresses("reply-to"),
        "subject": fields.text("subject") or None,
        "messageId": own_id(fields) or None,
        "date": at.strftime("%Y-%m-%dT%H:%M:%S.000Z") if at else None,
    }


def test_header_fields_agree_with_three_other_parsers(corpus: Path) -> None:
    total, wrong = 0, []
    for path, wanted in mails(corpus):
        read = _read(path)
        for name, value in wanted.get("agreed_by_3", {}).items():
            if name in read:
                total += 1
                if (_squeeze(value) or None) != (_squeeze(read[name]) or None):
                    wrong.append(f"{path.name} {name}")
    FIGURES.info(f"{total - len(wrong)} of {total} agree; not: {wrong}")
    # Senders without a domain are refused on purpose: nobody could be answered there.
    assert len(wrong) <= 4


def test_bounces_are_reports_about_the_right_address(corpus: Path) -> None:
    wanted = load(corpus / "bounce-sisimai" / "expected-bounces.json")
    judged = right = hard = 0
    for name, outcomes in wanted.items():
        event = try_decode(corpus / "bounce-sisimai" / "bsd" / name)
        assert event is not None, name
        assert event.automatic is not Automatic.NO, name
        if not outcomes or name.startswith("rfc3834"):
            continue
        judged += 1
        failures = event.context.get("failures", ())
        assert isinstance(failures, (list, tuple))
        found = {failure["recipient"]: bool(failure["hard"]) for failure in failures}
        named = [outcome for outcome in outcomes if outcome["recipient"] in found]
        right += bool(named)
        hard += bool(named) and all(found[outcome["recipient"]] == bool(outcome["hard"]) for outcome in named)
    FIGURES.info(f"{len(wanted)} automatic; recipient right {right} of {judged}, hard or soft right {hard}")
    assert right >= 0.95 * judged
    assert hard >= 0.9 * judged


def test_what_is_no_bounce_is_none(corpus: Path) -> None:
    for path in (corpus / "bounce-sisimai" / "not").iterdir():
        event = try_decode(path)
        assert event is not None
        assert event.automatic is Automatic.NO


def test_historic_bounces_name_the_failed_addresses(corpus: Path) -> None:
    folder = corpus / "bounce-flufl"
    wanted = load(folder / "expected.json")
    automatic = right = 0
    for name, outcome in wanted.items():
        event = try_decode(folder / name)
        if event is None:
            continue
        automatic += event.automatic is not Automatic.NO
        failures = event.context.get("failures", ())
        assert isinstance(failures, (list, tuple))
        failed = {failure["recipient"] for failure in failures if failure["action"] == "failed"}
        permanent = {address.lower() for address in outcome["permanent"]}
        right += permanent <= failed if permanent else not failed
    FIGURES.info(f"{automatic} of {len(wanted)} automatic, {right} right")
    assert automatic >= 0.95 * len(wanted)
    assert right >= 0.95 * len(wanted)


@pytest.mark.parametrize("kind", ["dos", "mac"])
def test_line_ends_make_no_difference(corpus: Path, kind: str) -> None:
    twins = 0
    for path in (corpus / "bounce-sisimai" / kind).iterdir():
        twin = corpus / "bounce-sisimai" / "bsd" / path.name
        content = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if twin.exists() and content == twin.read_bytes():
            one, other = try_decode(path), try_decode(twin)
            assert one is not None
            assert other is not None
            assert (one.blocks, one.context, one.evidence) == (other.blocks, other.context, other.evidence)
            twins += 1
    assert twins >= 15


def test_quotations_are_trimmed_and_no_wanted_word_is_lost(corpus: Path) -> None:
    equal, bodies = 0, sorted((corpus / "reply-trimmer" / "emails").iterdir())
    for path in bodies:
        trimmed = corpus / "reply-trimmer" / "trimmed" / path.name
        wanted = trimmed.read_text("utf-8").split() if trimmed.exists() else []
        found = TRIMMER.trim(path.read_text("utf-8"))
        assert not set(wanted) - set(found.own.split()), path.name
        equal += found.own.split() == wanted
    FIGURES.info(f"{equal} of {len(bodies)} equal")
    assert equal >= len(bodies) - 1


def test_replies_of_mail_programs_leave_the_answer(corpus: Path) -> None:
    for path in sorted((corpus / "reply-talon" / "standard_replies").glob("*.eml")):
        event = try_decode(path)
        assert event is not None
        assert event.blocks[0].text.strip() == "Hello", path.name
    for path in sorted((corpus / "reply-talon" / "html_replies").glob("*.html")):
        own = TRIMMER.trim(to_text(path.read_text("utf-8"))).own
        assert "Hi. I am fine." in own, path.name
        assert "Alex" in own, path.name
        assert "How are you" not in own, path.name


def test_attacks_in_html_are_harmless(corpus: Path) -> None:
    payloads = [entry["payload"] for entry in load(corpus / "html-dompurify" / "payloads.json")]
    payloads += [
        path.read_text("utf-8").split("\n--\n")[0] for path in (corpus / "html-bleach").glob("*.test")
    ]
    for payload in payloads:
        for tag, attributes in tags_of(sanitise(payload)):
            assert tag not in ("script", "style", "iframe", "object", "embed", "form", "svg", "math", "link")
            for name, value in attributes.items():
                assert not name.startswith("on"), payload
                assert name not in ("style", "src", "srcset", "background", "action", "formaction"), payload
                assert "script:" not in "".join(value.split()).lower(), payload
    assert len(payloads) >= 100


def test_naughty_strings_come_through_unchanged(corpus: Path) -> None:
    strings = [text for text in load(corpus / "text-blns" / "strings.json") if text.strip()]
    for text in strings:
        content = mail("BODY", content_type="text/plain; charset=utf-8")
        raw = raw_of(content.replace(b"BODY", text.encode("utf-8", "surrogatepass")))
        block = CHANNEL.decode(raw)[0].blocks[0]
        assert block.text == text.replace("\0", "\ufffd").replace("\r\n", "\n").replace("\r", "\n").strip(
            "\n"
        )
    assert len(strings) >= 200


def test_attachments_are_byte_equal(corpus: Path) -> None:
    compared = 0
    for path in sorted((corpus / "mime-mime4j").rglob("*.msg")):
        root = read_tree(path.read_bytes())
        for part in root.walk():
            wanted = path.with_name(f"{path.stem}_decoded_{part.path.replace('.', '_')}.bin")
            if wanted.exists() and not part.children:
                compared += 1
                assert part.content() == wanted.read_bytes(), path.name
    assert compared >= 4


def test_address_lists_are_judged_right(corpus: Path) -> None:
    right = total = 0
    for name, expected in (("mailbox_valid", True), ("mailbox_invalid", False)):
        for line in (corpus / "mime-flanker" / "lists" / f"{name}.txt").read_text("utf-8").splitlines():
            if line.strip() and not line.startswith("#"):
                total += 1
                found, complete = read_addresses(line)
                right += (len(found) == 1 and complete and is_address(found[0].address)) is expected
    FIGURES.info(f"{right} of {total} right")
    assert right >= 0.97 * total


class TestHelpdesk:
    """The statements about mails as a customer-service inbox meets them."""

    def read(self, corpus: Path, name: str) -> InboundEvent:
        event = try_decode(corpus / "helpdesk-chatwoot" / name)
        assert event is not None
        return event

    def test_texts_and_subjects_are_as_stated(self, corpus: Path) -> None:
        for name, wanted in load(corpus / "helpdesk-chatwoot" / "expected-behaviour.json").items():
            if not {"text", "text_begins", "subject"} & set(wanted):
                continue
            event = self.read(corpus, name)
            assert (
                event.blocks[0].text.split()[: len(wanted.get("text", "").split())]
                == wanted.get("text", "").split()
            )
            assert " ".join(event.blocks[0].text.split()).startswith(
                " ".join(wanted.get("text_begins", "").split())
            )
            assert event.subject.strip() == wanted.get("subject", event.subject).strip()

    def test_automatic_reply_is_never_answered(self, corpus: Path) -> None:
        event = self.read(corpus, "auto_reply.eml")
        assert event.automatic is not Automatic.NO

    def test_notification_is_never_answered(self, corpus: Path) -> None:
        assert self.read(corpus, "notification.eml").automatic is not Automatic.NO

    def test_bounce_without_sender_is_no_exception(self, corpus: Path) -> None:
        assert self.read(corpus, "bounced_with_no_from.eml").automatic is Automatic.REPORT

    def test_malformed_recipient_is_a_warning(self, corpus: Path) -> None:
        event = self.read(corpus, "mail_with_invalid_to_2.eml")
        assert any("To field" in warning for warning in event.warnings)

    def test_first_of_several_answered_ids_decides(self, corpus: Path) -> None:
        event = self.read(corpus, "multiple_in_reply_to.eml")
        assert event.evidence[0].value == "<4e6e35f5a38b4_479f13bb90078171@small-app-01.mail>"

    def test_answers_go_to_reply_to(self, corpus: Path) -> None:
        event = self.read(corpus, "reply_to.eml")
        assert event.provider_data["reply_to"]
        assert event.provider_data["reply_to"] != event.author.identities[0].value

    def test_sender_without_name_is_called_by_the_local_part(self, corpus: Path) -> None:
        event = self.read(corpus, "support_without_sender_name.eml")
        assert event.author.display == event.author.identities[0].value.partition("@")[0]

    def test_contact_address_is_lower_case(self, corpus: Path) -> None:
        value = self.read(corpus, "support_in_reply_to.eml").author.identities[0].value
        assert value == value.lower()
