"""The contract every channel type passes, for both phone types."""

from __future__ import annotations

from router.testing import ChannelContract


class TestPhoneLog(ChannelContract):
    channel_type_id = "phone_log"


class TestPhoneLine(ChannelContract):
    channel_type_id = "phone_line"
