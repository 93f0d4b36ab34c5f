"""`omnirouter …`: thin commands over the rooms. Exit 0 good, 1 a finding, 2 wrong use.

Imports stand inside the commands, so that `omnirouter --help` answers at once.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Coroutine, Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

from router.errors import ConfigError, RouterError
from router.plugin_template.cli import plugin_app

if TYPE_CHECKING:
    from router.rules_commands import Answer

T = TypeVar("T")

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Omnirouter: one queue for every customer message.",
)
rules_app = typer.Typer(no_args_is_help=True, help="Check rules, compare them, put them in force.")
db_app = typer.Typer(no_args_is_help=True, help="Look after the database.")
quarantine_app = typer.Typer(no_args_is_help=True, help="See and rerun what could not be read.")
token_app = typer.Typer(no_args_is_help=True, help="API tokens for programs.")
agent_app = typer.Typer(no_args_is_help=True, help="Agents and their passwords.")
channels_app = typer.Typer(help="See the installed channels and what they prove.")
app.add_typer(rules_app, name="rules")
app.add_typer(db_app, name="db")
app.add_typer(quarantine_app, name="quarantine")
app.add_typer(token_app, name="token")
app.add_typer(agent_app, name="agent")
app.add_typer(channels_app, name="channels")
app.add_typer(plugin_app, name="plugin")

ConfigOption = Annotated[Path, typer.Option("-c", "--config", help="The configuration file.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer for programs.")]


def main() -> None:
    """Run a command; every RouterError becomes one clear line and an exit code."""
    try:
        app()
    except ConfigError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None
    except RouterError as error:
        print(error, file=sys.stderr)
        raise SystemExit(1) from None


@app.command()
def serve(config: ConfigOption = Path("omnirouter.yaml")) -> None:
    """Run the router until Ctrl-C."""
    from router.config import load_config
    from router.logs import configure_logs
    from router.serving import serve_forever

    loaded = load_config(config)
    configure_logs(loaded.log.level, loaded.log.format)
    run(serve_forever(loaded))


@app.command()
def check(config: ConfigOption = Path("omnirouter.yaml"), as_json: JsonOption = False) -> None:
    """Check the configuration, rules, roster and secrets without starting."""
    from router.checking import check_config

    findings = check_config(config)
    if as_json:
        print(json.dumps({"ok": not findings, "findings": findings}, ensure_ascii=False))
    else:
        print("\n".join(findings) or f"{config}: good")
    raise SystemExit(1 if findings else 0)


@app.command()
def demo(
    check: Annotated[bool, typer.Option("--check", help="Prove it without a person.")] = False,
) -> None:
    """Run a whole shop on this machine, or prove that it works."""
    from router.demo.command import run_check, run_demo

    raise SystemExit(run(run_check()) if check else run(run_demo()))


@app.command("simulate")
def simulate_command(
    file: Annotated[Path, typer.Argument(help="An event list (NDJSON) or a scenario (.yaml).")],
    rules: Annotated[Path | None, typer.Option(help="The rules file; a scenario may name its own.")] = None,
    roster: Annotated[Path | None, typer.Option(help="Who works, and when.")] = None,
    seed: Annotated[int | None, typer.Option(help="Decides ties and chance; 1 if not given.")] = None,
    until: Annotated[
        str | None, typer.Option(help="Stop at this time, or so long after the last line (24h).")
    ] = None,
    write: Annotated[Path | None, typer.Option(help="Write a scenario's events as a list.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Play an event list or a scenario and print every decision, then what it adds up to."""
    from router.simulation.command import simulate_file

    answer = simulate_file(
        file, rules=rules, roster=roster, seed=seed, until=until, write=write, as_json=as_json
    )
    print_lines(answer)


@app.command("replay")
def replay_command(
    since: Annotated[str, typer.Option("--from", help="Beginning of the span, with Z or an offset.")],
    until: Annotated[str, typer.Option("--to", help="End of the span.")],
    config: ConfigOption = Path("omnirouter.yaml"),
    rules: Annotated[Path | None, typer.Option(help="Other rules to compare with.")] = None,
    roster: Annotated[Path | None, typer.Option(help="Another roster to compare with.")] = None,
    seed: Annotated[int | None, typer.Option(help="Another seed for the comparison.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Replay recorded traffic: prove the record, or see what other rules or people would change."""
    from router.simulation.replay_command import replay_recorded

    answer = run(
        replay_recorded(
            config, since=since, until=until, rules=rules, roster=roster, seed=seed, as_json=as_json
        )
    )
    print_lines(answer.lines)
    raise SystemExit(0 if answer.is_equal else 1)


@app.command()
def explain(
    conversation: Annotated[str, typer.Argument(help="Its id, or how it begins.")],
    config: ConfigOption = Path("omnirouter.yaml"),
    lang: Annotated[str, typer.Option(help="en or zh.")] = "en",
    as_json: JsonOption = False,
) -> None:
    """Tell why a conversation went where it went, and what it waits for."""
    from router.engine.story import story_json, story_text
    from router.explaining import explained

    found = run(explained(config, conversation, lang))
    if as_json:
        print(json.dumps(story_json(found.story), ensure_ascii=False))
    else:
        print(story_text(found.story, lang, found.zone))


@app.command("staffing")
def staffing_command(
    context: typer.Context,
    scenario: Annotated[
        Path | None, typer.Argument(help="A scenario, to compare a shop's own skills.")
    ] = None,
    rules: Annotated[Path | None, typer.Option(help="Its rules; a scenario may name its own.")] = None,
    roster: Annotated[Path | None, typer.Option(help="Its people; a scenario may name its own.")] = None,
    agents: Annotated[int, typer.Option(min=1, max=2_000, help="How many people.")] = 100,
    skills: Annotated[int, typer.Option(min=1, max=200, help="How many skills there are.")] = 10,
    load: Annotated[float, typer.Option(help="Share of their time that is asked for.")] = 0.9,
    handling: Annotated[str, typer.Option(help="How long a piece of work takes on average.")] = "5m",
    each: Annotated[str, typer.Option(help="Skills per person to compare.")] = "1,2,3,4",
    arrivals: Annotated[int, typer.Option(min=100, max=2_000_000, help="Pieces of work.")] = 20_000,
    seed: Annotated[int, typer.Option(help="Another seed, another day.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Print what a second or third skill per person would do to waits, in a plan or in a shop of its own."""
    from router.pooling import compare_pools, pool_json, pool_text, read_each, read_plan

    compared = read_each(each)
    if scenario or rules or roster:
        from router.simulation.command import refuse_plan, training_answer

        refuse_plan(context)
        print(training_answer(scenario, rules, roster, seed, compared, as_json=as_json))
        return
    plan = read_plan(agents, skills, load, handling, arrivals, seed)
    report = compare_pools(plan, compared)
    print(json.dumps(pool_json(report), ensure_ascii=False) if as_json else pool_text(report))


@channels_app.callback(invoke_without_command=True)
def channels(context: typer.Context, as_json: JsonOption = False) -> None:
    """List what the installed plugins bring, and those that failed to load."""
    if context.invoked_subcommand is not None:
        return
    from router.plugin_host import PluginHost
    from router.plugin_list import plugins_json, plugins_text

    plugins = PluginHost.load().plugins
    print(json.dumps(plugins_json(plugins), ensure_ascii=False) if as_json else plugins_text(plugins))
    raise SystemExit(1 if any(plugin.error for plugin in plugins) else 0)


@channels_app.command("certify")
def channels_certify(
    name: Annotated[str, typer.Argument(help="A channel type, or a plugin for all of its types.")],
    long: Annotated[bool, typer.Option("--long", help="10,000 events instead of some hundreds.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Run the contract tests of a channel and print what it declares against what is proven."""
    from router.testing.command import certify_named

    done = certify_named(name, long=long)
    print(json.dumps(done.as_json(), ensure_ascii=False) if as_json else done.text(), end="\n" * as_json)
    raise SystemExit(0 if done.ok else 1)


@rules_app.command("check")
def rules_check_command(file: Path, as_json: JsonOption = False) -> None:
    """Check a rules file: form, conditions, references, and its examples as tests."""
    from router.rules_files import rules_check

    report = rules_check(file)
    print(json.dumps(report.as_json(), ensure_ascii=False) if as_json else report.text())
    raise SystemExit(0 if report.ok else 1)


@rules_app.command("diff")
def rules_diff_command(
    before: str,
    after: str,
    config: ConfigOption = Path("omnirouter.yaml"),
    as_json: JsonOption = False,
) -> None:
    """Show what differs in meaning between two files, stored versions (a number) or `current`."""
    from router.rules_commands import diff

    answer(run(diff(config, before, after)), as_json)


@rules_app.command("apply")
def rules_apply_command(
    file: Annotated[Path | None, typer.Argument(help="The rules file; the staged version without.")] = None,
    queue: Annotated[
        list[str] | None, typer.Option(help="Only for work that now goes to this queue.")
    ] = None,
    percent: Annotated[int, typer.Option(min=0, max=100, help="Only for so many conversations.")] = 0,
    all_work: Annotated[bool, typer.Option("--all", help="For everything: ends a stage.")] = False,
    author: Annotated[str, typer.Option(help="Who is putting it in force.")] = "",
    note: Annotated[str, typer.Option(help="Why.")] = "",
    config: ConfigOption = Path("omnirouter.yaml"),
    as_json: JsonOption = False,
) -> None:
    """Put rules in force, for everything or first for a part of the work."""
    from router.rules_commands import Wish, apply

    wish = Wish(queues=tuple(queue or ()), percent=percent, all_work=all_work, author=author, note=note)
    answer(run(apply(config, file, wish)), as_json)


@rules_app.command("revert")
def rules_revert_command(
    version: Annotated[int | None, typer.Argument(help="The version; the one before without.")] = None,
    author: Annotated[str, typer.Option(help="Who is taking it back.")] = "",
    note: Annotated[str, typer.Option(help="Why.")] = "",
    config: ConfigOption = Path("omnirouter.yaml"),
    as_json: JsonOption = False,
) -> None:
    """End a stage, or go back to the version before or the one named."""
    from router.rules_commands import revert

    answer(run(revert(config, version, author, note)), as_json)


@rules_app.command("list")
def rules_list_command(config: ConfigOption = Path("omnirouter.yaml"), as_json: JsonOption = False) -> None:
    """List the versions and what was in force when."""
    from router.rules_commands import listed

    answer(run(listed(config)), as_json)


@rules_app.command("bounds")
def rules_bounds_command(file: Path, as_json: JsonOption = False) -> None:
    """Print how long work can be overtaken by work that comes later, proven from the rules."""
    from router.engine.rules.bounds import prove_bounds
    from router.engine.rules.bounds_report import bounds_json, bounds_text
    from router.rules_files import load_rules

    bounds = prove_bounds(load_rules(file).model)
    print(json.dumps(bounds_json(bounds), ensure_ascii=False) if as_json else bounds_text(bounds))


@rules_app.command("reach")
def rules_reach_command(
    file: Path,
    roster: Annotated[Path, typer.Option(help="The roster, with shifts and skills.")],
    start: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")] = None,
    days: Annotated[int, typer.Option(min=1, max=92, help="How many days.")] = 7,
    as_json: JsonOption = False,
) -> None:
    """Print when nobody on the roster can serve what the rules can produce; exit 1 with gaps."""
    from router.engine.rules.reach_report import reach_json, reach_text
    from router.rules_files import rules_reach

    reach = rules_reach(file, roster, start.date() if start else None, days)
    print(json.dumps(reach_json(reach), ensure_ascii=False) if as_json else reach_text(reach))
    raise SystemExit(1 if reach.gaps or reach.never else 0)


@db_app.command("upgrade")
def db_upgrade(config: ConfigOption = Path("omnirouter.yaml")) -> None:
    """Bring the database to this version's schema."""
    from router.config import load_config
    from router.storage.upgrade import upgrade_database

    run(upgrade_database(load_config(config).store.url))


@quarantine_app.command("list")
def quarantine_list(config: ConfigOption = Path("omnirouter.yaml"), as_json: JsonOption = False) -> None:
    """List what was set aside, with the reason."""
    from router.quarantine import listed

    items = run(listed(config))
    if as_json:
        print(json.dumps({"items": items}, ensure_ascii=False))
    for item in [] if as_json else items:
        print(f"{item['id']}  {item['since']}  {item['account']:<16} {item['code']:<12} {item['reason']}")


@quarantine_app.command("show")
def quarantine_show(item: str, config: ConfigOption = Path("omnirouter.yaml")) -> None:
    """Show one item: where it came from, why it is here, and how it begins."""
    from router.quarantine import shown

    print(json.dumps(run(shown(config, item)), ensure_ascii=False, indent=2))


@quarantine_app.command("export")
def quarantine_export(item: str, config: ConfigOption = Path("omnirouter.yaml")) -> None:
    """Write the raw bytes of an item to standard output."""
    from router.quarantine import exported

    sys.stdout.buffer.write(run(exported(config, item)))


@quarantine_app.command("rerun")
def quarantine_rerun(item: str, config: ConfigOption = Path("omnirouter.yaml")) -> None:
    """Give an item back, to be read once more at the router's next start."""
    from router.quarantine import rerun

    print(run(rerun(config, item)))


@token_app.command("create")
def token_create(
    agent: Annotated[str, typer.Option(help="Login of the agent the program acts for.")],
    name: Annotated[str, typer.Option(help="What the token is for.")],
    config: ConfigOption = Path("omnirouter.yaml"),
) -> None:
    """Make an API token; it is shown once."""
    from router.staffing import make_token

    print(run(make_token(config, agent, name)))


@agent_app.command("password")
def agent_password(login: str, config: ConfigOption = Path("omnirouter.yaml")) -> None:
    """Set an agent's password (asked for, or read from standard input) and end his log-ins."""
    from router.staffing import change_password

    password = typer.prompt("Password", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline()
    run(change_password(config, login, password.rstrip("\n")))


def answer(given: Answer, as_json: bool) -> NoReturn:
    """Print what a command found, and end with its exit code."""
    print(json.dumps(given.fields, ensure_ascii=False) if as_json else given.text)
    raise SystemExit(given.exit_code)


def print_lines(lines: Iterable[str]) -> None:
    """Print many lines; a reader who stops early is no fault."""
    try:
        for line in lines:
            print(line)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine; Ctrl-C ends it quietly."""
    try:
        return asyncio.run(coroutine)
    except KeyboardInterrupt:
        raise SystemExit(130) from None
