"""Floor of the mail path: parse, drop redeliveries, join, classify, give to an agent, store; nothing else.

It believes whoever names a Message-ID, keeps its index in memory, has no rules, plugins or network.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import re
import sqlite3
import time
from collections.abc import Sequence
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32

from bench.corpus import Mail
from bench.figures import Run
from bench.processes import cpu_s

GROUP = 64
AGENTS = 50
_TOPICS = tuple(
    re.compile(words, re.IGNORECASE)
    for words in (
        "refund|退款",
        "invoice|发票",
        "parcel|delivery|物流",
        "password|密码|登录",
        "broken|破损",
        "cancel",
        "address|地址",
        "payment|card",
        "wrong|missing",
        "urgent",
    )
)
_ID = re.compile(r"<[^<>\s]+>")
_SCHEMA = """
CREATE TABLE known (key BLOB PRIMARY KEY, message INTEGER) WITHOUT ROWID;
CREATE TABLE conversation (id INTEGER PRIMARY KEY, topic INTEGER, agent INTEGER, at REAL, subject TEXT);
CREATE TABLE message (id INTEGER PRIMARY KEY, conversation INTEGER, sender TEXT, at REAL, body TEXT);
CREATE INDEX message_conversation ON message (conversation, id);
CREATE TABLE raw (message INTEGER PRIMARY KEY, content BLOB);
CREATE TABLE event (id INTEGER PRIMARY KEY, body TEXT);
"""
_STATEMENTS = {
    "known": "INSERT INTO known VALUES (?, ?)",
    "conversation": "INSERT INTO conversation VALUES (?, ?, ?, ?, ?)",
    "touched": "UPDATE conversation SET at = ? WHERE id = ?",
    "message": "INSERT INTO message VALUES (?, ?, ?, ?, ?)",
    "raw": "INSERT INTO raw VALUES (?, ?)",
    "event": "INSERT INTO event (body) VALUES (?)",
}


def ingest(path: str, mails: Sequence[Mail]) -> tuple[Run, list[str]]:
    """Take all mails in; give the run and where each went."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.executescript(_SCHEMA)
    floor = _Floor(connection)
    cpu, wall = cpu_s(), time.perf_counter()
    places = [floor.take(mail.content) for mail in mails]
    floor.commit()
    run = Run(operations=len(mails), wall_s=time.perf_counter() - wall, cpu_s=cpu_s() - cpu)
    connection.close()
    return run, places


class _Floor:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._index: dict[bytes, int] = {}
        self._agents = [(0, agent) for agent in range(AGENTS)]
        self._rows: dict[str, list[tuple[object, ...]]] = {name: [] for name in _STATEMENTS}
        self._messages = self._conversations = 0

    def take(self, content: bytes) -> str:
        """Place one mail; empty for a redelivery."""
        mail = BytesParser(policy=compat32).parsebytes(content)
        key = _key(str(mail["Message-ID"]))
        if key in self._index:
            return ""
        text, subject, now = _text(mail), _words(mail["Subject"]), time.time()
        conversation = self._named(mail)
        if conversation is None:
            conversation = self._open(subject, text, now)
        else:
            self._rows["touched"].append((now, conversation))
        self._messages += 1
        number = self._messages
        self._index[key] = conversation
        self._rows["known"].append((key, number))
        self._rows["message"].append((number, conversation, _words(mail["From"]), now, text))
        self._rows["raw"].append((number, content))
        self._rows["event"].append((json.dumps({"conversation": conversation, "text": text[:200]}),))
        if number % GROUP == 0:
            self.commit()
        return str(conversation)

    def commit(self) -> None:
        """Write what has gathered, in one synced commit."""
        self._connection.execute("BEGIN IMMEDIATE")
        for name, statement in _STATEMENTS.items():
            self._connection.executemany(statement, self._rows[name])
            self._rows[name].clear()
        self._connection.execute("COMMIT")

    def _named(self, mail: Message) -> int | None:
        named = _ID.findall(str(mail["In-Reply-To"] or ""))
        named += reversed(_ID.findall(str(mail["References"] or "")))
        return next((found for name in named if (found := self._index.get(_key(name))) is not None), None)

    def _open(self, subject: str, text: str, now: float) -> int:
        words = f"{subject}\n{text[:2_000]}"
        topic = next((number for number, topic in enumerate(_TOPICS) if topic.search(words)), len(_TOPICS))
        load, agent = heapq.heappop(self._agents)
        heapq.heappush(self._agents, (load + 1, agent))
        self._conversations += 1
        self._rows["conversation"].append((self._conversations, topic, agent, now, subject))
        return self._conversations


def _key(message_id: str) -> bytes:
    return hashlib.blake2b(message_id.encode(), digest_size=16).digest()


def _words(value: object) -> str:
    return str(make_header(decode_header(str(value))))


def _text(mail: Message) -> str:
    """Give the first readable part."""
    for part in mail.walk():
        if part.get_content_maintype() == "text":
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            return content.decode(part.get_content_charset() or "utf-8", "replace")
    return ""
