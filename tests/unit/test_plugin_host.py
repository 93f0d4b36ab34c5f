"""The plugin host against distributions as pip leaves them: a package and a dist-info folder."""

import sys

import pytest

from router.errors import ConfigError
from router.plugin_host import LoadedPlugin, PluginHost
from tests.conftest import Install

DESCRIPTOR = """
    from router import PluginDescriptor, hookimpl

    @hookimpl
    def router_plugin():
        return PluginDescriptor(name="x", version="1.0")
"""

CHANNEL = (
    DESCRIPTOR
    + """
    from pydantic import BaseModel
    from router import Capabilities, Channel, ChannelType

    class Settings(BaseModel):
        pass

    class Quiet(Channel[Settings]):
        def decode(self, raw):
            return []

    @hookimpl
    def router_channel_types():
        return [ChannelType(id="pigeon", title="Pigeon post", settings=Settings, factory=Quiet,
                            capabilities=Capabilities(channel_class="email"))]
"""
)

STRATEGY = (
    DESCRIPTOR
    + """
    from router import Strategy

    @hookimpl
    def router_strategies():
        return [Strategy(name="patient", rank_fit=lambda fit: fit.missed,
                         rank_person=lambda person: (person.unanswered,))]
"""
)

PROVIDER = (
    DESCRIPTOR
    + """
    from pydantic import BaseModel
    from router import ContextKind, ContextProvider, ContextProviderType

    class Settings(BaseModel):
        pass

    class Ledger(ContextProvider):
        async def look_up(self, query):
            return []

    @hookimpl
    def router_context_providers():
        return [ContextProviderType(id="ledger", title="Ledger", settings=Settings, factory=Ledger,
                                    kinds=frozenset({ContextKind.ORDERS}))]
"""
)

TARGET = (
    DESCRIPTOR
    + """
    from pydantic import BaseModel
    from router import NoteLimits, NoteTarget, NoteTargetType

    class Settings(BaseModel):
        pass

    @hookimpl
    def router_note_targets():
        return [NoteTargetType(id="slate", title="Slate", settings=Settings, factory=NoteTarget,
                               limits=NoteLimits(max=500))]
"""
)


def _of(host: PluginHost, name: str) -> LoadedPlugin:
    return next(plugin for plugin in host.plugins if plugin.name == name)


def test_hook_router_channel_types(install: Install):
    install("fake-pigeon", "pigeon", CHANNEL)
    host = PluginHost.load()
    plugin = _of(host, "pigeon")
    assert host.channel_types["pigeon"].title == "Pigeon post"
    assert (plugin.distribution, plugin.version, plugin.error) == ("fake-pigeon", "3.2.1", None)
    assert host.owner("pigeon") == plugin


def test_hook_router_strategies(install: Install):
    install("fake-patient", "patience", STRATEGY)
    host = PluginHost.load()
    assert [strategy.name for strategy in host.strategies] == ["patient"]
    assert _of(host, "patience").registered.strategies == host.strategies


def test_hook_router_context_providers(install: Install):
    install("fake-ledger", "ledger_shop", PROVIDER)
    host = PluginHost.load()
    assert host.context_providers["ledger"].title == "Ledger"
    assert list(_of(host, "ledger_shop").registered.context_providers) == [host.context_providers["ledger"]]


def test_hook_router_note_targets(install: Install):
    install("fake-slate", "slate_shop", TARGET)
    host = PluginHost.load()
    assert host.note_targets["slate"].limits.max == 500
    assert list(_of(host, "slate_shop").registered.note_targets) == [host.note_targets["slate"]]


def test_hook_router_plugin(install: Install):
    install("fake-described", "described", DESCRIPTOR)
    descriptor = _of(PluginHost.load(), "described").descriptor
    assert descriptor is not None
    assert (descriptor.name, descriptor.version) == ("x", "1.0")


BROKEN = {
    "import raises": ("raise ImportError('no libpigeon')", "no libpigeon"),
    "import exits": ("import sys; sys.exit(3)", "SystemExit"),
    "no descriptor": ("x = 1", "does not implement router_plugin"),
    "descriptor is garbage": (
        DESCRIPTOR.replace("PluginDescriptor(name", "dict(name"),
        "not a PluginDescriptor",
    ),
    "api of another time": (DESCRIPTOR.replace('"1.0"', '"1.0", api=7'), "written for api 7"),
    "hook raises": (DESCRIPTOR.replace("return PluginDescriptor", "raise KeyError(1); dict"), "KeyError"),
    "hook is async": (DESCRIPTOR.replace("def router", "async def router"), "async def"),
    "hook is misspelt": (
        CHANNEL.replace("router_channel_types", "router_chanel_types"),
        "router_chanel_types",
    ),
    "hook wants unknown arguments": (DESCRIPTOR.replace("router_plugin()", "router_plugin(core)"), "core"),
    "types are garbage": (CHANNEL.replace("return [", "return 5, ["), "not a ChannelType"),
    "types are no sequence": (
        CHANNEL.replace("return [ChannelType", "return 5; [ChannelType"),
        "not a sequence",
    ),
    "id is no identifier": (CHANNEL.replace('"pigeon"', '"../pigeon"'), "has to match"),
    "settings are no model": (CHANNEL.replace("settings=Settings", "settings=dict"), "no pydantic model"),
    "strategies are garbage": (STRATEGY.replace("return [Str", "return [5, Str"), "not a Strategy"),
    "strategies are no sequence": (STRATEGY.replace("return [", "return 5; ["), "not a sequence"),
    "strategy without a name": (STRATEGY.replace('"patient"', '"Patient!"'), "has to match"),
    "strategy ranks by a number": (
        STRATEGY.replace("(person.unanswered,)", "1"),
        "not by a tuple of numbers",
    ),
    "strategy raises": (STRATEGY.replace("person.unanswered", "person.mood"), "mood"),
    "providers are garbage": (PROVIDER.replace("return [Context", "return [5, Context"), "not a Context"),
    "provider without kinds": (PROVIDER.replace("{ContextKind.ORDERS}", ""), "name no ContextKind"),
    "provider with a bad id": (PROVIDER.replace('"ledger"', '"Led ger"'), "has to match"),
    "provider without a model": (PROVIDER.replace("settings=Settings", "settings=dict"), "no pydantic model"),
    "targets are garbage": (TARGET.replace("return [Note", "return [5, Note"), "not a NoteTargetType"),
    "target without room": (TARGET.replace("max=500", "max=0"), "a max above 0"),
    "target in furlongs": (TARGET.replace("max=500", "max=500, unit='furlongs'"), "chars or bytes"),
    "target nobody can build": (TARGET.replace("factory=NoteTarget", "factory=5"), "callable factory"),
    "routes on a thread of its own": (
        CHANNEL.replace("factory=", "routes=[1], factory="),
        "shares_loop=True",
    ),
}


@pytest.mark.parametrize(("source", "cause"), BROKEN.values(), ids=BROKEN.keys())
def test_broken_plugin_is_listed_with_its_cause_and_the_others_run(install: Install, source: str, cause: str):
    install("fake-broken", "broken", source)
    install("fake-pigeon", "pigeon", CHANNEL)
    host = PluginHost.load()
    broken = _of(host, "broken")
    assert broken.error is not None
    assert cause in broken.error
    assert (broken.distribution, broken.descriptor) == ("fake-broken", None)
    assert "pigeon" in host.channel_types


def test_two_distributions_with_one_channel_type_refuse_to_start_naming_both(install: Install):
    install("fake-pigeon", "pigeon", CHANNEL)
    install("fake-dove", "dove", CHANNEL)
    with pytest.raises(ConfigError, match=r"fake-dove and fake-pigeon.*plugins\.disabled"):
        PluginHost.load()


@pytest.mark.parametrize("source", [PROVIDER, TARGET], ids=["context provider", "note target"])
def test_two_distributions_with_one_source_or_target_refuse_to_start(install: Install, source: str):
    install("fake-first", "first", source)
    install("fake-second", "second", source)
    with pytest.raises(ConfigError, match=r"fake-first and fake-second.*plugins\.disabled"):
        PluginHost.load()


def test_disabling_one_of_two_equal_channel_types_starts(install: Install):
    install("fake-pigeon", "pigeon", CHANNEL)
    install("fake-dove", "dove", CHANNEL)
    host = PluginHost.load(disabled=["dove"])
    owner = host.owner("pigeon")
    assert owner is not None
    assert owner.distribution == "fake-pigeon"


def test_disabled_plugin_is_listed_but_never_imported(install: Install):
    install("fake-broken", "broken", "raise ImportError")
    plugin = _of(PluginHost.load(disabled=["broken"]), "broken")
    assert (plugin.disabled, plugin.error) == (True, None)
    assert "fake_broken" not in sys.modules


def test_failed_plugin_owns_the_channel_its_entry_point_is_named_after(install: Install):
    install("fake-broken", "pigeon", "raise ImportError('gone')")
    owner = PluginHost.load().owner("pigeon")
    assert owner is not None
    assert owner.distribution == "fake-broken"


def test_disabling_a_plugin_that_is_not_installed_is_said_in_the_log(caplog: pytest.LogCaptureFixture):
    PluginHost.load(disabled=["fake-nothing"])
    assert [record.__dict__["plugin"] for record in caplog.records if "not installed" in record.message] == [
        "fake-nothing"
    ]
