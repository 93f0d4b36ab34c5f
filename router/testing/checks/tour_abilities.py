"""The part of the tour that does more than send: acts, permissions, templates, files and orders."""

from __future__ import annotations

from dataclasses import replace

from router.abilities import Acts, Downloads, GivesContext, ListsTemplates, Permits
from router.errors import SendError
from router.messages import BlockKind, Receipt
from router.orders import ContextQuery
from router.testing.checks.tour_sending import send
from router.testing.simulators import ActingSimulator
from router.testing.stage import Scene, Stage
from router.threads import Action, ActionKind, Permission, TemplateUse


async def tour_of_abilities(scene: Scene, stage: Stage) -> None:
    """Use each ability the channel has."""
    if isinstance(scene.channel, Permits):
        permission = await scene.channel.permissions((await scene.attempt()).thread)
        assert isinstance(permission, Permission), f"permissions gave {permission!r:.80}"
    if isinstance(scene.channel, ListsTemplates):
        await _templates(scene, scene.channel, stage)
    if isinstance(scene.channel, GivesContext):
        await _context(scene, scene.channel, stage)
    if isinstance(scene.channel, Downloads):
        await _downloads(scene, scene.channel, stage)
    if isinstance(scene.channel, Acts):
        for kind in sorted(stage.channel_type.capabilities.actions):
            await _act(scene, scene.channel, kind, sends=stage.channel_type.capabilities.outbound)
            stage.seen.add(f"actions: {kind}")


async def _templates(scene: Scene, channel: ListsTemplates, stage: Stage) -> None:
    attempt = await scene.attempt()
    templates = [each for each in await channel.list_templates(attempt.thread) if each.approved]
    assert templates, "templates are declared, but none may be used in the first sample's thread"
    template = templates[0]
    values = {each.name: each.example or "7" for each in template.variables}
    use = TemplateUse(id=template.id, language=template.language, variables=values)
    await send(scene, replace(attempt, template=use), f"the template {template.id}")
    stage.seen.add("templates")


async def _context(scene: Scene, channel: GivesContext, stage: Stage) -> None:
    event = await scene.first_event()
    for kind in sorted(stage.channel_type.capabilities.context_kinds):
        identities = tuple(event.author.identities) if event else ()
        query = ContextQuery(kind=kind, account=scene.channel.account, identities=identities)
        cards = await channel.look_up(query)
        assert cards, f"it knows no {kind} of the first sample's author"
        assert all(card.kind is kind for card in cards), f"asked for {kind} it gave other cards"
        stage.seen.add(f"context_kinds: {kind}")


async def _downloads(scene: Scene, channel: Downloads, stage: Stage) -> None:
    events = [event for item in scene.context.accepted for event in item.events]
    files = [block for event in events for block in event.blocks if block.kind is not BlockKind.TEXT]
    for block in (block for block in files if block.kind is not BlockKind.UNSUPPORTED):
        try:
            first = [chunk async for chunk in channel.download(block.fields)]
        except SendError:
            continue
        if first and any(first):
            stage.seen.add("download")
            return


async def _act(scene: Scene, channel: Acts, kind: ActionKind, *, sends: bool) -> None:
    attempt = await scene.attempt()
    if sends:
        await scene.channel.send(attempt)
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
    receipt = await channel.act(action)
    assert isinstance(receipt, Receipt), f"act({kind}) gave {receipt!r:.80}"
