"""The flood passes the contract of every channel; run it with `pytest` in this folder."""

from router.testing import ChannelContract


class TestFlood(ChannelContract):
    """All standard tests, over the installed entry point."""

    channel_type_id = "flood"
