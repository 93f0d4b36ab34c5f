"""The part of the tour that does more than send: acts, permissions, templates, files and orders.

Each step leaves alone what the channel does not have, and adds what it saw to `Stage.seen`.
"""

from __future__ import annotations

from dataclasses import replace

from router.abilities import Accompanies, Acts, Downloads, GivesContext, ListsTemplates, Permits
from router.errors import SendError
from router.messages import BlockKind, OutboundAttempt, Receipt
from router.orders import ContextKind, ContextQuery
from router.testing.checks.telling import is_told_apart
from router.testing.checks.tour_sending import send
from router.testing.simulators import ActingSimulator, ActWatchingSimulator, ContextSimulator
from router.testing.stage import Scene, Stage
from router.threads import Action, ActionKind, Permission, TemplateUse


async def use_permissions(scene: Scene, stage: Stage) -> None:
    """Ask what is allowed in the first sample's thread."""
    if isinstance(scene.channel, Permits):
        permission = await scene.channel.permissions((await scene.attempt()).thread)
        assert isinstance(permission, Permission), f"permissions gave {permission!r:.80}"


async def use_templates(scene: Scene, stage: Stage) -> None:
    """List the templates of the first sample's thread and send one."""
    if not isinstance(scene.channel, ListsTemplates):
        return
    if isinstance(scene.channel, Accompanies):
        assert not isinstance(scene.channel.accompanied(), str), (
            "accompanied gave one text, not several names"
        )
        stage.seen.add("accompanied")
    attempt = await scene.attempt()
    templates = [each for each in await scene.channel.list_templates(attempt.thread) if each.approved]
    assert templates, "templates are declared, but none may be used in the first sample's thread"
    template = templates[0]
    values = {each.name: each.example or "7" for each in template.variables}
    use = TemplateUse(id=template.id, language=template.language, variables=values)
    sent = b"".join(await send(scene, replace(attempt, template=use), f"the template {template.id}"))
    plain = await _plain(scene)
    assert plain is None or is_told_apart(sent, plain), f"the template {template.id} arrived as plain text"
    stage.seen.add("templates")


async def _plain(scene: Scene) -> tuple[bytes, bytes] | None:
    """Send the same words without a template, twice; None where nothing goes without one."""
    try:
        one, two = [b"".join(await send(scene, await scene.attempt(), "a reply")) for _ in range(2)]
    except AssertionError:
        return None
    return one, two


async def use_context(scene: Scene, stage: Stage) -> None:
    """Ask a question of each kind."""
    if not isinstance(scene.channel, GivesContext):
        return
    for kind in sorted(stage.channel_type.capabilities.context_kinds):
        for query in _questions(scene, kind):
            cards = await scene.channel.look_up(query)
            if cards:
                break
        else:
            raise AssertionError(f"it knows no {kind} of any sample; see `question(kind)` of simulators")
        assert all(card.kind is kind for card in cards), f"asked for {kind} it gave other cards"
        stage.seen.add(f"context_kinds: {kind}")


def _questions(scene: Scene, kind: ContextKind) -> list[ContextQuery]:
    if isinstance(scene.simulator, ContextSimulator):
        return [scene.simulator.question(kind)]
    account = scene.channel.account
    events = [event for item in scene.context.accepted for event in item.events]
    people = [
        ContextQuery(kind=kind, account=account, identities=tuple(event.author.identities))
        for event in events
    ]
    orders = [str(event.context["order_id"]) for event in events if event.context.get("order_id")]
    return [*people, *(ContextQuery(kind=kind, account=account, order_id=order) for order in orders)]


async def use_downloads(scene: Scene, stage: Stage) -> None:
    """Fetch the first file a customer sent."""
    if not isinstance(scene.channel, Downloads):
        return
    events = [event for item in scene.context.accepted for event in item.events]
    files = [block for event in events for block in event.blocks if block.kind is not BlockKind.TEXT]
    for block in (block for block in files if block.kind is not BlockKind.UNSUPPORTED):
        try:
            first = [chunk async for chunk in scene.channel.download(block.fields)]
        except SendError:
            continue
        if first and any(first):
            stage.seen.add("download")
            return


async def use_actions(scene: Scene, stage: Stage) -> None:
    """Do everything declared, each to a message just sent where it sends any."""
    if isinstance(scene.channel, Acts):
        for kind in sorted(stage.channel_type.capabilities.actions):
            attempt = await scene.attempt()
            if stage.channel_type.capabilities.outbound:
                await scene.channel.send(attempt)
            if await _act(scene, scene.channel, kind, attempt):
                stage.seen.add(f"actions: {kind}")


async def _act(scene: Scene, channel: Acts, kind: ActionKind, attempt: OutboundAttempt) -> bool:
    """Do one thing; say whether the provider was seen to be asked for it."""
    event = await scene.first_event()
    action = Action(
        kind=kind,
        ref=f"contract-{kind}",
        thread=attempt.thread,
        target=event.external_id if event and kind is ActionKind.READ else attempt.outgoing_ref,
        text="Our second thought.",
        recipient=attempt.recipient,
        agent="mei",
    )
    if isinstance(scene.simulator, ActingSimulator):
        action = scene.simulator.action(kind, attempt)
    watching = scene.simulator if isinstance(scene.simulator, ActWatchingSimulator) else None
    before = len(watching.acted()) if watching else 0
    receipt = await channel.act(action)
    assert isinstance(receipt, Receipt), f"act({kind}) gave {receipt!r:.80}"
    if watching is None:
        return False
    asked = watching.acted()[before:]
    assert asked, f"act({kind}) gave a receipt, and the provider was asked for nothing"
    named = [one.encode() for one in (action.target, action.thread, action.recipient, action.ref) if one]
    about = any(name in each for name in named for each in asked)
    assert about, f"act({kind}) asked for something that names neither message, thread nor recipient"
    return True
