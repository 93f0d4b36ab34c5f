"""An agent over the HTTP API: takes every offer, answers once per claim, resolves; every call may be lost.

An answer carries a `key`, so saying it again after a crash gives the first answer.
"""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp

PAUSE_S = 0.03
GONE = (404, 409)


class Agent:
    """Works until cancelled; `replies` maps each key to the message the router answered for."""

    def __init__(self, url: str, token: str) -> None:
        self.replies: dict[str, str] = {}
        self.contradictions: list[str] = []
        self._url = f"{url}/api/v1"
        self._headers = {"Authorization": f"Bearer {token}"}

    async def run(self) -> None:
        """Be available, and come back whenever the router does."""
        timeout = aiohttp.ClientTimeout(total=20)
        async with aiohttp.ClientSession(headers=self._headers, timeout=timeout) as client:
            while True:
                try:
                    await self._call(client, "PUT", "/me/presence", {"state": "available"})
                    while True:
                        await self._work(client)
                        await asyncio.sleep(PAUSE_S)
                except (aiohttp.ClientError, OSError):
                    await asyncio.sleep(PAUSE_S)

    async def _work(self, client: aiohttp.ClientSession) -> None:
        offers = await self._call(client, "GET", "/me/offers")
        for offer in offers["offers"]:
            await self._call(client, "POST", f"/offers/{offer['id']}/accept", {})
        mine = await self._call(client, "GET", "/conversations?view=mine&limit=200")
        for conversation in mine["conversations"]:
            item = conversation["work_item"]
            if item is not None and item["token"] is not None:
                await self._answer(client, conversation["id"], item["id"], item["token"])

    async def _answer(
        self, client: aiohttp.ClientSession, conversation_id: str, key: str, token: int
    ) -> None:
        """Answer and resolve; repeated as a whole until both have been confirmed."""
        body = {"text": f"We look into it ({key}).", "token": token, "key": key}
        reply = await self._call(client, "POST", f"/conversations/{conversation_id}/replies", body)
        if reply:
            first = self.replies.setdefault(key, reply["id"])
            if first != reply["id"]:
                self.contradictions.append(key)
            await self._call(client, "POST", f"/conversations/{conversation_id}/resolve", {"token": token})

    async def _call(
        self, client: aiohttp.ClientSession, method: str, path: str, body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Call once; empty when the thing is gone meanwhile."""
        async with client.request(method, self._url + path, json=body) as response:
            if response.status in GONE:
                return {}
            response.raise_for_status()
            answer: dict[str, Any] = await response.json() if response.status != 204 else {}
            return answer
