"""The shapes a new plugin can have: where its messages come from."""

from enum import StrEnum


class Shape(StrEnum):
    """Where a channel's messages come from."""

    PUSH = "push"
    PULL = "pull"
    STREAM = "stream"
    MANUAL = "manual"
