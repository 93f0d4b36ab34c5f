"""Posts of phone systems: proven, bounded, stored once, and read whatever the vendor calls its fields."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from urllib.parse import urlencode

import pytest
from router_phone_log.channel import PhoneLogChannel
from router_phone_log.posts.proofs import is_twilio, twilio_signature

from router.calls import Call, CallDirection, CallOutcome, CallState
from router.channel import HttpRequest
from router.errors import ConfigError, InboundRejected, MalformedMessage, StoreUnavailable
from router.testing import MemoryContext

from .conftest import FIXTURES, call_of, channel, item, opened

TARGET = "/hooks/hotline/calls?shop=1"
PUBLIC = "https://router.example"
SECRET = "post-secret-19d3"


@pytest.fixture(autouse=True)
def secret_in_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POST_SECRET", SECRET)


def posting(**webhook: object) -> PhoneLogChannel:
    return channel(webhook={"secret_env": "POST_SECRET", "format": "ip-pbx", **webhook})


def post(body: bytes | str, target: str = TARGET, method: str = "POST", **headers: str) -> HttpRequest:
    content = body.encode() if isinstance(body, str) else body
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    path = target.partition("?")[0].removeprefix("/hooks/hotline") or "/"
    return HttpRequest(
        method=method, path=path, query={}, headers=named, body=content, remote="", target=target
    )


FORM = {"CallSid": "CA1", "CallStatus": "ringing", "From": "+8613900139000", "To": "+861089000000"}


def signed(fields: dict[str, str], target: str = TARGET, base: str = PUBLIC) -> HttpRequest:
    pairs = "".join(name + value for name, value in sorted(fields.items()))
    signature = twilio_signature(SECRET, base + target + pairs)
    return post(
        urlencode(fields),
        target,
        X_Twilio_Signature=signature,
        Content_Type="application/x-www-form-urlencoded",
    )


VECTORS = json.loads((FIXTURES / "twilio-signatures.json").read_text())


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector["id"]))
def test_a_published_signature_holds_and_no_changed_one_does(vector):
    body = vector.get("body", urlencode([tuple(pair) for pair in vector.get("form", [])])).encode()
    url, token, right = vector["url"], vector["secret"], vector["expected"]
    kind = "application/json" if "body" in vector else "application/x-www-form-urlencoded"
    assert is_twilio(token, url, body, right, kind)
    assert not is_twilio(token + "x", url, body, right, kind)
    assert not is_twilio(token, url.replace("foo=1", "foo=2"), body, right, kind)
    assert not is_twilio(token, url, body + b"&x=1", right, kind)
    assert not is_twilio(token, url, body, right[:-2] + "A=", kind)
    assert not is_twilio(token, url, body, "", kind)


async def test_a_twilio_post_is_proven_by_the_public_address_behind_a_proxy():
    phone = posting(format="twilio")
    context = MemoryContext("hotline", public_url=PUBLIC)
    context.store.know(phone)
    await phone.open(context)
    assert (await phone.handle_http(signed(FORM))).status == 200
    assert (await phone.handle_http(signed(FORM))).status == 200
    assert (await phone.handle_http(signed({**FORM, "CallSid": "CA2"}, base=f"{PUBLIC}:443"))).status == 200
    assert (len(context.accepted), context.store.duplicates) == (2, 1)
    with pytest.raises(InboundRejected):
        await phone.handle_http(signed(FORM, base="http://127.0.0.1:8080"))
    with pytest.raises(InboundRejected):
        await phone.handle_http(post(b'{"CallSid":"CA1"}', Content_Type="application/json"))


def proof_of(proof: str, body: bytes, secret: str) -> HttpRequest:
    match proof:
        case "header":
            return post(body, X_Webhook_Secret=secret)
        case "basic":
            return post(body, Authorization="Basic " + base64.b64encode(f"pbx:{secret}".encode()).decode())
        case "path":
            return post(body, f"/hooks/hotline/{secret}")
    return post(body, X_Webhook_Secret=hmac.new(secret.encode(), body, hashlib.sha256).hexdigest())


RECORD = {"callid": "1.1", "timestart": "2025-03-03 12:30:00", "callfrom": "13900139000", "callto": "4001"}


@pytest.mark.parametrize("proof", ["header", "basic", "path", "hmac"])
async def test_a_pbx_shows_its_secret_where_it_can_and_a_wrong_one_is_refused(proof):
    body = json.dumps(RECORD).encode()
    phone = posting(proof=proof)
    async with opened(phone) as context:
        assert (await phone.handle_http(proof_of(proof, body, SECRET))).status == 200
        assert len(context.accepted) == 1
        for wrong in ("", "x", SECRET[:-1], SECRET + "x"):
            with pytest.raises(InboundRejected):
                await phone.handle_http(proof_of(proof, body, wrong))
        assert len(context.accepted) == 1


async def test_a_secret_may_have_a_successor_while_it_is_replaced(monkeypatch):
    monkeypatch.setenv("POST_SECRET", "old-one new-one")
    phone = posting()
    async with opened(phone) as context:
        for secret in ("old-one", "new-one"):
            await phone.handle_http(
                proof_of("header", json.dumps({**RECORD, "callid": secret}).encode(), secret)
            )
        with pytest.raises(InboundRejected):
            await phone.handle_http(proof_of("header", b"{}", "old-one new-one"))
        assert len(context.accepted) == 2


async def test_what_is_too_large_no_post_or_not_wanted_is_refused_before_it_is_read():
    phone = posting(max_bytes=1024)
    async with opened(phone) as context:
        assert (await phone.handle_http(post(b"x" * 1025))).status == 413
        assert (await phone.handle_http(post(b"", method="GET"))).status == 405
        assert context.accepted == []
    closed = channel()
    async with opened(closed):
        with pytest.raises(InboundRejected, match="set webhook"):
            await closed.handle_http(post(b"{}"))


async def test_a_post_the_store_did_not_take_is_not_acknowledged():
    phone = posting()
    async with opened(phone) as context:
        context.fail_accept_next()
        with pytest.raises(StoreUnavailable):
            await phone.handle_http(proof_of("header", json.dumps(RECORD).encode(), SECRET))


async def test_a_missing_secret_is_named_by_its_variable_when_the_account_opens(monkeypatch):
    monkeypatch.delenv("POST_SECRET")
    with pytest.raises(ConfigError, match="POST_SECRET"):
        await posting().open(MemoryContext())


# --- what vendors send ------------------------------------------------------------------------------


def read(body: object, source: str, **changes: object) -> Call:
    content = body if isinstance(body, bytes | str) else json.dumps(body)
    [event] = channel(**changes).decode(item(content, source=source))
    return call_of(event)


def test_a_yeastar_record_wrapped_as_text_is_read_like_a_bare_one():
    inner = {
        "call_id": "1651057476.362", "time_start": "2025-03-03 12:30:00", "call_from": "13900139000",
        "call_to": "6500", "call_duration": 24, "talk_duration": 21, "status": "ANSWERED", "type": "Inbound",
        "recording": "x.wav", "did_number": "01089000000", "agent_ring_time": 3,
    }  # fmt: skip
    for message in (json.dumps(inner), inner):
        call = read({"type": 30012, "sn": "3631A2124XXX", "msg": message}, "ip-pbx")
        assert (call.key, call.outcome, call.talk_s, call.ring_s) == ("1651057476.362", "answered", 21, 3)
        assert (call.recordings[0].ref, call.dialled, call.agent) == ("x.wav", "01089000000", "6500")


def test_a_report_that_is_no_record_of_a_call_is_kept_and_shows_nothing():
    body = json.dumps({"type": 30011, "sn": "1", "msg": json.dumps({"call_id": "1.1", "members": []})})
    [event] = channel().decode(item(body, source="ip-pbx"))
    assert (event.call, event.visible) == (None, False)
    assert event.blocks[0].fields["platform_kind"] == "30011"
    assert read({**RECORD, "event": "HangupPush"}, "ip-pbx").key == "1.1"


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("NO ANSWER", CallOutcome.MISSED),
        ("BUSY", CallOutcome.BUSY),
        ("VOICEMAIL", CallOutcome.VOICEMAIL),
        ("ABANDONED", CallOutcome.ABANDONED),
        ("something new", CallOutcome.MISSED),
    ],
)
def test_a_pbx_status_becomes_an_outcome(status, outcome):
    assert (
        read({**RECORD, "callduraction": "41", "status": status, "type": "Inbound"}, "ip-pbx").outcome
        is outcome
    )


def test_a_short_number_that_is_said_to_come_in_is_a_customer():
    call = read({**RECORD, "callfrom": "201", "type": "Inbound"}, "ip-pbx")
    assert call.direction is CallDirection.INBOUND
    assert (
        read({**RECORD, "callfrom": "201", "type": "Internal"}, "ip-pbx").direction is CallDirection.INTERNAL
    )


def freeswitch(**variables: str) -> dict[str, object]:
    values = {
        "uuid": "leg-a", "direction": "inbound", "start_epoch": "1740976200", "answer_epoch": "0",
        "end_epoch": "1740976241", "duration": "41", "billsec": "0", "hangup_cause": "ORIGINATOR_CANCEL",
    }  # fmt: skip
    profile = {"caller_id_number": "13900139000", "destination_number": "4001"}
    return {"variables": {**values, **variables}, "callflow": [{"caller_profile": profile}]}


@pytest.mark.parametrize("wrapped", ["json", "form", "list"])
def test_a_freeswitch_record_is_read_in_each_of_its_wrappings(wrapped):
    record = freeswitch(record_path="%2Fvar%2Fa.wav")
    body = {
        "json": json.dumps(record),
        "form": urlencode({"cdr": json.dumps(record)}),
        "list": json.dumps([record]),
    }[wrapped]
    call = read(body, "freeswitch")
    assert (call.outcome, call.ring_s, call.recordings[0].ref) == ("missed", 41, "/var/a.wav")


@pytest.mark.parametrize(
    ("variables", "outcome"),
    [
        ({"hangup_cause": "USER_BUSY"}, CallOutcome.BUSY),
        ({"hangup_cause": "CALL_REJECTED"}, CallOutcome.REJECTED),
        ({"hangup_cause": "NORMAL_TEMPORARY_FAILURE"}, CallOutcome.FAILED),
        ({"cc_cause": "cancel", "billsec": "30", "answer_epoch": "1740976202"}, CallOutcome.ABANDONED),
        ({"voicemail_message_len": "9", "billsec": "30"}, CallOutcome.VOICEMAIL),
    ],
)
def test_a_freeswitch_cause_becomes_an_outcome(variables, outcome):
    assert read(freeswitch(**variables), "freeswitch").outcome is outcome


def test_a_freeswitch_leg_of_an_extension_goes_out_whatever_the_switch_calls_it():
    record = freeswitch(bridge_uuid="leg-b", call_uuid="leg-a")
    record["callflow"] = {"caller_profile": {"caller_id_number": "4001", "destination_number": "13900139000"}}
    call = read(record, "freeswitch")
    assert (call.direction, call.customer_e164, call.linked_keys) == (
        CallDirection.OUTBOUND,
        "+8613900139000",
        ("leg-b",),
    )


def twilio(**fields: str) -> Call:
    return read(urlencode({**FORM, **fields}), "twilio", own_numbers=["+861089000000"])


def test_a_dialled_leg_decides_whether_anybody_answered():
    call = twilio(CallStatus="completed", CallDuration="30", DialCallStatus="no-answer")
    assert (call.outcome, call.talk_s) == (CallOutcome.MISSED, 0)


def test_a_call_from_our_own_number_goes_out_and_links_to_its_parent():
    call = twilio(From="+861089000000", To="+8613900139000", Direction="outbound-dial", ParentCallSid="CA0")
    assert (call.direction, call.customer_e164, call.linked_keys) == ("outbound", "+8613900139000", ("CA0",))


def test_a_recording_that_comes_by_itself_only_adds_itself():
    recording = {"RecordingSid": "RE1", "RecordingUrl": "https://x.example/RE1", "RecordingDuration": "9"}
    body = urlencode({"CallSid": "CA1", **recording})
    call = read(body, "twilio")
    assert (call.version, call.outcome, call.recordings[0].duration_s) == (-1, None, 9)


def test_a_state_nobody_has_heard_of_is_kept_as_a_call_that_goes_on():
    call = twilio(CallStatus="teleported", SequenceNumber="7")
    assert (call.state, call.outcome, call.version) == (CallState.RINGING, None, 7)


@pytest.mark.parametrize("number", ["+266696687", "anonymous", "", "Restricted"])
def test_a_withheld_number_names_nobody(number):
    [event] = channel().decode(item(urlencode({**FORM, "From": number}), source="twilio"))
    assert event.author.identities == ()
    assert call_of(event).number_kind.value == "anonymous"


@pytest.mark.parametrize(
    ("source", "body"),
    [
        ("twilio", b""),
        ("twilio", b"a=1"),
        ("ip-pbx", b"[]"),
        ("ip-pbx", b"[1]"),
        ("ip-pbx", b'{"callid": "1"}'),
        ("ip-pbx", b'{"timestart": "2025-03-03 12:30:00"}'),
        ("ip-pbx", b'{"callid": "1", "timestart": "soon"}'),
        ("ip-pbx", b"[" * 5000),
        ("freeswitch", b'{"variables": 1}'),
        ("freeswitch", b'{"variables": {}}'),
        ("freeswitch", b"\xff"),
        ("carrier-pigeon", b"{}"),
    ],
)
def test_what_is_no_record_is_set_aside_with_a_reason(source, body):
    with pytest.raises(MalformedMessage) as caught:
        channel().decode(item(body, source=source))
    assert len(str(caught.value)) > 10
