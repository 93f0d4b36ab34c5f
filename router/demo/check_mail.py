"""The mails of the check: a complaint, an ordinary question, a Chinese question, a reply, a repeat, a bomb.

In: a shop with nobody available. Out: the ids of the conversations, all answered and resolved.
"""

from __future__ import annotations

from router.demo.floor import Floor
from router.demo.mail_acts import MailActs
from router.demo.transcript import Transcript
from router.demo.world import World

QUESTION = (
    "Felix",
    "felix@customer.example",
    "Teapot for six",
    "Which size of teapot do you recommend for six people? Is the large one in stock?",
)
COMPLAINT = (
    "Nora",
    "nora@customer.example",
    "Complaint about order 1007",
    "My kettle arrived broken. This is unacceptable, I want to complain.",
)
CHINESE = (
    "小蓝",
    "xiaolan@customer.example",
    "收到的茶杯碎了",
    "您好，我昨天收到的茶杯碎了一个，可以退款吗？订单号是1012。",
)


async def play_mail(world: World, floor: Floor, transcript: Transcript) -> list[str]:
    """Play all mail scenes; nobody is available until all of them wait."""
    play = MailActs(world, floor, transcript)
    ordinary_letter = await play.write(*QUESTION)
    ordinary = await floor.conversation_about(QUESTION[3])
    complaint_letter = await play.write(*COMPLAINT)
    complaint = await floor.conversation_about(COMPLAINT[3])
    chinese_letter = await play.write(*CHINESE, charset="gb18030")
    chinese = await floor.conversation_about(CHINESE[3])
    first = (await floor.desks["anna"].messages(chinese["id"]))[0]
    text = "".join(block["text"] for block in first["blocks"])
    transcript.equal("the GB18030 body is read as it was written", text.strip(), CHINESE[3])
    await play.repeat(complaint_letter)
    await play.throw_bomb()

    await play.be_there("anna")
    await play.complaint_first(ordinary["id"], COMPLAINT[2])
    answer = await play.answer(
        "anna", complaint["id"], complaint_letter, "I am sorry. A new one leaves today."
    )
    await play.reply_in_thread(complaint["id"], answer)
    await play.resolve("anna", complaint["id"])

    await play.offered(ordinary["id"], {"lang-en": 3})
    await play.answer(
        "anna", ordinary["id"], ordinary_letter, "The 1.4 litre teapot, and yes, it is in stock."
    )
    await play.resolve("anna", ordinary["id"])

    await play.waits_for_chinese(chinese["id"])
    for login in floor.desks:
        await play.be_there(login)
    login = await play.offered(chinese["id"], {"lang-zh": 3, "refunds": 2})
    await play.answer(login, chinese["id"], chinese_letter, "非常抱歉！我们今天为您补发一个新的茶杯。")
    await play.resolve(login, chinese["id"])
    return [ordinary["id"], complaint["id"], chinese["id"]]
