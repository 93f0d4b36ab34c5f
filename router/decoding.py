"""Run a plugin's pure `decode`, where it can do no harm.

Small items of channels that share the router's loop are read in place. Everything else (large items,
channels that do not share the loop, items whose last try ended with the process) is read in a second
process, which ends when one takes too much of the processor, and is killed when it does nothing for long.

In: account and raw item. Out: events without texts that no store takes, or MalformedMessage with the reason.
"""

from __future__ import annotations

import asyncio
import pickle
import signal
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO

from router.channel import AnyChannel, ChannelType
from router.config import Account, AnyAccount
from router.crash import crash_point
from router.errors import MalformedMessage
from router.legible import legible
from router.messages import InboundEvent, RawInbound

IN_PLACE_BYTES = 256 * 1024
TIME_LIMIT_S = 10.0
"""Of processor time: a busy machine must not set a customer's message aside."""
SILENCE_LIMIT_S = 120.0
"""Of real time, the start of the process included: for what waits instead of reading."""
_LENGTH_BYTES = 8
_TOO_SLOW = -getattr(signal, "SIGPROF", 0) or None

Events = tuple[InboundEvent, ...]


class Decoder:
    """Decodes for all accounts; `channels` are built but never opened."""

    def __init__(self, channels: Mapping[str, tuple[ChannelType, AnyChannel]]) -> None:
        self._channels = channels
        self._apart = _SecondProcess()

    def is_heavy(self, account: str, raw: RawInbound) -> bool:
        """Say whether an item must be read in the second process."""
        kind, _ = self._channels.get(account, (None, None))
        return kind is not None and (len(raw.raw) > IN_PLACE_BYTES or not kind.shares_loop)

    def decode(self, account: str, raw: RawInbound) -> Events:
        """Read a small item in place."""
        try:
            _, channel = self._built(account)
            events = channel.decode(raw)
            crash_point("K6")
            return legible(tuple(events))
        except MalformedMessage:
            raise
        except Exception as error:
            raise MalformedMessage(_last_line(error), code="plugin_bug") from error

    async def decode_apart(self, account: str, raw: RawInbound) -> Events:
        """Read any item in the second process, within the time limit."""
        kind, channel = self._built(account)
        return await self._apart.ask((kind.factory, account, channel.settings, raw))

    def attachment(self, account: str, raw: RawInbound, part: str) -> bytes:
        """Give the bytes of an attachment; LookupError when the account or the part is gone."""
        _, channel = self._built(account)
        return channel.attachment(raw, part)

    def default_language(self, account: str) -> str:
        """Give the language an account's customers are assumed to write; empty for none, or without the account."""
        _, channel = self._channels.get(account, (None, None))
        return channel.default_language if channel is not None else ""

    def _built(self, account: str) -> tuple[ChannelType, AnyChannel]:
        try:
            return self._channels[account]
        except KeyError:
            raise MalformedMessage(
                f"the account {account!r} is not configured any more", code="no_account"
            ) from None

    async def close(self) -> None:
        """End the second process."""
        await self._apart.end()


def decoder_of(accounts: Iterable[AnyAccount]) -> Decoder:
    """Give a decoder for all accounts whose channel is there."""
    sound = [each for each in accounts if isinstance(each, Account)]
    return Decoder(
        {
            each.name: (each.channel_type, each.channel_type.factory(each.name, each.settings))
            for each in sound
        }
    )


class _SecondProcess:
    """One process that reads items one after the other; started when first needed."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def ask(self, question: tuple[Any, ...]) -> Events:
        async with self._turn:
            try:
                async with asyncio.timeout(SILENCE_LIMIT_S):
                    answer = await self._exchange(pickle.dumps((TIME_LIMIT_S, question)))
            except TimeoutError:
                await self.end()
                raise MalformedMessage(
                    f"reading it took over {SILENCE_LIMIT_S:.0f} s", code="too_slow"
                ) from None
            except (EOFError, OSError) as error:
                if await self.end() == _TOO_SLOW:
                    raise MalformedMessage(
                        f"reading it took over {TIME_LIMIT_S:g} s of the processor", code="too_slow"
                    ) from None
                raise MalformedMessage("reading it ended the process", code="killed") from error
        code, result = pickle.loads(answer)
        if code:
            raise MalformedMessage(result, code=code)
        events: Events = result
        return events

    async def _exchange(self, question: bytes) -> bytes:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "router.decoding",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise EOFError
        stdin.write(len(question).to_bytes(_LENGTH_BYTES, "big") + question)
        await stdin.drain()
        size = int.from_bytes(await stdout.readexactly(_LENGTH_BYTES), "big")
        return await stdout.readexactly(size)

    async def end(self) -> int | None:
        """End the process, if there is one, and give how it ended."""
        process, self._process = self._process, None
        if process is None:
            return None
        if process.returncode is None:
            process.kill()
        return await process.wait()


def _answer(question: bytes) -> bytes:
    limit_s, (factory, account, settings, raw) = pickle.loads(question)
    try:
        channel = factory(account, settings)
        with _at_most(limit_s):
            result: tuple[str, object] = ("", legible(tuple(channel.decode(raw))))
    except MalformedMessage as error:
        result = (error.code, str(error))
    except Exception as error:
        result = ("plugin_bug", _last_line(error))
    return pickle.dumps(result)


@contextmanager
def _at_most(processor_s: float) -> Iterator[None]:
    """Let this process end, whatever it is at, when it has used the processor for longer."""
    if not hasattr(signal, "setitimer"):  # not on Windows, where only silence is noticed
        yield
        return
    signal.setitimer(signal.ITIMER_PROF, processor_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _last_line(error: BaseException) -> str:
    return traceback.format_exception_only(error)[-1].strip()


def _serve(questions: BinaryIO, answers: BinaryIO) -> None:
    """Answer until the pipe is closed: the life of the second process."""
    while size := questions.read(_LENGTH_BYTES):
        answer = _answer(questions.read(int.from_bytes(size, "big")))
        answers.write(len(answer).to_bytes(_LENGTH_BYTES, "big") + answer)
        answers.flush()


if __name__ == "__main__":
    _serve(sys.stdin.buffer, sys.stdout.buffer)
