"""Read `omnirouter.yaml` and the environment; out: frozen settings and the accounts to run.

Everything wrong is reported at once, with file:line:column, key path and remedy; no value is repeated, as
it may be a secret put in the wrong place. Secrets never stand in the file: a plugin's settings name
environment variables in `*_env` keys (`missing_secrets`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, ValidationError

from router.channel import ChannelType
from router.documents.models import Duration
from router.documents.places import Located, Plain
from router.documents.problems import DocumentError, Problem
from router.documents.reading import read_document
from router.documents.validation import problems_of
from router.errors import ConfigError
from router.model.calls import CallBackTerms
from router.plugin_host import PluginHost
from router.text_files import read_text

ENVIRONMENT_KEYS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "OMNIROUTER_STORE_URL": ("store", "url"),
        "OMNIROUTER_WEB_HOST": ("web", "host"),
        "OMNIROUTER_WEB_PORT": ("web", "port"),
        "OMNIROUTER_WEB_PUBLIC_URL": ("web", "public_url"),
        "OMNIROUTER_LOG_LEVEL": ("log", "level"),
        "OMNIROUTER_LOG_FORMAT": ("log", "format"),
    }
)

MAX_CONFIG_CHARS = 250_000

_ACCOUNT_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_URL_PASSWORD = re.compile(r"^[a-z+]+://[^/@:]*:[^@/]+@")


def _account_name(name: str) -> str:
    if not _ACCOUNT_NAME.fullmatch(name):
        raise ValueError("an account name is lower-case letters, digits, - and _, at most 63 characters")
    return name


def _public_url(url: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", url):
        raise ValueError("write it as https://desk.example.com")
    return url.rstrip("/")


def _store_url(url: str) -> str:
    if not re.match(r"(sqlite:///|postgresql://)", url):
        raise ValueError("write it as sqlite:///omnirouter.db or postgresql://user@host/database")
    return url


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise ValueError("name a time zone as Asia/Shanghai") from None
    return name


AccountName = Annotated[str, AfterValidator(_account_name)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StoreSettings(_Frozen):
    """Where everything is kept."""

    url: Annotated[str, AfterValidator(_store_url)] = Field(default="sqlite:///omnirouter.db", repr=False)


class WebSettings(_Frozen):
    """The one HTTP listener; `public_url` is how the outside world reaches it."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    public_url: Annotated[str, AfterValidator(_public_url)] | None = None
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()


class FilesSettings(_Frozen):
    """Where the files agents send are kept; beside an SQLite database unless it is named."""

    folder: Path | None = None


class PluginsSettings(_Frozen):
    """Which installed plugins stay unloaded, by entry-point name."""

    disabled: frozenset[str] = frozenset()


class LogSettings(_Frozen):
    """What is logged and how a line looks."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    format: Literal["text", "json"] = "text"


class CallsSettings(_Frozen):
    """How calls nobody answered become calls back."""

    window: Duration = 24 * 3600
    expires_after: Duration = 72 * 3600
    attempts: int = Field(default=3, ge=0, le=100)

    @property
    def terms(self) -> CallBackTerms:
        """Give them as filing goes by them."""
        return CallBackTerms(
            window=timedelta(seconds=self.window),
            expires_after=timedelta(seconds=self.expires_after),
            attempt_limit=self.attempts,
        )


class IdentitySettings(_Frozen):
    """When what a person writes on another channel joins the matter that is open."""

    window: Duration = 72 * 3600


class AccountTable(BaseModel):
    """One account as it stands in the file; everything but `channel` belongs to the plugin."""

    model_config = ConfigDict(frozen=True, extra="allow")

    channel: str

    @property
    def own(self) -> Mapping[str, Any]:
        """Give the plugin's part of the table."""
        return self.model_extra or {}


class ContextTable(BaseModel):
    """One source of context; everything but these keys belongs to the plugin.

    `accounts` are the channel accounts it knows the customers of (none named: all). `facts` says when rules
    may wait for it: for messages that name an order, also for those of a proven customer, or never.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    provider: str
    accounts: tuple[str, ...] = ()
    facts: Literal["order", "identity", "never"] = "order"


class NotesTable(BaseModel):
    """One shop whose order notes are written; `zone` is where its days begin."""

    model_config = ConfigDict(frozen=True, extra="allow")

    target: str
    accounts: tuple[str, ...] = ()
    zone: Annotated[str, AfterValidator(_zone)] = "UTC"


class Config(_Frozen):
    """Everything the file and the environment say."""

    store: StoreSettings = StoreSettings()
    web: WebSettings = WebSettings()
    files: FilesSettings = FilesSettings()
    plugins: PluginsSettings = PluginsSettings()
    accounts: Mapping[AccountName, AccountTable] = Field(default_factory=dict, repr=False)
    context: Mapping[AccountName, ContextTable] = Field(default_factory=dict, repr=False)
    notes: Mapping[AccountName, NotesTable] = Field(default_factory=dict, repr=False)
    rules: Path | None = None
    roster: Path | None = None
    log: LogSettings = LogSettings()
    calls: CallsSettings = CallsSettings()
    identity: IdentitySettings = IdentitySettings()

    _document: Located = PrivateAttr()

    @property
    def document(self) -> Located:
        """Give the parsed file, which knows the place of every key."""
        return self._document


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account ready to run: its settings have been accepted by its channel type."""

    name: str
    channel_type: ChannelType
    settings: BaseModel
    package: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedAccount:
    """One account that cannot run because its plugin did not load; the others run."""

    name: str
    cause: str


AnyAccount: TypeAlias = Account | FailedAccount


def load_config(path: Path, environment: Mapping[str, str] = os.environ) -> Config:
    """Read the file; raises ConfigError if it is missing, unreadable or wrong."""
    text = read_text(
        path, max_chars=MAX_CONFIG_CHARS, if_missing="Copy omnirouter.example.yaml there and edit it."
    )
    return parse_config(text, str(path), environment)


def parse_config(text: str, source: str, environment: Mapping[str, str] = MappingProxyType({})) -> Config:
    """Parse the text of a configuration; `rules` and `roster` are relative to the folder of `source`."""
    document = read_document(
        text, source=source, max_chars=MAX_CONFIG_CHARS, shows_values=False, may_be_empty=True
    )
    if document.value is not None and not isinstance(document.value, dict):
        message = "the file has to be a mapping of sections"
        raise DocumentError([document.problem((), message, "Write `section:` and its keys below it.")])
    problems = _password_problems(document)
    try:
        config = Config.model_validate(_with_environment(document.mapping(()), environment))
    except ValidationError as error:
        problems += problems_of(error, Config, document, elsewhere=_environment_sources(environment))
        raise DocumentError(problems) from None
    if problems:
        raise DocumentError(problems)
    folder = Path(source).parent
    config = config.model_copy(
        update={key: folder / value for key in ("rules", "roster") if (value := getattr(config, key))}
    )
    config._document = document
    return config


def account_settings(config: Config, host: PluginHost) -> list[AnyAccount]:
    """Let every channel type check the table of its accounts, in the order of the file.

    Raises DocumentError for channels nobody declares and for tables their channel types refuse.
    """
    accounts: list[AnyAccount] = []
    problems: list[Problem] = []
    for name, table in config.accounts.items():
        try:
            accounts.append(_account(name, table, config.document, host))
        except DocumentError as error:
            problems.extend(error.problems)
    if problems:
        raise DocumentError(problems)
    return accounts


def missing_secrets(
    accounts: Sequence[AnyAccount], environment: Mapping[str, str] = os.environ
) -> list[ConfigError]:
    """List every `*_env` setting whose variable is not set, for `omnirouter check`."""
    return [
        error
        for account in accounts
        if isinstance(account, Account)
        for error in unset_secrets(f"accounts.{account.name}", account.settings, environment)
    ]


def unset_secrets(path: str, settings: BaseModel, environment: Mapping[str, str]) -> list[ConfigError]:
    """List the `*_env` settings of one table, which stands at `path`, whose variable is not set."""
    return [
        ConfigError(
            f"the environment variable {variable} is not set.",
            path=f"{path}.{key}",
            hint=f"Set it, or name another variable in `{key.rpartition('.')[2]}`.",
        )
        for key, variable in _secret_names(settings)
        if not environment.get(variable)
    ]


def _secret_names(settings: BaseModel, prefix: str = "") -> Iterator[tuple[str, str]]:
    for key in type(settings).model_fields:
        value = getattr(settings, key)
        if isinstance(value, BaseModel):
            yield from _secret_names(value, f"{prefix}{key}.")
        elif key.endswith("_env") and isinstance(value, str) and value:
            yield prefix + key, value


def _account(name: str, table: AccountTable, document: Located, host: PluginHost) -> AnyAccount:
    owner = host.owner(table.channel)
    if owner is None:
        raise DocumentError([_unknown_channel(name, table.channel, document, host)])
    if owner.disabled:
        return FailedAccount(name=name, cause=f"its plugin {owner.name} is listed in plugins.disabled")
    if owner.error is not None:
        return FailedAccount(
            name=name,
            cause=f"its plugin {owner.name} of {owner.distribution} {owner.version}"
            f" failed to load: {owner.error}",
        )
    kind = host.channel_types[table.channel]
    path = ("accounts", name)
    own = {key: value for key, value in document.mapping(path).items() if key != "channel"}
    try:
        settings = kind.settings.model_validate(own)
    except ValidationError as error:
        raise DocumentError(problems_of(error, kind.settings, document, at=path)) from None
    return Account(name=name, channel_type=kind, settings=settings, package=owner.package)


def _unknown_channel(name: str, channel: str, document: Located, host: PluginHost) -> Problem:
    path = ("accounts", name, "channel")
    return document.problem(
        path,
        f"no installed plugin declares the channel {channel!r:.60}",
        f"{_installed(host)} Install the plugin that brings it"
        " (`pip install <distribution>` into the same environment) and start again.",
        place=document.key_place(path),
    )


def _installed(host: PluginHost) -> str:
    kinds = ", ".join(sorted(host.channel_types))
    return f"Installed: {kinds}." if kinds else "No channel is installed at all."


def _password_problems(document: Located) -> list[Problem]:
    """Find a password in the file, which would end in backups and chats."""
    url = document.mapping(("store",)).get("url")
    if not isinstance(url, str) or not _URL_PASSWORD.match(url):
        return []
    return [
        document.problem(
            ("store", "url"),
            "the store's password stands in the file",
            "Take it out and set the whole url in the environment variable OMNIROUTER_STORE_URL.",
            place=document.key_place(("store", "url")),
        )
    ]


def _with_environment(sections: Mapping[str, Plain], environment: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = dict(sections)
    for variable, (section, key) in ENVIRONMENT_KEYS.items():
        if variable in environment and isinstance(values.get(section) or {}, dict):
            values[section] = {**(values.get(section) or {}), key: environment[variable]}
    return {key: value for key, value in values.items() if value is not None}


def _environment_sources(environment: Mapping[str, str]) -> dict[tuple[str | int, ...], str]:
    return {path: f"environment {name}" for name, path in ENVIRONMENT_KEYS.items() if name in environment}
