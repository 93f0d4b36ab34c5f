"""Contract checks 10 and 11: every error class, and the honest answer when nobody knows."""

from __future__ import annotations

from router import errors
from router.channel import Confirms
from router.messages import Confirmation, Receipt
from router.testing.stage import NotDeclared, Scene, Stage


def _need_outbound(stage: Stage) -> None:
    if not stage.channel_type.capabilities.outbound:
        raise NotDeclared("it sends nothing")


async def check_errors(stage: Stage) -> None:
    """The provider fails in every way it can: the right class is raised, and the next send works."""
    _need_outbound(stage)
    async with stage.scene() as scene:
        if not scene.simulator.errors():
            raise NotDeclared("its simulator produces no errors")
        await scene.channel.send(await scene.attempt())
        for name in scene.simulator.errors():
            wanted = getattr(errors, name, None)
            assert isinstance(wanted, type), f"{name} is no class of router.errors"
            assert issubclass(wanted, errors.SendError), f"{name} is no SendError class"
            scene.simulator.fail_next(name)
            raised = await _failure(scene)
            assert type(raised) is wanted, f"the provider failed as {name}, the channel said {raised!r}"
            assert raised.public_text, f"{name} has no text for the agent"
            assert isinstance(await scene.channel.send(await scene.attempt()), Receipt)


async def _failure(scene: Scene) -> errors.SendError | None:
    attempt = await scene.attempt()
    try:
        await scene.channel.send(attempt)
    except errors.SendError as error:
        return error
    return None


async def check_unknown(stage: Stage) -> None:
    """An answer is lost: the channel says so, marked it before, and does not send by itself again."""
    _need_outbound(stage)
    async with stage.scene() as scene:
        if "UnknownOutcome" not in scene.simulator.errors():
            raise NotDeclared("its simulator never loses an answer")
        attempt = await scene.attempt()
        before = len(scene.simulator.sent())
        scene.simulator.fail_next("UnknownOutcome")
        try:
            await scene.channel.send(attempt)
        except errors.UnknownOutcome:
            pass
        else:
            raise AssertionError("the answer was lost, yet send returned a receipt")
        if stage.channel_type.capabilities.marks_sending:
            marked = attempt.attempt_id in scene.context.store.marked
            assert marked, "the attempt may have left and was not marked with ctx.sending"
        arrived = len(scene.simulator.sent()) - before
        assert arrived <= 1, f"the message went out {arrived} times"
        if isinstance(scene.channel, Confirms):
            answer = await scene.channel.confirm(attempt)
            possible = {Confirmation.UNSURE, Confirmation.FOUND if arrived else Confirmation.NOT_FOUND}
            assert answer in possible, f"{arrived} arrived, confirm said {answer}"
