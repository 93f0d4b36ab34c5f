"""Every name of the test kit can be had from `router.testing`."""

import router.testing


def test_every_name_of_the_kit_is_there_and_listed():
    for name in router.testing.__all__:
        assert getattr(router.testing, name) is not None
    assert sorted(router.testing._HOME_OF) == sorted(router.testing.__all__)
