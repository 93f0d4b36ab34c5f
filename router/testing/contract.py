"""The contract tests as a class to subclass; in: a channel type, out: one pytest test for each check.

No pytest is imported here, so the certificate works without it; what is not declared is skipped.
"""

from __future__ import annotations

import unittest
from collections.abc import Callable
from typing import Any

from router.channel import ChannelType, Simulator
from router.errors import PluginContractError
from router.plugin_host import PluginHost
from router.testing.certificate import CHECKS, Check, run_check, stage_for
from router.testing.stage import NotDeclared


class ChannelContract:
    """Subclass it as `class TestMine(ChannelContract)` and name an installed channel type, or give one.

    A standard test may be overridden only to mark it `xfail` with a reason.
    """

    channel_type_id: str = ""
    channel_type: ChannelType | None = None
    simulator: Callable[[], Simulator] | None = None

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        standard = {
            name for name in vars(ChannelContract) if name.startswith(("test_", "_prove", "_subject"))
        }
        for name in standard & vars(cls).keys():
            if not _expects_failure(vars(cls)[name]):
                raise TypeError(
                    f"{cls.__name__} overrides the contract's {name}; if the channel cannot pass it,"
                    " mark the override with pytest.mark.xfail and a reason"
                )

    def _subject(self) -> ChannelType:
        if self.channel_type is not None:
            return self.channel_type
        kinds = PluginHost.load().channel_types
        if self.channel_type_id not in kinds:
            raise PluginContractError(
                f"no channel type {self.channel_type_id!r} is installed (there are: {', '.join(kinds)});"
                " run `pip install -e .` again after adding a plugin"
            )
        return kinds[self.channel_type_id]

    def _prove(self, number: int) -> None:
        stage = stage_for(self._subject(), type(self).simulator)
        try:
            run_check(_check(number), stage)
        except NotDeclared as reason:
            raise unittest.SkipTest(f"not declared: {reason}") from None

    def test_01_listing_opens_nothing_and_is_quick(self) -> None:
        """See check 1."""
        self._prove(1)

    def test_02_settings_are_strict_and_secrets_never_show(self) -> None:
        """See check 2."""
        self._prove(2)

    def test_03_opening_and_closing_leaks_nothing(self) -> None:
        """See check 3."""
        self._prove(3)

    def test_04_cancelling_at_every_await_leaves_a_usable_channel(self) -> None:
        """See check 4."""
        self._prove(4)

    def test_05_repeated_deliveries_count_once_in_order(self) -> None:
        """See check 5."""
        self._prove(5)

    def test_06_crash_around_the_commit_loses_and_doubles_nothing(self) -> None:
        """See check 6."""
        self._prove(6)

    def test_08_forged_huge_and_deep_input_is_refused_fast(self) -> None:
        """See check 8."""
        self._prove(8)

    def test_10_every_provider_error_has_its_class(self) -> None:
        """See check 10."""
        self._prove(10)

    def test_11_lost_answer_is_unknown_and_never_resent_blindly(self) -> None:
        """See check 11."""
        self._prove(11)

    def test_16_our_own_messages_are_recognised(self) -> None:
        """See check 16."""
        self._prove(16)

    def test_20_two_accounts_never_mix(self) -> None:
        """See check 20."""
        self._prove(20)

    def test_22_what_is_declared_is_exercised(self) -> None:
        """See check 22."""
        self._prove(22)


def _check(number: int) -> Check:
    return next(check for check in CHECKS if check.number == number)


def _expects_failure(test: object) -> bool:
    marks = getattr(test, "pytestmark", [])
    return any(mark.name == "xfail" and mark.kwargs.get("reason") for mark in marks)
