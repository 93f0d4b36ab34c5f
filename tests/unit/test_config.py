"""omnirouter.yaml as people write it, with and without mistakes."""

import traceback
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field

from router import Capabilities, Channel, ChannelType
from router.config import (
    Account,
    FailedAccount,
    account_settings,
    load_config,
    missing_secrets,
    parse_config,
)
from router.documents.problems import DocumentError
from router.errors import ConfigError
from router.messages import InboundEvent, RawInbound
from router.plugin_host import LoadedPlugin, PluginHost, Registered

ROOT = Path(__file__).parents[2]


class Smtp(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    port: int = 25
    password_env: str = ""


class Box(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    address: str
    smtp: Smtp = Field(default_factory=Smtp)
    folders: list[Smtp] = Field(default_factory=list)


class Silent(Channel[Box]):
    def decode(self, raw: RawInbound) -> list[InboundEvent]:
        return []


EMAIL = ChannelType(
    id="email",
    title="E-mail",
    settings=Box,
    capabilities=Capabilities(channel_class="email"),
    factory=Silent,
)
HOST = PluginHost(
    plugins=(
        LoadedPlugin(
            name="email",
            distribution="omnirouter",
            version="0.1",
            registered=Registered(channel_types=[EMAIL]),
        ),
        LoadedPlugin(name="fax", distribution="router-fax", version="2.0", error="ImportError: no libfax"),
    ),
    channel_types={"email": EMAIL},
)


def test_empty_file_gives_the_defaults():
    config = parse_config("", "omnirouter.yaml")
    assert config.store.url == "sqlite:///omnirouter.db"
    assert (config.web.host, config.web.port, config.log.level) == ("127.0.0.1", 8080, "INFO")
    assert account_settings(config, HOST) == []


def test_example_file_is_valid_and_names_every_section():
    config = load_config(ROOT / "omnirouter.example.yaml", {})
    assert config.web.public_url == "https://desk.example.com"
    text = (ROOT / "omnirouter.example.yaml").read_text()
    assert [name for name in type(config).model_fields if f"{name}:" not in text] == []


def test_missing_file_says_how_to_begin(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: no such file.*omnirouter\.example\.yaml"):
        load_config(tmp_path / "nowhere.yaml")


def test_rules_are_found_beside_the_file(tmp_path: Path):
    (tmp_path / "o.yaml").write_text("rules: shop/rules.yaml\n")
    assert load_config(tmp_path / "o.yaml", {}).rules == tmp_path / "shop/rules.yaml"


def test_environment_wins_over_the_file():
    config = parse_config("web: {port: 1}", "o.yaml", {"OMNIROUTER_WEB_PORT": "2"})
    assert config.web.port == 2


def test_config_never_shows_its_store_url():
    config = parse_config("", "o.yaml", {"OMNIROUTER_STORE_URL": "postgresql://a:hunter2@db/x"})
    assert config.store.url.endswith("hunter2@db/x")
    assert "hunter2" not in repr(config)


WRONG = {
    "typo in a section": (
        "web:\n  prot: 1\n",
        "o.yaml:2:3 web.prot: unknown key `prot`. Did you mean `port`?",
    ),
    "unknown section": (
        "\nwibble: 1\n",
        "o.yaml:2:1 wibble: unknown key `wibble`. Known: accounts, calls, context, files, identity, log, ",
    ),
    "wrong type": ("web:\n  host: a\n  port: many\n", "o.yaml:3:3 web.port: input should be a valid integer"),
    "out of range": ("web: {port: 70000}", "o.yaml:1:7 web.port: input should be less than"),
    "no duration": (
        "calls: {window: soon}",
        "o.yaml:1:9 calls.window: `soon` is no duration. Write a number",
    ),
    "no channel": ("accounts:\n  a:\n    x: 1\n", "o.yaml:2:3 accounts.a.channel: `channel` is missing. Add"),
    "bad account name": ("accounts:\n  A b: {channel: x}\n", "o.yaml:2:3 accounts.A b: an account name is"),
    "bad proxy": ("web:\n  trusted_proxies: [127.0.0.1/32, x]", "o.yaml:2:35 web.trusted_proxies[1]: "),
    "unknown store": ("store:\n  url: mysql://x\n", "o.yaml:2:3 store.url: write it as sqlite:///"),
    "password": ("store:\n  url: postgresql://u:pw@h/d", "o.yaml:2:3 store.url: the store's password stands"),
    "two faults": ("web: {port: x, y: 1}", "\no.yaml:1:16 web.y: unknown key `y`. Known: host, port"),
    "section is text": ("web: no\n", "o.yaml:1:1 web: input should be a valid dictionary"),
    "file is a list": ("- a\n", "o.yaml:1:1: the file has to be a mapping"),
    "duplicate key": ("web:\n  port: 1\n  port: 2\n", "o.yaml:3:3 web.port: `port` stands here twice."),
    "alias": ("a: &x [1]\nb: *x\n", "o.yaml:1:4 a: aliases and anchors are not allowed."),
    "tag": ("web: !!python/object:os.system {}\n", "o.yaml:1:6 web: a tag is not allowed here."),
    "second document": ("web: {}\n---\nlog: {}\n", "o.yaml:2:1: a second document starts here."),
    "no YAML": ("web: {port: 1\n", "o.yaml:2:1: not valid YAML: expected ',' or '}'"),
    "key is no text": (
        "accounts:\n  12: {channel: x}\n",
        "o.yaml:2:3 accounts: the key `12` is no text. Put it in quotes.",
    ),
    "too deep": ("a: " + "[" * 2000, "nested deeper than 24 levels."),
    "too long": ("#" * 300_000, "o.yaml:1:1: the document is longer than 250,000 characters."),
    "control characters": ("web: \x00", "o.yaml:1:6: not valid YAML: unacceptable character"),
}


@pytest.mark.parametrize(("text", "said"), WRONG.values(), ids=WRONG.keys())
def test_wrong_file_is_refused_with_place_and_remedy(text: str, said: str):
    with pytest.raises(ConfigError) as refused:
        parse_config(text, "o.yaml")
    assert said in str(refused.value)


def test_wrong_environment_value_names_the_variable():
    with pytest.raises(ConfigError, match=r"environment OMNIROUTER_WEB_PORT web\.port: input should be"):
        parse_config("web: {host: x}", "o.yaml", {"OMNIROUTER_WEB_PORT": "many"})


def test_no_stays_text_as_in_yaml_1_2():
    config = parse_config("accounts: {a: {channel: email, address: no}}", "o.yaml")
    (account,) = account_settings(config, HOST)
    assert isinstance(account, Account)
    assert account.settings == Box(address="no")


ACCOUNT = """accounts:
  support:
    channel: email
    address: help@shop.example
    smtp:
      port: 25
"""


def test_account_gets_the_settings_of_its_own_channel_type():
    (account,) = account_settings(parse_config(ACCOUNT, "o.yaml"), HOST)
    assert isinstance(account, Account)
    assert (account.name, account.channel_type) == ("support", EMAIL)
    assert account.settings == Box(address="help@shop.example", smtp=Smtp(port=25))


WRONG_TABLE = {
    "typo": (
        ACCOUNT.replace(" port:", " prot:"),
        "o.yaml:6:7 accounts.support.smtp.prot: unknown key `prot`. Did you mean `port`?",
    ),
    "type": (ACCOUNT.replace("25", "x"), "o.yaml:6:7 accounts.support.smtp.port: input should be"),
    "missing": (
        ACCOUNT.replace("    address: help@shop.example\n", ""),
        "o.yaml:2:3 accounts.support.address",
    ),
    "in a list": (
        ACCOUNT + "    folders:\n      - prot: 1\n",
        "o.yaml:8:9 accounts.support.folders[0].prot:",
    ),
    "secret in the file": (ACCOUNT + "      password: x\n", "Did you mean `password_env`?"),
}


@pytest.mark.parametrize(("text", "said"), WRONG_TABLE.values(), ids=WRONG_TABLE.keys())
def test_wrong_account_table_is_refused_with_place_and_remedy(text: str, said: str):
    with pytest.raises(ConfigError) as refused:
        account_settings(parse_config(text, "o.yaml"), HOST)
    assert said in str(refused.value)


def test_faults_of_all_accounts_are_named_at_once():
    text = ACCOUNT.replace("25", "x") + "  other: {channel: pigeon}\n  third: {channel: email}\n"
    with pytest.raises(DocumentError) as refused:
        account_settings(parse_config(text, "o.yaml"), HOST)
    assert [(each.line, each.path) for each in refused.value.problems] == [
        (6, "accounts.support.smtp.port"),
        (7, "accounts.other.channel"),
        (8, "accounts.third.address"),
    ]


SECRETS = {
    "store url": ("store: {url: 'mysql://u:hunter2@h/d'}", {}),
    "store url from the environment": ("", {"OMNIROUTER_STORE_URL": "mysql://u:hunter2@h/d"}),
    "password in the file": ("store: {url: 'postgresql://u:hunter2@h/d'}\nweb: {port: x}", {}),
    "number of an account": (ACCOUNT.replace("25", "hunter2"), {}),
    "key nobody knows": (ACCOUNT + "      pasword: hunter2\n", {}),
    "section that is text": ("web: hunter2", {}),
    "password like a tag": (ACCOUNT + "      password: !hunter2\n", {}),
}


@pytest.mark.parametrize(("text", "environment"), SECRETS.values(), ids=SECRETS.keys())
def test_wrong_value_is_never_repeated(text: str, environment: dict[str, str]):
    with pytest.raises(ConfigError) as refused:
        account_settings(parse_config(text, "o.yaml", environment), HOST)
    assert "hunter2" not in "".join(traceback.format_exception(refused.value))


def test_parsed_file_never_shows_its_values():
    assert "shop.example" not in repr(parse_config(ACCOUNT, "o.yaml").document)


def test_unknown_channel_is_refused_saying_what_is_installed():
    config = parse_config(ACCOUNT.replace("email", "pigeon"), "o.yaml")
    with pytest.raises(ConfigError) as refused:
        account_settings(config, HOST)
    assert "o.yaml:3:5 accounts.support.channel: no installed plugin declares the channel 'pigeon'" in str(
        refused.value
    )
    assert "Installed: email. Install the plugin" in str(refused.value)


def test_account_of_a_plugin_that_failed_to_load_is_failed_and_the_rest_run():
    text = ACCOUNT + "  old-fax: {channel: fax, number: 1}\n"
    support, fax = account_settings(parse_config(text, "o.yaml"), HOST)
    assert isinstance(support, Account)
    assert isinstance(fax, FailedAccount)
    assert fax.cause == "its plugin fax of router-fax 2.0 failed to load: ImportError: no libfax"


def test_secret_whose_variable_is_not_set_is_named():
    config = parse_config(ACCOUNT + "      password_env: SUPPORT_PASSWORD\n", "o.yaml")
    accounts = account_settings(config, HOST)
    assert missing_secrets(accounts, {"SUPPORT_PASSWORD": "x"}) == []
    (missing,) = missing_secrets(accounts, {})
    assert str(missing).startswith(
        "accounts.support.smtp.password_env: the environment variable SUPPORT_PASSWORD is not set."
    )
