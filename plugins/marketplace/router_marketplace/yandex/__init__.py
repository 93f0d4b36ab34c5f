"""Yandex Market: chats of buyers about orders, returns and goods, and disputes with an arbiter."""
