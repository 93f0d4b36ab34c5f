"""What makes one sent message another than two plain ones."""

import pytest

from router.testing.checks.telling import is_told_apart

PLAIN = (b'{"text": "Hello", "to": 1, "id": "m-1"}', b'{"text": "Hello", "to": 1, "id": "m-2"}')


@pytest.mark.parametrize(
    ("other", "is_other"),
    [
        (b'{"text": "Hello", "to": 1, "id": "m-3"}', False),
        (b'{"text": "Hello", "to": 3, "id": "m-3"}', True),
        (b'{"text": "Hello", "to": 1, "id": "m-3", "cc": ["operator"]}', True),
        (b'{"text": "Hello", "id": "m-3"}', True),
    ],
    ids=["another id", "another reader", "one reader more", "one word less"],
)
def test_message_differs_by_its_words_and_not_by_its_id(other, is_other):
    assert is_told_apart(other, PLAIN) is is_other
