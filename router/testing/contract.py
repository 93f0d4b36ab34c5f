"""The contract tests as a class to subclass; in: a channel type, out: one pytest test for each check.

No pytest is imported here, so the certificate works without it; what is not declared is skipped, and so,
with the reason, is what cannot be run here.
"""

from __future__ import annotations

import unittest
from collections.abc import Callable
from typing import Any

from router.channel import ChannelType, Simulator
from router.errors import PluginContractError
from router.plugin_host import PluginHost
from router.testing.certifying import run_check, stage_for
from router.testing.register import check_of
from router.testing.stage import NotDeclared, NotRun


class ChannelContract:
    """Subclass it as `class TestMine(ChannelContract)` and name an installed channel type, or give one.

    A standard test may be overridden only to mark it `xfail` with a reason.
    """

    channel_type_id: str = ""
    channel_type: ChannelType | None = None
    simulator: Callable[[], Simulator] | None = None
    long: bool = False

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
        stage = stage_for(self._subject(), type(self).simulator, long=type(self).long)
        try:
            run_check(check_of(number), stage)
        except NotDeclared as reason:
            raise unittest.SkipTest(f"not declared: {reason}") from None
        except NotRun as reason:
            raise unittest.SkipTest(f"NOT RUN: {reason}") from None

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

    def test_07_pages_and_equal_time_stamps_lose_and_double_nothing(self) -> None:
        """See check 7."""
        self._prove(7)

    def test_08_forged_huge_and_deep_input_is_refused_fast(self) -> None:
        """See check 8."""
        self._prove(8)

    def test_09_provider_is_answered_in_time_while_the_store_is_slow(self) -> None:
        """See check 9."""
        self._prove(9)

    def test_10_every_provider_error_has_its_class(self) -> None:
        """See check 10."""
        self._prove(10)

    def test_11_lost_answer_is_unknown_and_never_resent_blindly(self) -> None:
        """See check 11."""
        self._prove(11)

    def test_12_rate_limit_keeps_the_order_and_spares_other_accounts(self) -> None:
        """See check 12."""
        self._prove(12)

    def test_13_token_that_runs_out_is_renewed_once(self) -> None:
        """See check 13."""
        self._prove(13)

    def test_14_each_declared_block_goes_out_each_other_one_in_words(self) -> None:
        """See check 14."""
        self._prove(14)

    def test_15_text_at_the_exact_limit_goes_out_whole_a_longer_one_in_parts(self) -> None:
        """See check 15."""
        self._prove(15)

    def test_16_our_own_messages_are_recognised(self) -> None:
        """See check 16."""
        self._prove(16)

    def test_17_unknown_kind_is_kept_and_can_be_read_again(self) -> None:
        """See check 17."""
        self._prove(17)

    def test_18_closed_window_stops_replies_before_the_provider_does(self) -> None:
        """See check 18."""
        self._prove(18)

    def test_19_closing_in_the_middle_of_work_loses_nothing(self) -> None:
        """See check 19."""
        self._prove(19)

    def test_20_two_accounts_never_mix(self) -> None:
        """See check 20."""
        self._prove(20)

    def test_21_what_came_in_is_kept_as_it_came_without_secrets(self) -> None:
        """See check 21."""
        self._prove(21)

    def test_22_what_is_declared_is_exercised(self) -> None:
        """See check 22."""
        self._prove(22)

    def test_23_long_work_fills_no_memory(self) -> None:
        """See check 23."""
        self._prove(23)

    def test_24_all_traffic_keeps_to_the_published_description(self) -> None:
        """See check 24."""
        self._prove(24)


def _expects_failure(test: object) -> bool:
    marks = getattr(test, "pytestmark", [])
    return any(mark.name == "xfail" and mark.kwargs.get("reason") for mark in marks)
