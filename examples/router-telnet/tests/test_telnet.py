"""The telnet channel passes the contract of every channel; run it with `pytest` in this folder."""

import pytest
from router_telnet.channel import TelnetChannel, TelnetSettings

from router.errors import MalformedMessage, RecipientGone
from router.testing import ChannelContract, make_attempt, make_raw


class TestTelnet(ChannelContract):
    """All standard tests, over the installed entry point."""

    channel_type_id = "telnet"


def test_line_is_read_with_its_number_and_author() -> None:
    """The number makes the line's id, the greeting its author."""
    channel = TelnetChannel("counter", TelnetSettings())
    (event,) = channel.decode(make_raw(b"7 Hello there", envelope={"customer": "ann"}))
    assert (event.external_id, event.blocks[0].text) == ("ann/7", "Hello there")


def test_line_without_a_number_is_malformed() -> None:
    """It cannot be told apart from a repetition."""
    with pytest.raises(MalformedMessage):
        TelnetChannel("counter", TelnetSettings()).decode(make_raw(b"Hello there"))


async def test_reply_to_a_customer_who_hung_up_says_so() -> None:
    """The agent can choose another channel."""
    with pytest.raises(RecipientGone):
        await TelnetChannel("counter", TelnetSettings()).send(make_attempt(recipient="ann"))
