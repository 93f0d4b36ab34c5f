"""The marketplace of the check: a complaint overtakes a question, and two shops with equal ids stay apart.

In: a shop where nobody is available. Out: the ids of the conversations, all answered and resolved.
"""

from __future__ import annotations

from router.demo.check_orders import check_order
from router.demo.floor import Floor
from router.demo.market_acts import MarketActs
from router.demo.transcript import Transcript
from router.demo.world import World

QUESTION = "Which of your teapots is the best present for somebody who has everything?"
COMPLAINT = "This is unacceptable: the kettle arrived broken, and I want to complain."
ORDER = "1007"


async def play_market(world: World, floor: Floor, transcript: Transcript) -> list[str]:
    """Play two buyers whose chats have the same id, each in another shop of ours on the same platform."""
    for login in floor.desks:
        await floor.desks[login].be("offline")
    first, second = list(world.marketplace.shops)[:2]
    acts = MarketActs(world, floor, transcript)
    asked = await acts.write(first, "Jonas", QUESTION)
    complained = await acts.write(second, "Amara", COMPLAINT, ORDER)
    transcript.equal("the two chats have the same id at their shops", asked.chat, complained.chat)
    transcript.check(
        "equal ids of two shops are two conversations", asked.conversation_id != complained.conversation_id
    )
    await acts.push_again(complained)
    await acts.hold_next(second)

    await floor.desks["anna"].be("available")
    transcript.act("Anna", "is available")
    await acts.offered_first(complained)
    login, conversation_id = acts.taken_by(complained), complained.conversation_id
    await check_order(world, floor, transcript, login=login, conversation_id=conversation_id, order_id=ORDER)
    await acts.held_answer(complained, "I am sorry. A new kettle leaves today, and you keep the old one.")
    await acts.take_back(complained)
    await acts.resolve(complained)
    await acts.take_next(asked)
    await acts.answer(asked, "The clay one: it pours without a drop beside the cup.")
    await acts.resolve(asked)
    acts.never_mixed(asked, complained)
    return [asked.conversation_id, complained.conversation_id]
