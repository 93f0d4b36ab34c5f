"""The webchat channel."""
