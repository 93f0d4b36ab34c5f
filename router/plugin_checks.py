"""Judge what a plugin's hooks registered; in: one registered object, out: what is wrong with it, or None."""

from __future__ import annotations

import math
import re

from pydantic import BaseModel

from router.capabilities import Capabilities
from router.channel import ChannelRoute, ChannelType
from router.orders import ContextKind, ContextProviderType, NoteLimits, NoteTargetType
from router.strategy import Fit, PersonSnapshot, Strategy

_TYPE_ID = re.compile(r"[a-z][a-z0-9_]{0,31}")
_STRATEGY_NAME = re.compile(r"[a-z][a-z_]{0,39}")


def strategy_problem(strategy: object) -> str | None:
    """Say what is wrong with a strategy, or None; it is tried once, because it runs inside the engine."""
    if not isinstance(strategy, Strategy):
        return f"router_strategies gave {strategy!r:.80}, not a Strategy"
    if not _STRATEGY_NAME.fullmatch(strategy.name):
        return f"strategy name {strategy.name!r:.80} has to match {_STRATEGY_NAME.pattern}"
    never = PersonSnapshot(load_ratio=0.0, spare_units=100.0, last_offer_s=-math.inf, unanswered=0)
    for rank in (strategy.rank_fit(Fit(missed=(), surplus=0)), strategy.rank_person(never)):
        if not isinstance(rank, tuple) or not all(isinstance(part, int | float) for part in rank):
            return f"strategy {strategy.name!r} ranks by {rank!r:.80}, not by a tuple of numbers"
    return None


def channel_type_problem(kind: object) -> str | None:
    """Say what is wrong with a channel type, or None."""
    if not isinstance(kind, ChannelType):
        return f"router_channel_types gave {kind!r:.80}, not a ChannelType"
    if not _TYPE_ID.fullmatch(kind.id):
        return f"channel type id {kind.id!r:.80} has to match {_TYPE_ID.pattern}"
    if not _is_model(kind.settings):
        return f"settings of channel type {kind.id!r} is no pydantic model class"
    if not isinstance(kind.capabilities, Capabilities) or not callable(kind.factory):
        return f"channel type {kind.id!r} lacks capabilities or a callable factory"
    return _route_problem(kind)


def _route_problem(kind: ChannelType) -> str | None:
    if kind.routes and not kind.shares_loop:
        return (
            f"channel type {kind.id!r} has web routes, which run on the router's loop: set shares_loop=True"
        )
    for route in kind.routes:
        if not isinstance(route, ChannelRoute) or not route.path.startswith(tuple(kind.route_prefixes)):
            return f"a route of channel type {kind.id!r} does not start with one of its route_prefixes"
    return None


def context_provider_problem(kind: object) -> str | None:
    """Say what is wrong with a kind of context source, or None."""
    if not isinstance(kind, ContextProviderType):
        return f"router_context_providers gave {kind!r:.80}, not a ContextProviderType"
    if not kind.kinds or not all(isinstance(each, ContextKind) for each in kind.kinds):
        return f"kinds of context provider {kind.id!r:.80} name no ContextKind"
    return _shape_problem("context provider", kind)


def note_target_problem(kind: object) -> str | None:
    """Say what is wrong with a kind of note target, or None."""
    if not isinstance(kind, NoteTargetType):
        return f"router_note_targets gave {kind!r:.80}, not a NoteTargetType"
    limits = kind.limits
    if not isinstance(limits, NoteLimits) or limits.max < 1 or limits.unit not in ("chars", "bytes"):
        return f"limits of note target {kind.id!r:.80} need a max above 0 and a unit of chars or bytes"
    try:
        "".encode(limits.encoding)
    except LookupError:
        return (
            f"limits of note target {kind.id!r:.80} name the encoding {limits.encoding!r:.40}, which is none"
        )
    return _shape_problem("note target", kind)


def _shape_problem(words: str, kind: ContextProviderType | NoteTargetType) -> str | None:
    if not _TYPE_ID.fullmatch(kind.id):
        return f"{words} id {kind.id!r:.80} has to match {_TYPE_ID.pattern}"
    if not _is_model(kind.settings):
        return f"settings of {words} {kind.id!r} is no pydantic model class"
    return None if callable(kind.factory) else f"{words} {kind.id!r} lacks a callable factory"


def _is_model(settings: object) -> bool:
    return isinstance(settings, type) and issubclass(settings, BaseModel)
