"""What a channel claims, in words: each field of its capabilities, each base class; in: a type, out: claims.

A claim is a short text (`blocks: image`, `actions: recall`, `confirm`). Checks put the same text into
`Stage.seen` when they have seen it at work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, fields

from router import abilities, channel
from router.capabilities import Capabilities, Ordering
from router.channel import AnyChannel
from router.threads import Audience

Claims = Callable[[Capabilities], Iterable[str]]


def _flag(name: str) -> Claims:
    return lambda can: [name] if getattr(can, name) else []


def _each(name: str) -> Claims:
    return lambda can: [f"{name}: {value}" for value in sorted(getattr(can, name))]


def _if_sending(claims: Claims) -> Claims:
    return lambda can: claims(can) if can.outbound else []


def _if_taking_in(claims: Claims) -> Claims:
    return lambda can: claims(can) if can.inbound else []


def _push(can: Capabilities) -> list[str]:
    terms = can.push
    if terms is None:
        return []
    asked = {"signed": terms.signed, "empty_body": terms.empty_body, "repeats": terms.repeats}
    return ["push: ack", *(f"push: {name}" for name, value in asked.items() if value)]


def _typing(can: Capabilities) -> list[str]:
    ways = {"in": ["in"], "out": ["out"], "both": ["in", "out"]}.get(can.typing, [])
    return [f"typing: {way}" for way in ways]


CLAIMS_OF: Mapping[str, Claims] = {
    "channel_class": lambda can: ["channel_class"],
    "inbound": _flag("inbound"),
    "outbound": _flag("outbound"),
    "text": _if_sending(lambda can: ["text"]),
    "blocks": _if_sending(_each("blocks")),
    "receipts": lambda can: [] if can.receipts == "none" else [f"receipts: {can.receipts}"],
    "reply_token": _flag("reply_token"),
    "marks_sending": _flag("marks_sending"),
    "idempotent_send": _flag("idempotent_send"),
    "joins_open_episode": _if_taking_in(_flag("joins_open_episode")),
    "thread_kinds": _if_taking_in(_each("thread_kinds")),
    "start_rules": lambda can: [f"start_rules: {rule.who} {rule.needs}".rstrip() for rule in can.start_rules],
    "send_rules": lambda can: ["send_rules"] if can.send_rules else [],
    "media": _each("media"),
    "templates": lambda can: [] if can.templates == "none" else ["templates"],
    "typing": _typing,
    "events": _each("events"),
    "actions": _each("actions"),
    "audiences": _if_sending(
        lambda can: [f"audiences: {one}" for one in sorted(can.audiences) if one is not Audience.CUSTOMER]
    ),
    "identity_kinds": _each("identity_kinds"),
    "limits": lambda can: ["limits"] if can.limits else [],
    "push": _push,
    "poll": lambda can: ["poll"] if can.poll is not None else [],
    "ordering": lambda can: [] if can.ordering is Ordering.NONE else [f"ordering: {can.ordering}"],
    "context_kinds": _each("context_kinds"),
    "requires": _each("requires"),
}

METHOD_OF: Mapping[type, str] = {
    channel.StreamSource: "stream",
    channel.PullSource: "pull",
    channel.PushSource: "handle_http",
    channel.ManualSource: "submit",
    channel.Confirms: "confirm",
    channel.FollowsThread: "thread_changed",
    channel.ShowsTyping: "show_typing",
    abilities.Permits: "permissions",
    abilities.Acts: "act",
    abilities.ListsTemplates: "list_templates",
    abilities.Accompanies: "accompanied",
    abilities.RenewsAccess: "renew_access",
    abilities.Uploads: "upload",
    abilities.Downloads: "download",
    abilities.GivesContext: "look_up",
}

# Which contract test sees a claim, where it is not test 22 itself.
TEST_OF: Mapping[str, int] = {
    "poll": 7,
    "pull": 7,
    "push: signed": 8,
    "push: repeats": 5,
    "push: ack": 9,
    "push: empty_body": 9,
    "limits": 12,
    "renew_access": 13,
    "text": 15,
    "send_rules": 18,
} | {"blocks": 14, "media": 14, "upload": 14}

# What a simulator has to have before a claim can be seen.
NEEDS: Mapping[str, str] = {
    "poll": "`page_size` and `crowd(count)`",
    "push": "`signed(raw)` and `stale(raw)`",
    "renew_access": "`expire_token()` and `tokens_issued`",
    "limits": '`fail_next("RateLimited")`',
    "receipts": "`receipt(channel, attempt, state)`, or a sample that is one",
    "thread_kinds": "`sample_in(thread_kind)`",
    "start_rules": "`start_attempt(rule, attempt)`",
    "typing": "`type(channel, raw)`",
    "actions": "`acted()`",
    "events": "a sample of that kind",
    "identity_kinds": "a sample whose author has one",
    "ordering": "samples with a sort_key, oldest first; two of one thread for dense",
}


def claims_of(can: Capabilities) -> dict[str, list[str]]:
    """Give the claims of each field; one that nothing here knows is a claim as soon as it is used."""
    claims: dict[str, list[str]] = {}
    for each in fields(can):
        known = CLAIMS_OF.get(each.name)
        used = getattr(can, each.name) != _default(each)
        claims[each.name] = list(known(can)) if known else [each.name] * used
    return claims


def methods_of(a_channel: AnyChannel) -> list[str]:
    """Name the methods its base classes promise."""
    return [name for base, name in METHOD_OF.items() if isinstance(a_channel, base)]


def test_of(claim: str) -> int:
    """Give the number of the contract test that sees a claim."""
    return TEST_OF.get(claim) or TEST_OF.get(claim.partition(":")[0], 22)


def _default(each: Field[object]) -> object:
    if each.default_factory is not MISSING:
        return each.default_factory()
    return each.default
