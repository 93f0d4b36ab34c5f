"""The sections `context:` and `notes:` of `omnirouter.yaml`; in: their tables, out: what can be opened.

As for accounts: the plugin's own model checks the plugin's part of a table, everything wrong is reported at
once with its place, and what belongs to a plugin that failed to load is left out with the cause.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from pydantic import BaseModel, ValidationError

from router.config import Config, ContextTable, NotesTable, unset_secrets
from router.documents.problems import DocumentError, Problem
from router.documents.validation import problems_of
from router.errors import ConfigError
from router.orders import ContextProviderType, NoteTargetType
from router.plugin_host import PluginHost

KindT = TypeVar("KindT", ContextProviderType, NoteTargetType)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextSource:
    """One source of context ready to be opened; no `accounts` means all of them."""

    name: str
    kind: ContextProviderType
    settings: BaseModel
    accounts: frozenset[str]
    facts: Literal["order", "identity", "never"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteBook:
    """One shop's order notes; `zone` says what day it is there."""

    name: str
    kind: NoteTargetType
    settings: BaseModel
    accounts: frozenset[str]
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedSource:
    """One table of `section` that cannot be used because its plugin is not there; the others can."""

    section: Literal["context", "notes"]
    name: str
    cause: str
    accounts: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a source of context is waited for: by an agent, and by the rules before anything is filed."""

    answer_s: float = 2.0
    facts_s: float = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """All that is configured beside the channels."""

    context: Sequence[ContextSource] = ()
    notes: Sequence[NoteBook] = ()
    failed: Sequence[FailedSource] = ()
    patience: Patience = Patience()


def read_sources(config: Config, host: PluginHost) -> Sources:
    """Check both sections. Raises DocumentError with everything that is wrong in them."""
    reader = _Reader(config, host)
    context = [
        ContextSource(name=name, kind=kind, settings=settings, accounts=_accounts(table), facts=table.facts)
        for name, table in config.context.items()
        for kind, settings in reader.read("context", name, "provider", table, host.context_providers)
    ]
    notes = [
        NoteBook(name=name, kind=kind, settings=settings, accounts=_accounts(table), zone=table.zone)
        for name, table in config.notes.items()
        for kind, settings in reader.read("notes", name, "target", table, host.note_targets)
    ]
    reader.check_shared_accounts()
    if reader.problems:
        raise DocumentError(reader.problems)
    return Sources(context=tuple(context), notes=tuple(notes), failed=tuple(reader.failed))


def missing_source_secrets(
    sources: Sources, environment: Mapping[str, str] = os.environ
) -> list[ConfigError]:
    """List every `*_env` setting of both sections whose variable is not set."""
    named = [(f"context.{each.name}", each.settings) for each in sources.context]
    named += [(f"notes.{each.name}", each.settings) for each in sources.notes]
    return [error for path, settings in named for error in unset_secrets(path, settings, environment)]


class _Reader:
    """Reads tables one by one and keeps what is wrong with them."""

    def __init__(self, config: Config, host: PluginHost) -> None:
        self._config = config
        self._document = config.document
        self._host = host
        self.problems: list[Problem] = []
        self.failed: list[FailedSource] = []

    def read(
        self,
        section: Literal["context", "notes"],
        name: str,
        key: Literal["provider", "target"],
        table: ContextTable | NotesTable,
        kinds: Mapping[str, KindT],
    ) -> Iterator[tuple[KindT, BaseModel]]:
        """Give the kind and the settings of one table; nothing when it cannot be used."""
        self._check_accounts(section, name, table)
        wanted = str(getattr(table, key))
        kind = kinds.get(wanted)
        if kind is None:
            self._miss(section, name, key, wanted, kinds, _accounts(table))
            return
        path = (section, name)
        own = dict(self._document.mapping(path))
        for word in type(table).model_fields:
            own.pop(word, None)
        try:
            settings = kind.settings.model_validate(own)
        except ValidationError as error:
            self.problems += problems_of(error, kind.settings, self._document, at=path)
            return
        yield kind, settings

    def check_shared_accounts(self) -> None:
        """Refuse two note books for one account: an order has one note."""
        owners: dict[str, str] = {}
        for name, table in self._config.notes.items():
            for account in table.accounts or tuple(self._config.accounts):
                if account in owners:
                    message = f"orders of the account {account} already have their notes in {owners[account]}"
                    self._problem(
                        ("notes", name, "accounts"), message, "Name each account in one of them only."
                    )
                    break
                owners[account] = name

    def _check_accounts(self, section: str, name: str, table: ContextTable | NotesTable) -> None:
        for place, account in enumerate(table.accounts):
            if account not in self._config.accounts:
                known = ", ".join(sorted(self._config.accounts)) or "none"
                self._problem(
                    (section, name, "accounts", place),
                    "there is no account of this name",
                    f"The accounts are: {known}.",
                )

    def _miss(
        self,
        section: Literal["context", "notes"],
        name: str,
        key: str,
        wanted: str,
        kinds: Mapping[str, object],
        accounts: frozenset[str],
    ) -> None:
        """Note that nobody declares a kind: a fault of the file, or of a plugin that did not load."""
        silent = [plugin for plugin in self._host.plugins if plugin.error or plugin.disabled]
        if silent:
            causes = "; ".join(
                f"{plugin.name} {plugin.error or 'is listed in plugins.disabled'}" for plugin in silent
            )
            cause = f"no loaded plugin declares {wanted!r:.60}; not loaded: {causes}"
            self.failed.append(FailedSource(section=section, name=name, cause=cause, accounts=accounts))
            return
        installed = ", ".join(sorted(kinds)) or "none at all"
        self._problem(
            (section, name, key),
            f"no installed plugin declares the {key} {wanted!r:.60}",
            f"Installed: {installed}. Install the plugin that brings it into the same environment and start"
            " again.",
        )

    def _problem(self, path: tuple[str | int, ...], message: str, hint: str) -> None:
        place = self._document.key_place(path)
        self.problems.append(self._document.problem(path, message, hint, place=place))


def _accounts(table: ContextTable | NotesTable) -> frozenset[str]:
    return frozenset(table.accounts)
