"""`omnirouter check`: everything that can be found wrong without starting."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

from router.config import FailedAccount, account_settings, load_config, missing_secrets
from router.errors import ConfigError
from router.plugin_host import PluginHost
from router.rules_files import DEFAULT_RULES, read_roster, rules_check
from router.sources import missing_source_secrets, read_sources
from router.startup import check_folder
from router.storage.looking import is_there, require_schema
from router.storage.store import Store


def check_config(path: Path) -> list[str]:
    """Give every finding as one line; empty when all is good. Raises ConfigError for an unreadable file."""
    config = load_config(path)
    plugins = PluginHost.load(config.plugins.disabled)
    accounts = account_settings(config, plugins)
    sources = read_sources(config, plugins)
    findings = [str(error) for error in (*missing_secrets(accounts), *missing_source_secrets(sources))]
    findings += [
        f"accounts.{each.name}: {each.cause}" for each in accounts if isinstance(each, FailedAccount)
    ]
    findings += [f"{each.section}.{each.name}: {each.cause}" for each in sources.failed]
    report = rules_check(config.rules or DEFAULT_RULES)
    if not report.ok:
        findings.append(report.text())
    try:
        if config.roster is not None:
            read_roster(config.roster)
        check_folder(config.store.url)
        if is_there(config.store.url):
            asyncio.run(_try_store(config.store.url))
    except ConfigError as error:
        findings.append(str(error))
    return findings


async def _try_store(url: str) -> None:
    async with Store.open(url) as store, store.reading() as connection:
        await connection.run_sync(partial(require_schema, may_be_older=True))
