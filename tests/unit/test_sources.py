"""The sections `context:` and `notes:` as people write them, with and without mistakes."""

import pytest
from pydantic import BaseModel, ConfigDict

from router import (
    ContextKind,
    ContextProvider,
    ContextProviderType,
    ContextQuery,
    NoteLimits,
    NoteTarget,
    NoteTargetType,
)
from router.config import parse_config
from router.documents.problems import DocumentError
from router.plugin_host import LoadedPlugin, PluginHost
from router.sources import Sources, missing_source_secrets, read_sources


class Shop(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    url: str
    key_env: str = ""


class Ledger(ContextProvider):
    async def look_up(self, query: ContextQuery):
        return []


HOST = PluginHost(
    plugins=(),
    context_providers={
        "ledger": ContextProviderType(
            id="ledger",
            title="Ledger",
            settings=Shop,
            factory=lambda name, settings: Ledger(),
            kinds=frozenset({ContextKind.ORDERS}),
        )
    },
    note_targets={
        "slate": NoteTargetType(
            id="slate", title="Slate", settings=Shop, factory=NoteTarget, limits=NoteLimits(max=500)
        )
    },
)
SILENT = LoadedPlugin(
    name="slates", distribution="router-slates", version="2.0", error="ImportError: no chalk"
)


def read(text: str, host: PluginHost = HOST) -> Sources:
    accounts = "accounts: {chat: {channel: webchat}, mail: {channel: email}}\n"
    return read_sources(parse_config(accounts + text, "omnirouter.yaml"), host)


def problems(text: str) -> str:
    with pytest.raises(DocumentError) as raised:
        read(text)
    return str(raised.value)


def test_a_source_and_a_note_book_keep_their_own_settings_apart_from_the_routers():
    sources = read(
        "context: {shop: {provider: ledger, accounts: [chat], facts: identity, url: 'http://a', key_env: KEY}}\n"
        "notes: {main: {target: slate, zone: Asia/Shanghai, url: 'http://b'}}\n"
    )
    (source,), (book,) = sources.context, sources.notes
    assert (source.name, source.accounts, source.facts) == ("shop", {"chat"}, "identity")
    assert source.settings == Shop(url="http://a", key_env="KEY")
    assert (book.zone, book.accounts, book.settings) == ("Asia/Shanghai", frozenset(), Shop(url="http://b"))


def test_nothing_configured_is_nothing_to_open():
    assert read("") == Sources()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("context: {shop: {provider: ledgr, url: x}}", "2:18 context.shop.provider: no installed plugin"),
        ("context: {shop: {provider: ledger, ulr: x}}", "unknown key `ulr`. Did you mean `url`?"),
        ("context: {shop: {provider: ledger, url: x, accounts: [chta]}}", "The accounts are: chat, mail."),
        ("context: {shop: {provider: ledger, url: x, facts: always}}", "context.shop.facts"),
        ("context: {shop: {url: x}}", "context.shop"),
        ("notes: {main: {target: slate, url: x, zone: Mars/Base}}", "name a time zone as Asia/Shanghai"),
        ("notes: {a: {target: slate, url: x}, b: {target: slate, url: y, accounts: [mail]}}", "already have"),
    ],
)
def test_mistake_is_named_with_its_place(text: str, said: str):
    assert said in problems(text)


def test_all_mistakes_of_both_sections_are_named_at_once():
    said = problems("context: {shop: {provider: nobody}}\nnotes: {main: {target: nobody}}")
    assert "context.shop.provider" in said
    assert "notes.main.target" in said


def test_entry_of_a_plugin_that_did_not_load_is_left_out_with_the_cause():
    host = PluginHost(plugins=(SILENT,), context_providers=HOST.context_providers)
    sources = read(
        "context: {shop: {provider: ledger, url: x}}\nnotes: {main: {target: slate, url: x}}", host
    )
    (failed,) = sources.failed
    assert (failed.section, failed.name) == ("notes", "main")
    assert "no chalk" in failed.cause
    assert len(sources.context) == 1


def test_secret_that_is_not_set_is_named_with_its_key_and_its_variable():
    sources = read("context: {shop: {provider: ledger, url: x, key_env: SHOP_KEY}}")
    (error,) = missing_source_secrets(sources, {})
    assert (error.path, "SHOP_KEY" in str(error)) == ("context.shop.key_env", True)
    assert missing_source_secrets(sources, {"SHOP_KEY": "x"}) == []
